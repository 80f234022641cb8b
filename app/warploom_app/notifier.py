"""Notifier: tells of long work that ended while the window is in the background, by whatever the desktop offers."""

from __future__ import annotations

import os
import shutil

from PySide6.QtCore import QObject, QProcess
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from warploom_app.icons import app_icon

_SHOWN_MS = 10_000
_NOTIFICATIONS = "org.freedesktop.Notifications"


class Notifier(QObject):
    """Marks the window in the task bar, and shows a notification: through the desktop's service, else a tray icon.

    The service is asked by a small program of the desktop, not by QtDBus: PySide cannot spell the types that its one
    method wants, and a service that hangs must not hold up the window.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._tray: QSystemTrayIcon | None = None

    def tell(self, title: str, text: str) -> str:
        """Tells the user unless the window has the focus.

        Returns:
            How: "", "service", "tray" or "taskbar".
        """
        if QApplication.activeWindow() is not None:
            return ""
        QApplication.alert(self._window)
        if self._by_service(title, text):
            return "service"
        return "tray" if self._by_tray(title, text) else "taskbar"

    def _by_service(self, title: str, text: str) -> bool:
        command = _service_command(title, text)
        if not command or not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            return False
        process = QProcess()
        process.setProgram(command[0])
        process.setArguments(command[1:])
        process.setStandardOutputFile(QProcess.nullDevice())
        process.setStandardErrorFile(QProcess.nullDevice())
        started = process.startDetached()
        return bool(started[0] if isinstance(started, tuple) else started)

    def _by_tray(self, title: str, text: str) -> bool:
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return False
        if self._tray is None:
            self._tray = QSystemTrayIcon(app_icon(), self)
            self._tray.messageClicked.connect(self._raise)
        self._tray.show()
        self._tray.showMessage(title, text, app_icon(), _SHOWN_MS)
        return True

    def _raise(self) -> None:
        self._window.raise_()
        self._window.activateWindow()


def _service_command(title: str, text: str) -> list[str]:
    """The command line that asks the desktop's service; empty where no program for it is installed."""
    if program := shutil.which("notify-send"):
        return [program, "--app-name=Warploom", "--icon=warploom", "--", title, text]
    if program := shutil.which("gdbus"):
        call = [
            program,
            "call",
            "--session",
            "--dest",
            _NOTIFICATIONS,
            "--object-path",
            "/org/freedesktop/Notifications",
        ]
        quoted = [_gvariant(one) for one in ("Warploom", "warploom", title, text)]
        arguments = [quoted[0], "0", *quoted[1:], "[]", "{}", str(_SHOWN_MS)]
        return [*call, "--method", f"{_NOTIFICATIONS}.Notify", *arguments]
    return []


def _gvariant(text: str) -> str:
    """A string in the notation of GVariant."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
