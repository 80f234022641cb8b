"""Peers that are installed beside a GPU compute what ONNX Runtime does, in half precision, and are timed by events."""

from __future__ import annotations

from pathlib import Path

import pytest

from warploom.device.protocol import Device
from warploom.graph import Precision
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.reference import random_inputs, reference_outputs
from warploom.peers.compare import compare_peers
from warploom.peers.registry import PEERS
from warploom.samples.bundled import bundled_models

ON_GPUS = [name for name, peer in PEERS.items() if peer.gpu and name != "torch-autotuned"]  # that one tunes for minutes


@pytest.fixture(scope="module")
def model() -> Path:
    return next(path for path in bundled_models() if path.stem == "randwire_small")


@pytest.mark.parametrize("name", ON_GPUS)
def test_that_a_peer_computes_on_the_gpu_what_onnx_runtime_does(device: Device, model: Path, name: str) -> None:
    if device.info.id.startswith("sim:"):
        pytest.skip("peers compute on real GPUs")
    graph = import_model(model).graph
    inputs = random_inputs(graph, 4)
    reference = reference_outputs(model, ImportOptions(), inputs)
    (row,), _ = compare_peers([name], graph, inputs, reference, Precision.FP16, repeats=10, load_seconds=120)
    if not row.version or "built without" in row.problem or "sees no" in row.problem:
        pytest.skip(row.problem)
    assert row.problem == ""
    assert row.error is not None
    assert len(row.samples_us) == 10
    assert min(row.samples_us) > 0
