"""Running: import, optimize, progress, cancel, and every way in which the engine can let the window down."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from warploom_app.jobs import TaskState
from warploom_app.main import WindowProgram

MakeProgram = Callable[..., WindowProgram]


def open_model(qtbot: QtBot, program: WindowProgram, model: Path) -> None:
    program.session.open([model])
    qtbot.waitUntil(lambda: program.state.document is not None and program.state.job is None, timeout=8000)


def start_search(qtbot: QtBot, program: WindowProgram, model: Path) -> None:
    """Opens the model, presses Optimize with the keyboard and waits until the search reports."""
    open_model(qtbot, program, model)
    qtbot.keyClick(program.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: program.state.job is not None and program.state.job.progress is not None, timeout=8000)


def message(program: WindowProgram) -> str:
    return program.state.message.text if program.state.message is not None else ""


def wait_message(qtbot: QtBot, program: WindowProgram, text: str) -> None:
    qtbot.waitUntil(lambda: text in message(program), timeout=8000)


def has_results(program: WindowProgram) -> bool:
    return program.state.document is not None and program.state.document.results is not None


def test_that_the_devices_of_the_engine_are_offered_with_the_default_chosen(
    qtbot: QtBot, make_program: MakeProgram
) -> None:
    program = make_program()
    qtbot.waitUntil(lambda: program.state.devices is not None, timeout=8000)
    combo = program.window.run_bar.device
    assert [combo.itemText(i) for i in range(combo.count())] == [
        "NVIDIA H100",
        "NVIDIA H200 (simulated)",
        "Tesla K80 (simulated)",
        "",
        "Add GPU host…",
    ]
    assert combo.currentData().device == "sim:h200"
    assert not combo.model().flags(combo.model().index(0, 0)) & Qt.ItemFlag.ItemIsEnabled
    combo.setCurrentIndex(2)
    combo.activated.emit(2)
    assert program.state.options.device == "sim:k80"


def test_that_optimize_shows_progress_and_then_the_comparison(
    qtbot: QtBot, make_program: MakeProgram, model_file: Path
) -> None:
    program = make_program("good")
    seen: list[str] = []
    program.state.job_changed.connect(lambda: seen.append(program.window.progress.text))
    start_search(qtbot, program, model_file)
    qtbot.waitUntil(lambda: has_results(program), timeout=8000)
    assert any("part 3 of 13" in text and "1,206 stages costed" in text and "best 336.0 µs" in text for text in seen)
    assert program.state.job is None
    assert program.state.message is None
    document = program.state.document
    assert document is not None
    assert document.path is not None
    assert document.path.is_file()
    assert document.model == model_file
    assert program.window.workbench.verdict.isVisible()


def test_that_log_lines_arrive_while_the_search_runs(qtbot: QtBot, make_program: MakeProgram, model_file: Path) -> None:
    program = make_program("slow")
    start_search(qtbot, program, model_file)
    qtbot.waitUntil(lambda: program.window.workbench.log.rowCount() > 5, timeout=8000)
    program.session.cancel()
    qtbot.waitUntil(lambda: program.state.job is None, timeout=8000)


def test_that_cancel_keeps_what_was_found(qtbot: QtBot, make_program: MakeProgram, model_file: Path) -> None:
    program = make_program("slow")
    start_search(qtbot, program, model_file)
    pid = program.engine.pid
    assert program.window.registry["run.cancel"].isEnabled()
    qtbot.keyClick(program.window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: has_results(program), timeout=8000)
    assert "best schedule found so far" in message(program)
    assert program.engine.pid == pid


@pytest.mark.parametrize("behaviour", ["hang", "stubborn"])
def test_that_a_worker_that_ignores_cancel_is_ended_and_the_next_run_starts_another(
    qtbot: QtBot, make_program: MakeProgram, model_file: Path, behaviour: str
) -> None:
    program = make_program(behaviour)
    start_search(qtbot, program, model_file)
    pid = program.engine.pid
    document = program.state.document
    program.session.cancel()
    assert program.window.progress.text.startswith("Stopping")
    wait_message(qtbot, program, "did not stop in time")
    assert program.state.job is None
    assert program.state.document is document
    assert not Path(f"/proc/{pid}").exists()
    program.session.optimize()
    qtbot.waitUntil(lambda: program.state.job is not None and program.state.job.progress is not None, timeout=8000)
    assert program.engine.pid not in (0, pid)


def test_that_a_killed_worker_is_reported_a_restart_offered_and_results_stay(
    qtbot: QtBot, make_program: MakeProgram, model_file: Path, recording_file: Path
) -> None:
    program = make_program("slow")
    program.session.open([recording_file])
    qtbot.waitUntil(lambda: has_results(program), timeout=8000)
    results = program.state.document
    assert results is not None
    program.state.set_document(_with_model(results, model_file))
    results = program.state.document
    program.session.optimize()
    qtbot.waitUntil(lambda: program.state.job is not None and program.state.job.progress is not None, timeout=8000)
    pid = program.engine.pid
    os.kill(pid, signal.SIGKILL)
    wait_message(qtbot, program, "ended unexpectedly (killed by SIGKILL)")
    assert "branching.onnx is lost" in message(program)
    assert program.state.job is None
    assert program.state.document is results
    assert program.window.workbench.verdict.isVisible()
    assert program.window.message_bar.isVisible()
    button = program.window.message_bar.help_button
    assert button.text() == "Restart engine"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: program.engine.pid not in (0, pid), timeout=8000)
    assert not program.window.message_bar.isVisible()
    program.session.optimize()
    qtbot.waitUntil(lambda: program.state.job is not None and program.state.job.progress is not None, timeout=8000)


def _with_model(document, model: Path):  # type: ignore[no-untyped-def]
    import dataclasses

    return dataclasses.replace(document, model=model)


def test_that_a_failed_job_is_explained_and_the_document_stays(
    qtbot: QtBot, make_program: MakeProgram, model_file: Path
) -> None:
    program = make_program("fail")
    open_model(qtbot, program, model_file)
    document = program.state.document
    program.session.optimize()
    wait_message(qtbot, program, "The device sim:none does not exist.")
    assert program.state.document is document
    assert program.state.job is None
    assert program.window.registry["run.optimize"].isEnabled()


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [("garbage", "not the worker's protocol"), ("old", "same release"), ("quit", "ended unexpectedly (exit code 1)")],
)
def test_that_a_worker_which_is_none_is_reported(
    qtbot: QtBot, make_program: MakeProgram, behaviour: str, words: str
) -> None:
    program = make_program(behaviour)
    wait_message(qtbot, program, words)
    assert program.window.message_bar.help_button.text() == "Restart engine"
    if behaviour == "quit":
        assert program.state.message is not None
        assert "quitting at once" in program.state.message.details


def test_that_an_engine_that_cannot_start_is_reported(qtbot: QtBot, make_program: MakeProgram) -> None:
    program = make_program(command=["/nonexistent/python", "-m", "warploom"])
    wait_message(qtbot, program, "The engine did not start")


def test_that_a_model_deleted_while_open_is_noticed_before_the_run(
    qtbot: QtBot, make_program: MakeProgram, model_file: Path
) -> None:
    program = make_program()
    open_model(qtbot, program, model_file)
    model_file.unlink()
    program.session.optimize()
    assert "is not there any more" in message(program)
    assert program.state.job is None


def test_that_a_second_run_waits_for_the_first(qtbot: QtBot, make_program: MakeProgram, model_file: Path) -> None:
    program = make_program("slow")
    start_search(qtbot, program, model_file)
    job = program.state.job
    program.session.optimize()
    assert "waits in the list of jobs" in message(program)
    assert program.state.job is not None
    assert job is not None
    assert program.state.job.job == job.job
    program.session.cancel()
    qtbot.waitUntil(lambda: program.state.run is not None and program.state.run.job != job.job, timeout=8000)
    program.session.cancel()
    qtbot.waitUntil(lambda: program.state.job is None, timeout=8000)
    assert [task.state for task in program.session.queue.tasks] == [TaskState.DONE, TaskState.DONE]


def test_that_a_folder_that_cannot_be_written_is_named(
    qtbot: QtBot, make_program: MakeProgram, model_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").write_text("a file where the folder of recordings should be")
    program = make_program()
    open_model(qtbot, program, model_file)
    program.session.optimize()
    assert "folder for recordings" in message(program)


def test_that_closing_the_window_ends_a_busy_worker(qtbot: QtBot, make_program: MakeProgram, model_file: Path) -> None:
    program = make_program("stubborn")
    start_search(qtbot, program, model_file)
    pid = program.engine.pid
    program.close()
    assert not Path(f"/proc/{pid}").exists()


def test_that_closing_the_document_lets_the_run_go_on_and_its_result_waits_to_be_opened(
    qtbot: QtBot, make_program: MakeProgram, model_file: Path
) -> None:
    program = make_program("slow")
    start_search(qtbot, program, model_file)
    qtbot.keyClick(program.window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert program.state.run is not None
    program.session.cancel()
    qtbot.waitUntil(lambda: program.state.job is None, timeout=8000)
    assert program.state.document is None
    assert "branching.onnx is optimized" in message(program)
    qtbot.mouseClick(program.window.message_bar.help_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: has_results(program), timeout=8000)


def test_that_a_file_opened_while_another_is_imported_takes_its_place(
    qtbot: QtBot, make_program: MakeProgram, model_file: Path, tmp_path: Path
) -> None:
    program = make_program("good")
    other = tmp_path / "other.onnx"
    other.write_bytes(b"another model")
    program.session.open([model_file])
    program.session.open([other])
    qtbot.waitUntil(lambda: program.state.document is not None and program.state.job is None, timeout=8000)
    assert program.state.document is not None
    assert program.state.document.model == other


def test_that_an_import_behind_a_stuck_one_starts_again_in_a_fresh_engine(
    qtbot: QtBot, make_program: MakeProgram, model_file: Path, tmp_path: Path
) -> None:
    program = make_program("stuck-import")
    other = tmp_path / "other.onnx"
    other.write_bytes(b"another model")
    program.session.open([model_file])
    qtbot.waitUntil(lambda: program.state.devices is not None, timeout=8000)
    pid = program.engine.pid
    program.session.open([other])
    qtbot.waitUntil(lambda: program.state.document is not None and program.state.job is None, timeout=8000)
    assert program.state.document is not None
    assert program.state.document.model == other
    assert program.engine.pid != pid
