"""Runs the main job on another host: sends the model there, passes the events on, and fetches the recording."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, TypeVar

import msgspec

from warploom.atomic import write_atomically
from warploom.errors import CancelledError, CommandError, RecordingError
from warploom.worker.client import WorkerClient, WorkerError
from warploom.worker.load import list_model_files
from warploom.worker.messages import (
    CHUNK_BYTES,
    CancelRequest,
    Chunk,
    Download,
    Event,
    Failed,
    Finished,
    ModelFile,
    ModelFilesRequest,
    OptimizeOptions,
    OptimizeRequest,
    Phase,
    Upload,
    Uploaded,
)
from warploom.worker.observer import Cancelled, Emit
from warploom.worker.remote import RemoteHost, explain, remote_worker_command

_MODEL, _CALIBRATION = "model", "calibration"
_Kind = TypeVar("_Kind")


class RemoteError(CommandError):
    """The job failed on the host."""

    code = "remote"


def optimize_remotely(host: RemoteHost, request: OptimizeRequest, emit: Emit, cancelled: Cancelled) -> None:
    """Runs the main job of `request`, whose paths are those of this machine, on a host.

    Raises:
        WorkerError: If the host does not answer, or the connection ends.
        RemoteError: As the job does there.
        CommandError: If a file that the job needs cannot be sent.
        CalibrationError: If the folder with calibration data is missing or empty.
        CancelledError: If the user asked to stop before there was anything to keep.
    """
    files = list_model_files(ModelFilesRequest(request.job, request.model, request.options.calibrate))
    with _connected(host) as client:
        emit(Phase(request.job, "upload", host.address))
        options = _with_schedule(client, request, cancelled)
        sent = msgspec.structs.replace(
            request,
            model=_upload(client, Path(request.model).parent, files.files, request.job, cancelled),
            output="",
            known_as=request.model,
            options=_with_calibration(client, request.job, options, files.calibration, cancelled),
        )
        end = _run(client, sent, emit, cancelled)
        emit(Phase(request.job, "download", host.address))
        _fetch(client, request.job, end.recording, Path(request.output))
        emit(msgspec.structs.replace(end, recording=request.output))


@contextmanager
def _connected(host: RemoteHost) -> Iterator[WorkerClient]:
    """A worker on the host; the errors of the connection are told in words."""
    command = remote_worker_command(host)
    with tempfile.TemporaryFile() as log:
        try:
            with WorkerClient(command, stderr=log, process_group=0) as client:
                yield client
        except WorkerError as error:
            raise WorkerError(explain(host, _end_of(log)) or f"{host.address}: {error}") from None


def _end_of(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read()[-8192:].decode(errors="replace")


def _upload(
    client: WorkerClient,
    base: Path,
    files: Sequence[ModelFile],
    job: int,
    cancelled: Cancelled,
    folder: str = _MODEL,
) -> str:
    """Sends files below a folder; returns the first one's path on the host."""
    paths = [_upload_path(client, base / file.name, file.name, job, cancelled, folder) for file in files]
    return paths[0]


def _with_schedule(client: WorkerClient, request: OptimizeRequest, cancelled: Cancelled) -> OptimizeOptions:
    """The options with the saved schedule, if there is one, where the host can read it."""
    options = request.options
    if options.schedule is None:
        return options
    path = Path(options.schedule)
    there = _upload_path(client, path, path.name, request.job, cancelled, _MODEL)
    return msgspec.structs.replace(options, schedule=there)


def _with_calibration(
    client: WorkerClient, job: int, options: OptimizeOptions, files: Sequence[ModelFile], cancelled: Cancelled
) -> OptimizeOptions:
    """The options with a copy of the calibration data on the host; its folder keeps its name and what is below it."""
    if options.calibrate is None:
        return options
    folder = Path(options.calibrate).resolve()
    there = _upload(client, folder.parent, files, job, cancelled, _CALIBRATION)
    return msgspec.structs.replace(options, calibrate=calibration_folder(there, files[0]))


def calibration_folder(path: str, file: ModelFile) -> str:
    """The folder of calibration data on a host, by where one of its files lies there."""
    return path.removesuffix(file.name) + file.name.split("/", 1)[0]


def _upload_path(client: WorkerClient, path: Path, name: str, job: int, cancelled: Cancelled, folder: str) -> str:
    try:
        with path.open("rb") as stream:
            return _upload_file(client, stream, name, path.stat().st_size, job, cancelled, folder)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror or error}.") from None


def _upload_file(
    client: WorkerClient,
    stream: BinaryIO,
    name: str,
    size: int,
    job: int,
    cancelled: Cancelled,
    folder: str,
) -> str:
    offset, path = 0, ""
    while offset < size or not path:
        if cancelled():
            raise CancelledError("Cancelled before the host had the model; nothing was written.")
        data = stream.read(CHUNK_BYTES)
        if not data and size:
            raise CommandError(f"{name} became shorter while it was sent: try again.")
        client.send(Upload(job=job, folder=folder, name=name, offset=offset, total=size, data=data))
        path = _expect(client.receive(), Uploaded).path
        offset += len(data)
    return path


def _run(client: WorkerClient, request: OptimizeRequest, emit: Emit, cancelled: Cancelled) -> Finished:
    client.send(request)
    told = False
    for event in client.events(request.job):
        if cancelled() and not told:
            told = True
            client.send(CancelRequest(request.job))
        if isinstance(event, Failed):
            raise CancelledError(event.message) if event.code == CancelledError.code else RemoteError(event.message)
        if isinstance(event, Finished):
            return event
        emit(event)
    raise WorkerError("The worker ended its job without a result.")


def _fetch(client: WorkerClient, job: int, path: str, output: Path) -> None:
    client.send(Download(job, path))

    def write(stream: BinaryIO) -> None:
        for event in client.events(job):
            if not isinstance(event, Finished):
                stream.write(_expect(event, Chunk).data)

    write_atomically(output, write, RecordingError)


def _expect(event: Event, kind: type[_Kind]) -> _Kind:
    if isinstance(event, Failed):
        raise RemoteError(event.message)
    if not isinstance(event, kind):
        raise WorkerError(f"The host answered with {type(event).__name__!r}.")
    return event
