"""The sequential scheduler: one Operator after another, in the Graph's order. The baseline of every comparison."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from warploom.graph import Graph
from warploom.schedule.schedule import Group, Schedule, Stage
from warploom.schedule.search import SearchLimits, SearchObserver, SearchResult, SearchUpdate

if TYPE_CHECKING:
    from warploom.cost import CostModel


def schedule_sequential(
    graph: Graph, cost_model: CostModel, limits: SearchLimits, observer: SearchObserver
) -> SearchResult:
    """Each Operator as a stage of its own."""
    del limits  # nothing to prune
    start = time.perf_counter()
    stages = tuple(single_stage(operator.name) for operator in graph.operators)
    latency = sum(cost.median_us for cost in cost_model.stage_costs(stages))
    observer.update(SearchUpdate("sequential", 1, 1, len(stages), len(stages), latency))
    seconds = time.perf_counter() - start
    return SearchResult(Schedule("sequential", stages), latency, len(stages), len(stages), seconds)


def single_stage(name: str) -> Stage:
    """The stage that runs one Operator alone."""
    return Stage((Group((name,)),))
