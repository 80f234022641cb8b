from __future__ import annotations

import math
from typing import Any

import pytest

from warploom.passes.recognize_gelu import recognize_gelu
from warploom.passes.recognize_global_pool import recognize_global_pool
from warploom.passes.recognize_layer_norm import recognize_layer_norm


def gelu(maker: Any, x: str, order: str) -> None:
    """Gelu spelled out; `order` says which product comes first."""
    shape = maker.tensors[x].shape
    if order == "x first":
        maker.add("Mul", "d", [x, maker.constant("c", fill=math.sqrt(0.5))])
    else:
        maker.add("Div", "d", [x, maker.constant("c", fill=math.sqrt(2))])
    maker.add("Erf", "e", ["d"])
    maker.add("Add", "a", ["e", maker.constant("one", fill=1.0)])
    half = maker.constant("half", fill=0.5)
    if order == "x first":
        maker.add("Mul", "m", [x, "a"])
        maker.add("Mul", "g", ["m", half])
    elif order == "half first":
        maker.add("Mul", "m", [half, "a"], shape)
        maker.add("Mul", "g", [x, "m"])
    else:
        maker.add("Mul", "m", [x, half])
        maker.add("Mul", "g", ["m", "a"])


@pytest.mark.parametrize("order", ["x first", "half first", "apart"])
def test_that_gelu_is_recognized_in_every_order(maker: Any, assert_same_results: Any, order: str) -> None:
    gelu(maker, maker.input("x", 2, 6), order)
    before = maker.graph("g")
    graph = recognize_gelu(before).graph
    assert [operator.label for operator in graph.operators] == ["Gelu"]
    assert set(graph.operators[0].sources) == {f"node_{name}" for name in "deamg"}
    assert_same_results(before, graph)


def test_that_a_gelu_whose_inner_value_is_read_stays(maker: Any) -> None:
    gelu(maker, maker.input("x", 2, 6), "x first")
    assert not recognize_gelu(maker.graph("g", "a")).changed


def test_that_a_formula_with_another_constant_is_not_gelu(maker: Any) -> None:
    gelu(maker, maker.input("x", 2, 6), "x first")
    maker.constant("half", fill=0.501)
    assert not recognize_gelu(maker.graph("g")).changed


def layer_norm(maker: Any, x: str, *, affine: bool, power: bool) -> str:
    rank = len(maker.tensors[x].shape)
    reduced = (*maker.tensors[x].shape[:-1], 1)
    maker.add("ReduceMean", "mean", [x], reduced, axes=(rank - 1,), keepdims=1)
    maker.add("Sub", "d", [x, "mean"])
    if power:
        maker.add("Pow", "sq", ["d", maker.constant("two", fill=2.0)])
    else:
        maker.add("Mul", "sq", ["d", "d"])
    maker.add("ReduceMean", "var", ["sq"], reduced, axes=(rank - 1,), keepdims=1)
    maker.add("Add", "eps", ["var", maker.constant("epsilon", fill=1e-5)])
    maker.add("Sqrt", "root", ["eps"])
    last = maker.add("Div", "n", ["d", "root"])
    if affine:
        maker.add("Mul", "s", ["n", maker.constant("gamma", maker.tensors[x].shape[-1])])
        last = maker.add("Add", "b", ["s", maker.constant("beta", maker.tensors[x].shape[-1])])
    return last


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("power", [True, False])
def test_that_layer_normalization_is_recognized(
    maker: Any, assert_same_results: Any, affine: bool, power: bool
) -> None:
    last = layer_norm(maker, maker.input("x", 2, 5, 16), affine=affine, power=power)
    before = maker.graph(last)
    graph = recognize_layer_norm(before).graph
    assert [operator.label for operator in graph.operators] == ["LayerNormalization"]
    assert_same_results(before, graph)


def test_that_a_normalization_whose_variance_is_read_stays(maker: Any) -> None:
    last = layer_norm(maker, maker.input("x", 2, 5, 16), affine=True, power=True)
    result = recognize_layer_norm(maker.graph(last, "var"))
    assert not result.changed
    assert result.log[0].decision == "kept apart"


def test_that_means_over_whole_images_are_global_pools(maker: Any, assert_same_results: Any) -> None:
    x = maker.input("x", 2, 3, 4, 5)
    maker.add("ReduceMean", "a", [x], (2, 3, 1, 1), axes=(2, 3), keepdims=1)
    window = {"kernel_shape": (4, 5), "strides": (1, 1), "dilations": (1, 1), "pads": (0, 0, 0, 0)}
    maker.add("AveragePool", "b", [x], (2, 3, 1, 1), ceil_mode=0, count_include_pad=0, **window)
    maker.add("ReduceMean", "c", [x], (2, 1, 1, 1), axes=(1, 2, 3), keepdims=1)
    before = maker.graph("a", "b", "c")
    graph = recognize_global_pool(before).graph
    assert [operator.label for operator in graph.operators] == ["GlobalAveragePool", "GlobalAveragePool", "ReduceMean"]
    assert_same_results(before, graph)
