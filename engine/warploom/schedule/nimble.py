"""Nimble's stream assignment: as few streams as possible on which no two independent operators share one."""

from __future__ import annotations

import time
from collections.abc import Sequence

from warploom.graph import LogEntry
from warploom.schedule.plan_search import PlanProblem, PlanResult, result_of
from warploom.schedule.search import SearchObserver
from warploom.schedule.units import Units, plan_of

NAME = "nimble"


def schedule_nimble(problem: PlanProblem, observer: SearchObserver) -> PlanResult:
    """Kwon, Yu, Jeong, Chun, "Nimble: Lightweight and Parallel GPU Task Scheduling", NeurIPS 2020, section 4.2.

    1. The minimum equivalent graph has an edge only where there is no longer path.
    2. A maximum matching of the bipartite graph that has each operator twice, as one that is read and as one that
       reads, and the edges of 1, says which operator continues the stream of which other.
    3. Operators are launched in the model's order; edges that are not matched become waits.

    Independent operators are never on one stream, and there are as few waits as that allows. The number of streams
    has no limit (streams are lanes of a CUDA graph, so many cost nothing).
    """
    started = time.perf_counter()
    units = Units.single(problem.graph)
    edges = minimum_equivalent_graph(units)
    follower = maximum_matching(edges, len(units))
    streams = list(range(len(units)))
    for unit in range(len(units)):  # in topological order: the stream of a unit is known before its follower's
        if follower[unit] >= 0:
            streams[follower[unit]] = streams[unit]
    plan = plan_of(NAME, units, range(len(units)), streams)
    kept, matched = sum(map(len, edges)), sum(unit >= 0 for unit in follower)
    reason = (
        f"Of {sum(map(len, units.predecessors))} dependencies {kept} remain in the minimum equivalent graph; "
        f"{matched} of them continue a stream, {kept - matched} become waits; {plan.streams} streams."
    )
    return result_of(plan, problem, observer, started, [LogEntry(NAME, (problem.graph.name,), "assigned", reason)])


def minimum_equivalent_graph(units: Units) -> list[list[int]]:
    """For each unit the successors to which no longer path leads, ascending."""
    reachable = [0] * len(units)
    kept: list[list[int]] = [[] for _ in range(len(units))]
    for i in range(len(units) - 1, -1, -1):
        for j in units.successors[i]:  # ascending: whatever leads to j comes before it
            if not reachable[i] >> j & 1:
                kept[i].append(j)
                reachable[i] |= reachable[j] | 1 << j
    return kept


def maximum_matching(edges: Sequence[Sequence[int]], count: int) -> list[int]:
    """For each left vertex the right vertex matched to it, -1 for none; as many as possible are matched.

    One augmenting path from each left vertex in turn (Kuhn), found breadth first, so that long chains need no deep
    recursion.
    """
    of_left, of_right = [-1] * count, [-1] * count
    for start in range(count):
        came_from: dict[int, int] = {}  # right vertex -> the left one from which it was reached
        end = _free_vertex(start, edges, of_right, came_from)
        while end is not None:
            left = came_from[end]
            before = of_left[left]
            of_left[left], of_right[end] = end, left
            end = before if left != start else None
    return of_left


def _free_vertex(
    start: int, edges: Sequence[Sequence[int]], of_right: Sequence[int], came_from: dict[int, int]
) -> int | None:
    """A right vertex that is not matched, at the end of an alternating path from `start`."""
    frontier = [start]
    for left in frontier:  # grows while it is read
        for right in edges[left]:
            if right not in came_from:
                came_from[right] = left
                if of_right[right] < 0:
                    return right
                frontier.append(of_right[right])
    return None
