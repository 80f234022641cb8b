"""How long the window's event loop is kept from turning."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer


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
