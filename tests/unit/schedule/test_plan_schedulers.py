from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warploom.cost import Cost, OperatorResources
from warploom.cost.table import graph_of_dependencies
from warploom.errors import ScheduleError
from warploom.graph import Graph
from warploom.schedule import Group, Schedule, Stage, StreamPlan
from warploom.schedule.lowering import lower_schedule
from warploom.schedule.moves import Arrangement, neighbour
from warploom.schedule.nimble import maximum_matching, minimum_equivalent_graph
from warploom.schedule.plan_search import PlanProblem
from warploom.schedule.registry import PLAN_SCHEDULERS, SCHEDULERS
from warploom.schedule.search import SearchLimits, SearchUpdate, SilentObserver
from warploom.schedule.units import Units, plan_of

MakeGraph = Callable[[dict[str, str]], Graph]


class Makespan:
    """Launches never disturb one another: a launch starts when its dependencies have ended."""

    def __init__(self, solo_us: dict[str, float]) -> None:
        self.solo_us = solo_us
        self.asked = 0

    def stage_costs(self, stages: Sequence[Stage]) -> list[Cost]:
        groups = [[sum(self.solo_us[name] for name in group.operators) for group in stage.groups] for stage in stages]
        return [Cost.exactly(max(times)) for times in groups]

    def plan_costs(self, plans: Sequence[StreamPlan]) -> list[Cost]:
        self.asked += len(plans)
        return [Cost.exactly(self.makespan(plan)) for plan in plans]

    def kernel_names(self, launched: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        return [("other",) for _ in launched]

    def makespan(self, plan: StreamPlan) -> float:
        ends: list[float] = []
        for launch, before in zip(plan.launches, plan.dependencies(), strict=True):
            start = max((ends[i] for i in before), default=0.0)
            ends.append(start + sum(self.solo_us[name] for name in launch.operators))
        return max(ends)


@st.composite
def graphs(draw: st.DrawFn, largest: int = 9) -> Graph:
    """Random DAGs of operators a, b, ..."""
    names = "abcdefghijkl"[: draw(st.integers(1, largest))]
    edges = [(name, [p for p in names[:i] if draw(st.integers(0, 2)) == 0]) for i, name in enumerate(names)]
    return graph_of_dependencies("random", edges)


def problem_of(graph: Graph, costs: Sequence[int], limits: SearchLimits | None = None) -> PlanProblem:
    names = [operator.name for operator in graph.operators]
    solo = {name: float(costs[i % len(costs)]) for i, name in enumerate(names)}
    model = Makespan(solo)
    limits = limits or SearchLimits()
    stages = SCHEDULERS["both"](graph, model, limits, SilentObserver()).schedule
    resources = {
        name: OperatorResources(costs[i % len(costs)] / 10, i, costs[i % len(costs)] / 10, 0.4)
        for i, name in enumerate(names)
    }
    return PlanProblem(graph, solo, limits, resources, model, stages, (lower_schedule(stages, graph),), kernels=model)


def shortest_us(graph: Graph, solo: dict[str, float]) -> float:
    """Length of the critical path: no plan is faster while nothing disturbs anything."""
    ends: list[float] = []
    for i, operator in enumerate(graph.operators):
        ends.append(solo[operator.name] + max((ends[p] for p in graph.predecessors[i]), default=0.0))
    return max(ends)


Costs = st.lists(st.integers(1, 9), min_size=1, max_size=9)


@pytest.mark.parametrize("name", PLAN_SCHEDULERS)
@given(graph=graphs(), costs=Costs)
@settings(deadline=None, max_examples=20)
def test_that_every_plan_computes_the_graph_and_is_no_faster_than_the_critical_path(
    name: str, graph: Graph, costs: list[int]
) -> None:
    problem = problem_of(graph, costs)
    found = PLAN_SCHEDULERS[name](problem, SilentObserver())
    found.plan.verify(graph)
    assert found.plan.name == name
    assert found.latency_us == problem.latencies_us([found.plan])[0]
    assert found.latency_us >= shortest_us(graph, dict(problem.solo_us))


@given(graph=graphs(), costs=Costs)
@settings(deadline=None, max_examples=30)
def test_that_a_list_with_enough_streams_reaches_the_critical_path_and_any_is_no_worse_than_sequential(
    graph: Graph, costs: list[int]
) -> None:
    for streams in (1, 2, 9):
        problem = problem_of(graph, costs, SearchLimits(max_stage_groups=streams))
        found = PLAN_SCHEDULERS["list"](problem, SilentObserver())
        assert found.plan.streams <= streams
        assert found.latency_us <= sum(problem.solo_us.values()) + 1e-9
    assert found.latency_us == pytest.approx(shortest_us(graph, dict(problem.solo_us)))


@given(graph=graphs(), costs=Costs)
@settings(deadline=None, max_examples=20)
def test_that_without_barriers_and_disturbance_nothing_gets_slower(graph: Graph, costs: list[int]) -> None:
    problem = problem_of(graph, costs)
    (barriers,) = problem.latencies_us(problem.plans)
    assert PLAN_SCHEDULERS["dataflow"](problem, SilentObserver()).latency_us <= barriers
    assert PLAN_SCHEDULERS["local"](problem, SilentObserver()).latency_us <= barriers


@given(graph=graphs())
@settings(deadline=None, max_examples=40)
def test_that_nimble_runs_independent_operators_on_different_streams_with_the_fewest_waits(graph: Graph) -> None:
    plan = PLAN_SCHEDULERS["nimble"](problem_of(graph, [1]), SilentObserver()).plan
    above = ancestors(graph)
    for i, j in itertools.combinations(range(len(graph.operators)), 2):
        if not above[j] >> i & 1:
            assert plan.launches[i].stream != plan.launches[j].stream
    edges = minimum_equivalent_graph(Units.single(graph))
    assert sum(len(launch.waits) for launch in plan.launches) == sum(map(len, edges)) - largest_matching(edges)
    assert plan.streams == len(graph.operators) - largest_matching(edges)


def ancestors(graph: Graph) -> list[int]:
    masks: list[int] = []
    for before in graph.predecessors:
        mask = 0
        for p in before:
            mask |= masks[p] | 1 << p
        masks.append(mask)
    return masks


def largest_matching(edges: Sequence[Sequence[int]], left: int = 0, taken: int = 0) -> int:
    """By trying everything."""
    if left == len(edges):
        return 0
    free = [right for right in edges[left] if not taken >> right & 1]
    found = [1 + largest_matching(edges, left + 1, taken | 1 << right) for right in free]
    return max([largest_matching(edges, left + 1, taken), *found])


@given(graph=graphs())
@settings(deadline=None, max_examples=30)
def test_that_the_minimum_equivalent_graph_keeps_what_leads_where_and_no_edge_more(graph: Graph) -> None:
    import networkx as nx

    edges = minimum_equivalent_graph(Units.single(graph))
    whole = nx.DiGraph((p, i) for i, before in enumerate(graph.predecessors) for p in before)
    expected = set(nx.transitive_reduction(whole).edges)
    assert {(i, j) for i, after in enumerate(edges) for j in after} == expected


def test_that_a_chain_of_thousands_is_matched_on_one_stream() -> None:
    names = [f"o{i}" for i in range(5000)]
    graph = graph_of_dependencies("chain", [(name, names[max(i - 1, 0) : i]) for i, name in enumerate(names)])
    follower = maximum_matching(minimum_equivalent_graph(Units.single(graph)), len(names))
    assert follower == [*range(1, 5000), -1]


def test_that_opara_launches_the_smallest_first_and_alternates_what_bounds_them(make_graph: MakeGraph) -> None:
    graph = make_graph({"big": "", "small": "", "memory": "", "wide": ""})
    resources = {
        "big": OperatorResources(0.9, 9, 0.9, 0.1),
        "small": OperatorResources(0.1, 1, 0.9, 0.1),
        "memory": OperatorResources(0.5, 5, 0.1, 0.9),
        "wide": OperatorResources(0.6, 5, 0.1, 0.9),
    }
    problem = PlanProblem(graph, dict.fromkeys(resources, 1.0), SearchLimits(), resources)
    plan = PLAN_SCHEDULERS["opara"](problem, SilentObserver()).plan
    assert [launch.name for launch in plan.launches] == ["small", "memory", "big", "wide"]


def test_that_opara_continues_a_stream_once(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "a", "c": "a", "d": "b c"})
    plan = PLAN_SCHEDULERS["opara"](problem_of(graph, [1]), SilentObserver()).plan
    stream = {launch.name: launch.stream for launch in plan.launches}
    assert stream["a"] == stream["b"] == stream["d"] != stream["c"]


def test_that_merged_groups_stay_merged_without_barriers(fork: Graph) -> None:
    stages = (Stage((Group(("left", "right"), merged=True), Group(("middle",)))), Stage((Group(("join",)),)))
    problem = PlanProblem(fork, {}, SearchLimits(), schedule=Schedule("s", stages))
    plan = PLAN_SCHEDULERS["dataflow"](problem, SilentObserver()).plan
    assert [launch.operators for launch in plan.launches] == [("left", "right"), ("middle",), ("join",)]
    plan.verify(fork)


@pytest.mark.parametrize("name", ["dataflow", "opara", "local", "variants"])
def test_that_a_scheduler_says_what_it_lacks(name: str, make_graph: MakeGraph) -> None:
    graph = make_graph({"a": ""})
    with pytest.raises(ScheduleError, match=r"There is no|The device"):
        PLAN_SCHEDULERS[name](PlanProblem(graph, {"a": 1.0}, SearchLimits()), SilentObserver())


def test_that_waits_that_others_imply_are_left_out(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "a", "c": "a b", "d": "a b c"})
    plan = plan_of("p", Units.single(graph), range(4), [0, 1, 2, 0])
    assert [launch.waits for launch in plan.launches] == [(), (0,), (1,), (2,)]


def test_that_the_local_search_repairs_a_bad_plan(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "", "c": "a", "d": "b", "e": "c d"})
    model = Makespan(dict.fromkeys("abcde", 1.0))
    bad = StreamPlan("bad", plan_of("bad", Units.single(graph), range(5), [0] * 5).launches)
    problem = PlanProblem(graph, model.solo_us, SearchLimits(), plan_costs=model, plans=(bad,))
    found = PLAN_SCHEDULERS["local"](problem, SilentObserver())
    found.plan.verify(graph)
    assert (model.makespan(bad), found.latency_us) == (5.0, 3.0)


def test_that_the_local_search_gives_the_same_plan_again(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "", "c": "a b", "d": "b", "e": "c", "f": "d e", "g": "c"})
    problem = problem_of(graph, [3, 1, 4, 1, 5])
    first, second = (PLAN_SCHEDULERS["local"](problem, SilentObserver()) for _ in range(2))
    assert first.plan == second.plan


class CancellingObserver:
    """Cancels from the first question on."""

    def update(self, update: SearchUpdate) -> None:
        self.last = update

    def cancelled(self) -> bool:
        return True


def test_that_a_cancelled_local_search_keeps_a_whole_plan(make_graph: MakeGraph) -> None:
    graph = make_graph({"a": "", "b": "", "c": "a b", "d": "a", "e": "c d"})
    found = PLAN_SCHEDULERS["local"](problem_of(graph, [2, 3]), CancellingObserver())
    found.plan.verify(graph)
    assert found.cancelled
    assert any("cancelled" in entry.reason for entry in found.log)


@given(graph=graphs(12), seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=30)
def test_that_every_move_keeps_the_units_and_their_order_valid(graph: Graph, seed: int) -> None:
    import random

    chance = random.Random(seed)
    units = Units.single(graph)
    count = len(units)
    arrangement = Arrangement(tuple(range(count)), (0,) * count, frozenset(range(count)))
    for _ in range(30):
        arrangement = neighbour(arrangement, units, 4, chance)
        assert sorted(arrangement.order) == list(range(count))
        assert len(set(arrangement.streams)) <= 4
        plan_of("p", units, arrangement.order, arrangement.stream_of, {i: range(i) for i in arrangement.held}).verify(
            graph
        )
