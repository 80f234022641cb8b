"""Moves: what a drag or a key asks for, as a value that can be tried without being made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from warploom.errors import ScheduleError
from warploom.graph import Graph
from warploom.schedule import Schedule
from warploom.schedule.editing import stages, streams
from warploom.schedule.editing.history import Draft

NEW_GROUP = stages.NEW_GROUP
NO_STAGES = "This schedule has no stages: move launches between its streams instead."


class Target(Enum):
    """Where operators are moved to."""

    GROUP = "group"
    NEW_STAGE = "new stage"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Move:
    """One move.

    Attributes:
        target: What `number` counts.
        operators: What is moved.
        number: The stage, the stage that the new one comes before, or the stream.
        group: Of the stage; `NEW_GROUP` for one of their own.
        before: On a stream, the operator that they come before; None keeps their places.
    """

    target: Target
    operators: frozenset[str]
    number: int
    group: int = NEW_GROUP
    before: str | None = None


def moved(draft: Draft, graph: Graph, move: Move) -> Draft:
    """The draft after a move.

    Raises:
        ScheduleError: If it is not possible, with the reason.
    """
    names, number = move.operators, move.number
    if move.target is Target.STREAM:
        return Draft(streams.move_to_stream(draft.plan, graph, names, number, move.before))
    schedule = staged(draft)
    if move.target is Target.NEW_STAGE:
        return Draft.of(stages.move_to_new_stage(schedule, graph, names, number), graph)
    return Draft.of(stages.move_to_group(schedule, graph, names, number, move.group), graph)


def staged(draft: Draft) -> Schedule:
    """The stages of a draft.

    Raises:
        ScheduleError: If it has none.
    """
    if draft.schedule is None:
        raise ScheduleError(NO_STAGES)
    return draft.schedule
