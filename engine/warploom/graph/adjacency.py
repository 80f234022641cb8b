"""Adjacency of directed acyclic graphs whose vertices are positions: of Operators, of units, of patterns."""

from __future__ import annotations

from collections.abc import Sequence


def successors_of(predecessors: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """For each vertex those that have it as a predecessor, ascending."""
    result: list[list[int]] = [[] for _ in predecessors]
    for i, before in enumerate(predecessors):
        for j in before:
            result[j].append(i)
    return tuple(tuple(positions) for positions in result)
