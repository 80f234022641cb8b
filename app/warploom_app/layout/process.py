"""Runs the layout process and hands over its results; the one module of this package that needs Qt."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
from PySide6.QtCore import QCoreApplication, QObject, QProcess, QTimer, Signal

from warploom_app.layout.messages import LayoutRequest, LayoutResult

_PATIENCE_MS = 60_000


class LayoutProcess(QObject):
    """One background process at a time; a new request or `cancel` kills the one before it.

    Signals:
        arrived(LayoutResult): The quick, then the refined layout.
        failed(str): No further layout will arrive; the text says why, for the user.
    """

    arrived = Signal(object)
    failed = Signal(str)

    def __init__(self, cache_folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._arguments = ["-P", "-m", "warploom_app.layout"]  # -P: a folder of the user's must not shadow modules
        if cache_folder is not None:
            self._arguments.append(str(cache_folder))
        self._process: QProcess | None = None
        self._received = bytearray()
        self._timer = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._timer.timeout.connect(self._give_up)

    @property
    def running(self) -> bool:
        """Whether results may still arrive."""
        return self._process is not None

    def start(self, request: LayoutRequest) -> None:
        """Asks for the layouts of a graph."""
        self.cancel()
        self._received = bytearray()
        process = QProcess(QCoreApplication.instance())  # outlives us by the moment that dying takes
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finished)
        process.finished.connect(process.deleteLater)
        process.errorOccurred.connect(self._error)
        self.destroyed.connect(process.kill)
        self._process = process
        process.start(sys.executable, self._arguments)
        process.write(msgspec.msgpack.encode(request))
        process.closeWriteChannel()
        self._timer.start()

    def cancel(self) -> None:
        """Kills the process, if any; nothing more arrives."""
        self._timer.stop()
        process, self._process = self._process, None
        if process is None:
            return
        process.readyReadStandardOutput.disconnect(self._read)
        process.finished.disconnect(self._finished)
        process.errorOccurred.disconnect(self._error)
        self.destroyed.disconnect(process.kill)
        if process.state() is QProcess.ProcessState.NotRunning:
            process.deleteLater()  # it has finished, or never started
        process.kill()

    def _read(self) -> None:
        if self._process is None:
            return
        self._received += self._process.readAllStandardOutput().data()
        while len(self._received) >= 4:
            end = 4 + int.from_bytes(self._received[:4], "little")
            if len(self._received) < end:
                return
            body = bytes(self._received[4:end])
            del self._received[:end]
            try:
                result = msgspec.msgpack.decode(body, type=LayoutResult)
            except msgspec.MsgspecError:
                self._fail("it answered something else")
                return
            self.arrived.emit(result)

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read()
        if self._process is None:
            return  # a receiver of the last result has started or cancelled something
        if code == 0 and status is QProcess.ExitStatus.NormalExit:
            self.cancel()
        else:
            self._fail(
                f"it ended with exit code {code}" if status is QProcess.ExitStatus.NormalExit else "it was killed"
            )

    def _error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._fail("it could not be started")

    def _give_up(self) -> None:
        self._fail(f"it took longer than {_PATIENCE_MS // 1000} s")

    def _fail(self, why: str) -> None:
        self.cancel()
        self.failed.emit(f"This is the quick layout: the background process did not finish the better one ({why}).")
