"""Opens the window: builds the application from its parts and runs it."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QTimer
from PySide6.QtWidgets import QApplication

from warploom_app.appearance import Appearance
from warploom_app.background import Background
from warploom_app.commands import CommandRunner
from warploom_app.engine_client import EngineClient
from warploom_app.hosts import Hosts
from warploom_app.icons import app_icon
from warploom_app.recordings_folder import RecordingsFolder
from warploom_app.recovery import Recovery
from warploom_app.session import Session
from warploom_app.settings import Settings
from warploom_app.single_instance import SingleInstance
from warploom_app.state import AppState
from warploom_app.translation import speak
from warploom_app.views.main_window import MainWindow

_PRUNE_AFTER_MS = 5000  # old recordings can wait until the window stands


class WindowProgram:
    """All parts of one window, made and taken apart in the right order."""

    def __init__(
        self, settings: Settings, engine: EngineClient | None = None, recordings: Path | None = None
    ) -> None:  # fmt: skip
        self.settings = settings
        self.translators = speak(settings.preferences.language)
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
        self.recovery = Recovery(self.state, self.session.queue)
        self.instance = SingleInstance()

    def open(self, paths: Sequence[Path] = ()) -> None:
        """Shows the window, then starts the engine, then opens files, or what a window had open that crashed."""
        self.window.show()
        QTimer.singleShot(0, self.session.start)
        QTimer.singleShot(0, lambda: self._open_first(list(paths)))
        QTimer.singleShot(_PRUNE_AFTER_MS, self.window, lambda: self.session.prune(self.settings.preferences))

    def listen(self) -> None:
        """Takes the files of further starts of Warploom."""
        self.instance.asked.connect(self._asked)
        self.instance.listen()

    def _open_first(self, paths: list[Path]) -> None:
        note = self.recovery.take()
        if paths:
            self.session.open(paths)
        elif note is not None and self.settings.preferences.reopen:
            self.session.recover(note)

    def _asked(self, paths: list[Path]) -> None:
        self.window.bring_to_front()
        self.session.open(paths)

    def close(self) -> None:
        """Ends every process and thread."""
        self.window.close()
        self.instance.close()
        self.recovery.close()
        self.commands.close()
        self.session.close()
        self.engine.close()
        self.background.close()
        self.window.workbench.comparison.background.close()
        self.window.workbench.dag.pictures.finish()
        for translator in self.translators:
            QCoreApplication.removeTranslator(translator)


def run(paths: Sequence[Path] = ()) -> int:
    """Opens the window, with files if some are given; returns when it is closed."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    dress(application)
    program = WindowProgram(Settings())
    _leave_on_interrupt(application)
    # What is here now lives as long as the window: not walking it again keeps the collector's pauses short.
    gc.collect()
    gc.freeze()
    program.open(paths)
    program.listen()
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
