from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from warploom.graph import ArrayConstant, DType, FillConstant
from warploom.passes.fold_batch_norm import fold_batch_norm
from warploom.passes.lower_batch_norm import lower_batch_norm


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("group", [1, 2, 8])
def test_that_a_norm_behind_a_convolution_is_folded(
    maker: Any, assert_same_results: Any, bias: bool, group: int
) -> None:
    x = maker.input("x", 2, 8, 7, 7)
    maker.conv("c", x, 16, group=group, bias=bias)
    maker.batch_norm("n", "c")
    before = maker.graph("n")
    graph = fold_batch_norm(before).graph
    assert [operator.label for operator in graph.operators] == ["Conv"]
    assert graph.operators[0].sources == ("node_c", "node_n")
    assert_same_results(before, graph)


def test_that_a_norm_is_folded_into_a_transposed_convolution(maker: Any, assert_same_results: Any) -> None:
    x = maker.input("x", 1, 6, 5, 5)
    weight = maker.constant("w", 6, 4, 2, 2)
    values = {"kernel_shape": (2, 2), "strides": (2, 2), "dilations": (1, 1), "pads": (0,) * 4, "group": 1}
    maker.add("ConvTranspose", "c", [x, weight], (1, 4, 10, 10), output_padding=(0, 0), **values)
    maker.batch_norm("n", "c")
    before = maker.graph("n")
    graph = fold_batch_norm(before).graph
    assert len(graph.operators) == 1
    assert_same_results(before, graph)


@pytest.mark.parametrize("transposed", [0, 1])
@pytest.mark.parametrize("rows", [1, 3])
def test_that_norms_on_both_sides_of_a_gemm_are_folded(
    maker: Any, assert_same_results: Any, transposed: int, rows: int
) -> None:
    x = maker.input("x", 4, 5)
    maker.batch_norm("before", x)
    weight = maker.constant("w", *((rows, 5) if transposed else (5, rows)))
    bias = maker.constant("b", rows)
    maker.add("Gemm", "g", ["before", weight, bias], (4, rows), alpha=1.0, beta=1.0, transA=0, transB=transposed)
    maker.batch_norm("after", "g")
    before = maker.graph("after")
    graph = fold_batch_norm(before).graph
    assert [operator.label for operator in graph.operators] == ["Gemm"]
    assert_same_results(before, graph)


def test_that_channel_arithmetic_behind_a_norm_is_folded_too(maker: Any, assert_same_results: Any) -> None:
    x = maker.input("x", 1, 3, 5, 5)
    maker.conv("c", x, 4)
    maker.batch_norm("n", "c")
    maker.add("Mul", "m", [maker.constant("k", 4, 1, 1), "n"], (1, 4, 5, 5))
    maker.add("Sub", "s", ["m", maker.constant("o", 1, 4, 1, 1)])
    maker.add("Div", "d", ["s", maker.constant("q", 1, positive=True)])
    before = maker.graph("d")
    graph = fold_batch_norm(before).graph
    assert [operator.label for operator in graph.operators] == ["Conv"]
    assert_same_results(before, graph)


def test_that_fills_stay_fills(maker: Any, assert_same_results: Any) -> None:
    x = maker.input("x", 1, 3, 5, 5)
    maker.conv("c", x, 4, fill=0.25)
    maker.batch_norm("n", "c", fill=0.5)
    before = maker.graph("n")
    graph = fold_batch_norm(before).graph
    assert all(isinstance(constant, FillConstant) for constant in graph.constants.values())
    assert_same_results(before, graph)


def test_that_no_array_is_read_before_somebody_asks(maker: Any) -> None:
    maker.conv("c", maker.input("x", 1, 3, 5, 5), 4)
    maker.batch_norm("n", "c")
    reads = []

    def load() -> np.ndarray:
        reads.append(1)
        return np.ones((4, 3, 3, 3), np.float32)

    maker.constants["c.w"] = ArrayConstant((4, 3, 3, 3), DType.FLOAT32, load)
    graph = fold_batch_norm(maker.graph("n")).graph
    assert not reads
    weight = graph.constants[graph.operators[0].weights[0]]
    assert weight.numpy().shape == (4, 3, 3, 3)
    assert reads == [1]


def test_that_a_value_read_elsewhere_keeps_the_norm_apart(maker: Any) -> None:
    maker.conv("c", maker.input("x", 1, 3, 5, 5), 4)
    maker.batch_norm("n", "c")
    maker.add("Relu", "r", ["c"])
    result = fold_batch_norm(maker.graph("n", "r"))
    assert not result.changed
    assert "also read as it is" in result.log[0].reason


@pytest.mark.parametrize(("pad", "folded"), [(0, True), (1, False)])
def test_that_a_norm_before_a_convolution_is_folded_unless_it_pads(
    maker: Any, assert_same_results: Any, pad: int, folded: bool
) -> None:
    maker.batch_norm("n", maker.input("x", 1, 3, 6, 6))
    maker.conv("c", "n", 4, pad=pad)
    before = maker.graph("c")
    result = fold_batch_norm(before)
    assert result.changed is folded
    assert_same_results(before, result.graph)


def test_that_shared_weights_are_not_changed_for_the_other_reader(maker: Any, assert_same_results: Any) -> None:
    x = maker.input("x", 1, 4, 5, 5)
    maker.conv("c", x, 4)
    values = dict(maker.operators[0].body[0].attributes)
    maker.add("Conv", "d", [x, "c.w", "c.b"], **values)
    maker.batch_norm("n", "c")
    before = maker.graph("n", "d")
    assert_same_results(before, fold_batch_norm(before).graph)


def test_that_a_norm_standing_alone_becomes_a_scale_and_shift(maker: Any, assert_same_results: Any) -> None:
    maker.batch_norm("n", maker.input("x", 2, 3, 4, 4))
    maker.add("Mul", "m", ["n", maker.constant("k", 3, 1, 1)])
    maker.add("Add", "a", ["m", maker.constant("o", 3, 1, 1)])
    maker.add("Relu", "r", ["a"])
    before = maker.graph("r")
    graph = lower_batch_norm(before).graph
    assert [operator.label for operator in graph.operators] == ["Mul+Add", "Relu"]
    assert graph.operators[0].sources == ("node_n", "node_m", "node_a")
    assert_same_results(before, graph)


def test_that_a_norm_with_computed_parameters_stays(maker: Any) -> None:
    x, gamma = maker.input("x", 1, 3, 4, 4), maker.input("g", 3)
    rest = [maker.constant(name, 3, positive=True) for name in ("b", "m", "v")]
    maker.add("BatchNormalization", "n", [x, gamma, *rest], epsilon=1e-5)
    result = lower_batch_norm(maker.graph("n"))
    assert not result.changed
    assert result.log[0].decision == "kept"
