"""Operators and Graphs are written as ONNX models that say exactly what the Primitives say."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnx
import pytest

from warploom.errors import GraphError
from warploom.graph import ArrayConstant, DType, Tensor
from warploom.importer.export import export_graph, export_operators
from warploom.importer.load import import_model
from warploom.importer.single import open_session

TEXT = """(float[1,4,6,6] x) => (float y, float z) <int64[4] d = {4,4,3,3}, float[4] b = {1.0,2.0,3.0,4.0}> {
    w = ConstantOfShape<value = float[1] {0.25}>(d)
    a = Conv<pads=[1,1,1,1]>(x, w, b)
    lo = Constant<value = float {0.0}>()
    c = Clip(a, lo)
    y = Add(c, x)
    s = Constant<value_ints=[2,2]>()
    z, rest = Split<axis=1>(c, s) }"""


@pytest.fixture
def graph(save):
    """A small Graph with a fill, a bias, two outputs and configuration attributes."""
    return import_model(save(TEXT)).graph


def names(infos) -> list[str]:
    return [info.name for info in infos]


def test_that_some_operators_export_with_what_they_read_and_write(graph) -> None:
    model = onnx.load_from_string(export_operators(graph, graph.operators[1:3]))
    onnx.checker.check_model(model, full_check=True)
    assert names(model.graph.input) == ["a", "x"]
    assert names(model.graph.output) == ["c", "y"]


def test_that_weights_can_be_inputs(graph) -> None:
    model = onnx.load_from_string(export_operators(graph, graph.operators[:1], weights_as_inputs=True))
    assert names(model.graph.input) == ["x", "w", "b"]
    assert not model.graph.initializer


def test_that_equal_operators_export_to_equal_bytes(graph) -> None:
    assert export_operators(graph, graph.operators) == export_operators(graph, graph.operators)


def test_that_a_graph_exports_with_its_own_inputs_and_outputs(graph) -> None:
    model = onnx.load_from_string(export_graph(graph))
    onnx.checker.check_model(model, full_check=True)
    assert names(model.graph.input) == ["x"]
    assert names(model.graph.output) == ["y", "z"]
    assert model.opset_import[0].version == 20


def test_that_large_fills_stay_symbolic_in_the_file(graph) -> None:
    model = onnx.load_from_string(export_graph(graph))
    assert "w" not in names(model.graph.initializer)
    assert [node.output[0] for node in model.graph.node if node.op_type == "ConstantOfShape"] == ["w"]


def test_that_an_export_runs(graph) -> None:
    x = np.ones((1, 4, 6, 6), np.float32)
    y, z = open_session(export_graph(graph)).run(None, {"x": x})
    assert y[0, 0, 2, 2] == pytest.approx(4 * 9 * 0.25 + 1 + 1)
    assert z.shape == (1, 2, 6, 6)


def test_that_operators_of_other_domains_keep_their_domain(save) -> None:
    path = save('(float[1,3] x) => (float[1,3] y) { y = custom.Magic<strength=3, ways=[1,2], mode="odd">(x) }')
    graph = import_model(path).graph
    assert graph.operators[0].body[0].op == "custom::Magic"
    assert dict(graph.operators[0].body[0].attributes) == {"mode": "odd", "strength": 3, "ways": (1, 2)}
    model = onnx.load_from_string(export_graph(graph))
    assert (model.graph.node[0].domain, model.graph.node[0].op_type) == ("custom", "Magic")
    assert "custom" in [entry.domain for entry in model.opset_import]


def test_that_declared_shapes_stand_in_for_unknown_operators(save) -> None:
    path = save("(float[1,3] x) => (float y) <float[1,3] a> { a = custom.Magic(x) y = Relu(a) }")
    graph = import_model(path).graph
    assert graph.tensors["a"] == Tensor("a", (1, 3), DType.FLOAT32)
    assert graph.tensors["y"].shape == (1, 3)


def test_that_weights_beyond_one_file_are_refused(graph) -> None:
    huge = ArrayConstant((2**30,), DType.FLOAT32, lambda: np.zeros(1, np.float32))
    constants = {**graph.constants, "b": huge}
    with pytest.raises(GraphError, match="pass them as inputs"):
        export_graph(dataclasses.replace(graph, constants=constants))
