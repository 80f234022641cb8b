"""The list of jobs: several models, order, removal, results, and what the settings of a run allow."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from warploom.graph import Precision
from warploom.recording.file import write_recording
from warploom.recording.recording import Recording
from warploom.schedule.modes import MODES
from warploom.worker.messages import OptimizeOptions, SearchProgress
from warploom_app.jobs import JobState, TaskQueue, TaskState
from warploom_app.main import WindowProgram
from warploom_app.models.task_table import MODEL, RESULT, SETTINGS, STATE, TaskTable
from warploom_app.presenters.run_options import relevance
from warploom_app.recordings_folder import RecordingsFolder

MakeProgram = Callable[..., WindowProgram]


@pytest.fixture
def models(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.onnx" for name in ("first", "second", "third")]
    for path in paths:
        path.write_bytes(b"a model")
    return paths


def drop(program: WindowProgram, paths: list[Path]) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(program.window, QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys))
    QApplication.sendEvent(program.window, QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys))


def states(program: WindowProgram) -> list[TaskState]:
    return [task.state for task in program.session.queue.tasks]


def _message(program: WindowProgram) -> str:
    return program.state.message.text if program.state.message is not None else ""


def wait_search(qtbot: QtBot, program: WindowProgram) -> None:
    qtbot.waitUntil(lambda: program.state.run is not None and program.state.run.progress is not None, timeout=8000)


def test_that_several_dropped_models_run_one_after_another_and_open_when_asked(
    qtbot: QtBot, make_program: MakeProgram, models: list[Path]
) -> None:
    program = make_program("good")
    drop(program, models)
    assert states(program) == [TaskState.RUNNING, TaskState.WAITING, TaskState.WAITING]
    assert program.window.jobs_dock.isVisible()
    qtbot.waitUntil(lambda: states(program) == [TaskState.DONE] * 3, timeout=10_000)
    assert program.state.document is None, "results wait until they are asked for"
    assert len(list(program.session.folder.path.glob("*.warploom"))) == 3
    jobs = program.window.jobs
    jobs.table.selectRow(1)
    qtbot.mouseClick(jobs.open_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: program.state.document is not None, timeout=8000)
    assert program.state.document is not None
    assert program.state.document.model == models[1]
    qtbot.mouseClick(jobs.clear_button, Qt.MouseButton.LeftButton)
    assert program.session.queue.tasks == ()


def test_that_waiting_jobs_are_moved_and_removed_and_the_running_one_stays(
    qtbot: QtBot, make_program: MakeProgram, models: list[Path]
) -> None:
    program = make_program("slow")
    drop(program, models)
    jobs, queue = program.window.jobs, program.session.queue
    wait_search(qtbot, program)
    jobs.table.selectRow(2)
    qtbot.mouseClick(jobs.earlier_button, Qt.MouseButton.LeftButton)
    assert [task.model.stem for task in queue.tasks] == ["first", "third", "second"]
    assert jobs.selected()[0].model.stem == "third"
    qtbot.mouseClick(jobs.earlier_button, Qt.MouseButton.LeftButton)
    assert [task.model.stem for task in queue.tasks] == ["first", "third", "second"], "it never passes the running one"
    qtbot.mouseClick(jobs.remove_button, Qt.MouseButton.LeftButton)
    queue.remove([queue.tasks[0].id])
    assert [task.model.stem for task in queue.tasks] == ["first", "second"]
    qtbot.mouseClick(jobs.stop_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: states(program) == [TaskState.DONE, TaskState.RUNNING], timeout=8000)
    wait_search(qtbot, program)
    program.session.cancel()
    qtbot.waitUntil(lambda: program.state.run is None, timeout=8000)


def test_that_the_best_so_far_is_drawn_as_a_curve(qtbot: QtBot, make_program: MakeProgram, models: list[Path]) -> None:
    program = make_program("slow")
    drop(program, models[:2])
    wait_search(qtbot, program)
    run = program.state.run
    assert run is not None
    assert [value for _, value in run.curve] == [336.0], "only what is better than before is a point"
    assert program.window.progress.curve.isVisible()
    assert "336.0 µs" in program.window.progress.curve.accessibleDescription()
    assert not program.window.jobs.curve.grab().toImage().isNull()
    program.session.cancel()
    program.session.queue.remove([task.id for task in program.session.queue.waiting])
    qtbot.waitUntil(lambda: program.state.run is None, timeout=8000)


def test_that_a_killed_worker_costs_its_job_and_the_others_wait_for_a_restart(
    qtbot: QtBot, make_program: MakeProgram, models: list[Path]
) -> None:
    program = make_program("slow")
    drop(program, models[:2])
    wait_search(qtbot, program)
    os.kill(program.engine.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: states(program) == [TaskState.FAILED, TaskState.WAITING], timeout=8000)
    message = program.state.message
    assert message is not None
    assert "1 more wait" in message.text
    qtbot.mouseClick(program.window.message_bar.help_button, Qt.MouseButton.LeftButton)
    wait_search(qtbot, program)
    assert states(program) == [TaskState.FAILED, TaskState.RUNNING]
    program.session.restart_engine()
    assert states(program) == [TaskState.FAILED, TaskState.CANCELLED]
    assert program.state.run is None


def test_that_another_model_opens_while_a_search_runs(
    qtbot: QtBot, make_program: MakeProgram, models: list[Path]
) -> None:
    program = make_program("slow")
    program.session.enqueue(models[:1])
    wait_search(qtbot, program)
    program.session.open([models[1]])
    qtbot.waitUntil(lambda: program.state.document is not None and program.state.chore is None, timeout=8000)
    assert program.state.run is not None, "the search goes on"
    program.session.cancel()
    qtbot.waitUntil(lambda: program.state.run is None, timeout=8000)
    assert program.state.document is not None
    assert program.state.document.model == models[1], "and does not take the place of what was opened"


def test_that_a_job_whose_model_is_gone_fails_alone(
    qtbot: QtBot, make_program: MakeProgram, models: list[Path]
) -> None:
    program = make_program("good")
    models[0].unlink()
    program.session.enqueue(models[:2])
    qtbot.waitUntil(lambda: states(program) == [TaskState.FAILED, TaskState.DONE], timeout=8000)
    assert "not there any more" in program.session.queue.tasks[0].message


def test_that_a_silent_engine_is_told_of_and_ended_at_last(
    qtbot: QtBot, make_program: MakeProgram, models: list[Path]
) -> None:
    program = make_program("mute", start=False, silence_ms=150)
    program.session.enqueue(models[:1])
    pid = program.engine.pid
    qtbot.waitUntil(lambda: "has not answered" in _message(program), timeout=8000)
    assert program.window.message_bar.help_button.text() == "Restart engine"
    qtbot.waitUntil(lambda: states(program) == [TaskState.FAILED], timeout=8000)
    assert "was ended" in program.session.queue.tasks[0].message
    qtbot.waitUntil(lambda: not Path(f"/proc/{pid}").exists(), timeout=8000)


@pytest.mark.usefixtures("qapp")
def test_that_the_table_follows_the_queue(tmp_path: Path) -> None:
    queue = TaskQueue()
    table = TaskTable(queue)
    QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    first = queue.add(tmp_path / "a.onnx", OptimizeOptions())
    second = queue.add(tmp_path / "b.onnx", OptimizeOptions(device="cuda:0", batch=4), "box")
    queue.move(second.id, -1)
    queue.change(second.id, state=TaskState.DONE, speedup=1.5, seconds=2.0)
    assert table.index(0, STATE).data() == "done, 2.0 s"
    assert table.index(0, RESULT).data() == "1.50×"
    assert table.index(0, 3).data() == "cuda:0 · box, fp32, batch 4, best of all"
    queue.again(second.id)
    assert [task.state for task in queue.tasks] == [TaskState.WAITING] * 2
    queue.remove([first.id])
    assert table.rowCount() == 1


def test_that_settings_that_a_search_does_not_use_cannot_be_changed(make_program: MakeProgram) -> None:
    program = make_program(start=False)
    panel = program.window.run_bar.settings
    for mode in MODES:
        program.state.set_options(OptimizeOptions(mode=mode))
        used = relevance(mode)
        assert panel.group_operators.isEnabled() == used.group_operators
        assert panel.stage_groups.isEnabled() == used.stage_groups
        assert panel.seconds.isEnabled() == used.search_seconds
    assert not relevance("sequential").search_seconds
    assert relevance("both").group_operators
    assert not relevance("list").group_operators


def test_that_settings_of_the_next_run_are_written_and_kept(make_program: MakeProgram) -> None:
    program = make_program(start=False)
    program.window.show_run_settings()
    panel = program.window.run_bar.settings
    assert panel.isVisible()
    panel.group_operators.setValue(5)
    panel.seconds.setValue(0)
    panel.repeats.setValue(7)
    panel.verify.setChecked(False)
    options = program.state.options
    assert (options.max_group_operators, options.search_seconds, options.repeats, options.verify) == (5, None, 7, False)
    panel.hide()
    again = make_program(start=False)
    assert again.state.options == options


def test_that_the_oldest_recordings_go_and_those_in_use_stay(tmp_path: Path) -> None:
    folder = RecordingsFolder(tmp_path / "recordings")
    made = [folder.new_file(Path("net.onnx"), OptimizeOptions(), "user@box")]
    made += [folder.path / f"{i}.warploom" for i in range(1, 5)]
    for age, path in enumerate(made):
        path.write_bytes(b"0" * 100)
        os.utime(path, (1_000_000 + age, 1_000_000 + age))
    assert made[0].name.startswith("net-user-box-auto-fp32-")
    assert set(folder.prune(3, 10**9, {made[0]})) == {made[1]}
    assert set(folder.prune(9, 250, ())) == {made[0], made[2]}
    assert {path.name for path in folder.path.iterdir()} == {"3.warploom", "4.warploom"}


def test_that_the_bar_of_a_run_only_ever_grows() -> None:
    schedulers = ("sequential", "greedy", "both")
    job = JobState(1, "optimize", "model.onnx", schedulers=schedulers)
    assert job.done is None
    steps = [replace(job, phase="import")]
    for name in schedulers:
        for block in range(3):
            progress = SearchProgress(
                job=1,
                scheduler=name,
                block=block,
                blocks=3,
                states=1,
                stages_costed=1,
                best_us=9.0 - block,
                elapsed_s=1,
            )
            steps.append(replace(job, phase="search").searched(progress))
    steps += [replace(job, phase=name) for name in ("measure", "profile", "verify", "save")]
    done = [one.done or 0.0 for one in steps]
    assert done == sorted(done)
    assert len(set(done)) == len(done)
    assert done[-1] < 1
    assert replace(job, kind="try", phase="measure").done is None


def test_that_a_run_tells_what_it_has_gained() -> None:
    job = JobState(1, "optimize", "model.onnx", curve=((0.0, 900.0),))
    assert job.gained is None
    assert replace(job, curve=((0.0, 900.0), (1.0, 600.0))).gained == pytest.approx(1.5)


def test_that_models_keep_their_names_where_the_list_of_jobs_is_narrow(
    make_program: MakeProgram, models: list[Path]
) -> None:
    program = make_program("slow")
    drop(program, models)
    jobs = program.window.jobs
    for width, hidden in ((280, True), (460, False)):
        jobs.resize(width, 400)
        assert jobs.table.isColumnHidden(SETTINGS) is hidden
        assert jobs.table.columnWidth(MODEL) > 80
    tip = jobs.table_model.index(1, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert str(models[1]) in tip
    assert "fp32" in tip
    program.session.cancel()


def test_that_models_dropped_beside_a_recording_run_with_the_users_own_settings(
    qtbot: QtBot, make_program: MakeProgram, models: list[Path], tmp_path: Path, example_recording: Recording
) -> None:
    path = tmp_path / "half.warploom"
    write_recording(
        replace(example_recording, settings=replace(example_recording.settings, precision=Precision.FP16)), path
    )
    program = make_program("slow")
    program.session.open([path])
    qtbot.waitUntil(lambda: program.state.options.precision == "fp16", timeout=8000)
    drop(program, models)
    assert {task.options.precision for task in program.session.queue.tasks} == {"fp32"}
    program.window.close_document()
    assert program.state.options.precision == "fp32"
    program.session.cancel()
