"""Cuts a Graph into blocks that can be scheduled one after another without losing any concurrency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from warploom.graph import Graph

_LONGEST_RUN = 32


def find_blocks(graph: Graph) -> tuple[tuple[int, ...], ...]:
    """The blocks of a graph as positions of Operators, each and all together ascending.

    A cut vertex is an Operator that every other one either precedes or depends on: nothing can ever run beside it.
    So the graph can be cut behind it, and the optimum of the whole is the sum of the parts' (the IOS paper cuts its
    networks by hand where we look for these). Several inputs and outputs, disconnected parts and Operators that read
    only constants need no special care: what has no path to a vertex and none from it keeps it from being one.

    A block is the part between two such vertices, the closing one included. A run of cut vertices (a chain) has nothing
    to search; it opens the block that follows it, or makes blocks of its own where it is long.
    """
    blocks: list[tuple[int, ...]] = []
    current: list[int] = []
    for section in _sections(graph):
        if len(section) > 1 and len(current) + len(section) > _LONGEST_RUN:
            _flush(current, blocks)
        current += section
        if len(section) > 1 or len(current) >= _LONGEST_RUN:
            _flush(current, blocks)
    _flush(current, blocks)
    return tuple(blocks)


def _flush(current: list[int], blocks: list[tuple[int, ...]]) -> None:
    if current:
        blocks.append(tuple(current))
        current.clear()


def _sections(graph: Graph) -> Iterator[Sequence[int]]:
    start = 0
    for cut in cut_vertices(graph):
        yield range(start, cut + 1)
        start = cut + 1
    if start < len(graph.operators):
        yield range(start, len(graph.operators))


class Dependencies(Protocol):
    """A directed acyclic graph whose vertices are numbered in a topological order."""

    @property
    def predecessors(self) -> Sequence[Sequence[int]]: ...

    @property
    def successors(self) -> Sequence[Sequence[int]]: ...


def cut_vertices(dependencies: Dependencies) -> list[int]:
    """Positions of the vertices comparable with all others, ascending; in time linear in vertices and edges.

    In any topological order, all before a vertex precede it exactly if the order up to it has no other
    sink: whatever else is there leads on to something there, and so in the end to the vertex. All behind it depend on
    it, likewise, exactly if the order from it on has no other source.
    """
    count = len(dependencies.predecessors)
    lone_sinks = _lone_ends(range(count), dependencies.predecessors)
    lone_sources = _lone_ends(range(count - 1, -1, -1), dependencies.successors)
    return sorted(lone_sinks & lone_sources)


def _lone_ends(order: Sequence[int], before: Sequence[Sequence[int]]) -> set[int]:
    """The vertices that are the only sink of the part of `order` up to them."""
    lone: set[int] = set()
    continued: set[int] = set()
    sinks = 0
    for vertex in order:
        sinks += 1
        for earlier in before[vertex]:
            if earlier not in continued:
                continued.add(earlier)
                sinks -= 1
        if sinks == 1:
            lone.add(vertex)
    return lone
