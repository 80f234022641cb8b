"""Runs work on the UI thread in slices of a few milliseconds, so that the window goes on living."""

from __future__ import annotations

import time
from collections.abc import Iterator

from PySide6.QtCore import QObject, QTimer

_SLICE_SECONDS = 0.008


class SlicedWork(QObject):
    """Steps an iterator until it ends, a slice per turn of the event loop; new work replaces what is under way."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: Iterator[None] | None = None
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._run_slice)

    @property
    def running(self) -> bool:
        """Whether work is under way."""
        return self._steps is not None

    def start(self, steps: Iterator[None]) -> None:
        """Begins at once; what fits into the first slice is done when this returns."""
        self._steps = steps
        self._timer.start()
        self._run_slice()

    def cancel(self) -> None:
        """Drops the work."""
        self._steps = None
        self._timer.stop()

    def _run_slice(self) -> None:
        steps = self._steps
        deadline = time.perf_counter() + _SLICE_SECONDS
        while steps is not None and steps is self._steps:
            try:
                next(steps)
            except StopIteration:
                if steps is self._steps:  # the last step may have started other work
                    self.cancel()
                return
            if time.perf_counter() > deadline:
                return
