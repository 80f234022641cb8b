"""The greedy scheduler of the IOS paper (section 6.1): every stage runs all Operators that are ready."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from warploom.graph import Graph
from warploom.schedule.schedule import Group, Schedule, Stage
from warploom.schedule.search import SearchLimits, SearchObserver, SearchResult, SearchUpdate

if TYPE_CHECKING:
    from warploom.cost import CostModel


def schedule_greedy(
    graph: Graph, cost_model: CostModel, limits: SearchLimits, observer: SearchObserver
) -> SearchResult:
    """Each stage holds every ready Operator as a group of its own, however many there are."""
    del limits  # the paper's greedy scheduler knows none
    start = time.perf_counter()
    stages = greedy_stages(graph)
    latency = sum(cost.median_us for cost in cost_model.stage_costs(stages))
    observer.update(SearchUpdate("greedy", 1, 1, len(stages), len(stages), latency))
    seconds = time.perf_counter() - start
    return SearchResult(Schedule("greedy", stages), latency, len(stages), len(stages), seconds)


def greedy_stages(graph: Graph) -> tuple[Stage, ...]:
    """Operators by the length of the longest path that leads to them."""
    level: list[int] = []
    members: list[list[Group]] = []
    for position, operator in enumerate(graph.operators):
        level.append(1 + max((level[before] for before in graph.predecessors[position]), default=-1))
        if level[-1] == len(members):
            members.append([])
        members[level[-1]].append(Group((operator.name,)))
    return tuple(Stage(tuple(groups)) for groups in members)
