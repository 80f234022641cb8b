"""Collects cyclic garbage on the user interface's thread, and on no other.

Python collects on whichever thread happens to allocate. On a thread of the pool it would destroy widgets there, and it
can stop the program for good: the destructor of a QObject holds a lock of Qt's while it waits for Python's, and the
user interface's thread holds Python's while it waits for that lock.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QCoreApplication, QObject, QTimer

_INTERVAL_MS = 500
_OLDEST = 2
_GROWN = 1.25
"""All is looked at again once so much more has grown old since the last time: Python's own rule."""


class Collector(QObject):
    """Collects by and by, as often as Python would: a generation when its count is above its threshold.

    The oldest one, which takes as long as a missed frame or more, waits until it has grown.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._old = 0  # how many objects a collection of everything has left
        timer = QTimer(self)
        timer.setInterval(_INTERVAL_MS)
        timer.timeout.connect(self.collect)
        timer.start()

    def collect(self) -> None:
        """Collects what is due."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        if counts[0] <= thresholds[0]:
            return
        generation = 0
        while generation < len(counts) - 1 and counts[generation + 1] > thresholds[generation + 1]:
            generation += 1
        if generation == _OLDEST and self._aged() < _GROWN * self._old:
            generation -= 1
        gc.collect(generation)
        if generation == _OLDEST:
            self._old = self._aged()

    @staticmethod
    def _aged() -> int:
        return len(gc.get_objects(generation=_OLDEST))


def collect_here() -> None:
    """From now on garbage is collected on the application's thread only; does nothing without an application."""
    application = QCoreApplication.instance()
    if application is None:
        return
    gc.disable()
    if application.findChild(Collector) is None:
        Collector(application)
