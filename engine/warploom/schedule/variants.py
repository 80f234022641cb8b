"""The variants scheduler: reconsiders which kernel runs each launch, now that it is known what runs beside it."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from warploom.errors import ScheduleError
from warploom.graph import LogEntry
from warploom.schedule.plan_search import PlanProblem, PlanResult
from warploom.schedule.regions import regions, windows
from warploom.schedule.search import SearchObserver, SearchUpdate
from warploom.schedule.stream_plan import StreamPlan
from warploom.schedule.units import Units

if TYPE_CHECKING:
    from warploom.cost import KernelModel

NAME = "variants"

_WINDOW = 24
_PASSES = 2
_WORTHWHILE = 0.997  # of the latency of a window: what gains less is noise
_WORTHWHILE_WHOLE = 0.999  # of that of a whole plan, likewise
_STARTS, _FEW_LAUNCHES = 3, 64
_SLOWEST_START = 1.1
_CLASS_SHARE = 0.4  # of the time of one start

Kernels = tuple[str, ...]
"""The kernel of each launch of a window."""


def schedule_with_variants(problem: PlanProblem, observer: SearchObserver) -> PlanResult:
    """The best plan found so far, with other kernels where they make the whole faster.

    A device chooses kernels that are fastest alone, with weights in the cache. Beside others, one that fills less of
    the device may be better; so may one that reads weights earlier.

    1. It starts from the best plan; where there are at most 64 launches, from up to two others, too, that are at most a
       tenth slower.
    2. Launches that have the same kernels to choose from (repeated cells) are given another one all together, those
       that take longest alone first, and the device judges the whole plan.
    3. The plan is cut behind every launch that nothing can run beside; what is longer than 24 launches is looked at in
       windows, which the device judges alone.
    4. In a window, all launches together are given their second, third, ... kernel, and the best of these is kept:
       where several kernels compete for the device, changing one of them alone may not help.
    5. Then one launch after another, those that take longest alone first, tries all of its kernels beside those that
       the others have; what gains at least 0.3 % of the window is kept. There is a second pass if the first one gained.
       What a window gained is kept if the whole is no slower.

    Raises:
        ScheduleError: If the device cannot judge plans, has one kernel for each launch, or there is no plan yet.
    """
    if problem.plan_costs is None or problem.kernels is None:
        raise ScheduleError("The device has one kernel for every launch.")
    if not problem.plans:
        raise ScheduleError("There is no plan whose kernels could be reconsidered.")
    return _Variants(problem, problem.kernels, observer).run()


class _Variants:
    """One run."""

    def __init__(self, problem: PlanProblem, kernels: KernelModel, observer: SearchObserver) -> None:
        self._problem = problem
        self._kernels = kernels
        self._observer = observer
        self._started = time.perf_counter()
        self._costed = 0
        self._stopped_why = ""
        self._began = self._started
        self._until = math.inf

    def run(self) -> PlanResult:
        starts = self._starts()
        found: list[tuple[float, StreamPlan]] = []
        for number, (start_us, start) in enumerate(starts):
            if found and self._stopped():
                break
            self._until = self._share_of_time(len(starts) - number)
            found.append(self._improved(start_us, StreamPlan(NAME, start.launches)))
            self._report(number + 1, len(starts), min(found, key=_latency)[0])
        best = min(range(len(found)), key=lambda i: found[i][0])
        return self._result(starts[best][1], starts[best][0], found[best][1], found[best][0])

    def _starts(self) -> list[tuple[float, StreamPlan]]:
        """The plans to start from, the best first, each once."""
        distinct = list({plan.launches: plan for plan in reversed(self._problem.plans)}.values())
        judged = sorted(zip(self._costs(distinct), distinct, strict=True), key=_latency)
        starts = _STARTS if len(judged[0][1].launches) <= _FEW_LAUNCHES else 1
        return [one for one in judged[:starts] if one[0] <= _SLOWEST_START * judged[0][0]]

    def _improved(self, start_us: float, plan: StreamPlan) -> tuple[float, StreamPlan]:
        plan_us, plan = self._improve_classes(start_us, plan)
        whole = range(len(plan.launches))
        for region in regions(_units(self._problem, plan)):
            for part in windows(region, _WINDOW):
                if self._stopped():
                    return plan_us, plan
                kernels, gained_us = self._improve(plan, part)
                if gained_us <= 0.0:
                    continue
                changed = _with_kernels(plan, part, kernels)
                if part == whole:
                    plan_us, plan = plan_us - gained_us, changed
                    continue
                (changed_us,) = self._costs([changed])
                if changed_us <= plan_us:
                    plan_us, plan = changed_us, changed
        return plan_us, plan

    def _improve_classes(self, plan_us: float, plan: StreamPlan) -> tuple[float, StreamPlan]:
        """Other kernels for all launches that have the same ones to choose from, the whole plan being judged."""
        names = self._kernels.kernel_names([launch.operators for launch in plan.launches])
        members: dict[Kernels, list[int]] = {}
        for i, some in enumerate(names):
            if some:
                members.setdefault(some, []).append(i)
        alike = [group for group in members.values() if len(group) > 1]
        alike.sort(key=lambda group: -sum(self._solo_us(plan, i) for i in group))
        until = self._began + _CLASS_SHARE * (self._until - self._began)
        for group in alike:
            if self._stopped() or time.perf_counter() > until:
                break
            tried = [_with_kernels(plan, group, (name,) * len(group)) for name in names[group[0]]]
            costs = self._costs(tried)
            best = min(range(len(tried)), key=costs.__getitem__)
            if costs[best] < _WORTHWHILE_WHOLE * plan_us:
                plan_us, plan = costs[best], tried[best]
        return plan_us, plan

    def _improve(self, plan: StreamPlan, part: range) -> tuple[Kernels, float]:
        """Better kernels for a part of a plan, and by how much they are better."""
        inside = _part_of(plan, part)
        names = self._kernels.kernel_names([launch.operators for launch in inside.launches])
        kernels = tuple(launch.kernel for launch in inside.launches)
        if not any(names):
            return kernels, 0.0
        whole = range(len(inside.launches))
        together = [_nth(names, n) for n in range(max(map(len, names)))]
        kernels, present_us, before_us = self._best(inside, whole, kernels, together)
        slowest_first = sorted((i for i in whole if names[i]), key=lambda i: -self._solo_us(inside, i))
        for _ in range(_PASSES):
            pass_us = present_us
            for i in slowest_first:
                if self._stopped():
                    return kernels, before_us - present_us
                others = [("", *names[i])[n] for n in range(len(names[i]) + 1)]
                tried = [(*kernels[:i], name, *kernels[i + 1 :]) for name in others if name != kernels[i]]
                kernels, present_us, _ = self._best(inside, whole, kernels, tried)
            if present_us > _WORTHWHILE * pass_us:
                break
        return kernels, before_us - present_us

    def _best(
        self, inside: StreamPlan, whole: range, kernels: Kernels, others: Sequence[Kernels]
    ) -> tuple[Kernels, float, float]:
        """The present kernels or others that are clearly better; the latency with them, and with the present ones."""
        tried = [kernels, *others]
        costs = self._costs([_with_kernels(inside, whole, one) for one in tried])
        best = min(range(len(tried)), key=costs.__getitem__)
        best = best if costs[best] < _WORTHWHILE * costs[0] else 0
        return tried[best], costs[best], costs[0]

    def _solo_us(self, plan: StreamPlan, launch: int) -> float:
        return sum(self._problem.solo_us.get(name, 0.0) for name in plan.launches[launch].operators)

    def _costs(self, plans: Sequence[StreamPlan]) -> list[float]:
        self._costed += len(plans)
        return self._problem.latencies_us(plans)

    def _share_of_time(self, starts_left: int) -> float:
        """When the next start has to end, so that those behind it have their part of the time."""
        seconds = self._problem.limits.seconds
        self._began = time.perf_counter()
        if seconds is None:
            return math.inf
        return self._began + (self._started + seconds - self._began) / starts_left

    def _stopped(self) -> bool:
        if self._observer.cancelled():
            self._stopped_why = "cancelled"
            return True
        if time.perf_counter() >= self._until:
            self._stopped_why = self._stopped_why or f"out of its {self._problem.limits.seconds:.1f} seconds"
            return True
        return False

    def _report(self, part: int, parts: int, best_us: float) -> None:
        self._observer.update(SearchUpdate(NAME, part, parts, self._costed, self._costed, best_us))

    def _result(self, start: StreamPlan, start_us: float, plan: StreamPlan, found_us: float) -> PlanResult:
        graph = self._problem.graph
        changed = [launch for launch in plan.launches if launch.kernel]
        reason = (
            f"{len(changed)} of {len(plan.launches)} launches have another kernel than the one fastest alone: from "
            f"{start_us:.1f} us to {found_us:.1f} us with {self._costed:,} plans and parts of plans judged."
        )
        log = [LogEntry(NAME, (graph.name,), f"started from {start.name}", reason)]
        log += [
            LogEntry(NAME, launch.operators, "other kernel", f"{launch.kernel} is better where it runs.")
            for launch in changed
        ]
        if self._stopped_why:
            log.append(LogEntry(NAME, (graph.name,), "stopped early", f"The search was {self._stopped_why}."))
        seconds = time.perf_counter() - self._started
        cancelled = self._stopped_why == "cancelled"
        return PlanResult(plan, found_us, self._costed, self._costed, seconds, cancelled, tuple(log))


def _units(problem: PlanProblem, plan: StreamPlan) -> Units:
    return Units.of(problem.graph, (launch.operators for launch in plan.launches))


def _latency(judged: tuple[float, StreamPlan]) -> float:
    return judged[0]


def _nth(names: Sequence[Kernels], n: int) -> Kernels:
    """For each launch its n-th kernel beside the one fastest alone, or the last that it has."""
    return tuple(some[min(n, len(some) - 1)] if some else "" for some in names)


def _part_of(plan: StreamPlan, part: range) -> StreamPlan:
    """Some consecutive launches; what they wait for outside is taken to have ended."""
    launches = (
        replace(launch, waits=tuple(wait - part.start for wait in launch.waits if wait >= part.start))
        for launch in plan.launches[part.start : part.stop]
    )
    return StreamPlan(plan.name, tuple(launches))


def _with_kernels(plan: StreamPlan, part: Sequence[int], kernels: Kernels) -> StreamPlan:
    launches = list(plan.launches)
    for i, kernel in zip(part, kernels, strict=True):
        launches[i] = replace(launches[i], kernel=kernel)
    return StreamPlan(plan.name, tuple(launches))
