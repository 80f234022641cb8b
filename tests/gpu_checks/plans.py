"""Plans to execute: one stream, stages, and random assignments to streams with no more waits than the data needs."""

from __future__ import annotations

import random
from collections.abc import Sequence

from warploom.device.registry import open_device
from warploom.graph import Graph, Precision
from warploom.schedule import Launch, Schedule, StreamPlan
from warploom.schedule.greedy import greedy_stages
from warploom.schedule.ios import schedule_both
from warploom.schedule.lowering import lower_schedule
from warploom.schedule.search import SearchLimits, SilentObserver

_SEARCH_SECONDS = 5.0


def sequential_plan(graph: Graph, merges: Sequence[Sequence[str]] = ()) -> StreamPlan:
    """Every operator on one stream, in the graph's order.

    Args:
        graph: What to execute.
        merges: Operators that become one launch each, where the first of them stands.
    """
    first = {names[0]: tuple(names) for names in merges}
    rest = {name for names in merges for name in names[1:]}
    launches = [
        Launch(first.get(operator.name, (operator.name,)), 0)
        for operator in graph.operators
        if operator.name not in rest
    ]
    return StreamPlan("sequential", tuple(launches))


def greedy_plan(graph: Graph) -> StreamPlan:
    """Stages of all operators that are ready."""
    return lower_schedule(Schedule("greedy", greedy_stages(graph)), graph)


def ios_plan(graph: Graph, precision: Precision) -> StreamPlan:
    """Stages and merged launches as the search finds them for the simulated GPU: the same everywhere, and quickly."""
    costs = open_device("sim:h200").cost_model(graph, precision)
    found = schedule_both(graph, costs, SearchLimits(seconds=_SEARCH_SECONDS), SilentObserver())
    return lower_schedule(found.schedule, graph)


def random_plan(graph: Graph, streams: int, seed: int) -> StreamPlan:
    """Operators on random streams, in a random topological order, each waiting for just what it reads.

    No stage keeps unrelated operators apart, so whatever shares memory or scratch space wrongly can meet.
    """
    chance = random.Random(seed)
    order = _random_order(graph, chance)
    stream_of = {position: chance.randrange(streams) for position in order}
    enqueued = {position: i for i, position in enumerate(order)}
    launches = []
    for position in order:
        before = graph.predecessors[position]
        waits = sorted(enqueued[i] for i in before if stream_of[i] != stream_of[position])
        launches.append(Launch((graph.operators[position].name,), stream_of[position], tuple(waits)))
    return StreamPlan(f"random-{seed}", tuple(launches))


def _random_order(graph: Graph, chance: random.Random) -> list[int]:
    missing = [len(before) for before in graph.predecessors]
    ready = [i for i, count in enumerate(missing) if not count]
    order = []
    while ready:
        position = ready.pop(chance.randrange(len(ready)))
        order.append(position)
        for after in graph.successors[position]:
            missing[after] -= 1
            if not missing[after]:
                ready.append(after)
    return order
