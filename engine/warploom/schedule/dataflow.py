"""The dataflow scheduler: the stages that IOS found, with true data edges in place of barriers."""

from __future__ import annotations

import time

from warploom.errors import ScheduleError
from warploom.graph import LogEntry
from warploom.schedule.lowering import lower_schedule
from warploom.schedule.plan_search import PlanProblem, PlanResult, result_of
from warploom.schedule.search import SearchObserver
from warploom.schedule.units import Units, plan_of

NAME = "dataflow"


def schedule_dataflow(problem: PlanProblem, observer: SearchObserver) -> PlanResult:
    """The order, streams and merges of the best schedule of stages; a launch waits for what it reads, and no more.

    A stage then begins on one stream while the stage before still runs on another.

    Raises:
        ScheduleError: If no schedule of stages has been found before.
    """
    started = time.perf_counter()
    if problem.schedule is None:
        raise ScheduleError("There is no schedule of stages whose barriers could be left out.")
    lowered = lower_schedule(problem.schedule, problem.graph)
    units = Units.of(problem.graph, (launch.operators for launch in lowered.launches))
    plan = plan_of(NAME, units, range(len(units)), [launch.stream for launch in lowered.launches])
    barriers = sum(len(launch.waits) for launch in lowered.launches)
    waits = sum(len(launch.waits) for launch in plan.launches)
    reason = f"{waits} waits for what is read, instead of {barriers} that make barriers of {problem.schedule.name}."
    return result_of(
        plan, problem, observer, started, [LogEntry(NAME, (problem.graph.name,), "barriers left out", reason)]
    )
