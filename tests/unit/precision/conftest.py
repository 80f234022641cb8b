"""A small network with real weights, and a device that says what its operators cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from warploom.device.registry import open_device
from warploom.device.simulated.device import SimulatedDevice
from warploom.graph import Graph
from warploom.importer.load import import_model
from warploom.passes.pipeline import optimize_graph
from warploom.samples.network import Network


@pytest.fixture(scope="session")
def network_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three convolutions with a Concat and a pool between them, and two outputs."""
    net = Network("small")
    x = net.placeholder(3, 16, 16, name="x")
    stem = net.conv2d(x, 16, 3, pad=1, act="relu")
    both = net.concat(net.conv2d(stem, 16, 3, pad=1, act="relu"), net.conv2d(stem, 16, 1))
    net.output(net.conv2d(net.pool2d(both, "max", 2, stride=2), 8, 3), "map")
    net.output(net.pool2d(both, "global_avg"), "mean")
    return net.write(tmp_path_factory.mktemp("precision") / "small.onnx")


@pytest.fixture(scope="session")
def graph(network_file: Path) -> Graph:
    return optimize_graph(import_model(network_file).graph).graph


@pytest.fixture(scope="session")
def device() -> SimulatedDevice:
    device = open_device("sim:h200")
    assert isinstance(device, SimulatedDevice)
    return device
