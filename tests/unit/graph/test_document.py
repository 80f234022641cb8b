"""The graph document: what a recording and the worker keep of a Graph."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Callable

import pytest

from warploom.errors import GraphError
from warploom.graph import Graph, MissingConstant, OperatorKind, Primitive, attributes
from warploom.graph.document import DOCUMENT_VERSION, graph_from_document, graph_to_document
from warploom.recording.recording import Recording


def with_attributes(graph: Graph, **values: object) -> Graph:
    """The graph with other attributes on its first primitive."""
    first = graph.operators[0]
    body = (dataclasses.replace(first.body[0], attributes=attributes(**values)), *first.body[1:])
    return dataclasses.replace(graph, operators=(dataclasses.replace(first, body=body), *graph.operators[1:]))


def test_that_a_graph_comes_back_equal_but_for_its_weights(example_recording: Recording) -> None:
    graph = example_recording.graph
    again = graph_from_document(graph_to_document(graph))
    assert again.operators == graph.operators
    assert dict(again.tensors) == dict(graph.tensors)
    assert (again.name, again.inputs, again.outputs) == (graph.name, graph.inputs, graph.outputs)
    assert list(again.constants) == list(graph.constants)
    for name, constant in again.constants.items():
        assert constant == MissingConstant(graph.constants[name].shape, graph.constants[name].dtype)


def test_that_every_kind_of_attribute_keeps_its_type(example_recording: Recording) -> None:
    values = {
        "whole": 1, "real": 1.0, "word": "x", "wholes": (1, 2), "reals": (1.0, 0.5), "words": ("a", ""), "none": (),
        "low": -math.inf, "high": math.inf, "limits": (-math.inf, 6.0), "huge": 2**63 - 1, "tiny": 5e-324,
    }  # fmt: skip
    graph = with_attributes(example_recording.graph, **values)
    again = graph_from_document(graph_to_document(graph)).operators[0].body[0]
    assert again.attributes == graph.operators[0].body[0].attributes
    for name, value in values.items():
        assert type(again.attribute(name)) is type(value), name


def test_that_not_a_number_survives(example_recording: Recording) -> None:
    graph = with_attributes(example_recording.graph, limit=math.nan)
    again = graph_from_document(graph_to_document(graph)).operators[0].body[0]
    assert math.isnan(again.number("limit"))


def test_that_absent_inputs_and_other_domains_survive(example_recording: Recording) -> None:
    graph = example_recording.graph
    last = graph.operators[-1]
    body = (Primitive("com.example::Thing", (*last.inputs, ""), last.outputs, (), "thing"),)
    operator = dataclasses.replace(last, kind=OperatorKind.OTHER, body=body, members=("a", "b"))
    changed = dataclasses.replace(graph, operators=(*graph.operators[:-1], operator))
    assert graph_from_document(graph_to_document(changed)).operators[-1] == operator


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"format": "warploom-graph"}',
        b'{"format": "warploom-graph", "version": 1}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_that_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(GraphError):
        graph_from_document(data)


def test_that_a_newer_document_is_named_as_such(example_recording: Recording) -> None:
    document = json.loads(graph_to_document(example_recording.graph))
    document["version"] = DOCUMENT_VERSION + 1
    with pytest.raises(GraphError, match="newer"):
        graph_from_document(json.dumps(document).encode())


@pytest.mark.parametrize("part", ["tensors", "operators", "constants"])
def test_that_a_document_with_a_part_cut_off_is_refused(example_recording: Recording, part: str) -> None:
    document = json.loads(graph_to_document(example_recording.graph))
    document[part] = document[part][1:]
    with pytest.raises(GraphError):
        graph_from_document(json.dumps(document).encode())


@pytest.mark.parametrize("value", [None, {"float": "x"}, {"a": 1}, [[1]], [1, "a"]])
def test_that_attributes_of_an_unknown_form_are_refused(example_recording: Recording, value: object) -> None:
    document = json.loads(graph_to_document(example_recording.graph))
    document["operators"][0]["body"][0]["attributes"]["odd"] = value
    with pytest.raises(GraphError):
        graph_from_document(json.dumps(document).encode())


def test_that_a_graph_of_1369_operators_is_written_and_read_quickly(make_recording: Callable[..., Recording]) -> None:
    graph = make_recording(196).graph
    assert len(graph.operators) > 1369
    started = time.process_time()
    graph_from_document(graph_to_document(graph))
    assert time.process_time() - started < 0.5, "more than ten times slower than it should be"
