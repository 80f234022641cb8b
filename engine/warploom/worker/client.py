"""A blocking client of a worker process, for tests, scripts and other programs (the window has one over QProcess)."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, Self, cast

from warploom.errors import WarploomError
from warploom.worker.framing import FrameWriter, decode_event, read_frame
from warploom.worker.messages import (
    DeviceList,
    DoctorReport,
    Event,
    Failed,
    Finished,
    Hello,
    ModelFiles,
    Request,
    Shutdown,
    Welcome,
)

LAST_EVENTS = (Finished, Failed, DeviceList, DoctorReport, ModelFiles)
"""Events that end a job."""


class WorkerError(WarploomError):
    """The worker process could not be started, ended in mid-job, or speaks another version."""

    code = "worker"


def worker_command() -> list[str]:
    """The command line that starts a worker on this machine (put `ssh host` before it for another one)."""
    return [sys.executable, "-m", "warploom", "worker", "--stdio"]


class WorkerClient:
    """Starts a worker and talks to it. A context manager: leaving it ends the process, whatever it is doing."""

    def __init__(
        self,
        command: Sequence[str] | None = None,
        *,
        stderr: int | IO[bytes] | None = None,
        process_group: int | None = None,
    ) -> None:
        """Starts the process and greets it.

        Args:
            command: The worker's command line; `worker_command()` by default.
            stderr: Where its log goes (as in subprocess.Popen).
            process_group: 0 for one of its own, so that Ctrl-C in a terminal does not reach it.

        Raises:
            WorkerError: If it does not start or does not answer as a worker of this version.
        """
        line = list(command or worker_command())
        try:
            self._process = subprocess.Popen(
                line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, process_group=process_group
            )
        except OSError as error:
            raise WorkerError(f"The worker {line[0]!r} does not start: {error.strerror or error}.") from error
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._events = cast("IO[bytes]", self._process.stdout)
        self._writer = FrameWriter(self._requests)
        try:
            self.welcome = self._greet()
        except BaseException:
            self.close()
            raise

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The worker's process."""
        return self._process

    def send(self, request: Request) -> None:
        """Sends one request; a worker that has gone is noticed by the next `receive`."""
        self._writer.write(request)

    def receive(self) -> Event:
        """Waits for the next event.

        Raises:
            WorkerError: If the worker ended.
        """
        body = read_frame(self._events)
        if body is None:
            raise WorkerError(f"The worker ended unexpectedly ({describe_exit(self._process.wait())}).")
        return decode_event(body)

    def events(self, job: int) -> Iterator[Event]:
        """The events of a job, up to and with its last one."""
        while True:
            event = self.receive()
            if event.job == job:
                yield event
                if isinstance(event, LAST_EVENTS):
                    return

    def close(self, timeout_s: float = 10.0) -> None:
        """Asks the worker to end, then terminates it, then kills it."""
        self._writer.write(Shutdown())
        for stop in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(timeout_s)
                break
            except subprocess.TimeoutExpired:
                stop()
        self._process.wait()
        for stream in (self._requests, self._events):
            with contextlib.suppress(OSError):
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _greet(self) -> Welcome:
        self.send(Hello(job=0))
        answer = self.receive()
        if isinstance(answer, Failed):
            raise WorkerError(answer.message)
        if not isinstance(answer, Welcome):
            raise WorkerError(f"The worker answered the greeting with {type(answer).__name__!r}.")
        return answer


def describe_exit(code: int) -> str:
    """Says how a process ended: its exit code or the signal that killed it."""
    if code >= 0:
        return f"exit code {code}"
    import signal

    return f"killed by {signal.Signals(-code).name}"
