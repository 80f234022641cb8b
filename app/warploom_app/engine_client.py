"""EngineClient: starts the worker process, talks to it without ever blocking, and says how it ended.

Nothing here knows of widgets. A worker that crashes costs the running job and nothing else: `lost` says what happened,
and the next request (or `restart`) starts a fresh one.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QProcess, QTimer, Signal, SignalInstance

from warploom.errors import CommandError
from warploom.worker.client import describe_exit, worker_command
from warploom.worker.framing import FrameSplitter, decode_event, encode_frame
from warploom.worker.messages import (
    PROTOCOL_VERSION,
    CancelRequest,
    Event,
    Failed,
    Finished,
    Hello,
    Ping,
    Request,
    Shutdown,
    Welcome,
)

GRACE_MS = 4000
"""How long a job may take to stop after the message before the process is told to end."""

TERMINATE_MS = 2000
"""How long the process may take to end before it is killed."""

SILENCE_MS = 15_000
"""After how long without a word from the engine the user is told."""

_PATIENCE = 6  # silences until a worker that says nothing is ended
_STDERR_KEPT = 8192
_job_ids = itertools.count(1)  # of all engines of a window: a job is known by its number alone


class EngineClient(QObject):
    """One worker process.

    Signals:
        received: Each message of the worker.
        ready: The worker answered and speaks this version.
        lost: The worker ended without being asked (a sentence, and the end of its log).
        stopped_by_force: A cancelled job did not stop in time and the worker was ended for it.
        silent: Nothing was heard for so many seconds, although the worker was asked.
        answering: It answers again after that.
    """

    received = Signal(object)
    ready = Signal()
    lost = Signal(str, str)
    stopped_by_force = Signal(int)
    silent = Signal(int)
    answering = Signal()

    def __init__(
        self,
        command: Sequence[str] | None = None,
        *,
        grace_ms: int = GRACE_MS,
        terminate_ms: int = TERMINATE_MS,
        silence_ms: int = SILENCE_MS,
        explain: Callable[[str], str] | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Prepares a client; nothing is started yet.

        Args:
            command: The worker's command line; that of this machine by default.
            grace_ms: How long a job may take to stop.
            terminate_ms: How long the process may take to end.
            silence_ms: When a silent worker is told of.
            explain: Turns the end of its log into a sentence, "" for none.
            parent: As of every QObject.
        """
        super().__init__(parent)
        self._command = list(command or worker_command())
        self._grace_ms, self._terminate_ms, self._silence_ms = grace_ms, terminate_ms, silence_ms
        self._explain = explain or (lambda _: "")
        self._welcome: Welcome | None = None
        self._heard_s = 0.0
        self._felt_s = 0.0
        self._told_silent = False
        self._leaving: set[QProcess] = set()
        self._pulse = QTimer(self)
        self._pulse.setInterval(max(silence_ms // 3, 1))
        self._pulse.timeout.connect(self._feel_pulse)
        self._process: QProcess | None = None
        self._splitter = FrameSplitter()
        self._log = b""
        self._cancelling: int | None = None
        self._expected_end = False
        self._escalation = QTimer(self)
        self._escalation.setSingleShot(True)
        self._escalation.timeout.connect(self._escalate)

    @property
    def running(self) -> bool:
        """Whether a worker process is there (starting ones included)."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The worker's process id, 0 without one."""
        return self._process.processId() if self._process else 0

    @property
    def welcome(self) -> Welcome | None:
        """What the worker said about itself; None before it did."""
        return self._welcome

    @staticmethod
    def new_job() -> int:
        """A job id that no engine of this window used before."""
        return next(_job_ids)

    def sibling(self, parent: QObject | None = None) -> EngineClient:
        """Another worker of the same kind."""
        return EngineClient(
            self._command,
            grace_ms=self._grace_ms,
            terminate_ms=self._terminate_ms,
            silence_ms=self._silence_ms,
            explain=self._explain,
            parent=parent,
        )

    def start(self) -> None:
        """Starts a worker unless one is there."""
        if self._process is not None:
            return
        self._splitter, self._log = FrameSplitter(), b""
        self._cancelling, self._expected_end = None, False
        self._welcome, self._heard_s, self._told_silent = None, time.monotonic(), False
        process = QProcess(self)
        for signal, slot in self._wires(process):
            signal.connect(slot)
        self._process = process
        process.start(self._command[0], self._command[1:])
        self._write(Hello(job=0))
        self._felt_s = time.monotonic()
        self._pulse.start()

    def restart(self) -> None:
        """Ends the worker if there is one and starts another."""
        self._drop()
        self.start()

    def send(self, request: Request) -> None:
        """Sends a request, starting a worker first if need be."""
        self.start()
        self._write(request)

    def cancel(self, job: int) -> None:
        """Asks a job to stop; a worker that does not obey in time is terminated, then killed."""
        if self._process is None:
            return
        self._cancelling = job
        self._write(CancelRequest(job=job))
        self._escalation.start(self._grace_ms)

    def close(self) -> None:
        """Ends the worker and waits for it (used when the window closes)."""
        self._escalation.stop()
        for leaving in tuple(self._leaving):
            leaving.kill()
            leaving.waitForFinished(self._terminate_ms)
        process = self._process
        if process is None:
            return
        self._expected_end = True
        self._write(Shutdown())
        process.closeWriteChannel()
        for stop, wait_ms in ((process.terminate, 500), (process.kill, self._terminate_ms)):
            if process.waitForFinished(wait_ms):
                break
            stop()
        process.waitForFinished(self._terminate_ms)
        self._drop()

    def _wires(self, process: QProcess) -> tuple[tuple[SignalInstance, Callable[..., None]], ...]:
        return (
            (process.readyReadStandardOutput, self._read),
            (process.readyReadStandardError, self._read_log),
            (process.errorOccurred, self._failed_to_start),
            (process.finished, self._ended),
        )

    def _write(self, request: Request) -> None:
        if self._process is not None:
            self._process.write(encode_frame(request))

    def _read(self) -> None:
        process = self._process
        if process is None:
            return
        self._heard_s = time.monotonic()
        if self._told_silent:
            self._told_silent = False
            self.answering.emit()
        try:
            bodies = self._splitter.feed(bytes(process.readAllStandardOutput().data()))
            events = [decode_event(body) for body in bodies]
        except CommandError as error:
            self._give_up(str(error))
            return
        for event in events:
            if self._process is not process:
                return  # given up over an earlier one: what else it said does not count
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, Welcome):
            if event.protocol != PROTOCOL_VERSION:
                self._give_up(
                    self.tr(
                        "The engine speaks version {} of the protocol and this window {}: install both from the same "
                        "release."
                    ).format(event.protocol, PROTOCOL_VERSION)
                )
                return
            self._welcome = event
            self.ready.emit()
        if isinstance(event, Failed) and event.job == 0 and self._welcome is None:
            self._give_up(event.message)
            return
        if isinstance(event, Finished | Failed) and event.job == self._cancelling:
            self._cancelling = None
            self._escalation.stop()
        self.received.emit(event)

    def _read_log(self) -> None:
        if self._process is not None:
            self._log = (self._log + bytes(self._process.readAllStandardError().data()))[-_STDERR_KEPT:]

    def _failed_to_start(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and self._process is not None:
            reason = self._process.errorString()
            self._drop()
            self.lost.emit(self.tr("The engine did not start: {}.").format(reason), " ".join(self._command))

    def _feel_pulse(self) -> None:
        """Asks a silent worker for a sign of life; tells of one that gives none, and ends it at last."""
        now, last, self._felt_s = time.monotonic(), self._felt_s, time.monotonic()
        if now - last > self._silence_ms / 1000:  # this window itself stood still (or the machine slept)
            self._heard_s = now
        silence_ms = 1000 * (now - self._heard_s)
        if self._process is None or silence_ms < self._pulse.interval():
            return
        seconds = round(silence_ms / 1000)
        if silence_ms >= _PATIENCE * self._silence_ms:
            self._give_up(self.tr("The engine has not answered for {} seconds and was ended.").format(seconds))
            return
        if silence_ms >= self._silence_ms and not self._expected_end:
            self._told_silent = True
            self.silent.emit(seconds)
        self._write(Ping())

    def _ended(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._process is None:
            return
        self._read_log()
        expected, forced = self._expected_end, self._cancelling
        log = self._log.decode(errors="replace")
        self._drop()
        if forced is not None and expected:
            self.stopped_by_force.emit(forced)
        elif not expected:
            crashed = status == QProcess.ExitStatus.CrashExit
            how = describe_exit(-code if crashed else code)
            known = self._explain(log)
            self.lost.emit(known or self.tr("The engine process ended unexpectedly ({}).").format(how), log)

    def _escalate(self) -> None:
        """The second and third step of a cancel; the process is not waited for."""
        if self._process is None:
            return
        if not self._expected_end:
            self._expected_end = True
            self._process.terminate()
            self._escalation.start(self._terminate_ms)
        else:
            self._process.kill()

    def _give_up(self, message: str) -> None:
        """Ends a worker that cannot be trusted or does not answer."""
        self._read_log()
        log = self._log.decode(errors="replace")
        self._drop()
        self.lost.emit(message, log)

    def _drop(self) -> None:
        """Forgets the process; one that still runs is killed, and Qt reaps it."""
        self._escalation.stop()
        self._pulse.stop()
        process, self._process, self._welcome = self._process, None, None
        if process is None:
            return
        for signal, slot in self._wires(process):
            signal.disconnect(slot)
        if process.state() == QProcess.ProcessState.NotRunning:
            process.deleteLater()
        else:
            self._leaving.add(process)
            # Bound methods only: a closure could hold the last reference to this object when the process goes.
            process.finished.connect(self._left)
            process.finished.connect(process.deleteLater)
            process.terminate()
            QTimer.singleShot(self._terminate_ms, process, process.kill)

    def _left(self) -> None:
        """A process that was given up is gone."""
        self._leaving = {one for one in self._leaving if one.state() != QProcess.ProcessState.NotRunning}
