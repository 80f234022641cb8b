"""Searches the schedules that compete: always sequential and greedy, and what the mode asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from warploom.cost import Cost, CostModel
from warploom.graph import Graph, LogEntry
from warploom.schedule import Launch, Schedule, StreamPlan
from warploom.schedule.lowering import lower_schedule
from warploom.schedule.registry import SCHEDULERS
from warploom.schedule.search import SearchLimits, SearchResult
from warploom.worker.context import JobContext
from warploom.worker.observer import SearchReporter

CHEAP_STAGES = 20_000
"""A search in mode "both" that costed no more stages than this is repeated with each half of its freedom alone."""


@dataclass(frozen=True, slots=True)
class PlannedCandidate:
    """A schedule that may win, lowered to what a device executes.

    Attributes:
        scheduler: Key in the registry of schedulers.
        schedule: What it found.
        plan: The schedule, lowered.
        result: Figures of the search.
        stage_costs: Predicted cost of each stage, alone.
    """

    scheduler: str
    schedule: Schedule
    plan: StreamPlan
    result: SearchResult
    stage_costs: tuple[Cost, ...]

    @property
    def name(self) -> str:
        """Name of the schedule, unique among the candidates."""
        return self.schedule.name

    @property
    def launches(self) -> tuple[Launch, ...]:
        """What tells two plans apart, whatever they are called."""
        return self.plan.launches


def plan_candidates(
    graph: Graph, costs: CostModel, mode: str, limits: SearchLimits, context: JobContext
) -> tuple[PlannedCandidate, ...]:
    """Runs the schedulers that a mode stands for, the baselines first.

    When the user cancels, the search that runs ends with its best and no other one starts; the baselines are always
    there.
    """
    planned: list[PlannedCandidate] = []
    for scheduler in _schedulers(mode, planned, context):
        context.phase("search", scheduler)
        reporter = SearchReporter(context.job, scheduler, context.emit, context.cancelled)
        result = SCHEDULERS[scheduler](graph, costs, limits, reporter)
        context.note(result.log)
        planned.append(_lower(scheduler, result, graph, costs))
    return tuple(planned)


def _schedulers(mode: str, planned: list[PlannedCandidate], context: JobContext) -> Iterator[str]:
    yield from ("sequential", "greedy")
    if mode == "greedy":
        return
    if not context.cancelled():
        yield mode
    if mode != "both" or context.cancelled():
        return
    costed = planned[-1].result.stages_costed
    cheap = costed <= CHEAP_STAGES
    context.note([_halves_entry(costed, cheap=cheap)])
    if cheap:
        for half in ("parallel", "merge"):
            if not context.cancelled():
                yield half


def _halves_entry(costed: int, *, cheap: bool) -> LogEntry:
    comparison = "at most" if cheap else "more than"
    return LogEntry(
        "search",
        ("parallel", "merge"),
        "searched too" if cheap else "not searched",
        f"the search of both costed {costed:,} stages, {comparison} {CHEAP_STAGES:,}",
    )


def _lower(scheduler: str, result: SearchResult, graph: Graph, costs: CostModel) -> PlannedCandidate:
    plan = lower_schedule(result.schedule, graph)
    stage_costs = tuple(costs.stage_costs(result.schedule.stages))
    return PlannedCandidate(scheduler, result.schedule, plan, result, stage_costs)
