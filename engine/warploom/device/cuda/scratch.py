"""Scratch memory for measuring work outside of any executable: every buffer, weights included, has bytes of its own.

The bytes are zeros at first: indices then point at something, and floats are finite.
"""

from __future__ import annotations

from collections.abc import Iterable

from warploom.device.cuda.binding import Address
from warploom.device.cuda.memory import DeviceMemory, spread
from warploom.device.cuda.memory_plan import Work, regions_of
from warploom.device.cuda.races import extent

_GROWTH = 1.5


class ScratchMemory:
    """One block of device memory that grows to what the largest measurement needs."""

    def __init__(self) -> None:
        self._block: DeviceMemory | None = None

    def addresses(self, works: Iterable[Work]) -> Address:
        """Addresses for every buffer that the works touch, until this is called again."""
        sizes: dict[str, int] = {}
        for work in works:
            for region, _ in regions_of(work.steps):
                end = (region.offset + extent(region)) * region.layout.dtype.itemsize
                sizes[region.buffer] = max(sizes.get(region.buffer, 0), end)
            if work.workspace_bytes:
                sizes[work.workspace] = work.workspace_bytes
        offsets, size = spread(sizes)
        base = self._reserve(size)
        return lambda name: base + offsets[name]

    def _reserve(self, size: int) -> int:
        if self._block is None or self._block.size < size:
            self._block = None  # given back before more is taken
            self._block = DeviceMemory(int(size * _GROWTH), "allocating scratch memory for measurements")
        return self._block.address
