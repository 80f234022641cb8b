"""WindowMemory: what one window keeps in the settings and finds there again: sizes, docks, options, hosts, files."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs
from PySide6.QtCore import QByteArray, QObject

from warploom.errors import WarploomError
from warploom_app.settings import Settings

if TYPE_CHECKING:
    from warploom_app.views.main_window import MainWindow

_USUAL_SIZE = 1440, 900
_YES = QByteArray(b"yes")


class WindowMemory(QObject):
    """Between one window and the settings."""

    def __init__(self, window: MainWindow, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings

    def restore_size(self) -> None:
        """As large as it was, at its place."""
        geometry = self._settings.bytes("window")
        if geometry is None or not self._window.restoreGeometry(geometry):
            self._window.resize(*_USUAL_SIZE)

    def restore(self) -> None:
        """Docks, hosts, and the settings of the next run."""
        jobs = self._settings.bytes("jobs")
        if jobs is not None:
            self._window.restoreState(jobs)
        self._restore_hosts()
        self._window.state.set_options(self._settings.options)

    def restore_docks(self) -> None:
        """Docks of an open document."""
        docks, apart = self._settings.bytes("docks"), self._settings.bytes("docks-apart")
        self._window.workbench.restore_layout(docks, in_line=apart != _YES)

    def keep(self, *, docks: bool) -> None:
        """Keeps sizes, and the docks unless a small screen made them what they are."""
        self._settings.set_bytes("window", self._window.saveGeometry())
        self._settings.set_bytes("jobs", self._window.saveState())
        if docks:
            work = self._window.workbench
            self._settings.set_bytes("docks", work.saveState())
            self._settings.set_bytes("docks-apart", QByteArray() if work.in_line else _YES)
        self._settings.sync()

    def keep_options(self) -> None:
        """Keeps the settings of the next run."""
        self._settings.options = self._window.session.own_options
        self._settings.host = self._window.state.host

    def keep_hosts(self) -> None:
        """Keeps the list of hosts."""
        hosts = self._window.session.hosts.hosts
        if hosts != self._settings.preferences.hosts:
            self._settings.preferences = structs.replace(self._settings.preferences, hosts=hosts)

    def keep_recent(self, path: Path) -> None:
        """Keeps the name of a file that was opened."""
        self._settings.add_recent(path)

    def _restore_hosts(self) -> None:
        session = self._window.session
        for host in self._settings.preferences.hosts:
            with contextlib.suppress(WarploomError):  # written by another release
                session.hosts.add(host)
        if self._settings.host in {host.address for host in session.hosts.hosts}:
            self._window.state.set_target(self._settings.host, self._settings.options.device)
