from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest

from warploom.cost import CostModel
from warploom.device.simulated.description import load_description
from warploom.device.simulated.device import SimulatedDevice
from warploom.errors import UnsupportedOperatorError
from warploom.graph import Graph, OperatorKind, Precision
from warploom.schedule import Group, Launch, Schedule, Stage, StreamPlan
from warploom.schedule.lowering import lower_schedule

STAGED = Schedule(
    "staged",
    (
        Stage((Group(("stem",)),)),
        Stage((Group(("left1", "left2")), Group(("middle", "right"), merged=True))),
        Stage((Group(("concat", "last")),)),
    ),
)
WIDE = Schedule(
    "wide",
    (
        Stage((Group(("stem",)),)),
        Stage((Group(("left1", "left2")), Group(("middle",)), Group(("right",)))),
        Stage((Group(("concat",)),)),
        Stage((Group(("last",)),)),
    ),
)


@pytest.fixture
def device() -> SimulatedDevice:
    return SimulatedDevice(load_description("h200"))


def one_by_one(graph: Graph) -> Schedule:
    return Schedule("sequential", tuple(Stage((Group((operator.name,)),)) for operator in graph.operators))


@pytest.mark.parametrize("precision", [Precision.FP32, Precision.FP16])
def test_that_the_latency_of_a_plan_is_the_sum_of_its_stages(
    branches: Graph, device: SimulatedDevice, precision: Precision
) -> None:
    costs = device.cost_model(branches, precision)
    for schedule in (one_by_one(branches), STAGED, WIDE):
        total = sum(cost.median_us for cost in costs.stage_costs(schedule.stages))
        with device.compile(branches, lower_schedule(schedule, branches), precision) as executable:
            begin = min(run.start_us for run in executable.simulation.kernels) - device.description.dependency_us
            measured = executable.measure(1).median_us - begin
        gained = device.description.early_us * len(schedule.stages)  # by stages that repeat themselves
        assert measured == pytest.approx(total, rel=0.03, abs=gained)


def test_that_small_convolutions_gain_from_running_side_by_side(branches: Graph, device: SimulatedDevice) -> None:
    costs = device.cost_model(branches, Precision.FP16)
    names = ("left1", "left2", "middle", "right")
    chain, wide = costs.stage_costs([Stage((Group(names),)), WIDE.stages[1]])
    assert wide.median_us < 0.7 * chain.median_us
    assert wide.median_us > costs.stage_costs([Stage((Group(("left1", "left2")),))])[0].median_us


def test_that_big_convolutions_gain_little_from_running_side_by_side(maker, device: SimulatedDevice) -> None:
    x = maker.input("x", 64, 256, 28, 28)
    maker.conv("one", x, 256)
    maker.conv("two", x, 256)
    costs = device.cost_model(maker.graph("one.z", "two.z"), Precision.FP16)
    chain, wide = costs.stage_costs([Stage((Group(("one", "two")),)), Stage((Group(("one",)), Group(("two",))))])
    assert 0.9 * chain.median_us < wide.median_us < 1.2 * chain.median_us


def test_that_a_merged_group_costs_less_than_its_members_and_an_impossible_one_infinity(
    branches: Graph, device: SimulatedDevice
) -> None:
    costs = device.cost_model(branches, Precision.FP16)
    merged, apart, impossible = costs.stage_costs(
        [
            Stage((Group(("middle", "right"), merged=True),)),
            Stage((Group(("middle", "right")),)),
            Stage((Group(("stem", "last"), merged=True),)),
        ]
    )
    assert merged.median_us < apart.median_us
    assert impossible.median_us == math.inf


def test_that_costs_have_no_spread_and_do_not_change(branches: Graph, device: SimulatedDevice) -> None:
    first = device.cost_model(branches, Precision.FP32).stage_costs(WIDE.stages)
    again = SimulatedDevice(device.description).cost_model(branches, Precision.FP32).stage_costs(WIDE.stages)
    assert list(first) == list(again)
    assert all(cost.p25_us == cost.median_us == cost.p75_us for cost in first)


def test_that_stages_of_one_structure_are_simulated_once(
    maker, device: SimulatedDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = maker.input("x", 1, 64, 14, 14)
    names = [maker.conv(f"conv{i}", x, 64).removesuffix(".z") for i in range(6)]
    costs: CostModel = device.cost_model(maker.graph(*(f"{name}.z" for name in names)), Precision.FP16)
    (before,) = costs.stage_costs([Stage((Group((names[0],)), Group((names[1],))))])
    monkeypatch.setattr("warploom.device.simulated.cost.simulate", None)
    (after,) = costs.stage_costs([Stage((Group((names[4],)), Group((names[5],))))])
    assert after == before


def test_that_a_launch_that_names_a_kernel_gets_one_that_leaves_room(maker, device: SimulatedDevice) -> None:
    graph = maker.graph(maker.conv("conv", maker.input("x", 1, 256, 28, 28), 256, 1))
    costs = device.cost_model(graph, Precision.FP16)
    own = StreamPlan("own", tuple(Launch((operator.name,), 0) for operator in graph.operators))
    named = StreamPlan("named", tuple(replace(launch, kernel="cudnn eng4_k24=1") for launch in own.launches))
    blocks = {}
    for plan, cost in zip((own, named), costs.plan_costs([own, named]), strict=True):
        with device.compile(graph, plan, Precision.FP16) as executable:
            assert executable.measure(1).median_us == pytest.approx(cost.median_us)
            blocks[plan.name] = sum(run.load.blocks for run in executable.simulation.kernels)
    assert blocks["named"] < blocks["own"]
    fast, roomy = (cost.median_us for cost in costs.plan_costs([own, named]))
    assert fast <= roomy <= 1.25 * fast


def test_that_a_model_that_the_device_cannot_run_is_refused_with_its_operators_named(
    maker, device: SimulatedDevice
) -> None:
    maker.single("NonZero", OperatorKind.SORT, (maker.input("x", 4),), (1, 4))
    graph = maker.graph(*maker.operators[-1].outputs)
    with pytest.raises(UnsupportedOperatorError, match=r"sim:h200 cannot run 'made': 'NonZero0' \(.*depends on values"):
        device.cost_model(graph, Precision.FP32)
    with pytest.raises(UnsupportedOperatorError, match="NonZero0"):
        device.compile(graph, lower_schedule(one_by_one(graph), graph), Precision.FP32)


def test_that_a_precision_that_a_gpu_lacks_is_refused(branches: Graph) -> None:
    device = SimulatedDevice(load_description("v100"))
    support = device.supports(branches, branches.operators[0], Precision.BF16)
    assert not support.supported
    assert "V100 SXM2 16GB has no bf16 arithmetic" in support.reason
    assert device.supports(branches, branches.operators[0], Precision.FP16).supported
    with pytest.raises(UnsupportedOperatorError, match="no bf16 arithmetic"):
        device.cost_model(branches, Precision.BF16)


def test_that_a_stage_is_costed_in_200_microseconds(branches: Graph, device: SimulatedDevice) -> None:
    device.cost_model(branches, Precision.FP16).stage_costs(WIDE.stages)  # kernels are chosen once
    best = math.inf
    for _ in range(100):
        costs = device.cost_model(branches, Precision.FP16)
        costs.stage_costs([Stage((Group((name,)),)) for name in ("left1", "left2", "middle", "right")])
        start = time.process_time()
        costs.stage_costs([WIDE.stages[1]])
        best = min(best, time.process_time() - start)
    assert best < 200e-6
