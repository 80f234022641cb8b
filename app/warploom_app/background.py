"""Runs work off the user interface's thread and brings its result back to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QThreadPool, Signal

from warploom.errors import WarploomError
from warploom_app.collecting import collect_here

_Result = TypeVar("_Result")


class Background(QObject):
    """A small pool of threads. Callbacks run on the thread of this object, in the order in which work ends."""

    _ended = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(2)
        self._pool.setExpiryTimeout(1000)
        self._ended.connect(self._deliver)
        self._closed = False
        collect_here()

    def run(
        self,
        work: Callable[[], _Result],
        done: Callable[[_Result], object],
        failed: Callable[[Exception], object],
    ) -> None:
        """Calls `work` on another thread, then `done` with its result or `failed` with its exception."""
        self._pool.start(partial(_do, work, done, failed, self._ended))

    def close(self) -> None:
        """Waits for running work and drops its results."""
        self._closed = True
        self._pool.clear()
        self._pool.waitForDone()

    def _deliver(self, callback: Callable[[Any], None], value: object, _keep: object) -> None:
        if not self._closed:
            callback(value)


def _do(work: Callable[[], Any], done: Callable[[Any], object], failed: Any, ended: Any) -> None:
    """A plain function: the pool would keep a QRunnable, and all that it holds, for as long as the program lives."""
    callback: Any = done
    try:
        value = work()
    except Exception as error:  # a defect must reach the window's error bar, not vanish in a thread
        callback, value = failed, error
    with contextlib.suppress(RuntimeError):  # whoever asked is gone already
        ended.emit(callback, value, None)


def sentence(error: Exception) -> str:
    """What to tell the user about an exception."""
    if isinstance(error, WarploomError):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    return f"Warploom met an error that it did not expect ({type(error).__name__}: {error})."
