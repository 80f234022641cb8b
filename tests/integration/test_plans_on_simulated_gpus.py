from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from warploom.cost import PlanCostModel, ResourceModel
from warploom.device.registry import open_device
from warploom.graph import Graph, Precision
from warploom.importer.load import ImportOptions, import_model
from warploom.importer.reference import random_inputs, reference_outputs
from warploom.passes.pipeline import optimize_graph
from warploom.schedule.search import SearchLimits
from warploom.worker.candidates import PlannedCandidate, plan_candidates
from warploom.worker.context import JobContext

MODELS = ("squeezenet_light", "randwire_small", "inception_v3_light")


def graph_of(path: Path) -> Graph:
    return optimize_graph(import_model(path).graph).graph


def competition(graph: Graph, device_name: str) -> dict[str, tuple[PlannedCandidate, float]]:
    """Every scheduler's candidate with its latency as the device measures it."""
    device = open_device(device_name)
    context = JobContext(1, lambda _: None, lambda: False)
    costs = device.cost_model(graph, Precision.FP32)
    found = {}
    for candidate in plan_candidates(graph, costs, "both", SearchLimits(seconds=20), context):
        with device.compile(graph, candidate.plan, Precision.FP32) as executable:
            found[candidate.scheduler] = (candidate, executable.measure(1).median_us)
    return found


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("device", ["sim:h200", "sim:k80"])
def test_that_no_scheduler_is_slower_than_sequential_and_the_local_search_is_the_best(
    repository: Path, model: str, device: str
) -> None:
    found = competition(graph_of(repository / "sample_models" / f"{model}.onnx"), device)
    latencies = {name: latency for name, (_, latency) in found.items()}
    for name in ("list", "dataflow", "local"):
        assert latencies[name] <= latencies["sequential"] + 1e-6, latencies
    assert latencies["local"] <= min(latencies.values()) + 1e-6


def test_that_the_cost_model_predicts_what_the_device_measures(repository: Path) -> None:
    graph = graph_of(repository / "sample_models" / "squeezenet_light.onnx")
    for candidate, latency in competition(graph, "sim:h200").values():
        if candidate.schedule is None:
            assert candidate.result.latency_us == pytest.approx(latency)


def test_that_every_plan_computes_the_model(repository: Path) -> None:
    path = repository / "sample_models" / "randwire_small.onnx"
    graph = graph_of(path)
    inputs = random_inputs(graph, 3)
    expected = reference_outputs(path, ImportOptions(), inputs)
    device = open_device("sim:h200")
    for candidate, _ in competition(graph, "sim:h200").values():
        with device.compile(graph, candidate.plan, Precision.FP32) as executable:
            found = executable.run(inputs)
        for name, value in expected.items():
            assert np.linalg.norm(found[name] - value) <= 1e-5 * np.linalg.norm(value), candidate.name


def test_that_parts_of_plans_and_resources_are_known_to_simulated_devices(repository: Path) -> None:
    graph = graph_of(repository / "sample_models" / "squeezenet_light.onnx")
    costs = open_device("sim:h200").cost_model(graph, Precision.FP32)
    assert isinstance(costs, PlanCostModel)
    assert isinstance(costs, ResourceModel)
    names = [operator.name for operator in graph.operators]
    for operator, resources in zip(graph.operators, costs.operator_resources(names), strict=True):
        in_place = operator.main.op == "Concat"  # what it joins is written where it belongs
        assert (resources.occupancy, resources.warps) == (0, 0) if in_place else resources.occupancy > 0
        assert resources.occupancy <= 1
        assert resources.warps <= 132 * 64
        assert 0 <= resources.compute <= 1
        assert 0 <= resources.memory <= 1
    assert {one.memory_bound for one in costs.operator_resources(names)} == {True, False}
