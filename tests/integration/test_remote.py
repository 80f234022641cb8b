"""The main job on another host, through a stand-in for ssh and a real worker."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import numpy_helper

from warploom.cli.main import run
from warploom.errors import CalibrationError, CommandError, ModelImportError
from warploom.recording.file import read_recording
from warploom.worker.client import WorkerClient, WorkerError
from warploom.worker.messages import (
    DoctorReport,
    DoctorRequest,
    Event,
    ModelFiles,
    ModelFilesRequest,
    OptimizeOptions,
    OptimizeRequest,
    Phase,
    Ping,
    Pong,
)
from warploom.worker.remote import RemoteHost, explain, remote_worker_command
from warploom.worker.remote_job import optimize_remotely

FAKE_SSH = Path(__file__).parent.parent / "fake_ssh.py"
MODEL = """
<ir_version: 8, opset_import: ["" : 17]>
pair (float[1,8,16,16] x) => (float[1,8,16,16] y) {
    a = Conv<pads=[1,1,1,1]>(x, w)
    b = Sigmoid(x)
    y = Add(a, b)
}
"""


def host(address: str = "gpu-box") -> RemoteHost:
    return RemoteHost(address, f"{sys.executable} -m warploom", ssh=f"{sys.executable} {FAKE_SSH}")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model whose weights lie in a file below its folder."""
    made = onnx.parser.parse_model(MODEL)
    weights = np.random.default_rng(1).normal(size=(8, 8, 3, 3)).astype(np.float32)
    tensor = numpy_helper.from_array(weights, "w")
    path = tmp_path / "models" / "pair.onnx"
    (path.parent / "data").mkdir(parents=True)
    (path.parent / "data" / "w.bin").write_bytes(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="data/w.bin")
    made.graph.initializer.append(tensor)
    path.write_bytes(made.SerializeToString())
    return path


def test_that_a_job_runs_on_a_host_and_its_recording_comes_back(model: Path, tmp_path: Path) -> None:
    events: list[Event] = []
    output = tmp_path / "out.warploom"
    options = OptimizeOptions(device="sim:h200", repeats=3)
    optimize_remotely(host(), OptimizeRequest(1, str(model), str(output), options), events.append, lambda: False)
    recording = read_recording(output)
    assert recording.model.path == str(model)
    assert recording.verification is not None
    assert recording.verification.ok
    phases = [event.name for event in events if isinstance(event, Phase)]
    assert phases[0] == "upload"
    assert phases[-1] == "download"


def test_that_calibration_data_is_sent_along(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cal"
    (folder / "deeper").mkdir(parents=True)
    values = np.random.default_rng(2)
    for name in ("a.npy", "deeper/b.npy"):
        np.save(folder / name, values.normal(size=(1, 8, 16, 16)).astype(np.float32))
    output = tmp_path / "out.warploom"
    options = OptimizeOptions(device="sim:h200", repeats=3, precision="int8", calibrate=str(folder))
    optimize_remotely(host(), OptimizeRequest(1, str(model), str(output), options), lambda _: None, lambda: False)
    reasons = [entry.reason for entry in read_recording(output).build_log if entry.step == "precision"]
    assert any("2 inputs of cal" in reason for reason in reasons)


def test_that_an_empty_folder_is_refused_before_anything_is_sent(model: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    options = OptimizeOptions(device="sim:h200", precision="int8", calibrate=str(tmp_path / "none"))
    events: list[Event] = []
    request = OptimizeRequest(1, str(model), str(tmp_path / "out.warploom"), options)
    with pytest.raises(CalibrationError, match=r"holds no \.npy files"):
        optimize_remotely(host("nowhere"), request, events.append, lambda: False)
    assert events == []


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("locked", "ssh-copy-id locked"),
        ("unknown", "no host called unknown"),
        ("silent", "silent does not answer"),
        ("stranger", "identity of stranger"),
        ("bare", "no command"),
    ],
)
def test_that_a_host_that_cannot_be_used_is_told_in_words(
    model: Path, tmp_path: Path, address: str, words: str
) -> None:
    request = OptimizeRequest(1, str(model), str(tmp_path / "out.warploom"))
    with pytest.raises(WorkerError, match=words):
        optimize_remotely(host(address), request, lambda _: None, lambda: False)
    assert not (tmp_path / "out.warploom").exists()


def test_that_the_command_line_runs_on_a_host(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE_SSH} "$@"\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", str(ssh.parent), prepend=":")
    command = ["optimize", str(model), "--host-command", f"{sys.executable} -m warploom", "--device", "sim:k80"]
    output = tmp_path / "out.warploom"
    assert run([*command, "--host", "gpu-box", "-o", str(output), "--repeats", "3"]) == 0
    assert read_recording(output).device.id == "sim:k80"
    assert run([*command, "--host", "locked", "-o", str(tmp_path / "none.warploom")]) == 2
    assert "ssh-copy-id" in capsys.readouterr().err


def test_that_a_worker_answers_for_the_window(model: Path) -> None:
    with WorkerClient(remote_worker_command(host())) as client:
        client.send(Ping(3))
        assert client.receive() == Pong(3)
        client.send(ModelFilesRequest(4, str(model)))
        (files,) = client.events(4)
        assert isinstance(files, ModelFiles)
        assert [file.name for file in files.files] == ["pair.onnx", "data/w.bin"]
        client.send(DoctorRequest(5))
        (report,) = client.events(5)
        assert isinstance(report, DoctorReport)
        assert report.findings


def test_that_data_outside_the_models_folder_is_not_sent(model: Path, tmp_path: Path) -> None:
    made = onnx.load(model, load_external_data=False)
    made.graph.initializer[0].external_data[0].value = "../secret.bin"
    (tmp_path / "secret.bin").write_bytes(b"s" * 2304)
    model.write_bytes(made.SerializeToString())
    with pytest.raises(ModelImportError, match="outside the model's folder"):
        optimize_remotely(host(), OptimizeRequest(1, str(model), str(tmp_path / "o")), lambda _: None, lambda: False)


@pytest.mark.parametrize(
    "bad",
    [RemoteHost("-oProxyCommand=x"), RemoteHost("a b"), RemoteHost(""), RemoteHost("a", port=99_999),
     RemoteHost("a", command=""), RemoteHost("a", command="'")],
)  # fmt: skip
def test_that_fields_that_would_change_the_command_line_are_refused(bad: RemoteHost) -> None:
    with pytest.raises(CommandError):
        remote_worker_command(bad)


def test_that_nothing_is_guessed_about_unknown_complaints() -> None:
    assert explain(host(), "Segmentation fault") == ""
