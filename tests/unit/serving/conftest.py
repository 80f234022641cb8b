"""A small plan with two outputs, built once on a simulated GPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import warploom


@pytest.fixture(scope="session")
def network() -> warploom.Network:
    """Two convolutions side by side, joined; an output in the middle and one at the end."""
    net = warploom.Network("toy", batch=4)
    x = net.placeholder(3, 16, 16, name="image")
    with net.block("first"):
        joined = net.concat(net.conv2d(x, 8, 3, pad=1, act="relu"), net.conv2d(x, 8, 1, act="relu"))
    y = net.conv2d(joined, 8, 3, stride=2, act="relu")
    net.output(y, "features")
    net.output(net.linear(net.pool2d(y, "global_avg"), 5), "scores")
    return net


@pytest.fixture(scope="session")
def plan_path(network: warploom.Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its plan file, for the batches 2 and 4."""
    path = tmp_path_factory.mktemp("plans") / "toy.plan"
    warploom.build(network, path, device="sim:h200", batch=(2, 4), search_seconds=2.0, repeats=2).close()
    return path


@pytest.fixture
def frame() -> dict[str, np.ndarray]:
    """An input of two images."""
    return {"image": np.random.default_rng(3).standard_normal((2, 3, 16, 16), np.float32)}
