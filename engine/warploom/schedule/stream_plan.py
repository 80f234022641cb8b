"""StreamPlan: the one thing that a device executes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warploom.graph import Graph


@dataclass(frozen=True, slots=True)
class Launch:
    """One Operator (or several merged into one) enqueued on a stream.

    Attributes:
        operators: Names of the Graph's Operators that it executes: one, or all members of a merged operator.
        stream: Index of the stream.
        waits: Indices of earlier launches on other streams that must have ended before it starts.
        stage: Index of the stage that it came from, -1 for a plan without stages.
        kernel: Which of the kernels that a library has for it; empty for the device's own choice, the one that is
            fastest alone. A device that does not know the name makes its own choice.
    """

    operators: tuple[str, ...]
    stream: int
    waits: tuple[int, ...] = ()
    stage: int = -1
    kernel: str = ""

    @property
    def name(self) -> str:
        """The operator's name, or the names of the merged ones joined with " & "."""
        return " & ".join(self.operators)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes [offset, offset + size) of a device's arena."""

    offset: int
    size: int

    def overlaps(self, other: ByteRange) -> bool:
        """Whether the two share a byte."""
        return self.offset < other.offset + other.size and other.offset < self.offset + self.size


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """Launches in enqueue order. Launches on one stream run in that order; waits order those of different streams.

    A plan names the Operators of the Graph that was searched; merged launches are made by the device when it
    compiles the plan (`warploom.passes.merge.lower_merges`).
    """

    name: str
    launches: tuple[Launch, ...]

    @property
    def streams(self) -> int:
        """Number of streams used."""
        return 1 + max((launch.stream for launch in self.launches), default=-1)

    def dependencies(self) -> tuple[tuple[int, ...], ...]:
        """For each launch the launches that it starts after: its waits and the previous one of its stream.

        The previous one is left out where a wait implies it: it adds no order, and a device need make no edge of it.
        """
        reached = self.ancestors()
        last: dict[int, int] = {}
        result: list[tuple[int, ...]] = []
        for i, launch in enumerate(self.launches):
            before = set(launch.waits)
            previous = last.get(launch.stream)
            if previous is not None and not any(reached[wait] >> previous & 1 for wait in before if 0 <= wait < i):
                before.add(previous)
            last[launch.stream] = i
            result.append(tuple(sorted(before)))
        return tuple(result)

    def ancestors(self) -> tuple[int, ...]:
        """For each launch the bit mask of the launches that have ended when it starts."""
        last: dict[int, int] = {}
        result: list[int] = []
        for i, launch in enumerate(self.launches):
            mask = 0
            for before in (*launch.waits, last.get(launch.stream, -1)):
                if 0 <= before < i:
                    mask |= result[before] | 1 << before
            last[launch.stream] = i
            result.append(mask)
        return tuple(result)

    def verify(self, graph: Graph, arena: Mapping[str, ByteRange] | None = None) -> None:
        """Checks that the plan computes the Graph and has no race.

        Args:
            graph: The Graph whose Operators the launches name.
            arena: Bytes of each tensor; without it every tensor is taken to have bytes of its own.

        Raises:
            ScheduleError: Naming the launches of the first fault: an unknown, missing or repeated operator, a wait
                for a later launch, a read that is not ordered after its write, or two launches that touch
                overlapping bytes, one of them writing, and are not ordered by stream or waits.
        """
        from warploom.schedule.verify import verify_plan

        verify_plan(self, graph, arena)


def ended_before(dependencies: Sequence[Sequence[int]]) -> list[int]:
    """For each launch the bit mask of the launches that have ended when it starts.

    Args:
        dependencies: For each launch, in enqueue order, the earlier launches that it starts after.
    """
    before: list[int] = []
    for earlier in dependencies:
        mask = 0
        for launch in earlier:
            mask |= before[launch] | 1 << launch
        before.append(mask)
    return before
