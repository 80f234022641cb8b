"""Plans without stages as JSON files: written for other runs, checked against the Graph when read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from warploom.errors import ScheduleError
from warploom.passes.merge import merge_obstacle
from warploom.schedule.stream_plan import Launch, StreamPlan

if TYPE_CHECKING:
    from warploom.graph import Graph

FORMAT = "warploom-plan"
VERSION = 1


class LaunchDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A launch: its operators (several are merged), its stream, the earlier launches that it waits for, its kernel."""

    operators: tuple[str, ...]
    stream: int
    waits: tuple[int, ...] = ()
    kernel: str = ""


class PlanDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    format: Literal["warploom-plan"]
    version: Literal[1]
    name: str
    model: str
    launches: tuple[LaunchDocument, ...]


def plan_to_json(plan: StreamPlan, graph: Graph) -> bytes:
    """The plan of a graph as JSON, indented for readers.

    Raises:
        ScheduleError: If the plan does not compute the graph.
    """
    plan.verify(graph)
    launches = tuple(LaunchDocument(one.operators, one.stream, one.waits, one.kernel) for one in plan.launches)
    document = PlanDocument("warploom-plan", 1, plan.name, graph.name, launches)
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def plan_from_json(data: bytes, graph: Graph) -> StreamPlan:
    """The plan in a JSON file, checked against the graph that it shall run.

    Raises:
        ScheduleError: If it is no such file, names an unknown operator, misses or repeats one, reads what is not
            written yet, or merges what cannot be merged; naming the operator.
    """
    try:
        document = msgspec.json.decode(data, type=PlanDocument)
    except msgspec.DecodeError as error:
        raise ScheduleError(f"This is not a plan file of version {VERSION}: {error}.") from error
    launches = tuple(Launch(one.operators, one.stream, one.waits, kernel=one.kernel) for one in document.launches)
    plan = StreamPlan(document.name, launches)
    plan.verify(graph)
    for launch in launches:
        obstacle = merge_obstacle(graph, launch.operators) if len(launch.operators) > 1 else None
        if obstacle:
            raise ScheduleError(f"The plan {plan.name!r} merges {launch.name!r}, but {obstacle}.")
    return plan
