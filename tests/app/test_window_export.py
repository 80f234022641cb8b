"""Exports from the menu: real files, written by a process of their own, and errors in the bar."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from warploom.recording.file import read_recording
from warploom.report.export import FORMATS
from warploom_app.main import WindowProgram
from warploom_app.state import Message

MakeProgram = Callable[..., WindowProgram]


def export(qtbot: QtBot, program: WindowProgram, name: str, path: Path) -> str:
    """Chooses a file in the dialog of an Export action and waits for what the bar says."""
    program.state.clear_message()
    program.window.registry[f"export.{name}"].trigger()
    dialog = program.window.findChild(QFileDialog, "exportDialog")
    assert dialog is not None
    dialog.fileSelected.emit(str(path))
    dialog.close()
    qtbot.waitUntil(lambda: program.state.message is not None, timeout=20_000)
    assert program.state.message is not None
    return program.state.message.text


def test_that_every_format_of_the_engine_is_in_the_menu(opened: WindowProgram) -> None:
    for name, one in FORMATS.items():
        action = opened.window.registry[f"export.{name}"]
        assert action.isEnabled()
        assert one.title in action.text()


def test_that_an_export_writes_its_file_while_the_window_lives(
    qtbot: QtBot, opened: WindowProgram, tmp_path: Path
) -> None:
    beats: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(1))
    timer.start(10)
    path = tmp_path / "spans.csv"
    assert export(qtbot, opened, "csv", path) == f"Saved {path}"
    timer.stop()
    with path.open(newline="") as lines:
        assert len(list(csv.reader(lines))) > 16
    assert len(beats) > 5
    assert opened.state.job is None
    assert all(button.isVisible() for button in opened.window.message_bar.file_buttons)
    assert opened.window.message_bar.path == path


def test_that_an_export_that_fails_is_explained(qtbot: QtBot, opened: WindowProgram, tmp_path: Path) -> None:
    text = export(qtbot, opened, "csv", tmp_path / "no such folder" / "spans.csv")
    assert not any(button.isVisible() for button in opened.window.message_bar.file_buttons)
    assert "does not exist" in text
    assert "Traceback" not in text
    assert opened.state.job is None


def test_that_a_recording_deleted_while_open_is_exported_all_the_same(
    qtbot: QtBot, opened: WindowProgram, tmp_path: Path
) -> None:
    document = opened.state.document
    assert document is not None
    copy = tmp_path / "copy.warploom"
    opened.session.save_copy(copy)
    qtbot.waitUntil(lambda: opened.state.message is not None, timeout=8000)
    assert read_recording(copy).model.name == "branching"
    opened.state.clear_message()
    opened.session.open([copy])
    qtbot.waitUntil(lambda: opened.state.document is not document, timeout=8000)
    copy.unlink()
    path = tmp_path / "schedule.json"
    assert export(qtbot, opened, "schedule-json", path) == f"Saved {path}"


def test_that_the_graph_is_saved_as_a_picture(qtbot: QtBot, opened: WindowProgram, tmp_path: Path) -> None:
    qtbot.waitUntil(lambda: not opened.window.workbench.dag.laying_out, timeout=8000)
    path = tmp_path / "graph.svg"
    assert export(qtbot, opened, "graph-svg", path) == f"Saved {path}"
    assert path.read_text(encoding="utf-8").lstrip().startswith("<?xml")
    assert "cannot be written" in export(qtbot, opened, "graph-svg", tmp_path / "none" / "graph.svg")


def test_that_good_news_leave_by_themselves_and_bad_ones_stay(
    qtbot: QtBot, opened: WindowProgram, tmp_path: Path
) -> None:
    bar, state = opened.window.message_bar, opened.state
    bar.leaving.setInterval(10)
    state.show(Message("It could not be written."))
    assert not bar.leaving.isActive()
    state.show(Message("Saved x.csv", "done", path=tmp_path / "x.csv"))
    bar.file_buttons[0].setFocus()
    bar.leaving.timeout.emit()
    assert state.message is not None, "who is about to press a button still finds it"
    bar.more_button.window().setFocus()
    qtbot.waitUntil(lambda: state.message is None, timeout=5000)


def test_that_a_saved_file_and_its_folder_can_be_opened(
    opened: WindowProgram, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url) or len(asked) > 1)
    path = tmp_path / "x.csv"
    opened.state.show(Message("Saved x.csv", "done", path=path))
    for button in opened.window.message_bar.file_buttons:
        assert opened.state.message is not None, "nothing opened it: the bar still says where it is"
        button.click()
    assert [Path(url.toLocalFile()) for url in asked] == [path, tmp_path]
    assert opened.state.message is None
