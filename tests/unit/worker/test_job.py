"""What the main job leaves on a device."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from warploom.device.simulated.description import load_description
from warploom.device.simulated.device import SimulatedDevice
from warploom.errors import CancelledError
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
