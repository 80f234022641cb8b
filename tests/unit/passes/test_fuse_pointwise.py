from __future__ import annotations

from typing import Any

import pytest

from warploom.passes.absorb_into_concat import absorb_into_concat
from warploom.passes.fuse_pointwise import MAX_INPUTS, MAX_PRIMITIVES, fuse_gates, fuse_pointwise


def labels(graph: Any) -> list[str]:
    return [operator.label for operator in graph.operators]


def test_that_a_tree_becomes_one_kernel(maker: Any, assert_same_results: Any) -> None:
    x, y, row = maker.input("x", 2, 4, 5, 5), maker.input("y", 2, 4, 5, 5), maker.input("row", 4, 1, 1)
    maker.add("Relu", "a", [x])
    maker.add("Mul", "b", [y, row])
    maker.add("Sub", "c", ["a", "b"])
    maker.add("Tanh", "d", ["c"])
    before = maker.graph("d")
    graph = fuse_pointwise(before).graph
    assert labels(graph) == ["Mul+Relu+Sub+Tanh"]
    assert graph.operators[0].sources == ("node_b", "node_a", "node_c", "node_d")
    assert_same_results(before, graph)


def test_that_a_small_operand_is_not_computed_again_per_element(maker: Any) -> None:
    x, row = maker.input("x", 2, 4, 5, 5), maker.input("row", 4, 1, 1)
    maker.add("Sigmoid", "gate", [row])
    maker.add("Mul", "m", [x, "gate"])
    assert not fuse_pointwise(maker.graph("m")).changed


def test_that_a_value_with_two_readers_stays(maker: Any) -> None:
    maker.add("Relu", "a", [maker.input("x", 1, 4)])
    maker.add("Neg", "b", ["a"])
    maker.add("Exp", "c", ["a"])
    assert not fuse_pointwise(maker.graph("b", "c")).changed


def test_that_one_kernel_reads_only_so_many_tensors(maker: Any) -> None:
    total = maker.input("x", 1, 4)
    for i in range(MAX_INPUTS + 3):
        total = maker.add("Add", f"s{i}", [total, maker.input(f"y{i}", 1, 4)])
    result = fuse_pointwise(maker.graph(total))
    assert len(result.graph.operators) == 2
    assert all(len(operator.inputs) <= MAX_INPUTS for operator in result.graph.operators)
    assert any(entry.decision == "kept apart" for entry in result.log)


def test_that_one_kernel_computes_only_so_much(maker: Any) -> None:
    total = maker.input("x", 1, 4)
    for i in range(2 * MAX_PRIMITIVES + 3):
        total = maker.add("Sigmoid", f"s{i}", [total])
    graph = fuse_pointwise(fuse_gates(maker.graph(total)).graph).graph
    assert [len(operator.body) for operator in graph.operators] == [MAX_PRIMITIVES, MAX_PRIMITIVES, 3]


@pytest.mark.parametrize("op", ["Sum", "Mean", "Max", "Min"])
def test_that_aggregations_stay_operators_of_their_own(maker: Any, op: str) -> None:
    inputs = [maker.add("Relu", f"r{i}", [maker.input(f"x{i}", 1, 4)]) for i in range(3)]
    maker.add(op, "s", inputs)
    maker.add("Neg", "n", ["s"])
    assert not fuse_pointwise(maker.graph("n")).changed


def test_that_gates_take_only_functions_of_one_tensor(maker: Any) -> None:
    x, y = maker.input("x", 1, 4), maker.input("y", 1, 4)
    maker.add("Sigmoid", "s", [x])
    maker.add("Mul", "silu", [x, "s"])
    maker.add("Add", "a", ["silu", y])
    maker.add("Relu", "r", ["a"])
    assert labels(fuse_gates(maker.graph("r")).graph) == ["Sigmoid+Mul", "Add", "Relu"]


def test_that_sums_go_into_their_slice_of_a_concat(maker: Any, assert_same_results: Any) -> None:
    x, y, z = (maker.input(name, 1, 4, 3, 3) for name in "xyz")
    maker.add("Add", "a", [x, y])
    maker.add("Add", "b", [y, z])
    maker.concat("inner", "a", z)
    maker.concat("outer", "b", "inner", x)
    before = maker.graph("outer")
    graph = absorb_into_concat(before).graph
    assert labels(graph) == ["Add+Add+Concat"]
    assert graph.operators[0].body[-1].inputs == ("b", "a", "z", "x")
    assert_same_results(before, graph)


def test_that_a_sum_with_another_reader_and_a_bias_stay_outside(maker: Any) -> None:
    x, y = maker.input("x", 1, 4, 3, 3), maker.input("y", 1, 4, 3, 3)
    maker.add("Add", "a", [x, y])
    maker.add("Add", "b", [x, maker.constant("bias", 4, 1, 1)])
    maker.concat("c", "a", "b")
    maker.add("Relu", "r", ["a"])
    result = absorb_into_concat(maker.graph("c", "r"))
    assert not result.changed
    assert any("other readers" in entry.reason for entry in result.log)


def test_that_a_concat_along_another_axis_is_not_flattened(maker: Any) -> None:
    x, y = maker.input("x", 1, 4, 3, 3), maker.input("y", 1, 2, 6, 3)
    maker.add("Concat", "i", [x, x], (1, 4, 6, 3), axis=2)
    maker.concat("o", "i", y)
    assert not absorb_into_concat(maker.graph("o")).changed


def test_that_a_concat_read_twice_is_not_flattened(maker: Any) -> None:
    x = maker.input("x", 1, 4, 3, 3)
    maker.concat("i", x, x)
    maker.concat("o", "i", "i")
    assert not absorb_into_concat(maker.graph("o")).changed
