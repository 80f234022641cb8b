"""LogBatch: collects the build log of a job and hands it on in batches, so that a fast job does not flood the views."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from warploom.graph import LogEntry
from warploom.worker.messages import LogLine

_INTERVAL_MS = 100


class LogBatch(QObject):
    """The log of one job at a time.

    Signals:
        ready: New entries.
    """

    ready = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[LogEntry] = []
        self._fresh: list[LogEntry] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(self.flush)

    @property
    def entries(self) -> tuple[LogEntry, ...]:
        """Everything since the last start."""
        return (*self._entries, *self._fresh)

    def begin(self) -> None:
        """Forgets the log of the job before."""
        self._timer.stop()
        self._entries, self._fresh = [], []

    def add(self, line: LogLine) -> None:
        """Takes one decision."""
        self._fresh.append(LogEntry(line.step, line.subject, line.decision, line.reason))
        if not self._timer.isActive():
            self._timer.start()

    def flush(self) -> None:
        """Hands on what has come since the last time."""
        self._timer.stop()
        if self._fresh:
            fresh, self._fresh = self._fresh, []
            self._entries += fresh
            self.ready.emit(fresh)
