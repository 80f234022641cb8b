"""Arrangements of units (a launch order and a stream for each) and the moves that lead from one to another."""

from __future__ import annotations

import random
from dataclasses import dataclass

from warploom.schedule.units import Units

_FARTHEST = 12
_MOST_FREED = 8
_FREEING = 0.25  # probabilities; each bound includes those before it
_REORDERING = 0.35
_CROSSING = 0.5


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Some units in a topological order, each on a stream.

    Attributes:
        order: The units.
        streams: The stream of each unit, in their order.
        held: Units that keep the barriers which the plan had that the search started from.
    """

    order: tuple[int, ...]
    streams: tuple[int, ...]
    held: frozenset[int] = frozenset()

    @property
    def stream_of(self) -> dict[int, int]:
        """The stream of each unit."""
        return dict(zip(self.order, self.streams, strict=True))

    def part(self, window: slice) -> Arrangement:
        """Some consecutive units of it."""
        order = self.order[window]
        return Arrangement(order, self.streams[window], self.held & frozenset(order))

    def with_part(self, window: slice, part: Arrangement) -> Arrangement:
        """The same with the units of a window arranged as in `part`."""
        return Arrangement(
            (*self.order[: window.start], *part.order, *self.order[window.stop :]),
            (*self.streams[: window.start], *part.streams, *self.streams[window.stop :]),
            self.held - frozenset(part.order) | part.held,
        )


def neighbour(arrangement: Arrangement, units: Units, most_streams: int, chance: random.Random) -> Arrangement:
    """An arrangement that differs by one random move; the same one where the move that was drawn is not possible."""
    kind = chance.random()
    if arrangement.held and kind < _FREEING:
        return _freed(arrangement, chance)
    kind = chance.random()
    if kind < _REORDERING:
        return _reordered(arrangement, units, chance)
    if kind < _CROSSING:
        return _crossed(arrangement, chance)
    return _restreamed(arrangement, most_streams, chance)


def _freed(arrangement: Arrangement, chance: random.Random) -> Arrangement:
    """One to eight units in a row without their barriers."""
    at = chance.randrange(len(arrangement.order))
    freed = frozenset(arrangement.order[at : at + chance.randint(1, _MOST_FREED)])
    return Arrangement(arrangement.order, arrangement.streams, arrangement.held - freed)


def _reordered(arrangement: Arrangement, units: Units, chance: random.Random) -> Arrangement:
    """One unit up to 12 places earlier or later, between what it reads and what reads it."""
    order, streams = arrangement.order, arrangement.streams
    at = chance.randrange(len(order))
    unit = order[at]
    low = high = at
    while low > max(at - _FARTHEST, 0) and order[low - 1] not in units.predecessors[unit]:
        low -= 1
    while high < min(at + _FARTHEST, len(order) - 1) and order[high + 1] not in units.successors[unit]:
        high += 1
    to = chance.randint(low, high)
    rest, beside = (*order[:at], *order[at + 1 :]), (*streams[:at], *streams[at + 1 :])
    return Arrangement((*rest[:to], unit, *rest[to:]), (*beside[:to], streams[at], *beside[to:]), arrangement.held)


def _restreamed(arrangement: Arrangement, most_streams: int, chance: random.Random) -> Arrangement:
    """One unit to another stream or a new one; half the time with whatever comes after it on its stream."""
    used = sorted(set(arrangement.streams))
    if len(used) < most_streams:
        used.append(next(stream for stream in range(len(used) + 1) if stream not in used))
    at = chance.randrange(len(arrangement.order))
    old, new = arrangement.streams[at], chance.choice(used)
    end = len(arrangement.order) if chance.random() < 0.5 else at + 1
    changed = (new if at <= i < end and stream == old else stream for i, stream in enumerate(arrangement.streams))
    return Arrangement(arrangement.order, tuple(changed), arrangement.held)


def _crossed(arrangement: Arrangement, chance: random.Random) -> Arrangement:
    """Two streams exchanged from some place on."""
    used = sorted(set(arrangement.streams))
    if len(used) < 2:
        return arrangement
    one, other = chance.sample(used, 2)
    exchanged = {one: other, other: one}
    at = chance.randrange(len(arrangement.order))
    changed = (exchanged.get(stream, stream) for stream in arrangement.streams[at:])
    return Arrangement(arrangement.order, (*arrangement.streams[:at], *changed), arrangement.held)
