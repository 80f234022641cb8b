"""Which stream each piece of work is captured on, so that the graph has no edge that only repeats others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Ordered(Protocol):
    """Work with its place in the order of a capture."""

    @property
    def stream(self) -> int: ...

    @property
    def waits(self) -> tuple[int, ...]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where work is captured.

    Attributes:
        stream: Which one.
        waits: Indices of the work that it waits for.
    """

    stream: int
    waits: tuple[int, ...]


def capture_places(work: Sequence[Ordered]) -> list[Place]:
    """A stream for each piece of work: its own, or a new one where its own would add an edge for nothing.

    Work on a stream comes after the work before it there. Where its waits imply that already, the edge costs a replay
    time and orders nothing, so the rest of that stream is captured on a fresh one. Nor does work wait for what
    another of its waits implies.

    Args:
        work: In the order of the capture; waits are indices of earlier work.
    """
    fresh = 1 + max((one.stream for one in work), default=-1)
    actual: dict[int, int] = {}
    last: dict[int, int] = {}
    before: list[int] = []
    places: list[Place] = []
    for i, one in enumerate(work):
        previous = last.get(one.stream)
        needed = {*one.waits, *([] if previous is None else [previous])}
        needed -= {wait for wait in needed if any(before[other] >> wait & 1 for other in needed)}
        if previous is not None and previous not in needed:
            actual[one.stream] = fresh
            fresh += 1
        reached = 0
        for wait in needed:
            reached |= before[wait] | 1 << wait
        last[one.stream] = i
        before.append(reached)
        places.append(Place(actual.get(one.stream, one.stream), tuple(sorted(needed - {previous}))))
    return places
