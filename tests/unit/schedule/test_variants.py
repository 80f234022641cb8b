"""The variants scheduler: other kernels where the whole gets faster by them, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from warploom.cost import Cost, KernelModel, PlanCostModel
from warploom.errors import ScheduleError
from warploom.graph import Graph
from warploom.schedule import Launch, StreamPlan
from warploom.schedule.plan_format import plan_from_json, plan_to_json
from warploom.schedule.plan_search import PlanProblem
from warploom.schedule.search import SearchLimits, SearchUpdate, SilentObserver
from warploom.schedule.variants import schedule_with_variants

MakeGraph = Callable[[dict[str, str]], Graph]


class Crowded:
    """Launches with their own kernel fill the device; "narrow" ones take longer and leave room for two others."""

    def __init__(self) -> None:
        self.asked = 0

    def kernel_names(self, launched: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
        return [("narrow", "slow") for _ in launched]

    def plan_costs(self, plans: Sequence[StreamPlan]) -> list[Cost]:
        self.asked += len(plans)
        return [Cost.exactly(self.latency_us(plan)) for plan in plans]

    @staticmethod
    def latency_us(plan: StreamPlan) -> float:
        times = {"": 10.0, "narrow": 14.0, "slow": 30.0}
        alone = [launch for launch in plan.launches if launch.name in "az"]
        beside = [launch for launch in plan.launches if launch.name not in "az"]
        if beside and all(launch.kernel == "narrow" for launch in beside):
            together = 14.0
        else:
            together = sum(times[launch.kernel] for launch in beside)
        return together + sum(times[launch.kernel] for launch in alone)


def problem_of(make_graph: MakeGraph, model: Crowded) -> PlanProblem:
    graph = make_graph({"a": "", "b": "a", "c": "a", "d": "a", "z": "b c d"})
    streams = {"a": 0, "b": 0, "c": 1, "d": 2, "z": 0}
    waits = {"c": (0,), "d": (0,), "z": (2, 3)}
    launches = tuple(Launch((name,), stream, waits.get(name, ())) for name, stream in streams.items())
    return PlanProblem(
        graph,
        dict.fromkeys(streams, 10.0),
        SearchLimits(),
        plan_costs=model,
        plans=(StreamPlan("start", launches),),
        kernels=model,
    )


def test_that_kernels_that_only_pay_together_are_found_and_lone_launches_keep_theirs(make_graph: MakeGraph) -> None:
    model = Crowded()
    assert isinstance(model, KernelModel)
    assert isinstance(model, PlanCostModel)
    problem = problem_of(make_graph, model)
    found = schedule_with_variants(problem, SilentObserver())
    found.plan.verify(problem.graph)
    assert {launch.name: launch.kernel for launch in found.plan.launches} == {
        "a": "",
        "b": "narrow",
        "c": "narrow",
        "d": "narrow",
        "z": "",
    }
    assert (Crowded.latency_us(problem.plans[0]), found.latency_us) == (50.0, 34.0)
    assert [(launch.stream, launch.waits) for launch in found.plan.launches] == [
        (launch.stream, launch.waits) for launch in problem.plans[0].launches
    ]
    assert schedule_with_variants(problem, SilentObserver()).plan == found.plan


def test_that_a_saved_plan_keeps_the_kernels_that_it_asks_for(make_graph: MakeGraph) -> None:
    problem = problem_of(make_graph, Crowded())
    plan = schedule_with_variants(problem, SilentObserver()).plan
    assert plan_from_json(plan_to_json(plan, problem.graph), problem.graph) == plan


def test_that_a_device_with_one_kernel_for_each_launch_is_left_alone(make_graph: MakeGraph) -> None:
    problem = problem_of(make_graph, Crowded())
    alone = PlanProblem(problem.graph, problem.solo_us, problem.limits, plan_costs=Crowded(), plans=problem.plans)
    with pytest.raises(ScheduleError, match="one kernel"):
        schedule_with_variants(alone, SilentObserver())


class CancellingObserver:
    """Cancels from the first question on."""

    def update(self, update: SearchUpdate) -> None:
        self.last = update

    def cancelled(self) -> bool:
        return True


def test_that_a_cancelled_search_for_kernels_keeps_a_whole_plan(make_graph: MakeGraph) -> None:
    problem = problem_of(make_graph, Crowded())
    found = schedule_with_variants(problem, CancellingObserver())
    found.plan.verify(problem.graph)
    assert found.cancelled
    assert found.plan.launches == problem.plans[0].launches
