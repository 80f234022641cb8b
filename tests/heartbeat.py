"""Heartbeat: how long the event loop is held up, told apart from a busy machine."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer

SHARED_CORE = 2.0
"""Neighbours on a core take its caches and half of its units: the same work then takes up to twice the time."""

SLOW_MACHINE = 10.0
"""Test machines share their processors with others: waking up may take this many times as long as the work itself."""


class Heartbeat:
    """Measures each turn of the event loop: by processor time of this thread, and by the clock on the wall.

    The first is what the window itself did between two beats, whoever else uses the machine; the second also counts
    waiting, which the window must not do either, but needs a generous limit.
    """

    def __init__(self) -> None:
        self.work_s: list[float] = []
        self.wall_s: list[float] = []
        self._last = (0.0, 0.0)
        self._timer = QTimer()
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._beat)

    def __enter__(self) -> Heartbeat:
        self._last = (time.thread_time(), time.perf_counter())
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now = (time.thread_time(), time.perf_counter())
        self.work_s.append(now[0] - self._last[0])
        self.wall_s.append(now[1] - self._last[1])
        self._last = now

    def check(self, longest_s: float) -> None:
        """Fails where a turn of the event loop worked longer than `longest_s` on a core of its own, or stood still."""
        assert self.work_s, "the event loop never turned"
        assert max(self.work_s) < longest_s * SHARED_CORE, "the window blocks its event loop"
        assert max(self.wall_s) < longest_s * SLOW_MACHINE, "the window waits in its event loop"
