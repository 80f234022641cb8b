"""Walks a Graph on the CPU, operator by operator, and shows every value as it is computed, keeping none too long."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from warploom.device.protocol import Array
from warploom.device.simulated.execution import run_operator, stored
from warploom.device.simulated.sessions import SessionCache
from warploom.graph import Graph, Operator, Precision

Visit = Callable[[Operator, Mapping[str, Array], Mapping[str, Array]], None]
"""Gets an Operator, what it read and what it wrote, as stored."""


def walk(
    graph: Graph,
    precision: Precision,
    inputs: Mapping[str, Array],
    sessions: SessionCache,
    visit: Visit | None = None,
) -> dict[str, Array]:
    """Computes a Graph as the simulated GPU does, in the Graph's order.

    Args:
        graph: The Graph; its weights are there.
        precision: What floats are rounded to.
        inputs: By graph input name.
        sessions: Where CPU sessions are kept.
        visit: Called after every Operator; may raise to end the walk.

    Returns:
        The outputs by name.
    """
    values = {name: stored(array, graph.tensors[name], precision) for name, array in inputs.items()}
    uses = {name: len(readers) for name, readers in graph.consumers.items()}
    kept = frozenset(graph.outputs)
    for operator in graph.operators:
        results = run_operator(graph, operator, precision, values, sessions)
        if visit is not None:
            visit(operator, values, results)
        values |= {name: array for name, array in results.items() if uses.get(name) or name in kept}
        for name in operator.inputs:
            uses[name] -= 1
            if not uses[name] and name not in kept:
                del values[name]
    return {name: values[name] if name in values else graph.constants[name].numpy() for name in graph.outputs}
