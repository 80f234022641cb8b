from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from execution import execute_graph
from warploom.graph import DType, FillConstant, Graph, Operator, OperatorKind
from warploom.graph.quantized import is_quantized, quantized_product
from warploom.importer.reference import random_inputs
from warploom.passes.pipeline import optimize_graph
from warploom.passes.quantize import (
    calibrated_tensors,
    one_scale,
    quantize,
    quantize_obstacle,
    quantized_weight,
    scale_of,
    weight_axis,
)


def evaluate(graph: Graph, seed: int = 3) -> dict[str, np.ndarray]:
    return execute_graph(graph, random_inputs(graph, seed))


def branches(maker: Any) -> Graph:
    """A convolution, two branches with a Concat, a pool, and a last convolution that the caller reads."""
    x = maker.input("x", 1, 4, 8, 8)
    stem = maker.conv("stem", x, 8)
    left = maker.add("Relu", "left_relu", (maker.conv("left", stem, 8),))
    right = maker.conv("right", stem, 8, 1)
    joined = maker.concat("joined", left, right)
    return optimize_graph(maker.graph(maker.conv("last", maker.pool("pool", joined), 4, 1))).graph


def ones(graph: Graph) -> dict[str, float]:
    return dict.fromkeys(graph.tensors, 0.05)


def labels(graph: Graph) -> dict[str, str]:
    return {operator.name: operator.label for operator in graph.operators}


PRODUCTS = ("stem", "left", "right", "last")


def test_that_data_between_products_is_stored_in_8_bits(maker: Any) -> None:
    graph = branches(maker)
    quantized = quantize(graph, PRODUCTS, ones(graph))
    quantized.verify()
    assert tuple(quantized.index) == tuple(graph.index)
    assert all(is_quantized(quantized.operator(name)) for name in PRODUCTS)
    between = [name for name in quantized.producer if name not in quantized.outputs]
    assert {quantized.tensors[name].dtype for name in between} == {DType.INT8}
    assert quantized.tensors[quantized.outputs[0]].dtype is DType.FLOAT32
    assert labels(quantized)["joined"] == "Concat"
    assert labels(quantized)["pool"] == "DequantizeLinear+MaxPool+QuantizeLinear"
    assert labels(quantized)["left"] == "DequantizeLinear+DequantizeLinear+Conv+Relu+QuantizeLinear"
    # The caller's data is quantized by the first product itself, and nobody quantizes what the caller gets.
    assert labels(quantized)["stem"].startswith("DequantizeLinear+QuantizeLinear+DequantizeLinear+Conv")
    assert labels(quantized)["last"] == "DequantizeLinear+DequantizeLinear+Conv"


def test_that_a_quantized_graph_computes_nearly_the_same(maker: Any) -> None:
    graph = branches(maker)
    exact = evaluate(graph)
    shown = graph.replace(outputs=tuple(graph.producer))
    largest = {name: float(np.abs(value).max()) for name, value in evaluate(shown).items()} | {"x": 4.0}
    scales = {name: scale_of(value) for name, value in largest.items()}
    for names in one_scale(graph, PRODUCTS):
        scales |= dict.fromkeys(names & scales.keys(), max(scales[name] for name in names if name in scales))
    found = evaluate(quantize(graph, PRODUCTS, scales))
    for name, value in exact.items():
        assert np.linalg.norm(found[name] - value) < 0.05 * np.linalg.norm(value)


def test_that_tensors_that_move_into_one_another_share_a_scale(maker: Any) -> None:
    graph = branches(maker)
    (names,) = one_scale(graph, PRODUCTS)
    assert names == {"left_relu", "right", "joined", "pool"}
    assert calibrated_tensors(graph, PRODUCTS) == {"x", "stem", *names}


def test_that_a_concat_of_different_scales_is_computed_in_floats(maker: Any) -> None:
    graph = branches(maker)
    quantized = quantize(graph, PRODUCTS, {**ones(graph), "left_relu": 0.1})
    quantized.verify()
    assert labels(quantized)["joined"] == "Concat+QuantizeLinear"
    assert quantized.tensors["left_relu"].dtype is DType.FLOAT32


def test_that_other_readers_make_floats_of_8_bits(maker: Any) -> None:
    x = maker.input("x", 1, 4, 8, 8)
    first = maker.conv("first", x, 4)
    graph = maker.graph(maker.conv("second", first, 4), maker.add("Sigmoid", "gate", (first,)))
    quantized = quantize(graph, ("first", "second"), ones(graph))
    quantized.verify()
    assert labels(quantized)["gate"] == "DequantizeLinear+Sigmoid"
    assert quantized.operator("gate").inputs == ("first@int8",)


def test_that_what_the_caller_gets_stays_floats(maker: Any) -> None:
    x = maker.input("x", 1, 4, 8, 8)
    first = maker.conv("first", x, 4)
    graph = maker.graph(first, maker.conv("second", first, 4))
    quantized = quantize(graph, ("first", "second"), ones(graph))
    quantized.verify()
    assert quantized.tensors["first"].dtype is DType.FLOAT32
    assert labels(quantized)["second"] == "DequantizeLinear+QuantizeLinear+DequantizeLinear+Conv"


def test_that_products_without_a_scale_or_with_an_obstacle_are_left_alone(maker: Any) -> None:
    x = maker.input("x", 1, 4, 8, 8)
    deep = maker.conv("deep", x, 4, group=4)
    graph = maker.graph(maker.conv("dense", deep, 4))
    assert quantize_obstacle(graph, graph.operator("deep")) is not None
    assert quantize_obstacle(graph, graph.operator("dense")) is None
    assert quantize(graph, ("deep", "dense"), {}).operators == graph.operators


def test_that_products_of_two_computed_matrices_are_left_alone(maker: Any) -> None:
    a, b = maker.input("a", 3, 4), maker.input("b", 4, 5)
    graph = maker.graph(maker.add("MatMul", "c", (a, b), (3, 5)))
    assert quantize_obstacle(graph, graph.operators[0]) == "has a computed weight"


@pytest.mark.parametrize("axis", [0, 1])
def test_that_weights_have_a_scale_per_channel(axis: int) -> None:
    from warploom.graph import ArrayConstant

    values = np.random.default_rng(1).standard_normal((6, 5)).astype(np.float32)
    values.swapaxes(0, axis)[2] = 0.0
    integers, scale = quantized_weight(ArrayConstant.of(values), axis)
    q, s = integers.numpy(), scale.numpy()
    assert q.dtype == np.int8
    assert s.shape == (values.shape[axis],)
    channels = np.abs(q).max(axis=1 - axis)
    assert channels[2] == 0
    assert set(np.delete(channels, 2)) == {127}
    along = s[:, None] if axis == 0 else s[None, :]
    assert np.abs(q * along - values).max() <= 0.5 * s.max() * 1.001


def test_that_fills_stay_fills() -> None:
    integers, scale = quantized_weight(FillConstant((8, 3, 3, 3), DType.FLOAT32, -0.5), 0)
    assert isinstance(integers, FillConstant)
    assert isinstance(scale, FillConstant)
    assert integers.value * scale.value == pytest.approx(-0.5)


def test_that_the_axis_of_output_channels_follows_the_product(maker: Any) -> None:
    x = maker.input("x", 2, 4)
    maker.add("Gemm", "rows", (x, maker.constant("w", 3, 4)), (2, 3), transA=0, transB=1, alpha=1.0, beta=1.0)
    maker.add("MatMul", "columns", (x, maker.constant("v", 4, 3)), (2, 3))
    assert [weight_axis(operator.main) for operator in maker.operators] == [0, 1]


def test_that_a_product_of_floats_is_not_quantized(maker: Any) -> None:
    operator: Operator = maker.graph(maker.conv("c", maker.input("x", 1, 4, 4, 4), 4)).operators[0]
    assert quantized_product(operator) is None
    assert operator.kind is OperatorKind.CONV


@pytest.mark.parametrize(("largest", "step"), [(127.0, 1.0), (0.0, 1.0), (float("inf"), 1.0)])
def test_that_scales_are_finite_and_positive(largest: float, step: float) -> None:
    assert scale_of(largest) == step
