"""The local search: improves the best plan found by others, one move of an operator or a stream at a time."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from warploom.errors import ScheduleError
from warploom.graph import LogEntry
from warploom.schedule.moves import Arrangement, neighbour
from warploom.schedule.plan_search import PlanProblem, PlanResult
from warploom.schedule.regions import regions, windows
from warploom.schedule.search import SearchObserver, SearchUpdate
from warploom.schedule.stream_plan import StreamPlan
from warploom.schedule.units import Units, plan_of

NAME = "local"

_WINDOW = 40
_OVERLAP = 10
_PASSES = 3
_ROUNDS_PER_UNIT = 8
_PATIENCE_PER_UNIT = 2
_WORTHWHILE = 0.998  # a pass that gains less is the last
_BATCH = 4  # neighbours judged together: a measuring device interleaves them
_HISTORY = 8
_SEED = 1
_NO_SLOWER = 1.003  # the best of several measurements looks faster than it is: what its parts gained is worth a try


def schedule_by_local_search(problem: PlanProblem, observer: SearchObserver) -> PlanResult:
    """Late acceptance hill climbing (Burke, Bykov, EJOR 258, 2017) over launch order and streams.

    1. It starts from the plan that the device judges best of those found so far, with its barriers if it has any.
    2. The plan is cut behind every unit that nothing can run beside, and what is longer than a window of 40 launches is
       looked at through windows that overlap: the device judges the launches of a window alone, which is cheap.
    3. In a window, four neighbours (a unit earlier or later, a unit or a unit and what follows on its stream to
       another stream, two streams exchanged from some place on, a few units freed of their barriers) are judged at a
       time; the best is accepted if it is no worse than the present plan or than the one accepted eight rounds ago.
       There are eight rounds per launch, fewer where nothing gets better any more.
    4. What made a window faster is kept if the whole between two cuts is faster; there are three passes, fewer where
       the last one gained little.

    The same seed always gives the same plan, as long as time does not end it.

    Raises:
        ScheduleError: If the device cannot judge plans, or there is none to start from.
    """
    if problem.plan_costs is None:
        raise ScheduleError("The device cannot judge plans, which the local search depends on.")
    if not problem.plans:
        raise ScheduleError("There is no plan for the local search to start from.")
    return _LocalSearch(problem, observer).run()


@dataclass(frozen=True, slots=True)
class _Judged:
    arrangement: Arrangement
    cost_us: float


class _LocalSearch:
    """One run."""

    def __init__(self, problem: PlanProblem, observer: SearchObserver) -> None:
        self._problem = problem
        self._observer = observer
        self._random = random.Random(_SEED)
        self._started = time.perf_counter()
        self._barriers: dict[int, tuple[int, ...]] = {}
        self._costed = 0
        self._cancelled = False
        self._out_of_time = False

    def run(self) -> PlanResult:
        start, start_us = self._best_seed()
        units = Units.of(self._problem.graph, (launch.operators for launch in start.launches))
        self._barriers = {
            i: launch.waits
            for i, launch in enumerate(start.launches)
            if not set(launch.waits) <= set(units.predecessors[i])
        }
        streams = [launch.stream for launch in start.launches]
        held = frozenset(self._barriers)
        parts = [tuple(region) for region in regions(units)]
        best_us = start_us
        found: list[Arrangement] = []
        for i, region in enumerate(parts):
            present = Arrangement(region, tuple(streams[unit] for unit in region), held & frozenset(region))
            (before,) = self._judge(units, [present])
            after = self._improve(units, before)
            found.append(after.arrangement)
            best_us -= before.cost_us - after.cost_us
            self._observer.update(SearchUpdate(NAME, i + 1, len(parts), self._costed, self._costed, best_us))
        return self._result(start, start_us, self._assembled(units, found))

    def _best_seed(self) -> tuple[StreamPlan, float]:
        costs = self._costs(self._problem.plans)
        best = min(range(len(costs)), key=costs.__getitem__)
        return self._problem.plans[best], costs[best]

    def _plan(self, units: Units, arrangement: Arrangement) -> StreamPlan:
        barriers = {unit: self._barriers[unit] for unit in arrangement.held}
        return plan_of(NAME, units, arrangement.order, arrangement.stream_of, barriers)

    def _assembled(self, units: Units, regions: Sequence[Arrangement]) -> StreamPlan:
        order = tuple(unit for region in regions for unit in region.order)
        streams = tuple(stream for region in regions for stream in region.streams)
        held = frozenset(unit for region in regions for unit in region.held)
        return self._plan(units, Arrangement(order, streams, held))

    def _costs(self, plans: Sequence[StreamPlan]) -> list[float]:
        self._costed += len(plans)
        return self._problem.latencies_us(plans)

    def _judge(self, units: Units, arrangements: Sequence[Arrangement]) -> list[_Judged]:
        plans = [self._plan(units, one) for one in arrangements]
        return [_Judged(one, cost) for one, cost in zip(arrangements, self._costs(plans), strict=True)]

    def _stopped(self) -> bool:
        seconds = self._problem.limits.seconds
        self._cancelled = self._cancelled or self._observer.cancelled()
        self._out_of_time = seconds is not None and time.perf_counter() - self._started > seconds
        return self._cancelled or self._out_of_time

    def _improve(self, units: Units, whole: _Judged) -> _Judged:
        """The best arrangement found for the launches between two cuts."""
        if len(whole.arrangement.order) < 3:
            return whole
        for _ in range(_PASSES):
            before_us = whole.cost_us
            for window in windows(range(len(whole.arrangement.order)), _WINDOW, _OVERLAP):
                if self._stopped():
                    return whole
                whole = self._improve_window(units, whole, slice(window.start, window.stop))
            if len(whole.arrangement.order) <= _WINDOW or whole.cost_us > _WORTHWHILE * before_us:
                break
        return whole

    def _improve_window(self, units: Units, whole: _Judged, window: slice) -> _Judged:
        inside = whole.arrangement.part(window)
        start = whole if inside.order == whole.arrangement.order else self._judge(units, [inside])[0]
        best = self._climb(units, start)
        if best.cost_us >= start.cost_us:
            return whole
        (changed,) = self._judge(units, [whole.arrangement.with_part(window, best.arrangement)])
        return changed if changed.cost_us < whole.cost_us else whole

    def _climb(self, units: Units, start: _Judged) -> _Judged:
        best = present = start
        size = len(start.arrangement.order)
        history = [start.cost_us] * _HISTORY
        improved = 0
        most = self._problem.limits.max_stage_groups
        for number in range(_ROUNDS_PER_UNIT * size):
            if self._stopped() or number - improved > _PATIENCE_PER_UNIT * size:
                break
            drawn = [neighbour(present.arrangement, units, most, self._random) for _ in range(_BATCH)]
            tried = [one for one in dict.fromkeys(drawn) if one != present.arrangement]
            if not tried:
                continue
            candidate = min(self._judge(units, tried), key=lambda one: one.cost_us)
            if candidate.cost_us <= max(present.cost_us, history[number % _HISTORY]):
                present = candidate
            history[number % _HISTORY] = present.cost_us
            if present.cost_us < best.cost_us:
                best, improved = present, number
        return best

    def _result(self, start: StreamPlan, start_us: float, plan: StreamPlan) -> PlanResult:
        (latency_us,) = self._costs([plan])
        graph = self._problem.graph
        if latency_us > _NO_SLOWER * start_us:
            plan, latency_us = StreamPlan(NAME, start.launches), start_us
        reason = f"From {start_us:.1f} us to {latency_us:.1f} us with {self._costed:,} plans and parts of plans judged."
        log = [LogEntry(NAME, (graph.name,), f"started from {start.name}", reason)]
        if self._cancelled or self._out_of_time:
            why = "cancelled" if self._cancelled else f"out of its {self._problem.limits.seconds:.1f} seconds"
            log.append(LogEntry(NAME, (graph.name,), "stopped early", f"The search was {why}."))
        seconds = time.perf_counter() - self._started
        return PlanResult(plan, latency_us, self._costed, self._costed, seconds, self._cancelled, tuple(log))
