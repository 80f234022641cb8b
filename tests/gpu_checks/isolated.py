"""Takes a Graph apart: every Operator reads given values, so that one run checks each by itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from gpu_checks.compare import Array
from warploom.graph import Graph, Operator, Primitive

GIVEN = "@given"
"""Ending of the names of inputs that stand for what another Operator computes."""


def isolate_operators(graph: Graph) -> Graph:
    """The same Operators, none depending on another; every one's outputs are outputs of the Graph."""
    tensors = dict(graph.tensors)
    inputs = dict.fromkeys(graph.inputs)
    operators = []
    for operator in graph.operators:
        given = {name: name + GIVEN for name in operator.inputs if name in graph.producer}
        for name, other in given.items():
            tensors[other] = dataclasses.replace(tensors[name], name=other)
        inputs |= dict.fromkeys(given.values())
        operators.append(_rewired(operator, given))
    outputs = tuple(name for operator in graph.operators for name in operator.outputs)
    read = {name for operator in operators for name in operator.inputs}
    return Graph(
        name=graph.name,
        operators=tuple(operators),
        tensors=tensors,
        constants=graph.constants,
        inputs=tuple(name for name in inputs if name in read),
        outputs=outputs,
    ).replace()


def given_values(graph: Graph, values: Mapping[str, Array]) -> dict[str, Array]:
    """Inputs of an isolated Graph.

    Args:
        graph: Isolated.
        values: Of all tensors of the original, its inputs included.
    """
    return {name: values[name.removesuffix(GIVEN)] for name in graph.inputs}


def _rewired(operator: Operator, names: Mapping[str, str]) -> Operator:
    return dataclasses.replace(
        operator,
        body=tuple(_renamed(primitive, names) for primitive in operator.body),
        inputs=tuple(names.get(name, name) for name in operator.inputs),
    )


def _renamed(primitive: Primitive, names: Mapping[str, str]) -> Primitive:
    return dataclasses.replace(primitive, inputs=tuple(names.get(name, name) for name in primitive.inputs))
