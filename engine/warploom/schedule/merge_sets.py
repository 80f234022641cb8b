"""Finds the sets of operators that a search may merge, and remembers why others may not be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from warploom.graph import LogEntry
from warploom.graph.operator import OperatorKind
from warploom.passes.merge import merge_obstacle

if TYPE_CHECKING:
    from warploom.graph import Graph

_ALL_SUBSETS_UP_TO = 8
_PRODUCTS = (OperatorKind.CONV, OperatorKind.MATMUL)


@dataclass(frozen=True, slots=True)
class MergeSets:
    """What may be merged.

    Attributes:
        sets: Positions of the members of each set, ascending.
        log: Pairs that read the same tensor but cannot be merged, with the reason.
    """

    sets: tuple[tuple[int, ...], ...]
    log: tuple[LogEntry, ...]


def find_merge_sets(graph: Graph, positions: Sequence[int], largest: int, step: str) -> MergeSets:
    """The mergeable sets of up to `largest` of the given Operators.

    All subsets of the convolutions and matrix products that read a tensor are tried; where more than eight read it,
    only runs of similar ones (sorted by output shape and name), or there would be too many.
    """
    sets: list[tuple[int, ...]] = []
    log: list[LogEntry] = []
    for readers in _reading_one_tensor(graph, positions):
        for subset in _subsets(graph, readers, largest):
            names = [graph.operators[position].name for position in subset]
            obstacle = merge_obstacle(graph, names)
            if obstacle is None:
                sets.append(subset)
            elif len(subset) == 2:
                log.append(LogEntry(step, tuple(names), "not mergeable", f"They read one tensor, but {obstacle}."))
    return MergeSets(tuple(sets), tuple(log))


def _reading_one_tensor(graph: Graph, positions: Sequence[int]) -> Iterator[list[int]]:
    readers: dict[str, list[int]] = {}
    for position in sorted(positions):
        operator = graph.operators[position]
        if operator.kind in _PRODUCTS and len(operator.inputs) == 1:
            readers.setdefault(operator.inputs[0], []).append(position)
    return (several for several in readers.values() if len(several) > 1)


def _subsets(graph: Graph, readers: Sequence[int], largest: int) -> Iterator[tuple[int, ...]]:
    sizes = range(2, min(largest, len(readers)) + 1)
    if len(readers) <= _ALL_SUBSETS_UP_TO:
        for size in sizes:
            yield from combinations(readers, size)
        return
    alike = sorted(readers, key=lambda position: _likeness(graph, position))
    for size in sizes:
        yield from (tuple(sorted(alike[i : i + size])) for i in range(len(alike) - size + 1))


def _likeness(graph: Graph, position: int) -> tuple[object, ...]:
    operator = graph.operators[position]
    weight = graph.tensors[operator.body[0].inputs[1]].shape if len(operator.body[0].inputs) > 1 else ()
    return (operator.label, graph.tensors[operator.outputs[0]].shape[2:], weight[2:], position)
