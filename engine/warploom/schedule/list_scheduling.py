"""The list scheduler: the operator with the longest way to the end first, on the stream where it ends earliest."""

from __future__ import annotations

import time
from collections.abc import Sequence

from warploom.graph import LogEntry
from warploom.schedule.plan_search import PlanProblem, PlanResult, result_of
from warploom.schedule.search import SearchObserver
from warploom.schedule.units import Units, plan_of

NAME = "list"


def schedule_by_list(problem: PlanProblem, observer: SearchObserver) -> PlanResult:
    """Critical-path list scheduling: Topcuoglu, Hariri, Wu, "HEFT", IEEE TPDS 13(3), 2002, on equal processors.

    1. Operators are launched by falling rank: the time of the longest path from the operator to the end, each operator
       at its latency alone. No operator comes before one that it reads, which has a higher rank.
    2. Each goes to the stream on which it ends earliest, supposing that operators do not disturb one another. Of
       several such streams the one is taken that holds the latest of what it reads (no wait is needed then), else
       the one that became free last, so that none stays idle for long; a new stream only if that is earlier. What
       begins on a further stream at the very start begins as much later as the device needs for that fork.
    """
    started = time.perf_counter()
    units = Units.single(problem.graph)
    costs = [problem.solo_us[operators[0]] for operators in units.operators]
    ranks = upward_ranks(units, costs)
    order = sorted(range(len(units)), key=lambda i: (-ranks[i], i))
    streams, makespan = _earliest_streams(units, costs, order, problem)
    plan = plan_of(NAME, units, order, streams)
    reason = (
        f"{len(units)} operators on {plan.streams} streams in the order of their longest way to the end: "
        f"{makespan:.1f} us if nothing disturbs anything, {max(ranks, default=0.0):.1f} us on the critical path."
    )
    return result_of(plan, problem, observer, started, [LogEntry(NAME, (problem.graph.name,), "scheduled", reason)])


def upward_ranks(units: Units, costs: Sequence[float]) -> list[float]:
    """For each unit the time of the longest path from it to the end, itself included."""
    ranks = [0.0] * len(units)
    for i in range(len(units) - 1, -1, -1):
        ranks[i] = costs[i] + max((ranks[j] for j in units.successors[i]), default=0.0)
    return ranks


def _earliest_streams(
    units: Units, costs: Sequence[float], order: Sequence[int], problem: PlanProblem
) -> tuple[list[int], float]:
    """The stream of each unit, and when the last one ends."""
    free: list[float] = []
    streams = [0] * len(units)
    ends = [0.0] * len(units)
    last_of: list[int] = []
    for unit in order:
        before = units.predecessors[unit]
        ready = max((ends[p] for p in before), default=0.0)
        starts = [max(ready, when) for when in free]
        forked = max(ready, problem.fork_us * len(free)) if not before else ready
        if len(free) < problem.limits.max_stage_groups and forked < min(starts, default=float("inf")):
            free.append(0.0)
            last_of.append(-1)
            starts.append(forked)
        stream = min(range(len(free)), key=lambda s: (starts[s], last_of[s] not in before, -free[s], s))
        streams[unit] = stream
        last_of[stream] = unit
        ends[unit] = free[stream] = starts[stream] + costs[unit]
    return streams, max(ends, default=0.0)
