"""GPU hosts through a stand-in for ssh: test, run, cancel, and every way in which a host can let the window down."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from warploom.recording.file import read_recording
from warploom.samples.bundled import bundled_models
from warploom.worker.client import worker_command
from warploom.worker.messages import OptimizeOptions
from warploom.worker.remote import RemoteHost
from warploom_app.jobs import TaskState
from warploom_app.main import WindowProgram
from warploom_app.views.settings_dialog import SettingsDialog

MakeProgram = Callable[..., WindowProgram]
TESTS = Path(__file__).parent.parent


def host(address: str = "gpu-box", command: str | None = None) -> RemoteHost:
    return RemoteHost(
        address, command or f"{sys.executable} -m warploom", ssh=f"{sys.executable} {TESTS / 'fake_ssh.py'}"
    )


def fake_host(behaviour: str, recording: Path) -> RemoteHost:
    """A host whose worker is the fake one."""
    return host(command=f"{sys.executable} {TESTS / 'app' / 'fake_worker.py'} {behaviour} {recording}; :")


def message(program: WindowProgram) -> str:
    return program.state.message.text if program.state.message is not None else ""


def test_that_add_gpu_host_tests_it_and_offers_its_devices(qtbot: QtBot, make_program: MakeProgram) -> None:
    program = make_program()
    program.window.registry["run.add-host"].trigger()
    dialog = program.window.findChild(SettingsDialog)
    assert dialog is not None
    page = dialog.hosts_page
    page.address.setText("gpu-box")
    page.command.setText(f"{sys.executable} -m warploom")
    page.ssh.setText(host().ssh)
    qtbot.mouseClick(page.test_button, Qt.MouseButton.LeftButton)
    hosts = program.session.hosts
    qtbot.waitUntil(lambda: bool(hosts.status("gpu-box").findings), timeout=15_000)
    assert hosts.status("gpu-box").usable
    assert hosts.status("gpu-box").same_version
    assert "answers" in page.report.toPlainText()
    assert "driver" in page.report.toPlainText()
    combo = program.window.run_bar.device
    titles = [combo.itemText(row) for row in range(combo.count())]
    assert any("gpu-box" in title for title in titles)
    dialog.close()
    program.close()
    again = make_program(start=False)
    assert again.session.hosts.hosts == (RemoteHost("gpu-box", f"{sys.executable} -m warploom", ssh=host().ssh),), (
        "hosts are remembered"
    )


@pytest.mark.parametrize(
    ("address", "words"),
    [("locked", "ssh-copy-id"), ("unknown", "no host called"), ("silent", "does not answer"), ("bare", "no command")],
)
def test_that_a_host_that_cannot_be_used_says_why(
    qtbot: QtBot, make_program: MakeProgram, address: str, words: str
) -> None:
    program = make_program(start=False)
    hosts = program.session.hosts
    hosts.add(host(address))
    hosts.test(address)
    qtbot.waitUntil(lambda: bool(hosts.status(address).error), timeout=8000)
    assert words in hosts.status(address).error
    assert not hosts.status(address).usable


def test_that_a_host_of_another_version_is_told_of(
    qtbot: QtBot, make_program: MakeProgram, recording_file: Path
) -> None:
    program = make_program(start=False)
    hosts = program.session.hosts
    hosts.add(fake_host("old", recording_file))
    hosts.test("gpu-box")
    qtbot.waitUntil(lambda: bool(hosts.status("gpu-box").error), timeout=8000)
    qtbot.wait(100)  # whatever else the old engine says does not take it back
    assert "same release" in hosts.status("gpu-box").error


def test_that_a_model_is_sent_and_its_recording_fetched(qtbot: QtBot, make_program: MakeProgram) -> None:
    program = make_program(command=worker_command())
    program.session.hosts.add(host())
    model = bundled_models()[1]
    program.state.set_options(OptimizeOptions(repeats=2, mode="greedy", verify=False))
    program.state.set_target("gpu-box", "sim:k80")
    program.session.open([model])
    qtbot.waitUntil(lambda: program.state.document is not None and program.state.job is None, timeout=30_000)
    seen: list[str] = []
    program.state.job_changed.connect(lambda: seen.append(program.window.progress.text))
    program.session.optimize()
    qtbot.waitUntil(lambda: program.state.run is None, timeout=30_000)
    (task,) = program.session.queue.tasks
    assert task.state is TaskState.DONE, task.message
    assert any("Sending" in text and "gpu-box" in text for text in seen)
    assert any("Fetching" in text for text in seen)
    assert task.recording is not None
    recording = read_recording(task.recording)
    assert recording.device.id == "sim:k80"
    assert recording.model.path == str(model)
    assert program.state.document is not None
    assert program.state.document.results is not None, "the result of what is open is shown"
    assert not list(task.recording.parent.glob(".*.part"))


def test_that_calibration_data_goes_to_the_host_with_the_model(
    qtbot: QtBot, make_program: MakeProgram, tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    for name in ("a.npy", "more/b.npy"):
        np.save(folder / name, np.random.default_rng(len(name)).normal(size=(1, 3, 64, 64)).astype(np.float32))
    program = make_program(command=worker_command())
    program.session.hosts.add(host())
    quick = OptimizeOptions(repeats=2, mode="greedy", verify=False, precision="int8", calibrate=str(folder))
    program.state.set_options(quick)
    program.state.set_target("gpu-box", "sim:h200")
    program.session.open([next(path for path in bundled_models() if path.stem == "randwire_small")])
    qtbot.waitUntil(lambda: program.state.document is not None and program.state.job is None, timeout=30_000)
    program.session.optimize()
    qtbot.waitUntil(lambda: program.state.run is None, timeout=30_000)
    (task,) = program.session.queue.tasks
    assert task.state is TaskState.DONE, task.message
    assert task.recording is not None
    said = [entry.reason for entry in read_recording(task.recording).build_log if entry.step == "precision"]
    assert any("2 inputs of pictures" in reason for reason in said)


def test_that_a_run_on_a_host_is_cancelled_and_what_it_found_comes_back(
    qtbot: QtBot, make_program: MakeProgram, recording_file: Path
) -> None:
    program = make_program(command=worker_command())
    program.session.hosts.add(fake_host("slow", recording_file))
    program.state.set_target("gpu-box", "sim:h200")
    program.session.enqueue([bundled_models()[2]])
    qtbot.waitUntil(lambda: program.state.run is not None and program.state.run.progress is not None, timeout=15_000)
    program.session.cancel()
    qtbot.waitUntil(lambda: program.state.run is None, timeout=8000)
    (task,) = program.session.queue.tasks
    assert task.state is TaskState.DONE
    assert "stopped early" in task.message
    assert task.recording is not None
    assert read_recording(task.recording).speedup > 0


@pytest.mark.parametrize(("address", "words"), [("locked", "ssh-copy-id"), ("gone", "There is no host")])
def test_that_a_run_on_a_host_that_is_not_there_fails_with_a_sentence(
    qtbot: QtBot, make_program: MakeProgram, address: str, words: str
) -> None:
    program = make_program(command=worker_command())
    if address != "gone":
        program.session.hosts.add(host(address))
    program.state.set_target(address, "auto")
    program.session.enqueue([bundled_models()[2]])
    qtbot.waitUntil(lambda: program.session.queue.tasks[0].state is TaskState.FAILED, timeout=15_000)
    assert words in program.session.queue.tasks[0].message
    assert program.state.run is None


def test_that_a_connection_that_breaks_in_mid_run_costs_that_run(
    qtbot: QtBot, make_program: MakeProgram, recording_file: Path
) -> None:
    program = make_program(command=worker_command())
    program.session.hosts.add(fake_host("slow", recording_file))
    program.state.set_target("gpu-box", "sim:h200")
    program.session.enqueue([bundled_models()[2]])
    qtbot.waitUntil(lambda: program.state.run is not None and program.state.run.progress is not None, timeout=15_000)
    engine = program.session.hosts.engine("gpu-box")
    os.kill(engine.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: program.session.queue.tasks[0].state is TaskState.FAILED, timeout=8000)
    assert "is lost" in message(program)
    assert program.engine.running, "the engine of this machine goes on"


def test_that_a_stuck_upload_can_be_cancelled(qtbot: QtBot, make_program: MakeProgram) -> None:
    program = make_program(command=worker_command())
    program.session.hosts.add(host("mute"))
    program.state.set_target("mute", "auto")
    program.session.enqueue([bundled_models()[2]])
    qtbot.waitUntil(lambda: program.session.hosts.engine("mute").running, timeout=8000)
    program.session.cancel()
    qtbot.waitUntil(lambda: program.state.run is None, timeout=8000)
    assert program.session.queue.tasks[0].state is TaskState.CANCELLED
