from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from execution import execute_graph
from warploom.graph import DType, Graph, Precision, PrecisionPlan
from warploom.importer.reference import random_inputs
from warploom.passes.apply_precision import apply_precision
from warploom.passes.pipeline import optimize_graph
from warploom.passes.store_mixed import can_narrow, store_mixed


def evaluate(graph: Graph, seed: int = 3) -> dict[str, np.ndarray]:
    return execute_graph(graph, random_inputs(graph, seed))


def chain(maker: Any) -> Graph:
    x = maker.input("x", 1, 4, 8, 8)
    first = maker.add("Relu", "relu", (maker.conv("first", x, 8),))
    second = maker.conv("second", first, 8)
    return optimize_graph(maker.graph(maker.conv("third", second, 4), first)).graph


def test_that_narrow_operators_convert_what_they_read_and_what_the_caller_gets(maker: Any) -> None:
    graph = chain(maker)
    mixed = store_mixed(graph, {"first": Precision.FP16, "third": Precision.BF16})
    mixed.verify()
    assert tuple(mixed.index) == tuple(graph.index)
    labels = {operator.name: operator.label for operator in mixed.operators}
    assert labels == {"first": "Cast+Conv+Relu+Cast", "second": "Conv", "third": "Cast+Conv+Cast"}
    assert {mixed.tensors[name].dtype for name in (*mixed.inputs, *mixed.outputs)} == {DType.FLOAT32}
    assert mixed.tensors["second"].dtype is DType.FLOAT32
    assert mixed.tensors["first.w@float16"].dtype is DType.FLOAT16


def test_that_tensors_between_operators_of_one_type_are_not_converted(maker: Any) -> None:
    graph = chain(maker)
    mixed = store_mixed(graph, {"second": Precision.FP16, "third": Precision.FP16})
    mixed.verify()
    assert mixed.tensors["second"].dtype is DType.FLOAT16
    assert mixed.operator("third").label == "Conv+Cast"


def test_that_a_mixed_graph_is_a_valid_model(maker: Any) -> None:
    x = maker.input("x", 1, 4, 8, 8)
    graph = maker.graph(maker.add("Exp", "exp", (maker.add("Tanh", "tanh", (x,)),)))
    exact, rounded = evaluate(graph), evaluate(store_mixed(graph, {"tanh": Precision.FP16}))
    assert rounded["exp"].dtype == np.float32
    difference = np.abs(exact["exp"] - rounded["exp"]).max()
    assert difference < 3e-3


@pytest.mark.parametrize("op", ["Shape", "QuantizeLinear"])
def test_that_operators_with_types_of_their_own_stay_as_they_are(maker: Any, op: str) -> None:
    x = maker.input("x", 1, 4)
    dtype = {"Shape": DType.INT64, "QuantizeLinear": DType.UINT8}[op]
    inputs = (x, maker.constant("scale", fill=0.1)) if op == "QuantizeLinear" else (x,)
    maker.add(op, "y", inputs, (2,) if op == "Shape" else (1, 4))
    maker.tensor("y", maker.tensors["y"].shape, dtype)
    graph = maker.graph("y")
    assert not can_narrow(graph, graph.operators[0])
    assert store_mixed(graph, {"y": Precision.FP16}).operators == graph.operators


def test_that_a_plan_is_applied_by_its_kind(maker: Any) -> None:
    graph = chain(maker)
    assert apply_precision(graph, None) is graph
    mixed = apply_precision(graph, PrecisionPlan(Precision.MIXED, (("second", Precision.FP16),)))
    assert mixed.tensors["second"].dtype is DType.FLOAT16
    scales = (("relu", 0.05), ("second", 0.05), ("x", 0.05))
    plan = PrecisionPlan(Precision.INT8, (("second", Precision.INT8), ("third", Precision.INT8)), scales)
    assert apply_precision(graph, plan).tensors["second@int8"].dtype is DType.INT8
