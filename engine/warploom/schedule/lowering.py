"""Lowers a Schedule to the StreamPlan that a device executes: stages become barriers between streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from warploom.schedule.schedule import Group, Schedule
from warploom.schedule.stream_plan import Launch, StreamPlan
from warploom.schedule.verify import verify_schedule

if TYPE_CHECKING:
    from warploom.graph import Graph


def lower_schedule(schedule: Schedule, graph: Graph) -> StreamPlan:
    """The plan that executes a schedule stage by stage.

    The first launch of each group waits for the last launch of every group of the stage before. A merged group is
    one launch. A group continues on the stream that produced most of what it reads, where another group of the
    stage does not want it more, so that chains stay in one lane of the timeline and need fewer waits.

    Raises:
        ScheduleError: If the schedule does not fit the graph.
    """
    verify_schedule(schedule, graph)
    launches: list[Launch] = []
    stream_of: dict[str, int] = {}
    last: dict[int, int] = {}  # stream -> its last launch in the stage before
    for number, stage in enumerate(schedule.stages):
        ends: dict[int, int] = {}
        for group, stream in zip(stage.groups, _assign_streams(stage.groups, graph, stream_of), strict=True):
            waits = tuple(sorted(launch for other, launch in last.items() if other != stream))
            for operators in _launched_together(group):
                launches.append(Launch(operators, stream, waits, number))
                waits = ()
                stream_of.update(dict.fromkeys(operators, stream))
            ends[stream] = len(launches) - 1
        last = ends
    return StreamPlan(schedule.name, tuple(launches))


def _launched_together(group: Group) -> tuple[tuple[str, ...], ...]:
    return (group.operators,) if group.merged else tuple((name,) for name in group.operators)


def _assign_streams(groups: Sequence[Group], graph: Graph, stream_of: dict[str, int]) -> list[int]:
    """A different stream in [0, number of groups) for each group, by affinity to what it reads."""
    affinity: dict[tuple[int, int], int] = {}
    for i, group in enumerate(groups):
        for name in group.operators:
            for before in graph.predecessors[graph.index[name]]:
                stream = stream_of.get(graph.operators[before].name, len(groups))
                if stream < len(groups):
                    affinity[i, stream] = affinity.get((i, stream), 0) + 1
    assigned: dict[int, int] = {}
    free = set(range(len(groups)))
    for i, stream in sorted(affinity, key=lambda pair: (-affinity[pair], pair)):
        if i not in assigned and stream in free:
            assigned[i] = stream
            free.remove(stream)
    spare = iter(sorted(free))
    return [assigned[i] if i in assigned else next(spare) for i in range(len(groups))]
