"""Collects cyclic garbage on the user interface's thread, and on no other.

Python collects on whichever thread happens to allocate. On a thread of the pool it would destroy widgets there, and it
can stop the program for good: the destructor of a QObject holds a lock of Qt's while it waits for Python's, and the
user interface's thread holds Python's while it waits for that lock.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QCoreApplication, QObject, QTimer

_INTERVAL_MS = 500


class Collector(QObject):
    """Collects by and by, as often as Python would: a generation when its count is above its threshold."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
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
        gc.collect(generation)


def collect_here() -> None:
    """From now on garbage is collected on the application's thread only; does nothing without an application."""
    application = QCoreApplication.instance()
    if application is None:
        return
    gc.disable()
    if application.findChild(Collector) is None:
        Collector(application)
