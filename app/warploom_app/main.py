"""Opens the window: builds the application from its parts and runs it."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from warploom_app.appearance import Appearance
from warploom_app.background import Background
from warploom_app.commands import CommandRunner
from warploom_app.engine_client import EngineClient
from warploom_app.hosts import Hosts
from warploom_app.icons import app_icon
from warploom_app.recordings_folder import RecordingsFolder
from warploom_app.session import Session
from warploom_app.settings import Settings
from warploom_app.state import AppState
from warploom_app.views.main_window import MainWindow


class WindowProgram:
    """All parts of one window, made and taken apart in the right order."""

    def __init__(
        self, settings: Settings, engine: EngineClient | None = None, recordings: Path | None = None
    ) -> None:  # fmt: skip
        self.state = AppState()
        self.appearance = Appearance(settings.appearance)
        self.appearance.apply()
        self.engine = engine or EngineClient()
        self.commands = CommandRunner()
        self.background = Background()
        self.hosts = Hosts()
        folder = RecordingsFolder(recordings or settings.recordings_folder)
        self.session = Session(self.state, self.engine, self.commands, self.background, folder, self.hosts)
        self.window = MainWindow(self.state, self.session, settings, self.appearance)

    def open(self, path: str | None) -> None:
        """Shows the window, then starts the engine, then opens a file."""
        self.window.show()
        QTimer.singleShot(0, self.session.start)
        if path:
            QTimer.singleShot(0, lambda: self.session.open([Path(path)]))

    def close(self) -> None:
        """Ends every process and thread."""
        self.window.close()
        self.commands.close()
        self.session.close()
        self.engine.close()
        self.background.close()


def run(path: str | None = None) -> int:
    """Opens the window, with a file if one is given; returns when it is closed."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    dress(application)
    program = WindowProgram(Settings())
    _leave_on_interrupt(application)
    # What is here now lives as long as the window: not walking it again keeps the collector's pauses short.
    gc.collect()
    gc.freeze()
    program.open(path)
    code = application.exec()
    program.close()
    return code


def dress(application: QApplication) -> None:
    """Gives the application its name, icon and style."""
    application.setStyle("Fusion")
    application.setApplicationName("warploom")
    application.setDesktopFileName("warploom")
    application.setWindowIcon(app_icon())


def _leave_on_interrupt(application: QApplication) -> None:
    """Ctrl+C in the terminal closes the window; Python only notices signals when its code runs now and then."""
    signal.signal(signal.SIGINT, lambda *_: application.quit())
    heartbeat = QTimer(application)
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start(250)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the window with the command line's arguments (at most one: a file)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return run(given[0] if given else None)
