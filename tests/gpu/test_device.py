"""The runtime of the CUDA device: what executables hold, measure and draw, what stages cost, what is kept."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from gpu_checks.devices import opened_device
from gpu_checks.networks import Model, load_network, random_network
from gpu_checks.plans import greedy_plan, random_plan, sequential_plan
from warploom.cost import PlanCostModel, ResourceModel
from warploom.device.cuda.cost_model import MeasuredCostModel
from warploom.device.cuda.device import DATABASE_NAME, CudaDevice
from warploom.device.cuda.driver import driver_facts
from warploom.device.cuda.loading import load_cupy
from warploom.device.protocol import Device
from warploom.errors import DeviceError
from warploom.graph import Precision
from warploom.schedule import Group, Stage
from warploom.timeline.check import check_timeline


@pytest.fixture(scope="module")
def cuda(device: Device) -> CudaDevice:
    if not isinstance(device, CudaDevice):
        pytest.skip("only for CUDA devices")
    return device


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Model:
    opened_device()
    return load_network(random_network(3), "random", tmp_path_factory.mktemp("model"))


def test_that_the_device_says_what_it_is(cuda: CudaDevice) -> None:
    info, facts = cuda.info, driver_facts().gpus[0]
    assert not info.simulated
    assert (info.id, info.name, info.sm_count) == (f"cuda:{facts.index}", facts.name, facts.sm_count)
    assert {"driver", "cudnn", "cudnn-frontend", "cupy"} <= dict(info.details).keys()
    properties = load_cupy().cuda.runtime.getDeviceProperties(0)
    assert properties["multiProcessorCount"] == info.sm_count
    assert properties["name"].decode() == info.name


def test_that_runs_repeat_to_the_last_bit_and_allocate_nothing(cuda: CudaDevice, network: Model) -> None:
    pool = load_cupy().get_default_memory_pool()
    with cuda.compile(network.graph, greedy_plan(network.graph), Precision.FP16) as executable:
        executable.poison()
        first = executable.run(network.inputs(1))
        before = pool.total_bytes(), pool.used_bytes()
        for _ in range(5):
            again = executable.run(network.inputs(1))
            assert all(np.array_equal(first[name], again[name]) for name in first)
        assert (pool.total_bytes(), pool.used_bytes()) == before
        assert set(first) == set(network.graph.outputs)


def test_that_a_closed_executable_says_so(cuda: CudaDevice, network: Model) -> None:
    executable = cuda.compile(network.graph, sequential_plan(network.graph), Precision.FP16)
    executable.close()
    executable.close()
    for use in (lambda: executable.run(network.inputs(1)), lambda: executable.measure(1), executable.profile):
        with pytest.raises(DeviceError, match="was closed: compile it again"):
            use()


def test_that_closing_gives_the_memory_back(cuda: CudaDevice, network: Model) -> None:
    pool = load_cupy().get_default_memory_pool()
    plan = sequential_plan(network.graph)
    cuda.compile(network.graph, plan, Precision.FP16).close()
    before = pool.used_bytes()
    for _ in range(3):
        cuda.compile(network.graph, plan, Precision.FP16).close()
    assert pool.used_bytes() == before


def test_that_a_measurement_keeps_every_sample_and_reads_the_clocks(cuda: CudaDevice, network: Model) -> None:
    with cuda.compile(network.graph, sequential_plan(network.graph), Precision.FP16) as executable:
        measured = executable.measure(40)
        assert len(measured.samples_us) == 40
        assert min(measured.samples_us) > 0
        assert measured.p75_us < 1.5 * measured.p25_us
        before, after = executable.clocks
        assert (before is None) == (after is None)
        with pytest.raises(DeviceError, match="at least one repeat"):
            executable.measure(0)


def test_that_a_timeline_is_about_as_long_as_what_was_measured_and_says_what_it_is(
    cuda: CudaDevice, network: Model
) -> None:
    with cuda.compile(network.graph, greedy_plan(network.graph), Precision.FP16) as executable:
        measured = executable.measure(20)
        drawn = executable.profile()
    check_timeline(drawn)
    assert 0.5 < drawn.duration_ns / (measured.median_us * 1e3) < 2.0  # what traces kernels slows them down
    assert not drawn.simulated
    assert len(drawn.spans) >= len(network.graph.operators) / 2
    if drawn.basis == "estimated":
        assert all(name.endswith("(estimated)") for name in drawn.kernel_names)
        assert (drawn.spans.registers > 0).all()
    assert drawn.warps.total.max() <= drawn.max_warps


def test_that_further_plans_of_a_graph_compile_at_once(cuda: CudaDevice, network: Model) -> None:
    cuda.compile(network.graph, sequential_plan(network.graph), Precision.FP16).close()
    for seed in range(3):
        start = time.perf_counter()
        cuda.compile(network.graph, random_plan(network.graph, 4, seed), Precision.FP16).close()
        assert time.perf_counter() - start < 1.0


def test_that_stage_costs_add_up_to_the_latency_and_are_known_the_next_time(cuda: CudaDevice, network: Model) -> None:
    graph = network.graph
    stages = [Stage((Group((operator.name,)),)) for operator in graph.operators]
    model = cuda.cost_model(graph, Precision.FP16)
    costs = model.stage_costs(stages)
    assert all(cost.p25_us <= cost.median_us <= cost.p75_us for cost in costs)
    with cuda.compile(graph, sequential_plan(graph), Precision.FP16) as executable:
        latency = executable.measure(50).median_us
    assert sum(cost.median_us for cost in costs) == pytest.approx(latency, rel=0.35)
    again = cuda.cost_model(graph, Precision.FP16)
    recalled = again.stage_costs(stages)
    assert isinstance(model, MeasuredCostModel)
    assert isinstance(again, MeasuredCostModel)
    assert again.measured == 0
    charged = again.switch_us() - model.switch_us()  # the network in sequence is measured by each process
    changes = [now.median_us - cost.median_us for now, cost in zip(recalled, costs, strict=True) if cost.median_us]
    assert changes == pytest.approx([charged] * len(changes), abs=1e-9)


def test_that_plans_and_resources_are_costed(cuda: CudaDevice, network: Model) -> None:
    graph = network.graph
    model = cuda.cost_model(graph, Precision.FP16)
    assert isinstance(model, PlanCostModel)
    assert isinstance(model, ResourceModel)
    chain, greedy = model.plan_costs([sequential_plan(graph), greedy_plan(graph)])
    assert 0 < greedy.median_us < 1.2 * chain.median_us
    resources = model.operator_resources([operator.name for operator in graph.operators])
    assert all(0 <= one.occupancy <= 1 and 0 <= one.memory <= 1 and 0 <= one.compute <= 1 for one in resources)
    assert max(one.warps for one in resources) > 0


def test_that_what_was_chosen_is_kept_for_the_next_process(cuda: CudaDevice, network: Model, tmp_path: Path) -> None:
    del cuda
    facts = driver_facts()
    plan = sequential_plan(network.graph)
    seconds = []
    for _ in range(2):  # as two processes would: nothing is shared but the file
        start = time.perf_counter()
        other = CudaDevice(facts.gpus[0], facts.cuda_version, tmp_path / DATABASE_NAME)
        other.compile(network.graph, plan, Precision.FP16).close()
        seconds.append(time.perf_counter() - start)
        other.close()
    assert seconds[1] < 0.5 * seconds[0]


def test_that_a_damaged_database_is_set_aside_and_said(cuda: CudaDevice, network: Model, tmp_path: Path) -> None:
    del cuda
    path = tmp_path / DATABASE_NAME
    path.write_bytes(b"not a database" * 1000)
    facts = driver_facts()
    other = CudaDevice(facts.gpus[0], facts.cuda_version, path)
    other.compile(network.graph, sequential_plan(network.graph), Precision.FP16).close()
    assert any("set aside" in entry.reason for entry in other.take_log())
    assert not any("set aside" in entry.reason for entry in other.take_log())
    other.close()
    assert list(tmp_path.glob(f"{DATABASE_NAME}.aside-*"))
