"""TransferFolder: files that come from, or go to, a machine that shares no disk with the worker."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import threading
from pathlib import Path, PurePosixPath

from warploom.errors import CancelledError, CommandError
from warploom.worker.messages import CHUNK_BYTES, Chunk, Download, Finished, Upload, Uploaded
from warploom.worker.observer import Cancelled, Emit

PREFIX = "warploom-worker-"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


class TransferFolder:
    """A folder that only this user can read; made when it is needed, gone with the worker."""

    def __init__(self) -> None:
        self._root: Path | None = None
        self._lock = threading.Lock()  # the thread that reads requests writes uploads, the one of jobs makes files
        self._made = 0

    def receive(self, piece: Upload) -> Uploaded:
        """Writes one piece.

        Raises:
            CommandError: If its name leads out of the folder, a piece before it is missing, or the disk is full.
        """
        if not _TOKEN.fullmatch(piece.folder):
            raise CommandError(f"A folder for uploads cannot be called {piece.folder!r}.")
        path = self._folder() / "models" / piece.folder / _safe(piece.name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if piece.offset == 0:
                _check_room(path.parent, piece.total)
            with path.open("wb" if piece.offset == 0 else "r+b") as stream:
                if stream.seek(0, os.SEEK_END) != piece.offset:
                    raise CommandError(f"A piece of {piece.name!r} is missing before byte {piece.offset:,}.")
                stream.write(piece.data)
        except OSError as error:
            raise CommandError(f"{piece.name!r} cannot be stored on the host: {error.strerror or error}.") from None
        received = piece.offset + len(piece.data)
        return Uploaded(job=piece.job, name=piece.name, received=received, path=str(path))

    def new_file(self, name: str) -> Path:
        """Where a new file of the worker can be written."""
        with self._lock:
            self._made += 1
            number = self._made
        folder = self._folder() / "results" / str(number)
        folder.mkdir(parents=True)
        return folder / name

    def send(self, request: Download, emit: Emit, cancelled: Cancelled) -> None:
        """Sends a file of the folder piece by piece, then removes it.

        Raises:
            CommandError: If it is none of this folder's files, or cannot be read.
            CancelledError: If the user asked to stop.
        """
        path = Path(request.path)
        try:
            if self._root is None or not path.resolve().is_relative_to(self._root / "results"):
                raise CommandError(f"{request.path} is not a result of this worker.")
            total = path.stat().st_size
            with path.open("rb") as stream:
                offset = 0
                while data := stream.read(CHUNK_BYTES):
                    if cancelled():
                        raise CancelledError("Cancelled while the recording was fetched.")
                    emit(Chunk(job=request.job, offset=offset, total=total, data=data))
                    offset += len(data)
        except OSError as error:
            raise CommandError(f"{request.path} cannot be read on the host: {error.strerror or error}.") from None
        emit(Finished(request.job))
        shutil.rmtree(path.parent, ignore_errors=True)

    def close(self) -> None:
        """Removes everything; may be called more than once."""
        with self._lock:
            root, self._root = self._root, None
        if root is not None:
            shutil.rmtree(root, ignore_errors=True)

    def _folder(self) -> Path:
        with self._lock:
            if self._root is None:
                _remove_leftovers()
                self._root = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")).resolve()
            return self._root


def _safe(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if not name or "\\" in name or "\0" in name or path.is_absolute() or ".." in path.parts or path.name in ("", "."):
        raise CommandError(f"A file for the worker cannot be called {name!r}.")
    return path


def _check_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise CommandError(
            f"The host has {free / 1e9:.1f} GB free in {folder.parent.parent.parent}, and the file takes "
            f"{size / 1e9:.1f} GB: free some space there, or set TMPDIR for its worker."
        )


def _remove_leftovers() -> None:
    """Removes folders of this user's workers that were killed."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        with contextlib.suppress(OSError, ValueError):
            pid = int(path.name.removeprefix(PREFIX).partition("-")[0])
            if path.stat().st_uid == os.getuid() and not _is_alive(pid):
                shutil.rmtree(path, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
