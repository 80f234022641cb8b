from __future__ import annotations

from typing import Any

import pytest

from warploom.graph import OperatorKind
from warploom.passes.fuse_epilogue import fuse_epilogue
from warploom.passes.fuse_pointwise import fuse_gates
from warploom.passes.fuse_separable import fuse_separable


def labels(graph: Any) -> list[str]:
    return [operator.label for operator in graph.operators]


@pytest.mark.parametrize("op", ["Relu", "Sigmoid", "HardSwish", "Tanh", "Softplus", "Mish", "Erf"])
def test_that_an_activation_is_fused(maker: Any, assert_same_results: Any, op: str) -> None:
    maker.conv("c", maker.input("x", 1, 4, 6, 6), 8)
    maker.add(op, "a", ["c"])
    before = maker.graph("a")
    graph = fuse_epilogue(before).graph
    assert labels(graph) == [f"Conv+{op}"]
    assert graph.operators[0].name == "c"
    assert graph.operators[0].outputs == ("a",)
    assert graph.operators[0].sources == ("node_c", "node_a")
    assert_same_results(before, graph)


def test_that_bias_gate_and_scale_of_a_product_are_fused(maker: Any, assert_same_results: Any) -> None:
    x, w = maker.input("x", 2, 5, 8), maker.constant("w", 8, 6)
    maker.add("MatMul", "m", [x, w], (2, 5, 6))
    maker.add("Add", "b", ["m", maker.constant("bias", 6)])
    maker.add("Sigmoid", "s", ["b"])
    maker.add("Mul", "g", ["b", "s"])
    before = maker.graph("g")
    graph = fuse_epilogue(fuse_gates(before).graph).graph
    assert labels(graph) == ["MatMul+Add+Sigmoid+Mul"]
    assert graph.operators[0].kind is OperatorKind.MATMUL
    assert_same_results(before, graph)


def test_that_a_residual_available_early_is_fused_and_the_activation_behind_it(
    maker: Any, assert_same_results: Any
) -> None:
    x = maker.input("x", 1, 4, 6, 6)
    maker.conv("c1", x, 4)
    maker.conv("c2", "c1", 4)
    maker.add("Add", "s", ["c2", x])
    maker.add("Relu", "r", ["s"])
    before = maker.graph("r")
    graph = fuse_epilogue(before).graph
    assert labels(graph) == ["Conv", "Conv+Add+Relu"]
    assert_same_results(before, graph)


def test_that_a_late_residual_is_declined_with_the_depths(maker: Any) -> None:
    x = maker.input("x", 1, 4, 6, 6)
    maker.conv("short", x, 4)
    maker.pool("p1", x)
    maker.pool("p2", "p1")
    maker.add("Add", "s", ["p2", "short"])
    result = fuse_epilogue(maker.graph("s"))
    assert not result.changed
    assert "lengthen the critical path" in result.log[0].reason
    assert "'p2' is 2 operators deep" in result.log[0].reason


def test_that_of_two_convolutions_the_later_one_takes_the_sum(maker: Any, assert_same_results: Any) -> None:
    x = maker.input("x", 1, 4, 6, 6)
    maker.conv("early", x, 4)
    maker.conv("a", x, 4)
    maker.conv("late", "a", 4)
    maker.add("Add", "s", ["early", "late"])
    before = maker.graph("s")
    graph = fuse_epilogue(before).graph
    assert {operator.name: operator.label for operator in graph.operators} == {
        "early": "Conv",
        "a": "Conv",
        "late": "Conv+Add",
    }
    assert_same_results(before, graph)


def test_that_branches_of_equal_length_meet_in_an_operator_of_their_own(maker: Any) -> None:
    x = maker.input("x", 1, 4, 6, 6)
    maker.conv("a", x, 4)
    maker.conv("b", x, 4)
    maker.add("Add", "s", ["a", "b"])
    assert not fuse_epilogue(maker.graph("s")).changed


def test_that_fusing_never_makes_the_graph_deeper(maker: Any) -> None:
    """A sum fused early makes what follows shallower, and later decisions count with that."""
    x = maker.input("x", 1, 4, 6, 6)
    previous = x
    for i in range(3):
        maker.conv(f"a{i}", previous, 4)
        maker.conv(f"b{i}", f"a{i}", 4)
        maker.add("Add", f"s{i}", [f"b{i}", previous])
        previous = f"s{i}"
    graph = fuse_epilogue(maker.graph(previous)).graph
    assert labels(graph) == ["Conv", "Conv+Add"] * 3


def test_that_only_one_residual_is_taken(maker: Any) -> None:
    x, y, z = (maker.input(name, 1, 4, 6, 6) for name in "xyz")
    maker.conv("c", x, 4)
    maker.add("Add", "s", ["c", y])
    maker.add("Add", "t", ["s", z])
    result = fuse_epilogue(maker.graph("t"))
    assert labels(result.graph) == ["Conv+Add", "Add"]
    assert any("already adds" in entry.reason for entry in result.log)


def test_that_a_result_read_elsewhere_is_not_overwritten(maker: Any) -> None:
    maker.conv("c", maker.input("x", 1, 4, 6, 6), 4)
    maker.add("Relu", "r", ["c"])
    maker.add("Sigmoid", "s", ["c"])
    result = fuse_epilogue(maker.graph("r", "s"))
    assert not result.changed
    assert result.log[0].decision == "kept apart"
    assert not fuse_epilogue(maker.graph("c", "r")).changed


def test_that_the_same_activation_for_every_reader_is_applied_once(maker: Any, assert_same_results: Any) -> None:
    maker.conv("c", maker.input("x", 1, 4, 6, 6), 4)
    for i in range(3):
        maker.add("Relu", f"r{i}", ["c"])
        maker.pool(f"p{i}", f"r{i}", 2 * i + 1)
    before = maker.graph("p0", "p1", "p2")
    graph = fuse_epilogue(before).graph
    assert labels(graph) == ["Conv+Relu", "MaxPool", "MaxPool", "MaxPool"]
    assert graph.operators[0].sources == ("node_c", "node_r0", "node_r1", "node_r2")
    assert_same_results(before, graph)


def test_that_a_broadcast_over_the_result_is_not_an_epilogue(maker: Any) -> None:
    x, w = maker.input("x", 1, 8), maker.constant("w", 8, 6)
    maker.add("MatMul", "m", [x, w], (1, 6))
    maker.add("Add", "b", ["m", maker.constant("tall", 5, 6)], (5, 6))
    assert not fuse_epilogue(maker.graph("b")).changed


@pytest.mark.parametrize(("between", "fused"), [("Relu", True), (None, False)])
def test_that_only_inverted_bottlenecks_take_a_residual_into_a_separable_unit(
    maker: Any, assert_same_results: Any, between: str | None, fused: bool
) -> None:
    x = maker.input("x", 1, 4, 6, 6)
    maker.conv("wide", x, 8, 1)
    inner = maker.conv("dw", "wide", 8, group=8)
    if between:
        inner = maker.add(between, "act", [inner])
    maker.conv("out", inner, 4, 1)
    maker.add("Add", "s", ["out", x])
    before = maker.graph("s")
    graph = fuse_epilogue(fuse_separable(before).graph).graph
    assert (len(graph.operators) == 2) is fused
    assert_same_results(before, graph)
