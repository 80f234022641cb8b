"""RemoteRun: takes one job to a host: sends the model's files, runs it there, and fetches the recording."""

from __future__ import annotations

import contextlib
import hashlib
from collections import deque
from pathlib import Path
from typing import IO

import msgspec
from PySide6.QtCore import QObject, Signal

from warploom.worker.messages import (
    CHUNK_BYTES,
    CancelRequest,
    Chunk,
    Download,
    Event,
    Failed,
    Finished,
    ModelFile,
    ModelFiles,
    ModelFilesRequest,
    OptimizeRequest,
    Phase,
    Upload,
    Uploaded,
)
from warploom.worker.remote_job import calibration_folder
from warploom_app.background import sentence
from warploom_app.engine_client import EngineClient

_IN_FLIGHT = 4
"""Pieces on their way at a time: enough to fill a line, few enough that a cancel overtakes them soon."""


class RemoteRun(QObject):
    """One job on a host. Answers with the same events as a local engine, all with the job's id.

    Signals:
        received: An event of the job; paths in it are those of this machine.
        advanced: How much of a transfer is done, from 0 to 1.
    """

    received = Signal(object)
    advanced = Signal(float)

    def __init__(
        self, request: OptimizeRequest, local: EngineClient, remote: EngineClient, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._request, self._local, self._remote = request, local, remote
        self._model = Path(request.model)
        self._output = Path(request.output)
        # A model that is sent again takes the place of its older copy.
        self._folder = hashlib.sha256(str(self._model).encode()).hexdigest()[:16]
        self._part = self._output.with_name(f".{self._output.name}.part")
        self._calibration = Path(request.options.calibrate or "").resolve()
        self._files: deque[tuple[Path, str, ModelFile]] = deque()
        self._stream: IO[bytes] | None = None
        self._name, self._size, self._sent, self._in_flight = "", 0, 0, 0
        self._total = self._finished_bytes = 0
        self._upload_folder = self._model_path = self._path = ""
        self._options = request.options
        self._end: Finished | None = None
        self._over = False
        local.received.connect(self._take_local)
        remote.received.connect(self._take_remote)

    def start(self) -> None:
        """Begins with the question of what the model consists of (its parser is not for this process)."""
        self._emit(Phase(self._request.job, "upload"))
        self._local.send(ModelFilesRequest(self._request.job, str(self._model), self._options.calibrate))

    def cancel(self) -> None:
        """Stops; a search that runs on the host keeps what it found."""
        if self._path and self._end is None:
            self._remote.cancel(self._request.job)
        else:
            if self._end is not None:
                self._remote.send(CancelRequest(self._request.job))
            self._fail(Failed(self._request.job, "cancelled", "Stopped."))

    def close(self) -> None:
        """Takes the hands off both engines and removes what is half-written."""
        if not self._over:
            self._over = True
            self._local.received.disconnect(self._take_local)
            self._remote.received.disconnect(self._take_remote)
            self._close_stream()
            with contextlib.suppress(OSError):
                self._part.unlink(missing_ok=True)

    # -- sending

    def _take_local(self, event: Event) -> None:
        if event.job != self._request.job:
            return
        if isinstance(event, ModelFiles):
            self._files = deque((self._model.parent, self._folder, file) for file in event.files)
            beside = f"{self._folder}-calibration"
            self._files += ((self._calibration.parent, beside, file) for file in event.calibration)
            self._total = sum(file.size for *_, file in self._files)
            self._next_file()
        elif isinstance(event, Failed):
            self._fail(event)

    def _next_file(self) -> None:
        self._close_stream()
        base, self._upload_folder, file = self._files.popleft()
        self._name, self._size, self._sent, self._in_flight = file.name, file.size, 0, 0
        try:
            self._stream = (base / file.name).open("rb")
            self._send_pieces()
        except OSError as error:
            self._fail(Failed(self._request.job, "import", sentence(error)))

    def _send_pieces(self) -> None:
        assert self._stream is not None
        first = self._sent == 0 and self._in_flight == 0
        while self._in_flight < _IN_FLIGHT and (self._sent < self._size or first):
            first = False
            data = self._stream.read(min(CHUNK_BYTES, self._size - self._sent))
            if not data and self._size:
                self._fail(Failed(self._request.job, "import", f"{self._name} became shorter while it was sent."))
                return
            piece = Upload(
                job=self._request.job,
                folder=self._upload_folder,
                name=self._name,
                offset=self._sent,
                total=self._size,
                data=data,
            )
            self._remote.send(piece)
            self._sent += len(data)
            self._in_flight += 1

    def _uploaded(self, answer: Uploaded) -> None:
        self._in_flight -= 1
        self.advanced.emit((self._finished_bytes + answer.received) / max(self._total, 1))
        if answer.received < self._size:
            try:
                self._send_pieces()
            except OSError as error:
                self._fail(Failed(self._request.job, "import", sentence(error)))
            return
        self._finished_bytes += self._size
        if self._upload_folder != self._folder:
            there = calibration_folder(answer.path, ModelFile(answer.name, self._size))
            self._options = msgspec.structs.replace(self._options, calibrate=there)
        elif answer.name == self._model.name:
            self._model_path = answer.path
        if self._files:
            self._next_file()
        else:
            self._close_stream()
            self._path = self._model_path
            sent = msgspec.structs.replace(self._request, model=self._path, output="", known_as=str(self._model))
            self._remote.send(msgspec.structs.replace(sent, options=self._options))

    # -- running and fetching

    def _take_remote(self, event: Event) -> None:
        if event.job != self._request.job or self._over:
            return
        match event:
            case Uploaded():
                self._uploaded(event)
            case Finished() if self._end is None:
                self._fetch(event)
            case Chunk():
                self._write(event)
            case Finished():
                self._complete()
            case Failed():
                self._fail(event)
            case _:
                self._emit(event)

    def _fetch(self, end: Finished) -> None:
        self._end = end
        self._emit(Phase(self._request.job, "download"))
        try:
            self._stream = self._part.open("wb")
        except OSError as error:
            self._fail(Failed(self._request.job, "recording", sentence(error)))
            return
        self._remote.send(Download(self._request.job, end.recording))

    def _write(self, chunk: Chunk) -> None:
        assert self._stream is not None
        try:
            self._stream.write(chunk.data)
        except OSError as error:
            self._remote.send(CancelRequest(self._request.job))
            self._fail(Failed(self._request.job, "recording", sentence(error)))
            return
        self.advanced.emit((chunk.offset + len(chunk.data)) / max(chunk.total, 1))

    def _complete(self) -> None:
        assert self._end is not None
        try:
            self._close_stream()
            self._part.replace(self._output)
        except OSError as error:
            self._fail(Failed(self._request.job, "recording", sentence(error)))
            return
        end = msgspec.structs.replace(self._end, recording=str(self._output))
        self.close()
        self._emit(end)

    def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _fail(self, event: Failed) -> None:
        self.close()
        self._emit(event)

    def _emit(self, event: Event) -> None:
        self.received.emit(event)
