from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from execution import execute_graph
from warploom.graph import ArrayConstant, DType, FillConstant, Graph
from warploom.graph.quantized import is_quantized
from warploom.passes.pipeline import optimize_graph


class QuantizedMaker:
    """Adds conversions to integers, as quantizing tools do."""

    def __init__(self, maker: Any) -> None:
        self.maker = maker

    def __getattr__(self, name: str) -> Any:
        return getattr(self.maker, name)

    def quantized(self, data: str, step: float, zero: int = 0, dtype: DType = DType.INT8) -> str:
        integers = self.add("QuantizeLinear", f"{data}_q", (data, *self._steps(data, step, zero, dtype)), axis=1)
        self.tensor(integers, self.tensors[data].shape, dtype)
        return self.add("DequantizeLinear", f"{data}_dq", (integers, f"{data}_s", f"{data}_z"), axis=1)

    def weight(self, name: str, *shape: int) -> str:
        values = np.random.default_rng(5).integers(-127, 128, shape).astype(np.int8)
        self.constants[f"{name}_q"] = ArrayConstant.of(values)
        self.tensor(f"{name}_q", shape, DType.INT8)
        scale = self.constant(f"{name}_s", shape[0], positive=True)
        return self.add("DequantizeLinear", name, (f"{name}_q", scale), shape, axis=0)

    def product(self, output: str, data: str, channels: int) -> str:
        n, c, h, w = self.tensors[data].shape
        weight = self.weight(f"{output}_w", channels, c, 1, 1)
        ones = {"kernel_shape": (1, 1), "strides": (1, 1), "dilations": (1, 1), "pads": (0,) * 4, "group": 1}
        return self.add("Conv", output, (data, weight), (n, channels, h, w), **ones)

    def _steps(self, data: str, step: float, zero: int, dtype: DType) -> tuple[str, str]:
        self.constants[f"{data}_s"] = FillConstant((), DType.FLOAT32, step)
        self.tensor(f"{data}_s", ())
        self.constants[f"{data}_z"] = FillConstant((), dtype, zero)
        self.tensor(f"{data}_z", (), dtype)
        return f"{data}_s", f"{data}_z"


@pytest.fixture
def qdq(maker: Any) -> QuantizedMaker:
    return QuantizedMaker(maker)


def same(graph: Graph) -> Graph:
    """The fused graph, which computes to the bit what the given one does."""
    fused = optimize_graph(graph, verify=True).graph
    inputs = {"x": np.random.default_rng(2).standard_normal(graph.tensors["x"].shape).astype(np.float32)}
    before, after = execute_graph(graph, inputs), execute_graph(fused, inputs)
    for name, value in before.items():
        np.testing.assert_array_equal(after[name], value)
    return fused


@pytest.mark.parametrize(("dtype", "zero"), [(DType.INT8, 0), (DType.UINT8, 117)])
def test_that_products_of_integers_are_recognized(qdq: QuantizedMaker, dtype: DType, zero: int) -> None:
    x = qdq.quantized(qdq.input("x", 1, 4, 6, 6), 0.03, zero, dtype)
    first = qdq.quantized(qdq.add("Relu", "first", (qdq.product("conv", x, 8),)), 4.0, zero, dtype)
    graph = same(qdq.graph(qdq.product("second", first, 4)))
    labels = [operator.label for operator in graph.operators]
    assert labels == [
        "QuantizeLinear",
        "DequantizeLinear+DequantizeLinear+Conv+Relu+QuantizeLinear",
        "DequantizeLinear+DequantizeLinear+Conv",
    ]
    assert all(map(is_quantized, graph.operators[1:]))
    assert graph.tensors[graph.operators[1].outputs[0]].dtype is dtype


def test_that_a_concat_of_one_scale_moves_integers(qdq: QuantizedMaker) -> None:
    x = qdq.quantized(qdq.input("x", 1, 4, 6, 6), 0.03)
    parts = [qdq.quantized(qdq.product(name, x, 4), 4.0) for name in ("left", "right")]
    joined = qdq.quantized(qdq.concat("joined", *parts), 4.0)
    graph = same(qdq.graph(qdq.product("last", joined, 4)))
    (concat,) = (operator for operator in graph.operators if "Concat" in operator.label)
    assert concat.label == "Concat"
    assert graph.tensors[concat.outputs[0]].dtype is DType.INT8


def test_that_a_concat_of_several_scales_stays_exact(qdq: QuantizedMaker) -> None:
    x = qdq.quantized(qdq.input("x", 1, 4, 6, 6), 0.03)
    parts = [qdq.quantized(qdq.product(name, x, 4), scale) for name, scale in (("left", 4.0), ("right", 6.0))]
    joined = qdq.quantized(qdq.concat("joined", *parts), 4.0)
    graph = same(qdq.graph(qdq.product("last", joined, 4)))
    (concat,) = (operator for operator in graph.operators if "Concat" in operator.label)
    assert concat.label == "DequantizeLinear+DequantizeLinear+Concat+QuantizeLinear"


def test_that_functions_between_integers_join_the_product(qdq: QuantizedMaker) -> None:
    x = qdq.quantized(qdq.input("x", 1, 4, 6, 6), 0.03)
    value = qdq.quantized(qdq.product("conv", x, 8), 4.0)
    relu = qdq.quantized(qdq.add("Relu", "relu", (value,)), 4.0)
    graph = same(qdq.graph(qdq.product("last", relu, 4)))
    assert [is_quantized(operator) for operator in graph.operators] == [False, True, True]


def test_that_floats_that_the_caller_reads_are_kept(qdq: QuantizedMaker) -> None:
    x = qdq.quantized(qdq.input("x", 1, 4, 6, 6), 0.03)
    value = qdq.quantized(qdq.product("conv", x, 8), 4.0)
    graph = same(qdq.graph("conv", value, qdq.product("last", value, 4)))
    assert graph.outputs == ("conv", value, "last")
