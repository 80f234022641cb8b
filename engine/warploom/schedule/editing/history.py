"""The history of one schedule's edits: what is undone can be redone until something else is edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warploom.schedule.lowering import lower_schedule
from warploom.schedule.schedule import Schedule
from warploom.schedule.stream_plan import StreamPlan

if TYPE_CHECKING:
    from warploom.graph import Graph


@dataclass(frozen=True, slots=True)
class Draft:
    """A schedule under edit.

    Attributes:
        plan: What a device would execute.
        schedule: Its stages; None where it has none.
    """

    plan: StreamPlan
    schedule: Schedule | None = None

    @staticmethod
    def of(schedule: Schedule, graph: Graph) -> Draft:
        """A schedule with the plan that it lowers to."""
        return Draft(lower_schedule(schedule, graph), schedule)


@dataclass(frozen=True, slots=True)
class Step:
    """One edit: what it was, for the undo menu, and what it led to."""

    label: str
    draft: Draft


@dataclass(frozen=True, slots=True)
class History:
    """Edits from first to last, and how many of them are in force.

    Attributes:
        original: Where the edits began.
        steps: Edits, those that are undone included.
        applied: How many of them are in force.
    """

    original: Draft
    steps: tuple[Step, ...] = ()
    applied: int = 0

    @property
    def current(self) -> Draft:
        """What the edits in force have led to."""
        return self.steps[self.applied - 1].draft if self.applied else self.original

    @property
    def undo_label(self) -> str | None:
        """The edit that undo would take back; None where there is none."""
        return self.steps[self.applied - 1].label if self.applied else None

    @property
    def redo_label(self) -> str | None:
        """The edit that redo would bring back; None where there is none."""
        return self.steps[self.applied].label if self.applied < len(self.steps) else None

    def edited(self, label: str, draft: Draft) -> History:
        """After one more edit; edits that were undone are forgotten. An edit that changes nothing is none."""
        if draft == self.current:
            return self
        steps = (*self.steps[: self.applied], Step(label, draft))
        return History(self.original, steps, len(steps))

    def undone(self) -> History:
        """Without the last edit in force; the same where there is none."""
        return History(self.original, self.steps, max(self.applied - 1, 0))

    def redone(self) -> History:
        """With the edit that was undone last; the same where there is none."""
        return History(self.original, self.steps, min(self.applied + 1, len(self.steps)))
