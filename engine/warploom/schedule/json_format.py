"""Schedules as JSON files: written for other programs and other runs, checked against the Graph when read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from warploom.errors import ScheduleError
from warploom.passes.merge import merge_obstacle
from warploom.schedule.schedule import Group, Schedule, Stage
from warploom.schedule.verify import verify_schedule

if TYPE_CHECKING:
    from warploom.graph import Graph

FORMAT = "warploom-schedule"
VERSION = 1


class GroupDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A group: its operators in execution order, and whether they are merged into one."""

    operators: tuple[str, ...]
    merged: bool = False


class StageDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A stage: its groups, and the block that it belongs to."""

    groups: tuple[GroupDocument, ...]
    block: int | None = None


class ScheduleDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. `operators` are those of the model in its order: what the schedule was made for."""

    format: Literal["warploom-schedule"]
    version: Literal[1]
    name: str
    model: str
    operators: tuple[str, ...]
    stages: tuple[StageDocument, ...]


def schedule_to_json(schedule: Schedule, graph: Graph) -> bytes:
    """The schedule of a graph as JSON, indented for readers.

    Raises:
        ScheduleError: If the schedule does not fit the graph.
    """
    verify_schedule(schedule, graph)
    blocks: tuple[int | None, ...] = schedule.blocks or (None,) * len(schedule.stages)
    document = ScheduleDocument(
        format="warploom-schedule",
        version=1,
        name=schedule.name,
        model=graph.name,
        operators=tuple(operator.name for operator in graph.operators),
        stages=tuple(
            StageDocument(tuple(GroupDocument(group.operators, group.merged) for group in stage.groups), block)
            for stage, block in zip(schedule.stages, blocks, strict=True)
        ),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def schedule_from_json(data: bytes, graph: Graph) -> Schedule:
    """The schedule in a JSON file, checked against the graph that it shall run.

    Raises:
        ScheduleError: If it is no such file or of a newer version, if it was made for another model, names an unknown
            operator, misses or repeats one, breaks a dependency, or merges what cannot be merged; naming the operator.
    """
    document = _decode(data)
    _check_model(document, graph)
    stages = tuple(
        Stage(tuple(Group(group.operators, group.merged) for group in stage.groups)) for stage in document.stages
    )
    blocks = tuple(stage.block for stage in document.stages if stage.block is not None)
    if len(blocks) not in (0, len(stages)):
        raise ScheduleError(f"The schedule {document.name!r} has stages with and without a block number.")
    schedule = Schedule(document.name, stages, blocks)
    verify_schedule(schedule, graph)
    check_merges(schedule, graph)
    return schedule


def _decode(data: bytes) -> ScheduleDocument:
    try:
        version = msgspec.json.decode(data, type=_Header)
        if version.format != FORMAT:
            raise ScheduleError(f"This is not a schedule file: its format is {version.format!r}, not {FORMAT!r}.")
        if version.version > VERSION:
            raise ScheduleError(
                f"This schedule file has version {version.version}, newer than {VERSION}: update Warploom to read it."
            )
        return msgspec.json.decode(data, type=ScheduleDocument)
    except msgspec.DecodeError as error:
        raise ScheduleError(f"This is not a schedule file: {error}.") from error


class _Header(msgspec.Struct):
    """What tells whether the rest can be read."""

    format: str
    version: int


def _check_model(document: ScheduleDocument, graph: Graph) -> None:
    for name in document.operators:
        if name not in graph.index:
            raise ScheduleError(
                f"The schedule {document.name!r} was made for {document.model!r}, whose operator {name!r} the model "
                f"{graph.name!r} does not have."
            )
    listed = set(document.operators)
    for operator in graph.operators:
        if operator.name not in listed:
            raise ScheduleError(
                f"The schedule {document.name!r} was made for {document.model!r}, which lacks the operator "
                f"{operator.name!r} of the model {graph.name!r}."
            )


def check_merges(schedule: Schedule, graph: Graph) -> None:
    """Checks that what a schedule merges can be merged.

    Raises:
        ScheduleError: Naming the operators and the reason.
    """
    for stage in schedule.stages:
        for group in stage.groups:
            if group.merged and len(group.operators) > 1:
                obstacle = merge_obstacle(graph, group.operators)
                if obstacle:
                    names = ", ".join(map(repr, group.operators))
                    raise ScheduleError(f"The schedule {schedule.name!r} merges {names}, but {obstacle}.")
