"""Schedule: a sequence of Stages, what IOS produces (Ding et al., MLSys 2021, section 3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """Operators that run in order on one stream, or that are merged into one wider operator.

    Attributes:
        operators: Operator names in execution order.
        merged: Whether they run as one merged operator (horizontal fusion) instead of one after another.
    """

    operators: tuple[str, ...]
    merged: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """Groups that run concurrently; the next stage starts when all of them have ended."""

    groups: tuple[Group, ...]

    @property
    def operators(self) -> tuple[str, ...]:
        """All operators of the stage, group by group."""
        return tuple(name for group in self.groups for name in group.operators)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A sequence of Stages that covers every Operator of a Graph exactly once.

    Attributes:
        name: The scheduler and mode that made it ("sequential", "greedy", "ios-both", ...).
        stages: In execution order.
        blocks: For each stage, the index of the block that it belongs to; empty when the search had no blocks.
    """

    name: str
    stages: tuple[Stage, ...]
    blocks: tuple[int, ...] = ()

    @property
    def operators(self) -> Iterator[str]:
        """All operators in the order of the stages."""
        return (name for stage in self.stages for name in stage.operators)

    @property
    def width(self) -> int:
        """The largest number of groups in a stage: the streams that it needs."""
        return max((len(stage.groups) for stage in self.stages), default=0)
