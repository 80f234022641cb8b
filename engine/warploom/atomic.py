"""Writes a file whole or not at all: to a file without a name, flushed to disk, then named and put into place.

Until it is whole it has no name, so that not even a process that is killed leaves a part of it in the user's folder.
File systems that cannot do this (network ones, some overlays) get a hidden neighbour instead.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from warploom.errors import WarploomError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_MODE = 0o666  # the user's umask decides, as for any new file
_CLOSED_IN_CHILDREN = getattr(os, "O_CLOEXEC", 0)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def write_atomically(path: Path, write: Callable[[BinaryIO], object], error: type[WarploomError]) -> None:
    """Creates or replaces `path` with what `write` puts into the stream; on any failure the old file stays.

    Args:
        path: The file; a link is followed, so that what it points to is replaced.
        write: Called once with a writable, seekable binary stream.
        error: What to raise when the file system refuses.

    Raises:
        WarploomError: Of the kind `error`, naming the path, the cause and what to do.
    """
    try:
        target = Path(os.path.realpath(path))  # unlike Path.resolve, the same for a loop of links in every Python
        if target.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        _refuse_non_file(path, target, error)
        temporary = target.parent / f".warploom-{secrets.token_hex(8)}.part"
        try:
            _write_and_sync(temporary, write)
            temporary.replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
    except OSError as cause:
        raise error(_failure(path, cause)) from cause


def write_bytes_atomically(path: Path, data: bytes, error: type[WarploomError]) -> None:
    """As `write_atomically`, for what is whole in memory."""
    write_atomically(path, lambda stream: stream.write(data), error)


def _failure(path: Path, cause: OSError) -> str:
    """One sentence or two on why `path` could not be written and what helps."""
    number = cause.errno
    if number in _FULL:
        return f"Cannot write {path}: the disk is full. Free some space or name a file on another disk."
    if number in _FORBIDDEN:
        return f"Cannot write {path}: the folder is read-only or not yours. Name a file in another folder."
    if number == errno.ENOENT:
        return f"Cannot write {path}: the folder does not exist. Create it or name another one."
    if number == errno.ENOTDIR:
        return f"Cannot write {path}: a part of the path is a file, not a folder. Name another folder."
    if number == errno.ENAMETOOLONG:
        return f"Cannot write {str(path)[:80]}...: the name is too long. Name a shorter one."
    reason = cause.strerror or str(cause)
    return f"Cannot write {path}: {reason[:1].lower()}{reason[1:]}. Name another file."


def _refuse_non_file(path: Path, target: Path, error: type[WarploomError]) -> None:
    """A folder or a device (/dev/null) must never be replaced by a file."""
    if target.is_dir():
        raise error(f"Cannot write {path}: it is a folder. Name a file in it.")
    if target.exists() and not target.is_file():
        raise error(f"Cannot write {path}: it is not a regular file. Name a file.")


def _write_and_sync(temporary: Path, write: Callable[[BinaryIO], object]) -> None:
    """Leaves what `write` writes on the disk under the name `temporary`."""
    descriptor = _open_nameless(temporary.parent)
    if descriptor is None:
        _write_named(temporary, write)
        return
    with os.fdopen(descriptor, "w+b") as stream:
        write(stream)
        stream.flush()
        os.fsync(stream.fileno())
        try:
            # Only with a folder's descriptor, which an absolute path ignores, does Python follow /proc's link.
            os.link(f"/proc/self/fd/{descriptor}", temporary, src_dir_fd=descriptor, follow_symlinks=True)
        except OSError:  # a sandbox without hard links
            stream.seek(0)
            _write_named(temporary, functools.partial(shutil.copyfileobj, stream))


def _write_named(temporary: Path, write: Callable[[BinaryIO], object]) -> None:
    # O_EXCL: never through somebody else's link.
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | _CLOSED_IN_CHILDREN, _MODE)
    with os.fdopen(descriptor, "w+b") as stream:
        write(stream)
        stream.flush()
        os.fsync(stream.fileno())


def _open_nameless(folder: Path) -> int | None:
    """A new file in a folder that has no name yet; None where that is not possible."""
    if not hasattr(os, "O_TMPFILE"):
        return None
    with contextlib.suppress(OSError):  # what is wrong with the folder, a file with a name tells as well
        return os.open(folder, os.O_RDWR | os.O_TMPFILE | _CLOSED_IN_CHILDREN, _MODE)
    return None


def _sync_folder(folder: Path) -> None:
    """Makes the rename itself durable where the file system can; the data is safe either way."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
