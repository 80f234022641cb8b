"""The dynamic program against brute force, and every scheduler on random graphs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warploom.cost.table import graph_of_dependencies
from warploom.graph import Graph
from warploom.schedule import Group, Stage
from warploom.schedule.ios import PARALLEL, search
from warploom.schedule.lowering import lower_schedule
from warploom.schedule.registry import SCHEDULERS
from warploom.schedule.search import SearchLimits, SearchResult, SilentObserver
from warploom.schedule.verify import verify_schedule


@st.composite
def graphs(draw: st.DrawFn, most: int) -> Graph:
    count = draw(st.integers(1, most))
    density = draw(st.sampled_from([2, 3, 5]))
    edges = [(f"n{i}", [f"n{j}" for j in range(i) if draw(st.integers(0, density)) == 0]) for i in range(count)]
    return graph_of_dependencies("random", edges)


WAYS = ({}, {"max_states": 3}, {"max_transitions": 0}, {"costed_exhaustively": 0})
"""Limits under which parts are searched as they are, cut at waists, searched by beam, and costed lazily."""

limits = st.builds(SearchLimits, st.integers(1, 4), st.integers(1, 4), st.booleans())


def brute_force(graph: Graph, cost: Callable[[Stage], float], given_limits: SearchLimits) -> float:
    """The optimum by the definition: every subset of every state is looked at."""
    digraph = graph.to_networkx()

    @functools.cache
    def best(state: frozenset[str]) -> float:
        if not state:
            return 0.0
        return min(best(state - ending) + cost(stage) for ending, stage in endings(state))

    def endings(state: frozenset[str]) -> Iterator[tuple[frozenset[str], Stage]]:
        for size in range(1, len(state) + 1):
            for chosen in combinations(sorted(state), size):
                ending = frozenset(chosen)
                if any(reader in state - ending for name in ending for reader in digraph.successors(name)):
                    continue
                groups = [sorted(group) for group in nx.weakly_connected_components(digraph.subgraph(ending))]
                if len(groups) <= given_limits.max_stage_groups and all(map(allowed, groups)):
                    yield ending, Stage(tuple(Group(tuple(group)) for group in groups))

    def allowed(group: list[str]) -> bool:
        inside: nx.DiGraph[str] = digraph.subgraph(group)
        sources = sum(degree == 0 for _, degree in inside.in_degree())
        small = len(group) <= given_limits.max_group_operators
        return small and (sources == 1 or not given_limits.original_rule)

    return best(frozenset(graph.index))


def searched(graph: Graph, cost_model: Any, given_limits: SearchLimits) -> SearchResult:
    everything = [range(len(graph.operators))]  # one part: arbitrary costs do not add up over blocks
    return search(graph, cost_model, given_limits, SilentObserver(), mode=PARALLEL, parts=everything)


@settings(max_examples=60, deadline=None)
@given(graphs(8), limits, st.integers(0, 1000))
def test_that_the_dynamic_program_finds_the_optimum_of_brute_force(
    arbitrary_cost: Any, graph: Graph, given_limits: SearchLimits, seed: int
) -> None:
    cost_model = arbitrary_cost(seed)
    result = searched(graph, cost_model, given_limits)
    assert result.latency_us == pytest.approx(brute_force(graph, cost_model.cost, given_limits), abs=1e-9)
    assert result.latency_us == pytest.approx(sum(map(cost_model.cost, result.schedule.stages)), abs=1e-9)
    verify_schedule(result.schedule, graph)


@settings(max_examples=6, deadline=None)
@given(graphs(9).filter(lambda graph: len(graph.operators) == 9), st.integers(0, 1000))
def test_that_nine_operators_are_searched_exactly_with_the_default_limits(
    arbitrary_cost: Any, graph: Graph, seed: int
) -> None:
    cost_model = arbitrary_cost(seed)
    result = searched(graph, cost_model, SearchLimits())
    assert result.latency_us == pytest.approx(brute_force(graph, cost_model.cost, SearchLimits()), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(graphs(10), st.integers(1, 4), st.integers(1, 4), st.integers(0, 1000))
def test_that_the_original_rule_never_finds_a_faster_schedule(
    arbitrary_cost: Any, graph: Graph, r: int, s: int, seed: int
) -> None:
    by_components = searched(graph, arbitrary_cost(seed), SearchLimits(r, s))
    original = searched(graph, arbitrary_cost(seed), SearchLimits(r, s, original_rule=True))
    assert by_components.latency_us <= original.latency_us + 1e-9


@settings(max_examples=40, deadline=None)
@given(graphs(10), st.integers(1, 4), st.integers(1, 4), st.integers(0, 1000))
def test_that_lazy_costing_ends_with_a_valid_schedule_of_known_costs(
    arbitrary_cost: Any, graph: Graph, r: int, s: int, seed: int
) -> None:
    cost_model = arbitrary_cost(seed)
    lazily = searched(graph, cost_model, SearchLimits(r, s, costed_exhaustively=0))
    exhaustively = searched(graph, cost_model, SearchLimits(r, s))
    verify_schedule(lazily.schedule, graph)
    assert lazily.latency_us == pytest.approx(sum(map(cost_model.cost, lazily.schedule.stages)))
    assert lazily.latency_us >= exhaustively.latency_us - 1e-9
    assert lazily.stages_costed <= exhaustively.stages_costed


@settings(max_examples=40, deadline=None)
@given(graphs(9), limits)
def test_that_no_stage_is_asked_for_twice(arbitrary_cost: Any, graph: Graph, given_limits: SearchLimits) -> None:
    cost_model = arbitrary_cost()
    result = searched(graph, cost_model, given_limits)
    distinct = {frozenset(stage.groups) for stage in cost_model.asked}
    assert len(distinct) == len(cost_model.asked) == result.stages_costed


@settings(max_examples=60, deadline=None)
@given(graphs(16), limits, st.sampled_from(sorted(SCHEDULERS)), st.sampled_from(WAYS))
def test_that_every_scheduler_makes_a_valid_schedule_with_the_latency_it_claims(
    arbitrary_cost: Any, graph: Graph, given_limits: SearchLimits, name: str, way: dict[str, int]
) -> None:
    cost_model = arbitrary_cost()
    narrow = SearchLimits(given_limits.max_group_operators, given_limits.max_stage_groups, **way)
    result = SCHEDULERS[name](graph, cost_model, narrow, SilentObserver())
    verify_schedule(result.schedule, graph)
    lower_schedule(result.schedule, graph).verify(graph)
    assert result.latency_us == pytest.approx(sum(map(cost_model.cost, result.schedule.stages)))
    if name in ("parallel", "merge", "both"):
        assert all(len(stage.groups) <= narrow.max_stage_groups for stage in result.schedule.stages)
        sizes = [len(group.operators) for stage in result.schedule.stages for group in stage.groups]
        assert max(sizes) <= narrow.max_group_operators


@settings(max_examples=40, deadline=None)
@given(graphs(12), st.integers(0, 1000))
def test_that_a_search_is_never_worse_than_sequential(arbitrary_cost: Any, graph: Graph, seed: int) -> None:
    sequential = SCHEDULERS["sequential"](graph, arbitrary_cost(seed), SearchLimits(), SilentObserver())
    for way in WAYS:
        found = SCHEDULERS["both"](graph, arbitrary_cost(seed), SearchLimits(**way), SilentObserver())
        assert found.latency_us <= sequential.latency_us + 1e-9
