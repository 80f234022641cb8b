from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from warploom.errors import CancelledError, CommandError
from warploom.graph import Graph, Precision
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.reference import random_inputs, reference_outputs
from warploom.peers.compare import compare_peers
from warploom.peers.messages import Command, Kind
from warploom.peers.problem_files import read_problem, write_problem
from warploom.peers.process import PeerProcess, environment_for
from warploom.peers.protocol import Array
from warploom.peers.registry import PEERS
from warploom.samples.bundled import bundled_models


@pytest.fixture(scope="module")
def model() -> Path:
    return next(path for path in bundled_models() if path.stem == "randwire_small")


@pytest.fixture(scope="module")
def graph(model: Path) -> Graph:
    return import_model(model).graph


@pytest.fixture(scope="module")
def inputs(graph: Graph) -> dict[str, Array]:
    return random_inputs(graph, 3)


@pytest.fixture
def process(tmp_path: Path, graph: Graph, inputs: dict[str, Array]) -> Iterator[PeerProcess]:
    write_problem(tmp_path, graph, inputs, Precision.FP32)
    with PeerProcess("ort-cpu", tmp_path) as started:
        yield started


def test_that_peers_run_beside_ours_and_one_that_is_missing_has_a_row_with_the_reason(
    model: Path, graph: Graph, inputs: dict[str, Array]
) -> None:
    reference = reference_outputs(model, ImportOptions(), inputs)
    notes: list[str] = []
    rows, ours = compare_peers(
        ["ort-cpu", "tvm"],
        graph,
        inputs,
        reference,
        Precision.FP32,
        repeats=7,
        ours={"mine": lambda count: [1.0] * count},
        note=notes.append,
    )
    runtime, missing = rows
    assert runtime.counts
    assert len(runtime.samples_us) == 7
    assert runtime.clock == "wall clock"
    assert runtime.error is not None
    assert runtime.error <= 1e-6
    assert ours == {"mine": (1.0,) * 7}
    assert not missing.counts
    assert missing.median_us is None
    assert "TVM" in missing.problem
    assert any("ONNX Runtime" in note for note in notes)


def test_that_wrong_outputs_are_found_and_never_timed(model: Path, graph: Graph, inputs: dict[str, Array]) -> None:
    reference = reference_outputs(model, ImportOptions(), inputs)
    wrong = {name: value + np.float32(1) for name, value in reference.items()}
    (row,), _ = compare_peers(["ort-cpu"], graph, inputs, wrong, Precision.FP32, repeats=2)
    assert not row.counts
    assert "outputs are off by" in row.problem
    assert not row.samples_us


def test_that_a_precision_that_a_peer_lacks_is_its_row_s_problem(graph: Graph, inputs: dict[str, Array]) -> None:
    (row,), _ = compare_peers(["ort-cpu"], graph, inputs, {}, Precision.FP16, repeats=2)
    assert "fp32 only" in row.problem


def test_that_an_unknown_peer_is_named() -> None:
    with pytest.raises(CommandError, match="no peer 'abacus'"):
        compare_peers(["abacus"], None, {}, {}, Precision.FP32)  # type: ignore[arg-type]


def test_that_a_crash_is_an_answer(process: PeerProcess) -> None:
    assert not process.ask(Command(Kind.LOAD), 60).error
    os.kill(process._process.pid, signal.SIGSEGV)
    assert process.ask(Command(Kind.MEASURE, 3), 60).error.startswith("It was ended by the signal 11")
    assert process.ask(Command(Kind.MEASURE, 3), 60).error, "nor does it come back"


def test_that_a_hang_is_an_answer(process: PeerProcess) -> None:
    os.kill(process._process.pid, signal.SIGSTOP)
    try:
        answer = process.ask(Command(Kind.FIND), 0.2)
    finally:
        os.kill(process._process.pid, signal.SIGCONT) if process._process.poll() is None else None
    assert "did not answer within" in answer.error
    assert process._process.poll() is not None, "and the process is gone"


@pytest.mark.parametrize(
    ("seen", "gpu", "expected"), [("", 1, "1"), ("2,5", 1, "5"), ("2,5", None, "2,5"), ("3", 0, "3")]
)
def test_that_a_peer_sees_the_gpu_that_the_device_is(
    monkeypatch: pytest.MonkeyPatch, seen: str, gpu: int | None, expected: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", seen)
    assert environment_for(gpu)["CUDA_VISIBLE_DEVICES"] == expected


def test_that_a_peer_that_takes_too_long_has_a_row_that_says_so(graph: Graph, inputs: dict[str, Array]) -> None:
    (row,), _ = compare_peers(["ort-cpu"], graph, inputs, {}, Precision.FP32, repeats=2, load_seconds=0.0)
    assert row.problem == "It did not answer within 0 s."
    assert row.load_s is None


def test_that_the_user_can_stop_while_a_peer_takes_its_time(process: PeerProcess) -> None:
    asked: list[int] = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise CancelledError("Stopped.")

    process._check = check
    os.kill(process._process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(CancelledError):
            process.ask(Command(Kind.FIND), 60)
    finally:
        os.kill(process._process.pid, signal.SIGCONT)


def test_that_a_problem_survives_the_folder(tmp_path: Path, graph: Graph, inputs: dict[str, Array]) -> None:
    write_problem(tmp_path, graph, inputs, Precision.TF32)
    problem = read_problem(tmp_path)
    assert problem.precision is Precision.TF32
    assert problem.graph.inputs == graph.inputs
    assert list(problem.inputs) == list(inputs)
    np.testing.assert_array_equal(problem.inputs[graph.inputs[0]], inputs[graph.inputs[0]])


def test_that_every_peer_says_what_it_lacks_or_which_version_it_is() -> None:
    for peer in PEERS.values():
        if peer.name.startswith("tensorflow"):
            continue  # importing it takes seconds where it is installed
        found = peer.find()
        assert found.version or found.reason
        assert found.available or found.reason.endswith(".")
