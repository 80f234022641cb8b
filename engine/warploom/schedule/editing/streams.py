"""Edits of a StreamPlan's streams and launch order; waits are made anew for what each launch truly reads."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from warploom.errors import ScheduleError
from warploom.passes.merge import merge_obstacle
from warploom.schedule.editing.relations import describe, topological
from warploom.schedule.stream_plan import StreamPlan
from warploom.schedule.units import Units, plan_of

if TYPE_CHECKING:
    from warploom.graph import Graph


def without_barriers(plan: StreamPlan, graph: Graph) -> StreamPlan:
    """The same launches, order and streams, with waits for what is read and no stages."""
    return _rebuilt(plan, graph, [launch.operators for launch in plan.launches], _streams(plan))


def move_to_stream(
    plan: StreamPlan, graph: Graph, operators: Collection[str], stream: int, before: str | None = None
) -> StreamPlan:
    """Launches moved to another stream, and, where asked, to another place in the launch order.

    Every assignment of streams is possible, since waits follow from what is read; an order is not.

    Args:
        plan: A plan that fits the graph. Its stages, if it has any, are dropped: only waits for what is read stay.
        graph: That it executes.
        operators: Names of what moves; a merged launch moves as a whole.
        stream: Index of the stream; the number of streams for a new one.
        before: Operator that the moved ones are to be launched before; None keeps their places.

    Raises:
        ScheduleError: If a launch would come before something that it reads, or after something that reads it.
    """
    if not 0 <= stream <= plan.streams:
        raise ScheduleError(f"There is no stream {stream}: the plan has {plan.streams}.")
    moving = _launches_of(plan, operators)
    streams = [stream if i in moving else launch.stream for i, launch in enumerate(plan.launches)]
    order = list(range(len(plan.launches)))
    if before is not None:
        order = _reordered(plan, graph, moving, before)
    return _rebuilt(plan, graph, [plan.launches[i].operators for i in order], [streams[i] for i in order])


def merge_launches(plan: StreamPlan, graph: Graph, operators: Collection[str]) -> StreamPlan:
    """Launches of single operators merged into one, at the place and on the stream of the first of them.

    Raises:
        ScheduleError: If they cannot be merged, with the reason.
    """
    names = topological(graph, operators)
    obstacle = merge_obstacle(graph, names)
    if obstacle:
        raise ScheduleError(f"{describe(names)} cannot be merged: {obstacle}.")
    members = _launches_of(plan, names)
    if any(len(plan.launches[i].operators) > 1 for i in members):
        raise ScheduleError(f"Some of {describe(names)} are merged already: part them first.")
    first = min(members)
    kept = [i for i in range(len(plan.launches)) if i == first or i not in members]
    units = [tuple(names) if i == first else plan.launches[i].operators for i in kept]
    return _rebuilt(plan, graph, units, [plan.launches[i].stream for i in kept])


def part_launch(plan: StreamPlan, graph: Graph, operator: str) -> StreamPlan:
    """A merged launch as one launch for each of its operators, one after another on its stream.

    Raises:
        ScheduleError: If the operator is not merged.
    """
    (index,) = _launches_of(plan, [operator])
    if len(plan.launches[index].operators) == 1:
        raise ScheduleError(f"{operator!r} is not merged with others.")
    units: list[tuple[str, ...]] = []
    streams: list[int] = []
    for i, launch in enumerate(plan.launches):
        parts = [(name,) for name in launch.operators] if i == index else [launch.operators]
        units.extend(parts)
        streams.extend([launch.stream] * len(parts))
    return _rebuilt(plan, graph, units, streams)


def _streams(plan: StreamPlan) -> list[int]:
    return [launch.stream for launch in plan.launches]


def _rebuilt(plan: StreamPlan, graph: Graph, operators: list[tuple[str, ...]], streams: list[int]) -> StreamPlan:
    """The plan of these launches; one that the plan has already keeps its kernel."""
    kernels = {launch.operators: launch.kernel for launch in plan.launches}
    units = Units.of(graph, operators)
    result = plan_of(plan.name, units, range(len(units)), streams, kernels=kernels)
    result.verify(graph)
    return result


def _launches_of(plan: StreamPlan, operators: Collection[str]) -> set[int]:
    if not operators:
        raise ScheduleError("No operator is selected.")
    launch_of = {name: i for i, launch in enumerate(plan.launches) for name in launch.operators}
    for name in operators:
        if name not in launch_of:
            raise ScheduleError(f"The plan {plan.name!r} has no operator {name!r}.")
    return {launch_of[name] for name in operators}


def _reordered(plan: StreamPlan, graph: Graph, moving: set[int], before: str) -> list[int]:
    """Launches in their new order, if each still comes after what it reads."""
    (anchor,) = _launches_of(plan, [before])
    if anchor in moving:
        raise ScheduleError(f"{before!r} is moved itself: it cannot be the place to move it to.")
    rest = [i for i in range(len(plan.launches)) if i not in moving]
    at = rest.index(anchor)
    order = [*rest[:at], *sorted(moving), *rest[at:]]
    _check_order(plan, graph, order)
    return order


def _check_order(plan: StreamPlan, graph: Graph, order: list[int]) -> None:
    launched: set[str] = set()
    for i in order:
        for name in plan.launches[i].operators:
            for position in graph.predecessors[graph.index[name]]:
                needed = graph.operators[position].name
                if needed not in launched:
                    raise ScheduleError(f"{name!r} reads what {needed!r} computes, so it cannot be launched before it.")
        launched.update(plan.launches[i].operators)
