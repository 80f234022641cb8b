"""The worker's server: reads requests in one thread, runs one job at a time in the main thread, sends events back.

A job that fails costs that job only. The server ends on Shutdown, at the end of its input (whoever started it has
gone), or when what it reads is not the protocol.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Iterator
from typing import IO, NoReturn

import msgspec

from warploom.errors import CommandError, WarploomError
from warploom.version import __version__
from warploom.worker.dispatch import run_job
from warploom.worker.framing import FrameWriter, decode_request, read_frame
from warploom.worker.messages import (
    PROTOCOL_VERSION,
    CancelRequest,
    Download,
    Event,
    Failed,
    Hello,
    OptimizeRequest,
    Ping,
    Pong,
    Request,
    Shutdown,
    Upload,
    Welcome,
)
from warploom.worker.observer import Cancelled, Emit
from warploom.worker.transfer import TransferFolder

SECONDS_TO_STOP = 5.0
"""How long a running job may take to notice that the worker ends, before the process ends without it."""

EXIT_LOST = 3
"""Exit code of a worker whose process lost the GPU: whoever started it starts another one for the next job."""

RunJob = Callable[[Request, Emit, Cancelled], bool]


class WorkerStopped(BaseException):
    """Raised inside a job at its next event when the worker ends; no `except Exception` of a job may swallow it."""


class Server:
    """One conversation over two streams."""

    def __init__(self, source: IO[bytes], sink: IO[bytes], run: RunJob = run_job) -> None:
        self._run_job = run
        self._source = source
        self._writer = FrameWriter(sink)
        self._jobs: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._stopping = threading.Event()
        self._idle = threading.Event()
        self._exit_code = 0
        self._folder = TransferFolder()

    def serve(self) -> int:
        """Runs until the conversation ends; returns the process's exit code."""
        threading.Thread(target=self._read_requests, name="warploom-requests", daemon=True).start()
        try:
            while not self._stopping.is_set() and (request := self._jobs.get()) is not None:
                self._run(request)
        except WorkerStopped:
            pass
        finally:
            self._folder.close()
            self._idle.set()
        return self._exit_code

    def _run(self, request: Request) -> None:
        job = request.job

        def cancelled() -> bool:
            return job in self._cancelled or self._stopping.is_set()

        lost = False
        with self._failing_as(job):
            if isinstance(request, Download):
                self._folder.send(request, self._emit, cancelled)
            else:
                lost = self._run_job(self._placed(request), self._emit, cancelled)
        self._cancelled.discard(job)
        if lost:
            self._folder.close()
            _leave(EXIT_LOST)  # without clean-up: every further call to the GPU would fail or hang

    def _placed(self, request: Request) -> Request:
        """The request with a place for its result, where whoever asked has none on this machine."""
        if isinstance(request, OptimizeRequest) and not request.output:
            return msgspec.structs.replace(request, output=str(self._folder.new_file("result.warploom")))
        return request

    @contextlib.contextmanager
    def _failing_as(self, job: int) -> Iterator[None]:
        """Tells an error of the server's own work as the end of a job."""
        try:
            yield
        except WarploomError as error:
            self._writer.write(Failed(job=job, code=error.code, message=str(error)))

    def _emit(self, event: Event) -> None:
        if self._stopping.is_set():
            raise WorkerStopped
        self._writer.write(event)
        if self._writer.broken:
            self._stopping.set()
            raise WorkerStopped

    def _read_requests(self) -> None:
        try:
            while (body := read_frame(self._source)) is not None:
                if not self._take(body):
                    break
        except CommandError as error:
            self._exit_code = 2
            self._writer.write(Failed(job=0, code=error.code, message=str(error)))
        except (OSError, ValueError):
            pass  # the stream broke: the same as its end
        self._stop()

    def _take(self, body: bytes) -> bool:
        """Handles one request; False when it is the last."""
        try:
            request = decode_request(body)
        except CommandError as error:
            self._writer.write(Failed(job=_job_of(body), code=error.code, message=str(error)))
            return True
        match request:
            case Shutdown():
                return False
            case Hello():
                self._writer.write(_welcome(request))
            case Ping(job=job):
                self._writer.write(Pong(job))
            case Upload():
                with self._failing_as(request.job):
                    self._writer.write(self._folder.receive(request))
            case CancelRequest(job=job):
                self._cancelled.add(job)
            case _:
                self._cancelled.discard(request.job)
                self._jobs.put(request)
        return True

    def _stop(self) -> None:
        """Ends the main loop; a job that never looks up ends with the process."""
        self._stopping.set()
        self._jobs.put(None)
        if not self._idle.wait(SECONDS_TO_STOP):
            self._folder.close()
            _leave(self._exit_code)


def _leave(code: int) -> NoReturn:
    os._exit(code)


def _welcome(hello: Hello) -> Event:
    if hello.protocol != PROTOCOL_VERSION:
        return Failed(
            job=hello.job,
            code=CommandError.code,
            message=f"This worker (Warploom {__version__}) speaks version {PROTOCOL_VERSION} of the protocol, "
            f"the other side version {hello.protocol}: install the same Warploom on both.",
        )
    return Welcome(job=hello.job, version=__version__, protocol=PROTOCOL_VERSION, pid=os.getpid())


def _job_of(body: bytes) -> int:
    """The job that a message which cannot be understood says it belongs to, 0 if it says nothing."""
    try:
        message = msgspec.msgpack.decode(body)
    except msgspec.MsgspecError:
        return 0
    job = message.get("job") if isinstance(message, dict) else None
    return job if isinstance(job, int) else 0
