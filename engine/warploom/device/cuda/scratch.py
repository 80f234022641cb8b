"""Scratch memory for measuring work outside of any executable: every buffer, weights included, has bytes of its own.

Integers are zeros whenever addresses are handed out, whatever was measured there before: tables of places, which are
weights of a Resize or Gather, then point at something.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from warploom.device.cuda.binding import Address
from warploom.device.cuda.lowering.lowered import WEIGHT_PREFIX
from warploom.device.cuda.memory import DeviceMemory, spread
from warploom.device.cuda.memory_plan import Work, regions_of
from warploom.device.cuda.races import extent
from warploom.schedule.stream_plan import ByteRange

_GROWTH = 1.5


class ScratchMemory:
    """One block of device memory that grows to what the largest measurement needs."""

    def __init__(self) -> None:
        self._block: DeviceMemory | None = None

    def addresses(self, works: Iterable[Work], placed: Mapping[str, ByteRange] = MappingProxyType({})) -> Address:
        """Addresses for every buffer that the works touch, until anything else is asked.

        Args:
            works: What touches them.
            placed: Buffers that share bytes as an arena has them; all others get bytes of their own.
        """
        works = tuple(works)
        sizes = buffer_sizes(works)
        shared = {name: at.offset for name, at in placed.items() if name in sizes and sizes[name] <= at.size}
        end = max((at.offset + at.size for name, at in placed.items() if name in shared), default=0)
        own, size = spread({name: size for name, size in sizes.items() if name not in shared})
        base = self._reserve(end + size)
        offsets = {name: shared[name] if name in shared else end + own[name] for name in sizes}
        self._zero_integers(works, sizes, [offsets])
        return _address(base, offsets)

    def copies(self, works: Iterable[Work], count: int) -> list[Address]:
        """As `addresses`, several times over: weights at other addresses each time, all else at the same ones."""
        works = tuple(works)
        sizes = buffer_sizes(works)
        weights = {name: size for name, size in sizes.items() if name.startswith(WEIGHT_PREFIX)}
        offsets, others_end = spread({name: size for name, size in sizes.items() if name not in weights})
        weight_offsets, weights_size = spread(weights)
        base = self._reserve(others_end + count * weights_size)
        starts = (others_end + copy * weights_size for copy in range(count))
        copies = [offsets | {name: start + at for name, at in weight_offsets.items()} for start in starts]
        self._zero_integers(works, sizes, copies)
        return [_address(base, offsets) for offsets in copies]

    def _reserve(self, size: int) -> int:
        if self._block is None or self._block.size < size:
            self._block = None  # given back before more is taken
            self._block = DeviceMemory(int(size * _GROWTH), "allocating scratch memory for measurements")
        return self._block.address

    def _zero_integers(
        self, works: Iterable[Work], sizes: Mapping[str, int], copies: Iterable[Mapping[str, int]]
    ) -> None:
        """Tables among the weights; where other integers are computed, everything that they may be computed from."""
        touched = (region for work in works for region, _ in regions_of(work.steps))
        names = {region.buffer for region in touched if not region.layout.dtype.is_float}
        if not names or self._block is None:
            return
        if all(name.startswith(WEIGHT_PREFIX) for name in names):
            for name, offset in {(name, offsets[name]) for offsets in copies for name in names}:
                self._block.fill(0, sizes[name], offset)
        else:
            self._block.fill(0)


def _address(base: int, offsets: Mapping[str, int]) -> Address:
    return lambda name: base + offsets[name]


def buffer_sizes(works: Iterable[Work]) -> dict[str, int]:
    """Bytes of every buffer that works touch, as far as they touch it."""
    sizes: dict[str, int] = {}
    for work in works:
        for region, _ in regions_of(work.steps):
            end = (region.offset + extent(region)) * region.layout.dtype.itemsize
            sizes[region.buffer] = max(sizes.get(region.buffer, 0), end)
        if work.workspace_bytes:
            # The same operator may come with several kernels, whose workspaces differ.
            sizes[work.workspace] = max(sizes.get(work.workspace, 0), work.workspace_bytes)
    return sizes


def weight_bytes(works: Iterable[Work]) -> int:
    """Bytes of the weights among them."""
    return sum(size for name, size in buffer_sizes(works).items() if name.startswith(WEIGHT_PREFIX))
