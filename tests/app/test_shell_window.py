"""The frame around the views: second starts, recovery, help, shortcuts, settings, names for screen readers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextBrowser,
    QWidget,
)
from pytestqt.qtbot import QtBot

from warploom.cli.running_window import hand_over, socket_path
from warploom.worker.messages import OptimizeOptions
from warploom_app.appearance import AppearanceMode
from warploom_app.help_pages import help_pages
from warploom_app.jobs import TaskState
from warploom_app.main import WindowProgram
from warploom_app.notifier import Notifier, _gvariant
from warploom_app.recovery import Note, UnfinishedTask
from warploom_app.settings import Preferences, Settings
from warploom_app.single_instance import SingleInstance
from warploom_app.thumbnails import Thumbnails, caption_of, picture_path
from warploom_app.thumbnails import main as draw_thumbnails
from warploom_app.translation import languages
from warploom_app.views.about import AboutDialog
from warploom_app.views.help_window import HelpWindow
from warploom_app.views.settings_dialog import SettingsDialog
from warploom_app.views.shortcut_sheet import ShortcutSheet
from warploom_app.views.start_cards import RecordingCard
from warploom_app.views.window_menus import MENUS

MakeProgram = Callable[..., WindowProgram]

_TAKE = """
from warploom_app.jobs import TaskQueue
from warploom_app.recovery import Recovery
from warploom_app.state import AppState
print(Recovery(AppState(), TaskQueue()).take())
"""

_CONTROLS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit,
    QTextBrowser,
)  # fmt: skip


# -- a second start


def test_that_a_second_start_hands_its_files_to_the_first_and_raises_it(
    qtbot: QtBot, make_program: MakeProgram, recording_file: Path
) -> None:
    program = make_program(start=False)
    program.listen()
    taken: list[bool] = []
    other = threading.Thread(target=lambda: taken.append(hand_over([recording_file])))
    other.start()
    qtbot.waitUntil(lambda: program.state.document is not None, timeout=8000)
    other.join()
    assert taken == [True]
    assert program.state.document is not None
    assert program.state.document.path == recording_file


def test_that_nobody_takes_files_where_no_window_is_and_a_dead_one_is_replaced(qtbot: QtBot) -> None:
    assert not hand_over([])
    left = socket_path()
    left.touch()
    instance, second = SingleInstance(), SingleInstance()
    assert instance.listen()
    assert not second.listen(), "one window listens"
    instance.close()
    qtbot.wait(1)


def test_that_garbage_on_the_socket_is_answered_with_silence(qtbot: QtBot) -> None:
    import socket

    instance = SingleInstance()
    asked: list[object] = []
    instance.asked.connect(asked.append)
    assert instance.listen()
    for message in (b"GET / HTTP/1.1\n", b'{"files": 7}\n', b"[]\n"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(socket_path()))
            connection.sendall(message)
            qtbot.wait(30)
    assert asked == []
    instance.close()


def test_that_a_folder_that_others_can_write_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as short:  # a socket's path must be: pytest's own folders may be too deep
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        folder = Path(short) / "warploom"
        folder.mkdir()
        folder.chmod(0o777)
        with pytest.raises(PermissionError):
            socket_path()
        assert not hand_over([])


def test_that_warploom_gui_run_twice_opens_one_window(recording_file: Path) -> None:
    command = [sys.executable, "-m", "warploom", "gui", str(recording_file)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    first = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 20
        while not socket_path().exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        second = subprocess.run(command, env=environment, timeout=20, check=False)
        assert second.returncode == 0, "it returns at once"
        assert first.poll() is None
    finally:
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=20)
    assert first.returncode == 0


# -- after a crash


def test_that_what_a_crashed_window_had_open_comes_back_and_its_runs_are_offered_again(
    qtbot: QtBot, make_program: MakeProgram, recording_file: Path, model_file: Path
) -> None:
    program = make_program("good")
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    task = UnfinishedTask(str(model_file), OptimizeOptions(batch=3))
    note = Note(int(gone.stdout), "1", str(recording_file), "", (task,))
    folder = Path(os.environ["XDG_STATE_HOME"]) / "warploom" / "windows"
    folder.mkdir(parents=True)
    (folder / "1.json").write_bytes(msgspec.json.encode(note))
    program.open()
    qtbot.waitUntil(lambda: program.state.document is not None, timeout=8000)
    message = program.state.message
    assert message is not None
    assert "ended unexpectedly" in message.text
    assert [task.state for task in program.session.queue.tasks] == [TaskState.CANCELLED]
    qtbot.mouseClick(program.window.message_bar.help_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: program.session.queue.tasks[-1].state is TaskState.DONE, timeout=8000)
    assert program.session.queue.tasks[-1].options.batch == 3


def test_that_a_window_writes_down_what_it_has_and_takes_the_note_away_when_it_closes(
    qtbot: QtBot, make_program: MakeProgram, recording_file: Path, model_file: Path
) -> None:
    program = make_program("slow")
    folder = Path(os.environ["XDG_STATE_HOME"]) / "warploom" / "windows"
    program.session.open([recording_file])
    program.session.enqueue([model_file, model_file])
    path = folder / f"{os.getpid()}.json"
    qtbot.waitUntil(lambda: path.exists() and b"branching.warploom" in path.read_bytes(), timeout=8000)
    note = msgspec.json.decode(path.read_bytes(), type=Note)
    assert note.document == str(recording_file)
    assert len(note.tasks) == 2
    second = subprocess.run([sys.executable, "-c", _TAKE], capture_output=True, check=True, text=True)
    assert second.stdout.strip() == "None", "the note of a window that lives is left alone"
    assert path.exists()
    program.close()
    assert not path.exists()


def test_that_a_crash_of_the_window_is_survived_by_a_real_second_start(recording_file: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    folder = Path(os.environ["XDG_STATE_HOME"]) / "warploom" / "windows"
    first = subprocess.Popen([sys.executable, "-m", "warploom", "gui", str(recording_file)], env=environment)
    deadline = time.monotonic() + 60
    while not list(folder.glob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    first.kill()
    first.wait()
    (left,) = folder.glob("*.json")
    second = subprocess.Popen([sys.executable, "-m", "warploom", "gui"], env=environment)
    try:
        while (left.exists() or not list(folder.glob("*.json"))) and time.monotonic() < deadline + 20:
            time.sleep(0.05)
        (note,) = folder.glob("*.json")
        assert msgspec.json.decode(note.read_bytes(), type=Note).document == str(recording_file)
    finally:
        second.send_signal(signal.SIGINT)
        second.wait(20)
    assert not list(folder.glob("*.json"))


# -- names, help, shortcuts, settings


def test_that_every_control_has_a_name_for_screen_readers(qtbot: QtBot, opened: WindowProgram) -> None:
    window = opened.window
    window.show_jobs()
    window.overlays.show_settings()
    window.overlays.show_help()
    window.overlays.show_shortcuts()
    window.show_run_settings()
    qtbot.wait(50)
    nameless = [
        f"{type(widget).__name__} {widget.objectName()!r} in {type(widget.parent()).__name__}"
        for top in QApplication.topLevelWidgets()
        for widget in top.findChildren(QWidget)
        if isinstance(widget, _CONTROLS) and widget.isVisibleTo(top) and not _is_inner(widget) and not _name(widget)
    ]
    window.run_bar.settings.hide()
    assert nameless == []


_WHOLE = (QAbstractSpinBox, QComboBox, QLineEdit, QAbstractItemView)


def _is_inner(widget: QWidget) -> bool:
    """Whether a control is a part of another one that has the name (the line of a spin box, the bars of a view)."""
    if widget.objectName().startswith("qt_") or type(widget).__name__ in ("QComboBoxListView", "QScrollBar"):
        return True
    parent = widget.parent()
    while parent is not None and not isinstance(parent, _WHOLE):
        parent = parent.parent()
    return parent is not None


def _name(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or text or (widget.toolTip() if isinstance(widget, QAbstractButton) else "")


def test_that_tab_reaches_every_part_of_the_window(qtbot: QtBot, opened: WindowProgram) -> None:
    window = opened.window
    window.run_bar.device.setFocus()
    reached: set[str] = set()
    for _ in range(80):
        focus = QApplication.focusWidget()
        while focus is not None and focus is not window:
            reached.add(type(focus).__name__)
            focus = focus.parentWidget()
        qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
    assert {"RunBar", "OperatorPanel"} <= reached
    assert reached & {"TimelineCanvas", "ComparisonView"}
    assert reached & {"DagView", "DagPanel", "DagCanvas"}


def menu_of(program: WindowProgram, name: str) -> list[QAction]:
    bar = program.window.menuBar().actions()
    return bar[MENUS.index(name)].menu().actions()  # type: ignore[attr-defined,no-any-return]


def test_that_every_command_has_a_unique_shortcut_or_a_place_in_a_menu(opened: WindowProgram) -> None:
    registry = opened.window.registry
    shortcuts = [action.shortcut().toString() for _, action in registry if not action.shortcut().isEmpty()]
    assert len(shortcuts) == len(set(shortcuts))
    assert len(shortcuts) > 25
    shown, menus = set(), [opened.window.menuBar().actions()]
    while menus:
        for action in menus.pop():
            shown.add(action)
            if action.menu() is not None:
                menus.append(action.menu().actions())  # type: ignore[attr-defined]
    assert all(action in shown for _, action in registry)
    assert len([action for action in menu_of(opened, "export") if not action.isSeparator()]) < 10


def test_that_the_sheet_of_shortcuts_lists_and_filters(qtbot: QtBot, opened: WindowProgram) -> None:
    qtbot.keyClick(opened.window, Qt.Key.Key_Question)
    sheet = opened.window.findChild(ShortcutSheet)
    assert sheet is not None
    rows = [(item.text(0), item.text(1)) for _, items in sheet._rows for item in items]
    assert ("Optimize", "Ctrl+R") in rows
    assert any(keys == "W / S" for _, keys in rows)
    sheet.search.setText("optimize")
    assert [item.text(0) for _, items in sheet._rows for item in items if not item.isHidden()] == ["Optimize"]
    sheet.close()


def test_that_help_opens_beside_the_window_and_is_searched(qtbot: QtBot, opened: WindowProgram) -> None:
    assert len(help_pages()) >= 5
    qtbot.keyClick(opened.window, Qt.Key.Key_F1)
    window = opened.window.findChild(HelpWindow)
    assert window is not None
    assert not window.isModal()
    assert "First steps" in window.browser.toPlainText()
    window.search.setText("ssh-copy-id")
    assert [window.pages.item(row).text() for row in range(window.pages.count())] == ["Machines with GPUs"]
    window.search.setText("no such words anywhere")
    assert "No page" in window.browser.toPlainText()
    window.close()


def test_that_the_palette_leads_to_help(qtbot: QtBot, opened: WindowProgram) -> None:
    opened.window.overlays.show_palette()
    from warploom_app.views.command_palette import CommandPalette

    palette = opened.window.findChild(CommandPalette)
    assert palette is not None
    palette.search.setText("help several models")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert opened.window.findChild(HelpWindow) is not None
    for window in opened.window.findChildren(HelpWindow):
        window.close()


def test_that_settings_apply_at_once_and_survive(qtbot: QtBot, opened: WindowProgram, settings: Settings) -> None:
    opened.window.registry["file.settings"].trigger()
    dialog = opened.window.findChild(SettingsDialog)
    assert dialog is not None
    dialog.mode_chosen.emit(AppearanceMode.DARK)
    assert opened.appearance.theme.is_dark
    dialog._change(notify=False, keep_recordings=7)
    assert not settings.preferences.notify
    assert Settings(settings._store).preferences.keep_recordings == 7
    opened.window.set_mode(AppearanceMode.LIGHT)
    settings._store.setValue("preferences", "{damaged")
    assert settings.preferences.notify
    dialog.close()
    qtbot.wait(1)


def test_that_the_window_speaks_german(make_program: MakeProgram, settings: Settings) -> None:
    settings.preferences = Preferences(language="de")
    program = make_program(start=False)
    assert [action.text() for action in program.window.menuBar().actions()][:2] == ["&Datei", "&Bearbeiten"]
    assert program.window.registry["run.optimize"].text() == "&Optimieren"
    assert dict(languages())["de"] == "Deutsch"
    program.close()
    settings.preferences = Preferences(language="xx")
    assert make_program(start=False).window.registry["run.optimize"].text() == "&Optimize"


def test_that_about_names_what_results_depend_on(opened: WindowProgram) -> None:
    opened.window.registry["help.about"].trigger()
    dialog = opened.window.findChild(AboutDialog)
    assert dialog is not None
    assert "onnxruntime" in dialog._text
    dialog.close()


def test_that_the_figure_is_copied(qtbot: QtBot, opened: WindowProgram) -> None:
    QGuiApplication.clipboard().clear()
    opened.window.registry["export.copy-figure"].trigger()
    qtbot.waitUntil(lambda: "clipboard" in (opened.state.message.text if opened.state.message else ""), timeout=20_000)
    assert QGuiApplication.clipboard().image().width() > 300
    QGuiApplication.clipboard().clear()  # Qt's offscreen clipboard cannot hold an image until the process ends


# -- telling, pictures


def test_that_the_end_of_long_work_is_told_only_in_the_background(
    opened: WindowProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notifier = Notifier(opened.window)
    assert notifier.tell("Warploom", "net is optimized") == ""
    program = tmp_path / "bin" / "notify-send"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/said\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    monkeypatch.setattr(QApplication, "activeWindow", lambda: None)
    assert notifier.tell("Warploom", "--net is optimized") == "service"
    deadline = time.monotonic() + 5
    while not (tmp_path / "said").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.05)
    assert (tmp_path / "said").read_text().splitlines()[-2:] == ["Warploom", "--net is optimized"]
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    assert notifier.tell("Warploom", "x") in ("taskbar", "tray")
    assert _gvariant('a "b" \\') == '"a \\"b\\" \\\\"'


def test_that_recordings_get_small_pictures_once(qtbot: QtBot, recording_file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.warploom"
    broken.write_bytes(b"nothing")
    assert draw_thumbnails([str(recording_file), str(broken)]) == 1
    picture = picture_path(recording_file)
    image = QImage(str(picture))
    colours = {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
    assert len(colours) > 2, "two streams at least, and nothing between them"
    caption = caption_of(picture)
    assert caption is not None
    assert caption.simulated
    thumbnails = Thumbnails()
    assert thumbnails.find(recording_file) is not None
    assert thumbnails.find(broken) is None
    with qtbot.waitSignal(thumbnails.ready, timeout=15_000):
        thumbnails.draw([recording_file, broken])
    thumbnails.draw([broken])
    assert thumbnails._process is None, "what cannot be drawn is tried once"


def test_that_a_recent_recording_shows_its_picture(
    qtbot: QtBot, make_program: MakeProgram, recording_file: Path, settings: Settings
) -> None:
    settings.add_recent(recording_file)
    program = make_program(start=False)
    card = next(one for one in program.window.findChildren(RecordingCard) if one.path == recording_file)
    qtbot.waitUntil(lambda: "simulated" in card.accessibleName(), timeout=20_000)


# -- small screens


def test_that_a_small_screen_at_200_percent_keeps_every_main_control_reachable(
    qtbot: QtBot, opened: WindowProgram
) -> None:
    window = opened.window
    window.workbench.size_docks()
    for _ in range(3):  # each step frees room for the next
        window.resize(683, 384)
        qtbot.wait(50)
    assert window.width() <= 683
    assert window.height() <= 384
    bar = window.run_bar
    for control in (bar.device, bar._optimize, bar._cancel):
        corner = control.mapTo(window, QPoint(control.width(), 0))
        assert control.isVisible()
        assert corner.x() <= window.width()
    assert window.progress.isVisible()
    assert window.workbench.dag.isVisible()
    assert window.workbench.comparison.canvas.isVisible()
    window.resize(1400, 900)
    qtbot.wait(50)
    assert all(dock.isVisible() for dock in window.workbench.docks), "room that comes back is used"
