"""Limits, progress, cancelling, budgets and extreme graphs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest

from warploom.cost import Cost
from warploom.cost.table import OperatorFigures, TableCost, graph_of_dependencies
from warploom.errors import ScheduleError
from warploom.graph import Graph
from warploom.schedule import Group, Stage
from warploom.schedule.registry import SCHEDULERS
from warploom.schedule.search import SearchLimits, SearchUpdate, SilentObserver
from warploom.schedule.verify import verify_schedule


def table(graph: Graph, occupancy: float = 0.25) -> TableCost:
    return TableCost({operator.name: OperatorFigures(10.0, occupancy) for operator in graph.operators}, 1.0)


def fans(count: int, width: int) -> Graph:
    """Forks of `width` operators, each joined by one that the next fork reads."""
    edges: list[tuple[str, list[str]]] = [("j0", [])]
    for fan in range(1, count + 1):
        edges += [(f"f{fan}.{i}", [f"j{fan - 1}"]) for i in range(width)]
        edges.append((f"j{fan}", [f"f{fan}.{i}" for i in range(width)]))
    return graph_of_dependencies("fans", edges)


class Watcher:
    """Keeps the updates; cancels when some number of stages has been costed."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.updates: list[SearchUpdate] = []
        self.cost_model: CountingCost | None = None
        self.cancel_at = cancel_at

    def update(self, update: SearchUpdate) -> None:
        self.updates.append(update)

    def cancelled(self) -> bool:
        return self.cancel_at is not None and self.cost_model is not None and self.cost_model.asked >= self.cancel_at


class CountingCost:
    def __init__(self, inner: TableCost) -> None:
        self.inner = inner
        self.asked = 0

    def stage_costs(self, stages: Sequence[Stage]) -> Sequence[Cost]:
        self.asked += len(stages)
        return self.inner.stage_costs(stages)


@pytest.mark.parametrize(
    "bad",
    [
        {"max_group_operators": 0},
        {"max_group_operators": 17},
        {"max_stage_groups": 0},
        {"max_stage_groups": 65},
        {"seconds": 0.0},
        {"seconds": float("nan")},
    ],
)
def test_that_limits_out_of_range_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ScheduleError, match=str(next(iter(bad.values())))):
        SearchLimits(**bad)


def test_that_concurrency_that_pays_is_found() -> None:
    graph = fans(1, 4)
    result = SCHEDULERS["parallel"](graph, table(graph), SearchLimits(), SilentObserver())
    assert [len(stage.groups) for stage in result.schedule.stages] == [1, 4, 1]
    assert result.latency_us == 10 + 11 + 10


def test_that_concurrency_that_does_not_pay_is_not_used() -> None:
    graph = fans(1, 4)
    result = SCHEDULERS["parallel"](graph, table(graph, occupancy=1.0), SearchLimits(), SilentObserver())
    assert result.schedule.width == 1
    assert result.latency_us == 60


def test_that_greedy_runs_everything_that_is_ready() -> None:
    graph = fans(2, 12)
    result = SCHEDULERS["greedy"](graph, table(graph), SearchLimits(), SilentObserver())
    assert [len(stage.groups) for stage in result.schedule.stages] == [1, 12, 1, 12, 1]


class MergeLover:
    """Merged operators cost less than one alone; the more members the less."""

    def stage_costs(self, stages: Sequence[Stage]) -> list[Cost]:
        return [Cost.exactly(self._cost(stage)) for stage in stages]

    def _cost(self, stage: Stage) -> float:
        if any(group.merged for group in stage.groups):
            return 9.0 - len(stage.operators)
        return 10.0 * len(stage.operators)


@pytest.mark.parametrize("mode", ["merge", "both"])
def test_that_operators_are_merged_where_that_is_cheapest(fork: Graph, mode: str) -> None:
    result = SCHEDULERS[mode](fork, MergeLover(), SearchLimits(), SilentObserver())
    assert result.schedule.stages == (
        Stage((Group(("left", "middle", "right"), merged=True),)),
        Stage((Group(("join",)),)),
    )
    assert result.latency_us == 6 + 10
    assert any(entry.decision == "merged" and "6.00 us together, 30.00 us" in entry.reason for entry in result.log)


def test_that_merging_is_limited_to_s_members(fork: Graph) -> None:
    result = SCHEDULERS["merge"](fork, MergeLover(), SearchLimits(3, 2), SilentObserver())
    assert max(len(stage.operators) for stage in result.schedule.stages) == 2


def test_that_merged_sets_are_found_by_beam_too(fork: Graph) -> None:
    result = SCHEDULERS["both"](fork, MergeLover(), SearchLimits(max_transitions=1), SilentObserver())
    assert result.latency_us == 16
    assert any(entry.decision == "searched by beam" for entry in result.log)


def test_that_parallel_never_merges_and_merge_never_runs_side_by_side(fork: Graph) -> None:
    parallel = SCHEDULERS["parallel"](fork, MergeLover(), SearchLimits(), SilentObserver())
    merge = SCHEDULERS["merge"](fork, MergeLover(), SearchLimits(), SilentObserver())
    assert not any(group.merged for stage in parallel.schedule.stages for group in stage.groups)
    assert merge.schedule.width == 1


@pytest.mark.parametrize("mode", ["parallel", "merge", "both"])
def test_that_progress_counts_blocks_and_ends_with_the_result(mode: str) -> None:
    graph = fans(6, 5)
    watcher = Watcher()
    result = SCHEDULERS[mode](graph, table(graph), SearchLimits(), watcher)
    last = watcher.updates[-1]
    assert (last.scheduler, last.block, last.blocks) == (mode, 6, 6)
    assert last.best_us == pytest.approx(result.latency_us)
    assert (last.states, last.stages_costed) == (result.states, result.stages_costed)
    assert [update.block for update in watcher.updates] == sorted(update.block for update in watcher.updates)


def test_that_updates_are_rate_limited() -> None:
    graph = fans(300, 3)
    watcher = Watcher()
    start = time.perf_counter()
    SCHEDULERS["parallel"](graph, table(graph), SearchLimits(), watcher)
    assert len(watcher.updates) <= 2 + (time.perf_counter() - start) / 0.1


@pytest.mark.parametrize("cancel_at", [0, 70, 130, 400])
def test_that_a_cancelled_search_keeps_what_it_has_and_stays_valid(cancel_at: int) -> None:
    graph = fans(8, 7)
    watcher = Watcher(cancel_at)
    watcher.cost_model = CountingCost(table(graph))
    result = SCHEDULERS["both"](graph, watcher.cost_model, SearchLimits(), watcher)
    verify_schedule(result.schedule, graph)
    assert result.cancelled
    assert any(entry.decision == "stopped early" and "cancelled" in entry.reason for entry in result.log)
    costs = watcher.cost_model.stage_costs(result.schedule.stages)
    assert result.latency_us == pytest.approx(sum(cost.median_us for cost in costs))
    sequential = 10.0 * len(graph.operators)
    assert result.latency_us <= sequential
    if cancel_at == 400:
        assert result.latency_us < sequential


def test_that_a_search_out_of_time_ends_with_its_best_and_says_so() -> None:
    graph = fans(3, 9)
    result = SCHEDULERS["parallel"](graph, table(graph), SearchLimits(seconds=1e-9), SilentObserver())
    verify_schedule(result.schedule, graph)
    assert not result.cancelled
    assert any(entry.decision == "stopped early" and "seconds" in entry.reason for entry in result.log)


def test_that_a_lazy_search_out_of_time_is_no_worse_than_what_needs_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = fans(4, 7)
    costs = CountingCost(table(graph, occupancy=0.05))
    monkeypatch.setattr("warploom.schedule.costing.time.perf_counter", lambda: float(costs.asked))
    limits = SearchLimits(seconds=60.0, costed_exhaustively=0)
    found = SCHEDULERS["parallel"](graph, costs, limits, SilentObserver())
    verify_schedule(found.schedule, graph)
    assert any(entry.decision == "stopped early" for entry in found.log)
    greedy = SCHEDULERS["greedy"](graph, costs, SearchLimits(), SilentObserver())
    assert found.latency_us <= greedy.latency_us


@pytest.mark.parametrize("mode", sorted(SCHEDULERS))
def test_that_a_graph_of_one_operator_is_scheduled(mode: str) -> None:
    graph = graph_of_dependencies("one", [("a", [])])
    result = SCHEDULERS[mode](graph, table(graph), SearchLimits(), SilentObserver())
    assert result.schedule.stages == (Stage((Group(("a",)),)),)
    assert result.latency_us == 10


@pytest.mark.parametrize("mode", sorted(SCHEDULERS))
def test_that_a_graph_without_operators_has_an_empty_schedule(mode: str) -> None:
    graph = graph_of_dependencies("none", [])
    result = SCHEDULERS[mode](graph, table(graph), SearchLimits(), SilentObserver())
    assert result.schedule.stages == ()
    assert result.latency_us == 0


@pytest.mark.parametrize("mode", ["greedy", "parallel", "both"])
def test_that_a_chain_of_5000_operators_ends_quickly(mode: str) -> None:
    graph = graph_of_dependencies("chain", [(f"n{i}", [f"n{i - 1}"] if i else []) for i in range(5000)])
    start = time.process_time()
    result = SCHEDULERS[mode](graph, table(graph), SearchLimits(), SilentObserver())
    assert time.process_time() - start < 10
    verify_schedule(result.schedule, graph)
    assert result.latency_us == pytest.approx(50_000)


@pytest.mark.parametrize(("branches", "length"), [(60, 1), (60, 4)])
def test_that_sixty_branches_are_searched_by_beam_and_well(branches: int, length: int) -> None:
    edges: list[tuple[str, list[str]]] = [("root", [])]
    for i in range(branches):
        edges += [(f"b{i}.{j}", [f"b{i}.{j - 1}" if j else "root"]) for j in range(length)]
    graph = graph_of_dependencies("fan", [*edges, ("end", [f"b{i}.{length - 1}" for i in range(branches)])])
    start = time.process_time()
    result = SCHEDULERS["both"](graph, table(graph, occupancy=0.125), SearchLimits(), SilentObserver())
    assert time.process_time() - start < 15
    verify_schedule(result.schedule, graph)
    assert any(entry.decision == "searched by beam" for entry in result.log)
    ideal = 20 + 10 * 0.125 * branches * length  # a full device all the time, without a barrier
    assert result.latency_us < 1.2 * ideal


def test_that_each_concurrent_stage_is_explained_by_its_costs() -> None:
    graph = fans(1, 3)
    result = SCHEDULERS["both"](graph, table(graph), SearchLimits(), SilentObserver())
    entries = [entry for entry in result.log if entry.decision == "3 groups side by side"]
    assert [entry.subject for entry in entries] == [("f1.0", "f1.1", "f1.2")]
    assert entries[0].reason == "11.00 us together, 30.00 us one after another (2.73 times as fast)."
