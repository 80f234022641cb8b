"""Searches the schedules that compete: the baselines, and what the mode asks for."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path

from warploom.cost import Cost, CostModel, ForkModel, KernelModel, MergeModel, PlanCostModel, ResourceModel
from warploom.errors import ScheduleError
from warploom.graph import Graph, LogEntry
from warploom.schedule import Launch, Schedule, StreamPlan
from warploom.schedule.lowering import lower_schedule
from warploom.schedule.merge_sets import find_merge_sets
from warploom.schedule.modes import MODES
from warploom.schedule.packing import pack_streams
from warploom.schedule.plan_search import PlanProblem, PlanResult
from warploom.schedule.registry import PLAN_SCHEDULERS, SCHEDULERS
from warploom.schedule.saved import SavedSchedule, read_saved
from warploom.schedule.search import SearchLimits, SearchResult
from warploom.schedule.sequential import single_stage
from warploom.worker.context import JobContext
from warploom.worker.observer import SearchReporter

CHEAP_STAGES = 20_000
"""A search of IOS that costed no more stages than this is repeated with each half of its freedom alone."""

SAVED = "saved"
"""Name of the candidate that was read from a file."""

_BASELINES = ("sequential", "greedy")
_HALVES = ("parallel", "merge")
_MERGING = frozenset(("both", "merge"))
# More of them are for the search to try while its time lasts.
_MERGES_PREPARED = 128
_SHARES = {"both": 0.4, "parallel": 0.2, "merge": 0.2, "local": 0.5}  # of the time left; the rest is for those behind


@dataclass(frozen=True, slots=True)
class PlannedCandidate:
    """A plan that may win.

    Attributes:
        scheduler: Key in the registry of schedulers.
        schedule: The stages that the plan came from; None for a plan without stages.
        plan: What a device executes.
        result: Figures of the search.
        stage_costs: Predicted cost of each stage, alone.
    """

    scheduler: str
    schedule: Schedule | None
    plan: StreamPlan
    result: SearchResult | PlanResult
    stage_costs: tuple[Cost, ...] = ()

    @property
    def name(self) -> str:
        """Name of the schedule, unique among the candidates."""
        return self.plan.name

    @property
    def launches(self) -> tuple[Launch, ...]:
        """What tells two plans apart, whatever they are called."""
        return self.plan.launches


def plan_candidates(
    graph: Graph, costs: CostModel, mode: str, limits: SearchLimits, context: JobContext
) -> tuple[PlannedCandidate, ...]:
    """Runs the schedulers that a mode stands for, the baselines first.

    When the user cancels, the search that runs ends with its best and no other one starts; so it is when
    `limits.seconds`, which bounds all of them together, is over. The baselines are always there.
    """
    competition = _Competition(graph, costs, limits, context)
    for scheduler in MODES[mode].schedulers:
        competition.run(scheduler, mode)
    return tuple(competition.planned)


def prepare_merges(graph: Graph, costs: CostModel, mode: str, limits: SearchLimits) -> None:
    """Has a device choose the kernels of what the search may merge, before the search's time begins."""
    if not isinstance(costs, MergeModel) or _MERGING.isdisjoint(MODES[mode].schedulers):
        return
    found = find_merge_sets(graph, range(len(graph.operators)), limits.max_stage_groups, "search").sets
    names = [operator.name for operator in graph.operators]
    costs.prepare_merges([tuple(names[position] for position in members) for members in found[:_MERGES_PREPARED]])


def saved_candidates(graph: Graph, costs: CostModel, path: Path, context: JobContext) -> tuple[PlannedCandidate, ...]:
    """The sequential schedule and one from a file, nothing being searched.

    Raises:
        ScheduleError: If the file cannot be read or does not fit the graph.
    """
    saved = read_saved(path, graph, SAVED)
    competition = _Competition(graph, costs, SearchLimits(), context)
    competition.run("sequential", "sequential")
    context.phase("search", path.name)
    context.note([LogEntry("search", (SAVED,), "read", f"{path} holds {saved.origin}; nothing is searched.")])
    competition.add_saved(saved)
    return tuple(competition.planned)


class _Competition:
    """The candidates so far, and the time that is left."""

    def __init__(self, graph: Graph, costs: CostModel, limits: SearchLimits, context: JobContext) -> None:
        self.planned: list[PlannedCandidate] = []
        self._graph = graph
        self._costs = costs
        self._limits = limits
        self._context = context
        self._started = time.perf_counter()

    def run(self, scheduler: str, mode: str) -> None:
        if scheduler not in _BASELINES:
            if self._context.cancelled():
                return
            if reason := self._reason_against(scheduler, mode):
                self._context.note([LogEntry("search", (scheduler,), "not searched", reason)])
                return
        self._context.phase("search", scheduler)
        reporter = SearchReporter(self._context.job, scheduler, self._context.emit, self._context.cancelled)
        if scheduler in SCHEDULERS:
            limits = self._limits if scheduler in _BASELINES else self._within(self._share(scheduler, mode))
            found = SCHEDULERS[scheduler](self._graph, self._costs, limits, reporter)
            self._add(scheduler, found, found.schedule)
        else:
            try:
                made = PLAN_SCHEDULERS[scheduler](self._problem(self._share(scheduler, mode)), reporter)
            except ScheduleError as error:
                self._context.note([LogEntry("search", (scheduler,), "not searched", str(error))])
                return
            self._add(scheduler, made, None)

    def add_saved(self, saved: SavedSchedule) -> None:
        """Adds what was read from a file, with what the cost model thinks of it."""
        if saved.schedule is not None:
            stage_costs = tuple(self._costs.stage_costs(saved.schedule.stages))
            latency = sum(cost.median_us for cost in stage_costs)
            found = SearchResult(saved.schedule, latency, 0, len(stage_costs), 0.0)
            self.planned.append(PlannedCandidate(SAVED, saved.schedule, saved.plan, found, stage_costs))
            return
        (latency,) = self._problem().latencies_us([saved.plan])
        self.planned.append(PlannedCandidate(SAVED, None, saved.plan, PlanResult(saved.plan, latency, 0, 1, 0.0)))

    def _reason_against(self, scheduler: str, mode: str) -> str:
        left = self._left_seconds()
        if left is not None and left <= 0:
            return f"the {self._limits.seconds} seconds of the search are over"
        if mode != scheduler and scheduler in _HALVES:
            costed = sum(one.result.stages_costed for one in self.planned if one.scheduler == "both")
            if costed > CHEAP_STAGES:
                return f"the search of both costed {costed:,} stages, more than {CHEAP_STAGES:,}"
        return ""

    def _left_seconds(self) -> float | None:
        seconds = self._limits.seconds
        return None if seconds is None else seconds - (time.perf_counter() - self._started)

    def _share(self, scheduler: str, mode: str) -> float:
        """The part of the time left that a scheduler may take: all of it for the last one that can compete."""
        competing = [one for one in MODES[mode].schedulers if one != "variants" or isinstance(self._costs, KernelModel)]
        return 1.0 if competing[-1] == scheduler else _SHARES.get(scheduler, 1.0)

    def _within(self, share: float) -> SearchLimits:
        left = self._left_seconds()
        return self._limits if left is None else dataclasses.replace(self._limits, seconds=max(share * left, 1e-3))

    def _problem(self, share: float = 1.0) -> PlanProblem:
        graph, costs = self._graph, self._costs
        names = [operator.name for operator in graph.operators]
        solo = costs.stage_costs([single_stage(name) for name in names])
        staged = [one for one in self.planned if one.schedule is not None]
        best = min(staged, key=lambda one: one.result.latency_us, default=None)
        resources = costs.operator_resources(names) if isinstance(costs, ResourceModel) else None
        return PlanProblem(
            graph=graph,
            solo_us={name: cost.median_us for name, cost in zip(names, solo, strict=True)},
            limits=self._within(share),
            resources=None if resources is None else dict(zip(names, resources, strict=True)),
            plan_costs=costs if isinstance(costs, PlanCostModel) else None,
            schedule=None if best is None else best.schedule,
            plans=tuple(one.plan for one in self.planned),
            fork_us=costs.fork_us() if isinstance(costs, ForkModel) else 0.0,
            kernels=costs if isinstance(costs, KernelModel) else None,
        )

    def _add(self, scheduler: str, result: SearchResult | PlanResult, schedule: Schedule | None) -> None:
        self._context.note(result.log)
        if isinstance(result, PlanResult):
            packed = dataclasses.replace(result, plan=pack_streams(result.plan))
            self.planned.append(PlannedCandidate(scheduler, None, packed.plan, packed))
            return
        stage_costs = tuple(self._costs.stage_costs(result.schedule.stages))
        plan = lower_schedule(result.schedule, self._graph)
        self.planned.append(PlannedCandidate(scheduler, schedule, plan, result, stage_costs))
