"""What the edits ask of a Graph: order, and which of some operators read which."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warploom.graph import Graph

_MOST_NAMED = 3


def topological(graph: Graph, operators: Iterable[str]) -> list[str]:
    """Operators in the order of the graph, each once."""
    return sorted(set(operators), key=graph.index.__getitem__)


def reads_within(graph: Graph, operators: Collection[str]) -> Iterator[tuple[str, str]]:
    """(reader, what it reads) for all pairs among some operators, in the order of the graph."""
    for reader in topological(graph, operators):
        for before in graph.predecessors[graph.index[reader]]:
            written = graph.operators[before].name
            if written in operators:
                yield reader, written


def describe(operators: Iterable[str]) -> str:
    """Operators for a sentence: the first few by name."""
    names = list(operators)
    listed = ", ".join(repr(name) for name in names[:_MOST_NAMED])
    return listed if len(names) <= _MOST_NAMED else f"{listed} and {len(names) - _MOST_NAMED} more"
