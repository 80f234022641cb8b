"""Plans the static memory arena of a StreamPlan: which buffers may share bytes, and where each one lies.

Lifetimes are taken over the partial order of the plan (streams and waits), not over the enqueue order: two buffers
share bytes only if every launch that touches one has ended before the other is first written, whatever the GPU runs
side by side. Placement is offline best fit by decreasing size (Pisarchyk & Lee, "Efficient Memory Management for Deep
Neural Net Inference", 2020, greedy by size).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warploom.schedule.stream_plan import ByteRange

ALIGNMENT_BYTES = 256


@dataclass(frozen=True, slots=True)
class Buffer:
    """Bytes that some launches touch.

    Attributes:
        name: Unique name.
        size: Bytes.
        first: The launch that writes it first, in enqueue order (others may write parts of it side by side).
        uses: Bit mask of all launches that touch it, `first` included.
        keep: Whether it is read after the last launch (a graph output).
    """

    name: str
    size: int
    first: int
    uses: int
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Arena:
    """The planned memory.

    Attributes:
        ranges: Bytes of each buffer.
        size: Bytes of the whole arena.
        live_bytes: Largest sum of buffers that are live together somewhere in enqueue order: what no plan of memory
            for that order can undercut.
    """

    ranges: Mapping[str, ByteRange]
    size: int
    live_bytes: int


def plan_arena(buffers: Sequence[Buffer], dependencies: Sequence[Sequence[int]]) -> Arena:
    """Places every buffer.

    Args:
        buffers: What to place.
        dependencies: For each launch, in enqueue order, the launches that it starts after (`StreamPlan.dependencies`).
    """
    before = _happens_before(dependencies)
    started = [_before_all(buffer.uses, before) for buffer in buffers]
    order = sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, i))
    ranges: dict[str, ByteRange] = {}
    placed: list[tuple[int, ByteRange]] = []
    for i in order:
        buffer = buffers[i]
        size = _aligned(buffer.size)
        taken = sorted(
            (r.offset, r.offset + r.size)
            for j, r in placed
            if not (_ends_before(buffer, started[j]) or _ends_before(buffers[j], started[i]))
        )
        place = ByteRange(_best_fit(taken, size), size)
        placed.append((i, place))
        ranges[buffer.name] = place
    end = max((r.offset + r.size for r in ranges.values()), default=0)
    return Arena(ranges, end, _live_bytes(buffers, len(dependencies)))


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def _happens_before(dependencies: Sequence[Sequence[int]]) -> list[int]:
    """For each launch the bit mask of the launches that have ended when it starts."""
    before: list[int] = []
    for earlier in dependencies:
        mask = 0
        for launch in earlier:
            mask |= before[launch] | 1 << launch
        before.append(mask)
    return before


def _before_all(uses: int, before: Sequence[int]) -> int:
    """The launches that have ended when any of `uses` starts: a buffer's first writers may run side by side."""
    common = -1
    while uses:
        lowest = uses & -uses
        common &= before[lowest.bit_length() - 1]
        uses ^= lowest
    return common


def _ends_before(buffer: Buffer, started: int) -> bool:
    """Whether all uses of a buffer have ended, given the launches that have."""
    return not buffer.keep and not buffer.uses & ~started


def _best_fit(taken: Sequence[tuple[int, int]], size: int) -> int:
    """The offset of the smallest gap between taken ranges (ascending by start) that holds `size`, or after them all."""
    best, best_gap = -1, -1
    end = 0
    for start, stop in taken:
        gap = start - end
        if gap >= size and (best < 0 or gap < best_gap):
            best, best_gap = end, gap
        end = max(end, stop)
    return end if best < 0 else best


def _live_bytes(buffers: Sequence[Buffer], launches: int) -> int:
    change = [0] * (launches + 1)
    for buffer in buffers:
        size = _aligned(buffer.size)
        change[buffer.first] += size
        change[launches if buffer.keep else buffer.uses.bit_length()] -= size
    largest = live = 0
    for delta in change:
        live += delta
        largest = max(largest, live)
    return largest
