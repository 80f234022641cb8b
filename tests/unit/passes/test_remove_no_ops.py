from __future__ import annotations

from typing import Any

import pytest

from warploom.passes.remove_no_ops import remove_no_ops

NO_OPS: list[tuple[str, dict[str, Any]]] = [
    ("Identity", {}),
    ("Dropout", {}),
    ("Reshape", {"shape": (1, 4, 6, 6)}),
    ("Expand", {"shape": (1, 4, 6, 6)}),
    ("Tile", {"repeats": (1, 1, 1, 1)}),
    ("Transpose", {"perm": (0, 1, 2, 3)}),
    ("Cast", {"to": "float32"}),
    ("Pad", {"pads": (0,) * 8, "mode": "constant", "constant_value": 0.0}),
    ("Slice", {"starts": (0,), "ends": (4,), "axes": (1,), "steps": (1,)}),
    ("Concat", {"axis": 1}),
    ("Clip", {}),
    ("AveragePool", {"kernel_shape": (1, 1), "strides": (1, 1), "pads": (0, 0, 0, 0)}),
]


@pytest.mark.parametrize(("op", "values"), NO_OPS, ids=[op for op, _ in NO_OPS])
def test_that_a_no_op_between_two_operators_goes_and_leaves_its_source(maker: Any, op: str, values: Any) -> None:
    x = maker.input("x", 1, 4, 6, 6)
    maker.add("Sigmoid", "s", [x])
    maker.add(op, "n", ["s"], **values)
    maker.add("Tanh", "t", ["n"])
    graph = remove_no_ops(maker.graph("t")).graph
    graph.verify()
    assert [operator.label for operator in graph.operators] == ["Sigmoid", "Tanh"]
    assert graph.operator("s").sources == ("node_s", "node_n")


@pytest.mark.parametrize(
    ("op", "values", "shape"),
    [
        ("Slice", {"starts": (5,), "ends": (-7,), "axes": (2,), "steps": (-1,)}, (1, 4, 6, 6)),
        ("Transpose", {"perm": (0, 1, 3, 2)}, (1, 4, 6, 6)),
        ("Reshape", {"shape": (4, 36)}, (4, 36)),
        ("Pad", {"pads": (0, 0, 1, 0, 0, 0, -1, 0), "mode": "constant", "constant_value": 0.0}, (1, 4, 6, 6)),
        ("AveragePool", {"kernel_shape": (3, 3), "strides": (1, 1), "pads": (1, 1, 1, 1)}, (1, 4, 6, 6)),
        ("Clip", {"min": 0.0}, (1, 4, 6, 6)),
    ],
)
def test_that_what_changes_values_stays(maker: Any, op: str, values: Any, shape: Any) -> None:
    x = maker.input("x", 1, 4, 6, 6)
    maker.add("Sigmoid", "s", [x])
    maker.add(op, "n", ["s"], shape, **values)
    maker.add("Tanh", "t", ["n"])
    assert not remove_no_ops(maker.graph("t")).changed


def test_that_a_no_op_before_an_output_hands_its_name_on(maker: Any) -> None:
    maker.add("Sigmoid", "s", [maker.input("x", 1, 4)])
    maker.add("Identity", "out", ["s"])
    maker.add("Tanh", "t", ["s"])
    graph = remove_no_ops(maker.graph("out", "t")).graph
    graph.verify()
    assert graph.outputs == ("out", "t")
    assert graph.operator("s").outputs == ("out",)
    assert graph.operator("t").inputs == ("out",)


def test_that_a_copy_of_an_input_or_of_another_output_stays_and_says_why(maker: Any) -> None:
    x = maker.input("x", 1, 4)
    maker.add("Identity", "copy", [x])
    maker.add("Sigmoid", "s", [x])
    maker.add("Identity", "again", ["s"])
    result = remove_no_ops(maker.graph("copy", "s", "again"))
    assert not result.changed
    assert [entry.decision for entry in result.log] == ["kept", "kept"]


def test_that_neutral_constants_go_and_broadcasts_stay(maker: Any) -> None:
    x = maker.input("x", 1, 4, 1, 1)
    zero, one = maker.constant("zero", 4, 1, 1, fill=0.0), maker.constant("one", fill=1.0)
    wide = maker.constant("wide", 1, 1, 3, 3, fill=0.0)
    maker.add("Relu", "r", [x])
    maker.add("Add", "a", [zero, "r"], (1, 4, 1, 1))
    maker.add("Div", "d", ["a", one])
    maker.add("Sub", "s", [one, "d"], (1, 4, 1, 1))
    maker.add("Add", "w", ["s", wide], (1, 4, 3, 3))
    graph = remove_no_ops(maker.graph("w")).graph
    assert [operator.label for operator in graph.operators] == ["Relu", "Sub", "Add"]


def test_that_views_and_transposes_in_a_row_become_one(maker: Any, assert_same_results: Any) -> None:
    x = maker.input("x", 2, 3, 4, 5)
    maker.add("Flatten", "f", [x], (2, 60), axis=1)
    maker.add("Reshape", "r", ["f"], (2, 5, 4, 3), shape=(2, 5, 4, 3))
    maker.add("Transpose", "t", ["r"], (3, 5, 2, 4), perm=(3, 1, 0, 2))
    maker.add("Transpose", "u", ["t"], (4, 3, 5, 2), perm=(3, 0, 1, 2))
    before = maker.graph("u")
    graph = remove_no_ops(before).graph
    assert [operator.label for operator in graph.operators] == ["Reshape", "Transpose"]
    assert graph.operators[0].sources == ("node_r", "node_f")
    assert_same_results(before, graph)


def test_that_transposes_that_cancel_go_both(maker: Any) -> None:
    maker.add("Relu", "r", [maker.input("x", 2, 3, 4)])
    maker.add("Transpose", "t", ["r"], (4, 2, 3), perm=(2, 0, 1))
    maker.add("Transpose", "u", ["t"], (2, 3, 4), perm=(1, 2, 0))
    maker.add("Neg", "n", ["u"])
    graph = remove_no_ops(maker.graph("n")).graph
    graph.verify()
    assert [operator.label for operator in graph.operators] == ["Relu", "Neg"]


@pytest.mark.parametrize(("mode", "goes"), [("half_pixel", True), ("asymmetric", True), ("tf_crop_and_resize", False)])
def test_that_a_resize_to_the_same_size_goes_unless_it_crops(maker: Any, mode: str, goes: bool) -> None:
    maker.add("Relu", "r", [maker.input("x", 1, 4, 6, 6)])
    sizes = {"sizes": (1, 4, 6, 6), "mode": "nearest"}
    maker.add("Resize", "z", ["r"], coordinate_transformation_mode=mode, **sizes)
    maker.add("Neg", "n", ["z"])
    assert remove_no_ops(maker.graph("n")).changed is goes


def test_that_a_sum_of_one_stays_an_operator(maker: Any) -> None:
    maker.add("Sum", "s", [maker.input("x", 1, 4)])
    maker.add("Relu", "r", ["s"])
    assert not remove_no_ops(maker.graph("r")).changed
