"""The zip container of a plan file: stored members, mapped into memory, each checked against its checksum when read."""

from __future__ import annotations

import hashlib
import io
import mmap
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np

from warploom.atomic import write_atomically
from warploom.device.protocol import Array
from warploom.errors import PlanError

CHECKSUMS = "checksums.json"
MAX_MEMBERS = 10_000
_EPOCH = (1980, 1, 1, 0, 0, 0)
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_HEADER_BYTES = 4096  # more than any header of a one-dimensional array


def write_container(path: Path, members: Mapping[str, bytes | Array]) -> None:
    """Writes members (bytes, or uint8 arrays as .npy), whole or not at all.

    Raises:
        PlanError: If the file cannot be written; an older file of that name is still there then.
    """

    def write(stream: BinaryIO) -> None:
        checksums: dict[str, str] = {}
        with zipfile.ZipFile(stream, "w", allowZip64=True) as archive:
            for name, data in members.items():
                parts = (data,) if isinstance(data, bytes) else (_npy_header(data), data.data)
                digest = hashlib.sha256()
                with archive.open(_entry(name), "w", force_zip64=True) as member:
                    for part in parts:
                        digest.update(part)
                        member.write(part)
                checksums[name] = digest.hexdigest()
            archive.writestr(_entry(CHECKSUMS), msgspec.json.encode(checksums))

    write_atomically(path, write, PlanError)


class Container:
    """A plan file opened for reading; members are read, and checked, when they are asked for.

    Args:
        path: The file.

    Raises:
        PlanError: If it is missing, damaged or another kind of file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise PlanError(f"There is no plan at {path}: check the path, or make it with warploom build.")
        try:
            with path.open("rb") as stream:
                self._bytes = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
                with zipfile.ZipFile(stream) as archive:
                    self._entries = {entry.filename: entry for entry in archive.infolist()}
                    count = len(archive.infolist())
                    if CHECKSUMS not in self._entries:
                        raise PlanError(f"{path} is no Warploom plan: make one with warploom build.")
                    checksums = archive.read(CHECKSUMS)
            self._checksums = msgspec.json.decode(checksums, type=dict[str, str])
        except PlanError:
            raise
        except OSError as error:
            raise PlanError(f"Cannot read {path}: {error.strerror or error}.") from error
        except Exception as error:  # zipfile raises a dozen kinds on damaged input; each means the same here
            raise self.damaged(str(error) or type(error).__name__) from error
        if count != len(self._entries) or count > MAX_MEMBERS:
            raise self.damaged("it has members twice, or too many")

    def read(self, name: str) -> memoryview:
        """The bytes of a member, not copied.

        Raises:
            PlanError: If it is missing or damaged.
        """
        entry = self._entries.get(name)
        if entry is None or name not in self._checksums:
            raise self.damaged(f"its member {name!r} is missing")
        if entry.compress_type != zipfile.ZIP_STORED:
            raise self.damaged(f"its member {name!r} is compressed")
        data = self._stored(entry)
        if hashlib.sha256(data).hexdigest() != self._checksums[name]:
            raise self.damaged(f"its member {name!r} has another checksum than was written")
        return data

    def array(self, name: str) -> Array:
        """A member that is an array of bytes, mapped.

        Raises:
            PlanError: If it is missing or damaged.
        """
        data = self.read(name)
        header = io.BytesIO(data[:_HEADER_BYTES])
        try:
            np.lib.format.read_magic(header)
            shape, _, dtype = np.lib.format.read_array_header_1_0(header)
        except Exception as error:  # the header is a Python literal: parsing a damaged one raises whatever it does
            raise self.damaged(f"its member {name!r} has a damaged header ({error})") from error
        if dtype != np.uint8 or len(shape) != 1 or shape[0] != len(data) - header.tell():
            raise self.damaged(f"its member {name!r} is no array of bytes")
        return np.frombuffer(data, np.uint8, shape[0], header.tell())

    def damaged(self, why: str) -> PlanError:
        """The one error for a file that is no whole plan."""
        return PlanError(f"{self.path} is not a whole Warploom plan ({why.rstrip('. ')}): build it again.")

    def _stored(self, entry: zipfile.ZipInfo) -> memoryview:
        start = entry.header_offset
        header = self._bytes[start : start + _LOCAL_HEADER.size]
        if len(header) < _LOCAL_HEADER.size:
            raise self.damaged("it is truncated")
        fields = _LOCAL_HEADER.unpack(header)
        begin = start + _LOCAL_HEADER.size + fields[-2] + fields[-1]
        data = memoryview(self._bytes)[begin : begin + entry.file_size]
        if fields[0] != b"PK\x03\x04" or len(data) != entry.file_size:
            raise self.damaged(f"its member {entry.filename!r} is truncated")
        return data


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_EPOCH)
    entry.compress_type = zipfile.ZIP_STORED  # weights do not shrink, and what is stored can be mapped
    return entry


def _npy_header(array: Array) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|u1", "fortran_order": False, "shape": array.shape})
    return stream.getvalue()
