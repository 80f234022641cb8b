from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from warploom.cost import Cost
from warploom.graph import Graph
from warploom.schedule import Group, Stage
from warploom.schedule.ios import BOTH, search
from warploom.schedule.lowering import lower_schedule
from warploom.schedule.search import SearchLimits, SearchResult, SilentObserver

CONVOLUTIONS = ("left", "middle", "right")


def searched(graph: Graph, cost_model: Any, limits: SearchLimits) -> SearchResult:
    return search(graph, cost_model, limits, SilentObserver(), mode=BOTH, parts=[range(4)])


def stages_of(members: frozenset[str], most_groups: int) -> Iterator[Stage]:
    """Every stage made of exactly these of the three convolutions."""
    names = [name for name in CONVOLUTIONS if name in members]
    for labels in itertools.product(range(len(names)), repeat=len(names)):
        groups = [tuple(name for name, one in zip(names, labels, strict=True) if one == i) for i in range(len(names))]
        kept = sorted((group for group in groups if group), key=lambda group: CONVOLUTIONS.index(group[0]))
        if len(kept) <= most_groups:
            yield Stage(tuple(Group(group, merged=len(group) > 1) for group in kept))


def brute_force(cost_model: Any, most_groups: int) -> float:
    """The best schedule of the fork; its join cannot run beside anything."""

    def best(left: frozenset[str]) -> float:
        if not left:
            return 0.0
        subsets = (frozenset(s) for size in range(1, len(left) + 1) for s in itertools.combinations(sorted(left), size))
        return min(
            best(left - subset) + min(cost_model.cost(stage) for stage in stages_of(subset, most_groups))
            for subset in subsets
        )

    return best(frozenset(CONVOLUTIONS)) + float(cost_model.cost(Stage((Group(("join",)),))))


@pytest.mark.parametrize("seed", range(40))
def test_that_merged_groups_beside_others_are_searched_like_brute_force(
    fork: Graph, arbitrary_cost: Any, seed: int
) -> None:
    cost_model = arbitrary_cost(seed)
    result = searched(fork, cost_model, SearchLimits(1, 3))
    lower_schedule(result.schedule, fork).verify(fork)
    optimum = brute_force(cost_model, 3)
    assert result.latency_us == pytest.approx(optimum)
    lazily = searched(fork, cost_model, SearchLimits(1, 3, costed_exhaustively=0))
    assert lazily.latency_us >= optimum - 1e-9


class MergeBesideLover:
    """Wants left and right merged, and middle beside them; can merge nothing else."""

    def stage_costs(self, stages: list[Stage]) -> list[Cost]:
        return [Cost.exactly(self.cost(stage)) for stage in stages]

    def cost(self, stage: Stage) -> float:
        merged = [group.operators for group in stage.groups if group.merged]
        if merged and merged != [("left", "right")]:
            return float("inf")
        return 10.0 if len(stage.groups) == 1 else 12.0 if merged else 10.0 * len(stage.groups)


@pytest.mark.parametrize("exhaustively", [0, 5000])
def test_that_a_merge_that_the_device_cannot_run_is_never_chosen(fork: Graph, exhaustively: int) -> None:
    result = searched(fork, MergeBesideLover(), SearchLimits(costed_exhaustively=exhaustively))
    assert result.latency_us <= 22.0
    assert not {("left", "middle"), ("middle", "right"), ("left", "middle", "right")} & {
        group.operators for stage in result.schedule.stages for group in stage.groups if group.merged
    }


def test_that_a_merged_group_runs_beside_another(fork: Graph) -> None:
    result = searched(fork, MergeBesideLover(), SearchLimits(1, 3))
    assert result.latency_us == 22.0
    first = result.schedule.stages[0]
    assert {(group.operators, group.merged) for group in first.groups} == {
        (("left", "right"), True),
        (("middle",), False),
    }
    assert any("2 groups side by side, 1 merged" in entry.decision for entry in result.log)
