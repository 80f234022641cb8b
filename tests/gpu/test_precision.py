"""Operators of different precisions in one graph, and quantized ones, on a GPU: what a simulated GPU computes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from warploom.device.protocol import Device
from warploom.device.registry import open_device
from warploom.graph import Graph, OperatorKind, Precision, PrecisionPlan
from warploom.importer.load import import_model
from warploom.importer.reference import random_inputs
from warploom.passes.apply_precision import apply_precision
from warploom.passes.pipeline import optimize_graph
from warploom.passes.quantize import calibrated_tensors
from warploom.precision.choose import Choice, choose_precision
from warploom.samples.network import Network
from warploom.schedule import Launch, StreamPlan


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """Branches that are joined, a pool, a depthwise convolution, a residual sum."""
    net = Network("mixed", batch=2)
    x = net.placeholder(5, 28, 28, name="x")
    stem = net.conv2d(x, 64, 3, pad=1, act="relu")
    joined = net.concat(net.conv2d(stem, 64, 3, pad=1, act="relu"), net.conv2d(stem, 64, 1))
    deep = net.conv2d(net.pool2d(joined, "max", 2), 128, 3, pad=1, groups=128)
    total = net.add(net.conv2d(deep, 128, 1), deep)
    net.output(net.pool2d(net.conv2d(total, 10, 1), "global_avg"), "y")
    return optimize_graph(import_model(net.write(tmp_path_factory.mktemp("model") / "mixed.onnx")).graph).graph


def run(device: Device, graph: Graph, precision: Precision) -> Mapping[str, np.ndarray]:
    plan = StreamPlan("sequential", tuple(Launch((operator.name,), 0) for operator in graph.operators))
    with device.compile(graph, plan, precision) as executable:
        return executable.run(random_inputs(graph, 4))


def distance(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> float:
    return max(float(np.linalg.norm(found[n] - e) / np.linalg.norm(e)) for n, e in expected.items())


@pytest.mark.parametrize("precisions", [(Precision.FP16, Precision.FP32), (Precision.BF16, Precision.FP32)])
def test_that_mixed_operators_compute_what_the_simulated_gpu_does(
    device: Device, graph: Graph, precisions: tuple[Precision, ...]
) -> None:
    plan = tuple((name, precisions[i % len(precisions)]) for i, name in enumerate(graph.index))
    mixed = apply_precision(graph, PrecisionPlan(Precision.MIXED, plan))
    expected = run(open_device("sim:h200"), mixed, Precision.MIXED)
    assert distance(run(device, mixed, Precision.MIXED), expected) < (1e-2 if Precision.BF16 in precisions else 1e-3)


@pytest.mark.parametrize("stored", [Precision.INT8, Precision.FP32])
def test_that_quantized_operators_compute_what_the_simulated_gpu_does(
    device: Device, graph: Graph, stored: Precision
) -> None:
    names = [operator.name for operator in graph.operators if operator.kind is OperatorKind.CONV]
    scales = tuple((name, 0.05) for name in sorted(calibrated_tensors(graph, names)))
    plan = PrecisionPlan(Precision.INT8, tuple((name, Precision.INT8) for name in names), scales)
    quantized = apply_precision(graph, plan)
    expected = run(open_device("sim:h200"), quantized, stored)
    assert distance(run(device, quantized, stored), expected) < 2e-2


@pytest.mark.parametrize("integers", [True, False])
def test_that_precisions_are_chosen_by_what_the_device_measures(
    device: Device, graph: Graph, integers: bool, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", np.concatenate([random_inputs(graph, seed)["x"] for seed in range(4)]))
    choice = Choice(integers=integers, budget=2e-4, calibrate=tmp_path)
    decision = choose_precision(graph, device, choice, lambda _: None)
    expected = run(open_device("sim:h200"), graph, Precision.FP32)
    found = run(device, decision.graph, decision.precision)
    assert distance(found, expected) < (0.1 if decision.precision is Precision.INT8 else 2e-3)
    assert decision.log
