"""What benchmarks of the window watch: stalls of the event loop, and memory."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication


class Heartbeat:
    """Collects the times between two turns of the event loop."""

    def __init__(self) -> None:
        self._stalls_ms: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(2)

    def _beat(self) -> None:
        now = time.perf_counter()
        self._stalls_ms.append(1000 * (now - self._last))
        self._last = now

    def take(self) -> str:
        """What was collected since it was asked last."""
        stalls, self._stalls_ms = sorted(self._stalls_ms), []
        p99 = stalls[int(0.99 * (len(stalls) - 1))]
        return f"stalls p99 {p99:5.1f} ms, longest {stalls[-1]:5.1f} ms"


def until(application: QApplication, done: Callable[[], bool]) -> None:
    """Lets the event loop turn until something has happened."""
    while not done():
        application.processEvents()
        time.sleep(0.0005)


def resident_mb() -> float:
    """Memory of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
