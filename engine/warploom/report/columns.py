"""Packs columns of numbers for the HTML report: small for a million spans, exact, and without a library.

Integers are kept as differences where they ascend, each in as many bytes as the largest needs; equal bytes of all
values stand together (first all lowest bytes, then all second ones, ...), which lets deflate find what repeats. The
script reads them back with the browser's own DecompressionStream.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from warploom.timeline.timeline import FloatArray, IntArray

LEVEL = 4
"""Of deflate: higher ones take several times as long for a few percent."""

Column = dict[str, Any]
"""What the script needs to read one column back: offset, count, bytes per value, and how they are coded."""


class ColumnPacker:
    """Collects columns; `text` is all of them, compressed, in base64."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def integers(self, values: IntArray) -> Column:
        """Non-negative integers below 2^53."""
        return self._planes(np.asarray(values, dtype=np.uint64), "integer")

    def ascending(self, values: IntArray) -> Column:
        """Integers that never fall, as differences from the one before."""
        steps = np.diff(np.asarray(values, dtype=np.int64), prepend=0)
        return self._planes(steps.astype(np.uint64), "ascending")

    def decimals(self, values: FloatArray, step: float) -> Column:
        """Non-negative numbers, rounded to multiples of `step`."""
        return {**self._planes(np.rint(values / step).astype(np.uint64), "integer"), "step": step}

    def floats(self, values: FloatArray) -> Column:
        """Any finite numbers, to seven digits."""
        return self._planes(np.ascontiguousarray(values, dtype="<f4").view("<u4").astype(np.uint64), "float", width=4)

    def text(self) -> str:
        """Everything so far, in base64."""
        return base64.b64encode(zlib.compress(b"".join(self._parts), LEVEL)).decode("ascii")

    def _planes(self, values: np.typing.NDArray[np.uint64], coding: str, width: int | None = None) -> Column:
        width = width or max((int(values.max(initial=0)).bit_length() + 7) // 8, 1)
        planes = np.ascontiguousarray(values.astype("<u8")).view(np.uint8).reshape(-1, 8)[:, :width].T
        column = {"at": self._size, "count": len(values), "width": width, "coding": coding}
        self._parts.append(np.ascontiguousarray(planes).tobytes())
        self._size += width * len(values)
        return column


def unpack(text: str, columns: Sequence[Column]) -> list[np.typing.NDArray[np.float64]]:
    """The columns back, as the script reads them; for tests and for other readers of a report."""
    data = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
    return [_unpacked(data, column) for column in columns]


def _unpacked(data: np.typing.NDArray[np.uint8], column: Column) -> np.typing.NDArray[np.float64]:
    count, width = column["count"], column["width"]
    planes = data[column["at"] : column["at"] + count * width].reshape(width, count)
    weights = 256 ** np.arange(width, dtype=np.uint64)
    values = (planes.astype(np.uint64) * weights[:, None]).sum(axis=0, dtype=np.uint64)
    if column["coding"] == "float":
        return np.asarray(values.astype("<u4").view("<f4"), dtype=np.float64)
    whole = np.cumsum(values) if column["coding"] == "ascending" else values
    return np.asarray(whole, dtype=np.float64) * float(column.get("step", 1))
