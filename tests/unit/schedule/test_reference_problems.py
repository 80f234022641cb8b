"""The search problems of the four networks of the IOS paper, with what the original search found."""

from __future__ import annotations

from pathlib import Path

import pytest

from warploom.cost.table import read_problem
from warploom.schedule.ios import PARALLEL, search
from warploom.schedule.search import SearchLimits, SilentObserver
from warploom.schedule.verify import verify_schedule

NETWORKS = ("squeezenet", "inception_v3", "randwire_large", "nasnet_large")


@pytest.mark.parametrize("network", NETWORKS)
def test_that_the_original_search_is_reproduced_exactly(shared_path: Path, network: str) -> None:
    problem = read_problem(shared_path / "reference" / f"ios_dp_{network}.json")
    assert problem.expected
    for key, expected in problem.expected.items():
        r, s = (int(item.split("=")[1]) for item in key.split(","))
        limits = SearchLimits(r, s, original_rule=True)
        result = search(problem.graph, problem.cost_model, limits, SilentObserver(), mode=PARALLEL, parts=problem.parts)
        verify_schedule(result.schedule, problem.graph)
        assert result.latency_us / 1000 == pytest.approx(expected["optimum_ms"], abs=1e-9)
        assert (result.states, result.stages_costed) == (expected["states"], expected["stages_costed"])


@pytest.mark.parametrize("network", ["squeezenet", "inception_v3", "randwire_large"])
def test_that_groups_with_several_sources_never_make_it_worse(shared_path: Path, network: str) -> None:
    problem = read_problem(shared_path / "reference" / f"ios_dp_{network}.json")
    limits = SearchLimits(costed_exhaustively=10**9)
    result = search(problem.graph, problem.cost_model, limits, SilentObserver(), mode=PARALLEL, parts=problem.parts)
    assert result.latency_us / 1000 <= problem.expected["r=3,s=8"]["optimum_ms"] + 1e-9


def test_that_costing_a_tenth_of_the_stages_lazily_finds_the_optimum_within_a_percent(shared_path: Path) -> None:
    problem = read_problem(shared_path / "reference" / "ios_dp_randwire_large.json")
    result = search(
        problem.graph, problem.cost_model, SearchLimits(), SilentObserver(), mode=PARALLEL, parts=problem.parts
    )
    expected = problem.expected["r=3,s=8"]
    verify_schedule(result.schedule, problem.graph)
    assert result.latency_us / 1000 <= 1.01 * expected["optimum_ms"]
    assert result.stages_costed < expected["stages_costed"] / 10
    assert any(entry.decision == "costed lazily" for entry in result.log)
