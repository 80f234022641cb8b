"""Opara's schedule: streams that follow the graph, and a launch order that fills the device with what fits together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from warploom.errors import ScheduleError
from warploom.graph import LogEntry
from warploom.schedule.plan_search import PlanProblem, PlanResult, result_of
from warploom.schedule.search import SearchObserver
from warploom.schedule.units import Units, plan_of

if TYPE_CHECKING:
    from warploom.cost import OperatorResources

NAME = "opara"


def schedule_opara(problem: PlanProblem, observer: SearchObserver) -> PlanResult:
    """Chen et al., "Opara: Exploiting Operator Parallelism for Expediting DNN Inference on GPUs", 2023.

    1. An operator continues the stream of the first of its predecessors whose stream no other operator has
       continued; otherwise it gets a new one. This takes linear time.
    2. Of the operators whose predecessors have been launched, the one that asks least of the device is launched next
       (so that others still fit beside it), alternating between those bound by memory and those bound by arithmetic
       (so that neighbours disturb one another little) while there are both.

    Raises:
        ScheduleError: If the device does not say what operators ask of it.
    """
    started = time.perf_counter()
    if problem.resources is None:
        raise ScheduleError("The device does not say what operators ask of it, which Opara's order depends on.")
    units = Units.single(problem.graph)
    resources = [problem.resources[operators[0]] for operators in units.operators]
    plan = plan_of(NAME, units, _launch_order(units, resources), _streams(units))
    bound = sum(one.memory_bound for one in resources)
    reason = (
        f"{bound} operators bound by memory and {len(units) - bound} by arithmetic alternate, the smallest first; "
        f"{plan.streams} streams."
    )
    return result_of(plan, problem, observer, started, [LogEntry(NAME, (problem.graph.name,), "ordered", reason)])


def _streams(units: Units) -> list[int]:
    streams: list[int] = []
    continued: set[int] = set()
    for unit, before in enumerate(units.predecessors):
        parent = next((p for p in before if p not in continued), None)
        if parent is None:
            streams.append(unit)
        else:
            continued.add(parent)
            streams.append(streams[parent])
    return streams


def _launch_order(units: Units, resources: list[OperatorResources]) -> list[int]:
    missing = [len(before) for before in units.predecessors]
    ready = [unit for unit, count in enumerate(missing) if not count]
    order: list[int] = []
    memory_next = False
    while ready:
        wanted = [unit for unit in ready if resources[unit].memory_bound == memory_next] or ready
        unit = min(wanted, key=lambda i: (resources[i].occupancy, resources[i].warps, i))
        memory_next = not resources[unit].memory_bound
        ready.remove(unit)
        order.append(unit)
        for following in units.successors[unit]:
            missing[following] -= 1
            if not missing[following]:
                ready.append(following)
    return order
