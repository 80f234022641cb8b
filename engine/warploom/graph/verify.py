"""The invariants of a Graph, checked after every pass in tests and in debug mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warploom.errors import GraphError

if TYPE_CHECKING:
    from warploom.graph.graph import Graph
    from warploom.graph.operator import Operator


def verify_graph(graph: Graph) -> None:
    """Checks that a Graph is whole.

    1. Operator names are unique; every tensor is written once.
    2. Every tensor read is a graph input, a constant or written before (so the order is topological, no cycle).
    3. Every named tensor has a spec; constants agree with theirs in shape and dtype.
    4. Inputs, weights and outputs of an Operator agree with its body.
    5. Graph outputs are produced (or are inputs or constants).

    Raises:
        GraphError: Naming the first Operator or tensor that breaks one.
    """
    _verify_constants(graph)
    known = {*graph.inputs, *graph.constants}
    inner: set[str] = set()
    names: set[str] = set()
    for operator in graph.operators:
        if operator.name in names:
            raise GraphError(f"Two operators of {graph.name!r} are called {operator.name!r}.")
        names.add(operator.name)
        inner |= _verify_operator(graph, operator, known, inner)
        known.update(operator.outputs)
    for output in graph.outputs:
        if output not in known:
            raise GraphError(f"Output {output!r} of {graph.name!r} is never computed.")


def _verify_constants(graph: Graph) -> None:
    for name, constant in graph.constants.items():
        tensor = graph.tensors.get(name)
        if tensor is None or tensor.shape != constant.shape or tensor.dtype is not constant.dtype:
            raise GraphError(f"Constant {name!r} of {graph.name!r} does not agree with its tensor {tensor}.")


def _verify_operator(graph: Graph, operator: Operator, known: set[str], inner: set[str]) -> set[str]:
    """Checks one Operator; returns the tensors that its body writes."""
    where = f"Operator {operator.name!r} of {graph.name!r}"
    if not operator.body:
        raise GraphError(f"{where} computes nothing.")
    read, written = _body_reads_and_writes(operator, where)
    for name in sorted(read - known):
        raise GraphError(f"{where} reads {name!r}, which is not computed before it.")
    for name in sorted((written & known) | (written & inner)):  # not known | inner: that is quadratic
        raise GraphError(f"{where} writes {name!r}, which is written already.")
    for name in sorted(read | written):
        _verify_tensor(graph, name, where)
    if read != {*operator.inputs, *operator.weights}:
        raise GraphError(f"{where} lists other inputs than its body reads: {sorted(read)}.")
    if not operator.outputs or not written.issuperset(operator.outputs):
        raise GraphError(f"{where} lists outputs that its body does not write: {operator.outputs}.")
    return written


def _body_reads_and_writes(operator: Operator, where: str) -> tuple[set[str], set[str]]:
    read: set[str] = set()
    written: set[str] = set()
    for primitive in operator.body:
        read.update(name for name in primitive.inputs if name and name not in written)
        for name in filter(None, primitive.outputs):
            if name in written:
                raise GraphError(f"{where} writes {name!r} twice.")
            written.add(name)
    return read, written


def _verify_tensor(graph: Graph, name: str, where: str) -> None:
    tensor = graph.tensors.get(name)
    if tensor is None:
        raise GraphError(f"{where} uses {name!r}, which has no tensor.")
    if any(dimension < 0 for dimension in tensor.shape):
        raise GraphError(f"{where} uses {name!r} with the shape {tensor.shape}.")
