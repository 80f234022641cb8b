"""What every scheduler that makes a plan without stages takes and gives."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warploom.graph import Graph, LogEntry
from warploom.schedule.schedule import Schedule
from warploom.schedule.search import SearchLimits, SearchObserver, SearchUpdate
from warploom.schedule.stream_plan import StreamPlan

if TYPE_CHECKING:
    from warploom.cost import KernelModel, OperatorResources, PlanCostModel


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """What there is to know when a plan is made.

    Attributes:
        graph: What to schedule.
        solo_us: Latency of each Operator alone, by name.
        limits: s bounds the streams of those schedulers that may choose their number.
        resources: What each Operator asks of the device, by name; None where the device does not say.
        plan_costs: Judges plans; None where the device cannot.
        schedule: The best schedule of stages found so far; None where none was searched.
        plans: The plans found so far.
        fork_us: What each further stream costs that begins with the plan.
        kernels: Says which kernels a launch may have; None where the device has one for each.
    """

    graph: Graph
    solo_us: Mapping[str, float]
    limits: SearchLimits
    resources: Mapping[str, OperatorResources] | None = None
    plan_costs: PlanCostModel | None = None
    schedule: Schedule | None = None
    plans: tuple[StreamPlan, ...] = ()
    fork_us: float = 0.0
    kernels: KernelModel | None = None

    def latencies_us(self, plans: Sequence[StreamPlan]) -> list[float]:
        """Latency of each plan; infinite where the device cannot judge plans."""
        if self.plan_costs is None:
            return [math.inf] * len(plans)
        return [cost.median_us for cost in self.plan_costs.plan_costs(plans)]


@dataclass(frozen=True, slots=True)
class PlanResult:
    """What such a scheduler found.

    Attributes:
        plan: Complete and valid, also when cancelled.
        latency_us: Of the plan, as the device predicts it; infinite where it cannot.
        states: Plans looked at.
        stages_costed: Plans, or parts of plans, whose cost was asked.
        seconds: Wall-clock time of the search.
        cancelled: Whether it was cancelled.
        log: Decisions with their reasons.
    """

    plan: StreamPlan
    latency_us: float
    states: int
    stages_costed: int
    seconds: float
    cancelled: bool = False
    log: tuple[LogEntry, ...] = ()


PlanScheduler = Callable[[PlanProblem, SearchObserver], PlanResult]


def result_of(
    plan: StreamPlan, problem: PlanProblem, observer: SearchObserver, started: float, log: Sequence[LogEntry] = ()
) -> PlanResult:
    """The result of a scheduler that makes one plan and asks for its cost once, and its only update.

    Args:
        plan: What it made.
        problem: For which problem.
        observer: Told at the end.
        started: When it started, by `time.perf_counter`.
        log: Its decisions.
    """
    (latency,) = problem.latencies_us([plan])
    costed = int(problem.plan_costs is not None)
    observer.update(SearchUpdate(plan.name, 1, 1, 1, costed, latency if math.isfinite(latency) else None))
    return PlanResult(plan, latency, 1, costed, time.perf_counter() - started, log=tuple(log))
