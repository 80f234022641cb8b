"""The zip container of a recording: named members of bytes and arrays, read with limits because files lie."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from warploom.errors import RecordingError

Array = npt.NDArray[Any]

MAX_MEMBERS = 10_000
MAX_MEMBER_BYTES = 1 << 30
MAX_TOTAL_BYTES = 2 << 30
_KINDS = "biuf"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_members(stream: BinaryIO, members: Mapping[str, bytes]) -> None:
    """Writes a zip whose bytes depend on the members alone (no clock), so that equal recordings are equal files."""
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, compresslevel=6)


def read_members(path: Path) -> dict[str, bytes]:
    """All members by name.

    Raises:
        RecordingError: If the file cannot be read, is damaged, or declares more than any recording holds.
    """
    try:
        if not path.exists():
            raise RecordingError(f"There is no recording at {path}: check the path.")
        if not path.is_file():
            raise RecordingError(f"{path} is not a file: name a recording (.warploom).")
        with path.open("rb") as stream:
            return _read_archive(path, stream)
    except RecordingError:
        raise
    except OSError as error:
        raise RecordingError(f"Cannot read {path}: {error.strerror or error}.") from error
    except Exception as error:  # zipfile and zlib raise a dozen kinds on damaged input; each means the same here
        raise damaged(path, str(error)) from error


def damaged(path: Path, why: str) -> RecordingError:
    """The one error for a file that is no whole recording."""
    why = why.rstrip(". ") or "it cannot be read"
    return RecordingError(f"{path} is not a whole Warploom recording ({why}): make it again or use another copy.")


def _read_archive(path: Path, stream: BinaryIO) -> dict[str, bytes]:
    if not zipfile.is_zipfile(stream):
        raise damaged(path, "it is truncated or another kind of file")
    with zipfile.ZipFile(stream) as archive:
        entries = archive.infolist()
        _check_entries(path, entries)
        return {entry.filename: _read_entry(path, archive, entry) for entry in entries}


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Judges the archive by what it declares, before anything is unpacked."""
    names = [entry.filename for entry in entries]
    if len(names) > MAX_MEMBERS or len(set(names)) < len(names):
        raise damaged(path, f"it has {len(names)} members, some twice" if len(set(names)) < len(names) else "too many")
    for name in names:
        if name.startswith(("/", "\\")) or "\\" in name or ":" in name or ".." in name.split("/"):
            raise damaged(path, f"its member {name!r} points outside")
    if max((entry.file_size for entry in entries), default=0) > MAX_MEMBER_BYTES:
        raise damaged(path, f"a member declares more than {MAX_MEMBER_BYTES >> 20} MB")
    if sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES:
        raise damaged(path, f"it declares more than {MAX_TOTAL_BYTES >> 20} MB")


def _read_entry(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    # One byte more than declared: a member that lies about its size ends here instead of filling the memory.
    with archive.open(entry) as member:
        data = member.read(entry.file_size + 1)
    if len(data) != entry.file_size:
        raise damaged(path, f"its member {entry.filename!r} has another size than declared")
    return data


def array_to_bytes(array: Array) -> bytes:
    """The array in NumPy's .npy format, never pickled."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
    return stream.getvalue()


def array_from_bytes(data: bytes) -> Array:
    """Reads a .npy member; the header is checked against the bytes that are there before anything is made of it.

    Raises:
        ValueError: If it is no array of numbers, or shorter or longer than its header says.
    """
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise ValueError(f"it has the .npy version {version}")
        shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(stream)
    except Exception as error:  # the header is a Python literal: parsing a damaged one raises whatever the parser does
        raise ValueError(f"an array has a damaged header ({error})") from error
    if dtype.kind not in _KINDS or dtype.hasobject or min(shape, default=0) < 0:
        raise ValueError(f"an array has the type {dtype}")
    body = data[stream.tell() :]
    count = 1
    for length in shape:
        count *= length
    if count * dtype.itemsize != len(body):
        raise ValueError("an array is shorter or longer than its header says")
    return np.frombuffer(body, dtype=dtype, count=count).reshape(shape, order="F" if fortran_order else "C")
