"""What the main job leaves on a device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx.parser
import pytest

from warploom.device.simulated.description import load_description
from warploom.device.simulated.device import SimulatedDevice
from warploom.errors import CancelledError
from warploom.recording.file import read_recording
from warploom.report.remarks import remarks
from warploom.samples.bundled import bundled_models
from warploom.worker import job
from warploom.worker.messages import Event, Finished, OptimizeOptions, OptimizeRequest


class KeepingDevice(SimulatedDevice):
    """A device that keeps memory of a Graph until it is told to forget it."""

    def __init__(self) -> None:
        super().__init__(load_description("h200"))
        self.forgot = 0

    def observe(self, progress: Callable[[int, int, str], None] | None) -> None:
        """Chooses nothing."""

    def forget_graphs(self) -> None:
        self.forgot += 1


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> KeepingDevice:
    device = KeepingDevice()
    monkeypatch.setattr(job, "_open_device", lambda *_: device)
    return device


def _request(folder: Path) -> OptimizeRequest:
    (model,) = [path for path in bundled_models() if path.stem == "squeezenet_light"]
    options = OptimizeOptions(mode="sequential", verify=False, repeats=3)
    return OptimizeRequest(job=1, model=str(model), output=str(folder / "r.warploom"), options=options)


def test_that_a_job_gives_the_memory_of_its_graph_back(device: KeepingDevice, tmp_path: Path) -> None:
    events: list[Event] = []
    job.optimize(_request(tmp_path), events.append, lambda: False)
    assert isinstance(events[-1], Finished)
    assert device.forgot == 1


def test_that_a_cancelled_job_gives_the_memory_of_its_graph_back(device: KeepingDevice, tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        job.optimize(_request(tmp_path), lambda _: None, lambda: True)
    assert device.forgot == 1


@pytest.mark.parametrize("verify", [True, False])
def test_that_a_model_that_the_reference_refuses_is_not_verified_and_says_why(tmp_path: Path, verify: bool) -> None:
    text = (
        '<ir_version: 8, opset_import: ["" : 17]> g (float[1,2,9,9] x, float[2,2,3,3] w) => (float[1,2,9,9] y) '
        '{ y = Conv<auto_pad="SAME_UPPER", dilations=[2,2]>(x, w) }'
    )
    model, output = tmp_path / "dilated.onnx", tmp_path / "dilated.warploom"
    model.write_bytes(onnx.parser.parse_model(text).SerializeToString())
    options = OptimizeOptions(device="sim:h200", mode="sequential", verify=verify, repeats=2)
    job.optimize(OptimizeRequest(1, str(model), str(output), options), lambda _: None, lambda: False)
    recording = read_recording(output)
    assert recording.verification is None
    said = remarks(recording)
    assert len(said) == verify
    assert all("Outputs could not be compared: ONNX Runtime does not run" in line for line in said)
