"""Opening files: real drops, dialogs, recent files, and everything that is not a model or a recording."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from warploom.recording.recording import FORMAT_VERSION
from warploom_app.main import WindowProgram
from warploom_app.views.start_cards import RecordingCard, SampleCard

MakeProgram = Callable[..., WindowProgram]


def drop(window: QWidget, urls: list[QUrl]) -> None:
    """What Qt delivers when a user drags these from a file manager and lets go over the window."""
    mime = QMimeData()
    mime.setUrls(urls)
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(200, 200), Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        event = QDropEvent(QPointF(200, 200), Qt.DropAction.CopyAction, mime, buttons, keys)
        QApplication.sendEvent(window, event)


def drop_files(window: QWidget, *paths: Path) -> None:
    drop(window, [QUrl.fromLocalFile(str(path)) for path in paths])


def bar(program: WindowProgram) -> str:
    """What the bar above the view says; "" while it is hidden."""
    message = program.state.message
    assert program.window.message_bar.isVisible() == (message is not None)
    return message.text if message is not None else ""


def wait_open(qtbot: QtBot, program: WindowProgram) -> None:
    qtbot.waitUntil(lambda: program.state.document is not None and program.state.job is None, timeout=8000)


def test_that_a_dropped_model_is_imported_and_shown(qtbot: QtBot, make_program: MakeProgram, model_file: Path) -> None:
    program = make_program()
    drop_files(program.window, model_file)
    wait_open(qtbot, program)
    document = program.state.document
    assert document is not None
    assert document.model == model_file
    assert document.results is None
    assert program.window.workbench.isVisible()
    assert program.window.windowTitle() == "branching.onnx – Warploom"
    assert program.window.registry["run.optimize"].isEnabled()
    qtbot.waitUntil(lambda: not program.window.workbench.dag.laying_out, timeout=8000)


def test_that_a_dropped_recording_opens_without_any_engine(
    qtbot: QtBot, make_program: MakeProgram, recording_file: Path
) -> None:
    program = make_program(start=False)
    drop_files(program.window, recording_file)
    wait_open(qtbot, program)
    assert not program.engine.running
    assert program.window.workbench.verdict.verdict is not None
    assert len(program.window.workbench.comparison.canvas.tracks) == 2


def test_that_of_several_dropped_files_the_first_usable_one_opens_and_the_bar_says_so(
    qtbot: QtBot, make_program: MakeProgram, recording_file: Path, tmp_path: Path
) -> None:
    program = make_program(start=False)
    other = tmp_path / "notes.txt"
    other.write_text("notes")
    drop_files(program.window, other, recording_file)
    wait_open(qtbot, program)
    assert "one file is shown at a time" in bar(program)


def test_that_wrong_drops_are_answered_in_the_bar_and_leave_the_start_page(
    make_program: MakeProgram, tmp_path: Path
) -> None:
    program = make_program(start=False)
    text = tmp_path / "notes.txt"
    text.write_text("notes")
    drop_files(program.window, text)
    assert "notes.txt is neither an ONNX model" in bar(program)
    drop_files(program.window, tmp_path)
    assert "is a folder" in bar(program)
    drop_files(program.window, tmp_path / "gone.onnx")
    assert "does not exist any more" in bar(program)
    drop(program.window, [QUrl("https://example.org/model.onnx")])
    assert "download it first" in bar(program)
    assert program.state.document is None
    assert program.window.start_page.isVisible()


def test_that_dragged_text_is_refused(make_program: MakeProgram) -> None:
    program = make_program(start=False)
    mime = QMimeData()
    mime.setText("not a file")
    event = QDragEnterEvent(
        QPoint(9, 9), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    event.ignore()
    QApplication.sendEvent(program.window, event)
    assert not event.isAccepted()


def test_that_the_drop_target_lights_up_while_something_hovers(make_program: MakeProgram, model_file: Path) -> None:
    program = make_program(start=False)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(model_file))])
    event = QDragEnterEvent(
        QPoint(9, 9), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(program.window, event)
    assert program.window.start_page.drop_target.property("active") == "true"


def test_that_a_broken_model_is_explained_with_details_on_demand(
    qtbot: QtBot, make_program: MakeProgram, model_file: Path
) -> None:
    program = make_program("fail-import")
    drop_files(program.window, model_file)
    qtbot.waitUntil(lambda: program.state.message is not None, timeout=5000)
    assert "is not an ONNX model" in bar(program)
    details = program.window.message_bar.details
    assert not details.isVisible()
    program.window.message_bar.more_button.click()
    assert details.isVisible()
    assert details.toPlainText() == "where it was noticed"


@pytest.mark.parametrize("damage", ["empty", "cut", "noise", "newer", "unreadable"])
def test_that_a_bad_recording_is_explained_and_the_open_one_stays(
    qtbot: QtBot, opened: WindowProgram, recording_file: Path, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "bad.warploom"
    _damage(recording_file, path, damage)
    before = opened.state.document
    drop_files(opened.window, path)
    qtbot.waitUntil(lambda: opened.state.message is not None, timeout=5000)
    assert "bad.warploom" in bar(opened)
    if damage == "newer":
        assert "upgrade" in bar(opened)
    assert opened.state.document is before
    assert opened.window.workbench.isVisible()


def _damage(source: Path, path: Path, damage: str) -> None:
    data = source.read_bytes()
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "noise":
        path.write_bytes(bytes(byte ^ 0x55 for byte in data))
    elif damage == "newer":
        _rewrite_version(source, path)
    else:
        shutil.copy(source, path)
        path.unlink()
        path.symlink_to(path)  # a link to itself can never be read


def _rewrite_version(source: Path, path: Path) -> None:
    newer = {"format": "warploom-recording", "version": FORMAT_VERSION + 1, "warploom": "9.1", "all": "different"}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, msgspec.json.encode(newer) if name == "recording.json" else old.read(name))


def test_that_opened_files_are_remembered_and_open_again(
    qtbot: QtBot, make_program: MakeProgram, recording_file: Path
) -> None:
    first = make_program(start=False)
    first.session.open([recording_file])
    wait_open(qtbot, first)
    first.window.close()
    second = make_program(start=False)
    card = next(one for one in second.window.findChildren(RecordingCard) if one.path == recording_file)
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    wait_open(qtbot, second)


def test_that_the_open_dialog_does_not_block_and_opens_what_is_chosen(
    qtbot: QtBot, make_program: MakeProgram, recording_file: Path
) -> None:
    program = make_program(start=False)
    qtbot.keyClick(program.window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    dialog = program.window.findChild(QFileDialog, "openDialog")
    assert dialog is not None
    dialog.fileSelected.emit(str(recording_file))
    dialog.close()
    wait_open(qtbot, program)


def test_that_a_shipped_sample_opens_from_its_card(qtbot: QtBot, make_program: MakeProgram) -> None:
    program = make_program()
    card = next(one for one in program.window.findChildren(SampleCard) if one.accessibleName().startswith("squeezenet"))
    card.setFocus()
    qtbot.keyClick(card, Qt.Key.Key_Return)
    wait_open(qtbot, program)
    document = program.state.document
    assert document is not None
    assert document.title == "squeezenet_light.onnx"


def test_that_a_sample_which_does_not_ship_is_built_first(qtbot: QtBot, make_program: MakeProgram) -> None:
    program = make_program()
    program.window.open_sample("sample_network")
    assert program.state.job is not None
    wait_open(qtbot, program)
    document = program.state.document
    assert document is not None
    assert document.title == "sample_network.onnx"
    assert document.model is not None
    assert document.model.stat().st_size > 100


def test_that_closing_leads_back_to_the_start_page(qtbot: QtBot, opened: WindowProgram) -> None:
    qtbot.keyClick(opened.window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert opened.state.document is None
    assert opened.window.start_page.isVisible()
    assert not opened.window.registry["export.html"].isEnabled()
    assert opened.window.isVisible()
