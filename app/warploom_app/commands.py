"""Runs `warploom` verbs in processes of their own: exports and sample models never touch the window's thread."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess

Done = Callable[[], object]
Failed = Callable[[str, str], object]


class CommandRunner(QObject):
    """Runs one command at a time for each call; failures come back as the sentence that the command printed."""

    def __init__(self, parent: QObject | None = None, prefix: Sequence[str] | None = None) -> None:
        super().__init__(parent)
        self._prefix = list(prefix or (sys.executable, "-m", "warploom"))
        self._running: dict[QProcess, tuple[Done, Failed]] = {}

    def export(self, recording: Path, format_name: str, output: Path, done: Done, failed: Failed) -> QProcess:
        """Writes a recording in another format."""
        return self.run(["export", str(recording), "--format", format_name, "-o", str(output)], done, failed)

    def build_sample(self, name: str, output: Path, done: Done, failed: Failed) -> QProcess:
        """Builds a sample model without its weights: schedules need none, and the file is tiny."""
        return self.run(["models", "build", name, "--light", "-o", str(output)], done, failed)

    def run(self, arguments: Sequence[str], done: Done, failed: Failed) -> QProcess:
        """Starts `warploom ARGUMENTS`; calls `done`, or `failed` with a sentence and the whole output."""
        process = QProcess(self)
        self._running[process] = done, failed
        # Bound methods only: a closure could hold the last reference to this object when the process goes.
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._broken)
        process.start(self._prefix[0], [*self._prefix[1:], *arguments])
        return process

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        process = self.sender()
        if not isinstance(process, QProcess) or process not in self._running:
            return
        done, failed = self._running.pop(process)
        text = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
        process.deleteLater()
        if status == QProcess.ExitStatus.NormalExit and code == 0:
            done()
        else:
            failed(_sentence(text) or self.tr("The command ended unexpectedly (exit code {}).").format(code), text)

    def _broken(self, error: QProcess.ProcessError) -> None:
        process = self.sender()
        if error != QProcess.ProcessError.FailedToStart or not isinstance(process, QProcess):
            return
        if process in self._running:
            _, failed = self._running.pop(process)
            process.deleteLater()
            failed(self.tr("The command did not start: {}.").format(process.errorString()), "")

    def stop(self, process: QProcess) -> None:
        """Ends one command; it reports nothing any more. What it writes is written whole or not at all."""
        if process in self._running:
            del self._running[process]
            process.finished.disconnect(self._finished)
            process.finished.connect(process.deleteLater)
            process.kill()

    def close(self) -> None:
        """Ends whatever runs."""
        for process in tuple(self._running):
            process.finished.disconnect(self._finished)
            process.kill()
            process.waitForFinished(2000)
        self._running.clear()


def _sentence(text: str) -> str:
    """The command's own message: its last line, without its name."""
    return text.splitlines()[-1].removeprefix("warploom: ") if text else ""
