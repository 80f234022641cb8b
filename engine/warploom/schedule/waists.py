"""Cuts blocks that are too large for the exact search into parts, at waists: where few results cross."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warploom.schedule.blocks import find_blocks
from warploom.schedule.endings import enumerate_states
from warploom.schedule.part import Part, bits

if TYPE_CHECKING:
    from warploom.graph import Graph

_NARROW = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """What is searched in one go.

    Attributes:
        positions: Positions of its Operators in the graph, in a topological order.
        block: Index of the block that it belongs to.
        crossing: How many results cross the cut behind it; 0 at the end of a block.
    """

    positions: tuple[int, ...]
    block: int
    crossing: int = 0


def cut_into_pieces(graph: Graph, max_states: int) -> list[Piece]:
    """The blocks of a graph, those with more than `max_states` states cut into consecutive convex parts.

    NASNet is one block: each cell reads the two before it, so that nothing but its very ends is a cut vertex. The
    original IOS takes its cells as parts by hand. Here they are found:

    1. The operators of the block are put in order of the longest path that still follows (as late as possible).
       Every prefix of this order is closed under predecessors, hence every interval is a convex part. Parallel
       branches advance side by side in it, so that cutting them costs little concurrency: only operators that could
       have run early wait for the part in which they are needed. What depends on an earlier cell alone comes with the
       cell that it belongs to, not with the one that it could run beside.
    2. At each place of the order, count the operators whose results are still needed behind it. Waists are where few
       are: two between the cells of NASNet, where its cells have a dozen inside.
    3. A part with too many states is cut in its middle half at the narrowest waist, and then again. A waist has at
       most 4 results, or half as many as the widest place on either side of it. Where there is none, cutting would
       separate what should run together: the part stays whole and is searched by beam.
    """
    pieces: list[Piece] = []
    for block, positions in enumerate(find_blocks(graph)):
        part = Part.of(graph, positions)
        if enumerate_states(part, max_states) is not None:
            pieces.append(Piece(positions, block))
            continue
        order = _as_late_as_possible(part)
        late = tuple(positions[i] for i in order)
        pieces += (Piece(piece, block, crossing) for piece, crossing in _cut(graph, late, 0, max_states))
    return pieces


def _as_late_as_possible(part: Part) -> list[int]:
    following = [0] * len(part)
    for i in range(len(part) - 1, -1, -1):
        following[i] = max((1 + following[j] for j in bits(part.successors[i])), default=0)
    return sorted(range(len(part)), key=lambda i: (-following[i], i))


def _cut(
    graph: Graph, positions: tuple[int, ...], crossing: int, max_states: int
) -> Iterator[tuple[tuple[int, ...], int]]:
    """The parts of an interval of the order, each with what crosses behind it."""
    part = Part.of(graph, positions)
    place = None if enumerate_states(part, max_states) is not None else _narrowest(part)
    if place is None:
        yield positions, crossing
        return
    at, width = place
    yield from _cut(graph, positions[:at], width, max_states)
    yield from _cut(graph, positions[at:], crossing, max_states)


def _narrowest(part: Part) -> tuple[int, int] | None:
    """The best place to cut (operators before it) and its width; None when there is no waist."""
    widths = _widths(part)
    size = len(part)
    widest_before = list(itertools.accumulate(widths, max))
    widest_behind = list(itertools.accumulate(reversed(widths), max))[::-1]
    places = [
        at
        for at in range(max(size // 4, 1), min(size - size // 4, size - 1) + 1)
        if widths[at] <= max(_NARROW, min(widest_before[at], widest_behind[at]) // 2)
    ]
    best = min(places, key=lambda at: (widths[at], abs(2 * at - size)), default=None)
    return None if best is None else (best, widths[best])


def _widths(part: Part) -> Sequence[int]:
    """For each place of the order the number of operators before it that one behind it reads."""
    change = [0] * (len(part) + 1)
    for i, successors in enumerate(part.successors):
        if successors:
            change[i + 1] += 1
            change[successors.bit_length()] -= 1
    return list(itertools.accumulate(change))
