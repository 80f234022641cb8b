"""Runs the drawing process and hands over what it answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import QCoreApplication, QObject, QProcess, Signal

from warploom_app.drawing.messages import Drawn, PictureOrder


class DrawingProcess(QObject):
    """One order at a time.

    Signals:
        ended(Drawn): The answer, or why there is none.
    """

    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._received = bytearray()

    @property
    def running(self) -> bool:
        """Whether an answer is still to come."""
        return self._process is not None

    def start(self, order: PictureOrder) -> None:
        """Has a picture drawn."""
        process = self._process = QProcess(QCoreApplication.instance())  # outlives us by the moment that dying takes
        self._received = bytearray()
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finished)
        process.finished.connect(_swept(order.part))
        process.finished.connect(process.deleteLater)
        process.errorOccurred.connect(self._error)
        self.destroyed.connect(process.kill)
        process.setStandardErrorFile(QProcess.nullDevice())
        process.start(sys.executable, ["-P", "-m", "warploom_app.drawing"])  # -P: not the modules of a user's folder
        process.write(msgspec.msgpack.encode(order))
        process.closeWriteChannel()

    def cancel(self) -> None:
        """Kills the process, if any; nothing more arrives, and no half of a file stays."""
        process = self._release()
        if process is not None:
            process.kill()

    def wait(self, milliseconds: int) -> None:
        """Waits for the answer, which is told before this returns; gives up after a time."""
        if self._process is not None and not self._process.waitForFinished(milliseconds):
            self.cancel()

    def _release(self) -> QProcess | None:
        process, self._process = self._process, None
        if process is not None:
            process.readyReadStandardOutput.disconnect(self._read)
            process.finished.disconnect(self._finished)
            process.errorOccurred.disconnect(self._error)
            self.destroyed.disconnect(process.kill)
        return process

    def _read(self) -> None:
        """Takes what has come: all of it at once, in the end, would hold up the window."""
        if self._process is not None:
            self._received += self._process.readAllStandardOutput().data()

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        self._release()
        if code or status is not QProcess.ExitStatus.NormalExit:
            self._fail(f"the process that draws it ended with exit code {code}")
            return
        try:
            drawn = msgspec.msgpack.decode(self._received, type=Drawn)
        except msgspec.MsgspecError:
            self._fail("the process that draws it answered something else")
            return
        self.ended.emit(drawn)

    def _error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            process = self._release()
            if process is not None:
                process.deleteLater()
            self._fail("the process that draws it could not be started")

    def _fail(self, why: str) -> None:
        self.ended.emit(Drawn(error=f"There is no picture: {why}."))


def _swept(part: str) -> Callable[[], None]:
    """Takes away what a killed process left behind; holds nothing else, so that it does it whoever has gone."""

    def sweep() -> None:
        if part:
            Path(part).unlink(missing_ok=True)

    return sweep
