"""Fixtures of the window's tests: a program around a fake worker, settings of its own, and a check for leftovers."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from warploom.recording.file import write_recording
from warploom.recording.recording import Recording
from warploom_app.engine_client import EngineClient
from warploom_app.main import WindowProgram
from warploom_app.settings import Settings

FAKE_WORKER = Path(__file__).with_name("fake_worker.py")

MakeProgram = Callable[..., WindowProgram]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that a test does reaches the user's folders."""
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        folder = tmp_path / "xdg" / name.lower()
        folder.mkdir(parents=True)
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder))
    runtime = tmp_path / "xdg" / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))


def _children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        try:
            found.update(map(int, (task / "children").read_text().split()))
        except OSError:
            continue
    return found


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fails a test that leaves a thread or a process behind."""
    threads, children = set(threading.enumerate()), _children()
    yield
    deadline = time.monotonic() + 5
    while True:
        more_threads = [thread.name for thread in threading.enumerate() if thread not in threads]
        more_children = _children() - children
        if not more_threads and not more_children:
            return
        if time.monotonic() > deadline:
            pytest.fail(f"left behind: threads {more_threads}, processes {sorted(more_children)}")
        application = QApplication.instance()
        if application is not None:
            application.processEvents()
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def garbage_is_collected_again() -> Iterator[None]:
    """What a window switches off for its process is on again for tests without one."""
    yield
    gc.enable()


@pytest.fixture(scope="session")
def recording_file(tmp_path_factory: pytest.TempPathFactory, make_recording: Callable[..., Recording]) -> Path:
    """A small recording on disk."""
    path = tmp_path_factory.mktemp("recordings") / "branching.warploom"
    write_recording(make_recording(2), path)
    return path


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    """Something that is called a model (the fake worker does not look into it)."""
    path = tmp_path / "branching.onnx"
    path.write_bytes(b"a model")
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def make_program(qtbot: QtBot, tmp_path: Path, settings: Settings, recording_file: Path) -> Iterator[MakeProgram]:
    """`make_program(behaviour)`: a shown window around a fake worker."""
    programs: list[WindowProgram] = []

    def make(
        behaviour: str = "good", *, command: list[str] | None = None, start: bool = True, silence_ms: int = 15_000
    ) -> WindowProgram:
        line = command or [sys.executable, str(FAKE_WORKER), behaviour, str(recording_file)]
        engine = EngineClient(line, grace_ms=300, terminate_ms=300, silence_ms=silence_ms)
        program = WindowProgram(settings, engine, tmp_path / "data" / "recordings")
        programs.append(program)
        program.window.resize(1400, 900)
        program.window.show()
        program.window.activateWindow()
        qtbot.waitUntil(program.window.isActiveWindow, timeout=5000)
        if start:
            program.session.start()
        return program

    yield make
    for program in programs:
        program.close()
        program.window.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def opened(qtbot: QtBot, make_program: MakeProgram, recording_file: Path) -> WindowProgram:
    """A window with the small recording open."""
    program = make_program(start=False)
    program.session.open([recording_file])
    qtbot.waitUntil(lambda: program.state.document is not None, timeout=5000)
    return program
