from __future__ import annotations

from typing import Any

import pytest

from warploom.graph import OperatorKind
from warploom.passes.fuse_prologue import fuse_prologue
from warploom.passes.fuse_separable import fuse_separable


def separable(maker: Any, name: str, data: str, channels: int = 6, *, between: str | None = None) -> str:
    width = maker.tensors[data].shape[1]
    inner = maker.conv(f"{name}.dw", data, width, group=width)
    if between:
        inner = maker.add(between, f"{name}.act", [inner])
    return maker.conv(name, inner, channels, 1)


@pytest.mark.parametrize("between", [None, "Relu"])
def test_that_a_depthwise_and_a_pointwise_convolution_are_one_unit(
    maker: Any, assert_same_results: Any, between: str | None
) -> None:
    separable(maker, "u", maker.input("x", 1, 4, 6, 6), between=between)
    before = maker.graph("u")
    graph = fuse_separable(before).graph
    assert [operator.kind for operator in graph.operators] == [OperatorKind.SEPARABLE]
    assert_same_results(before, graph)


@pytest.mark.parametrize("kernel", [1, 3])
def test_that_only_a_plain_pointwise_convolution_completes_a_unit(maker: Any, kernel: int) -> None:
    x = maker.input("x", 1, 4, 6, 6)
    maker.conv("d", x, 4, group=4)
    maker.conv("p", "d", 6, kernel, stride=2 if kernel == 1 else 1)
    result = fuse_separable(maker.graph("p"))
    assert not result.changed
    assert result.log[0].decision == "kept apart"


def test_that_a_depthwise_result_read_twice_keeps_them_apart(maker: Any) -> None:
    maker.conv("d", maker.input("x", 1, 4, 6, 6), 4, group=4)
    maker.conv("p", "d", 6, 1)
    assert not fuse_separable(maker.graph("p", "d")).changed


def test_that_an_activation_of_a_tensor_read_elsewhere_goes_into_each_unit(
    maker: Any, assert_same_results: Any
) -> None:
    x = maker.pool("x", maker.input("i", 1, 4, 6, 6))
    maker.add("Relu", "r", [x])
    separable(maker, "u", "r")
    separable(maker, "v", "r")
    maker.add("Neg", "n", [x])
    before = maker.graph("u", "v", "n")
    graph = fuse_separable(before).graph
    assert [operator.label for operator in graph.operators] == ["MaxPool", "Relu+Conv+Conv", "Relu+Conv+Conv", "Neg"]
    assert all("node_r" in graph.operator(name).sources for name in "uv")
    assert_same_results(before, graph)


def test_that_an_activation_with_another_reader_stays_and_says_why(maker: Any) -> None:
    maker.add("Relu", "r", [maker.input("x", 1, 4, 6, 6)])
    separable(maker, "u", "r")
    maker.pool("q", "r")
    result = fuse_separable(maker.graph("u", "q"))
    assert [operator.label for operator in result.graph.operators] == ["Relu", "Conv+Conv", "MaxPool"]
    assert any("cannot apply it themselves" in entry.reason for entry in result.log)


def test_that_an_activation_behind_a_convolution_is_left_to_that(maker: Any) -> None:
    maker.conv("c", maker.input("x", 1, 3, 6, 6), 4)
    maker.add("Relu", "r", ["c"])
    separable(maker, "u", "r")
    graph = fuse_separable(maker.graph("u")).graph
    assert [operator.label for operator in graph.operators] == ["Conv", "Relu", "Conv+Conv"]


@pytest.mark.parametrize(("op", "count"), [("Add", 2), ("Sum", 4)])
def test_that_a_sum_for_one_unit_is_its_prologue(maker: Any, assert_same_results: Any, op: str, count: int) -> None:
    inputs = [maker.input(f"x{i}", 1, 4, 6, 6) for i in range(count)]
    maker.add(op, "s", inputs)
    maker.add("Relu", "r", ["s"])
    separable(maker, "u", "r")
    before = maker.graph("u")
    graph = fuse_separable(before).graph
    assert [operator.label for operator in graph.operators] == [f"{op}+Relu+Conv+Conv"]
    assert graph.operators[0].inputs == tuple(inputs)
    assert_same_results(before, graph)


def test_that_a_sum_with_several_readers_stays(maker: Any) -> None:
    maker.add("Add", "s", [maker.input("x", 1, 4, 6, 6), maker.input("y", 1, 4, 6, 6)])
    maker.add("Relu", "r", ["s"])
    separable(maker, "u", "r")
    graph = fuse_separable(maker.graph("u", "s")).graph
    assert [operator.label for operator in graph.operators] == ["Add", "Relu+Conv+Conv"]


def test_that_a_convolution_begins_with_the_activation_of_a_concat(maker: Any, assert_same_results: Any) -> None:
    x = maker.input("x", 1, 4, 6, 6)
    maker.concat("cat", x, x)
    maker.add("Relu", "r", ["cat"])
    maker.conv("c", "r", 4)
    before = maker.graph("c")
    graph = fuse_prologue(before).graph
    assert [operator.label for operator in graph.operators] == ["Concat", "Relu+Conv"]
    assert_same_results(before, graph)


def test_that_the_activation_of_an_aggregation_alone_stays(maker: Any) -> None:
    inputs = [maker.input(f"x{i}", 1, 4, 6, 6) for i in range(3)]
    maker.add("Sum", "s", inputs)
    maker.add("Relu", "r", ["s"])
    maker.conv("c", "r", 4)
    result = fuse_prologue(maker.graph("c"))
    assert not result.changed
    assert "where branches meet" in result.log[0].reason
