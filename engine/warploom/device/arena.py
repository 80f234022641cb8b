"""Plans the static memory arena of a StreamPlan: which buffers may share bytes, and where each one lies.

Lifetimes are taken over the partial order of the plan (streams and waits), not over the enqueue order: two buffers
share bytes only if every launch that touches one has ended before the other is first written, whatever the GPU runs
side by side. Placement is offline best fit by decreasing size (Pisarchyk & Lee, "Efficient Memory Management for Deep
Neural Net Inference", 2020, greedy by size).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from warploom.schedule.stream_plan import ByteRange, ended_before

ALIGNMENT_BYTES = 256

# Beyond this multiple of what has to be, further orders of placement are tried.
_GOOD_ENOUGH = 1.05


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
        live_bytes: Sum of the largest set found of buffers of which any two may be live at the same time, as the
            streams run: what no plan of memory can undercut.
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
    before = ended_before(dependencies)
    together = _live_together(buffers, before)
    live = _largest_live_set(buffers, together, len(dependencies))
    best: tuple[int, dict[str, ByteRange]] | None = None
    for order in _orders(buffers):
        placed = _place(buffers, order, together)
        if best is None or placed[0] < best[0]:
            best = placed
        if best[0] <= live * _GOOD_ENOUGH:
            break
    size, ranges = best if best is not None else (0, {})
    return Arena(ranges, size, live)


def _orders(buffers: Sequence[Buffer]) -> Iterator[list[int]]:
    """Orders to place buffers in: by size, by size times the number of uses, by first use."""
    every = range(len(buffers))
    yield sorted(every, key=lambda i: (-buffers[i].size, i))
    yield sorted(every, key=lambda i: (-buffers[i].size * buffers[i].uses.bit_count(), i))
    yield sorted(every, key=lambda i: (buffers[i].first, -buffers[i].size, i))


def _place(
    buffers: Sequence[Buffer], order: Sequence[int], together: Sequence[int]
) -> tuple[int, dict[str, ByteRange]]:
    """Bytes needed when the buffers are placed in this order, and where each then lies."""
    places: dict[int, ByteRange] = {}
    for i in order:
        size = _aligned(buffers[i].size)
        others = (place for j, place in places.items() if together[i] >> j & 1)
        taken = sorted((place.offset, place.offset + place.size) for place in others)
        places[i] = ByteRange(_best_fit(taken, size), size)
    end = max((place.offset + place.size for place in places.values()), default=0)
    return end, {buffers[i].name: place for i, place in places.items()}


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def _before_all(uses: int, before: Sequence[int]) -> int:
    """The launches that have ended when any of `uses` starts: a buffer's first writers may run side by side."""
    common = -1
    while uses:
        lowest = uses & -uses
        common &= before[lowest.bit_length() - 1]
        uses ^= lowest
    return common


def _live_together(buffers: Sequence[Buffer], before: Sequence[int]) -> list[int]:
    """For each buffer the bit mask of the others that may be in use at the same time."""
    started = [_before_all(buffer.uses, before) for buffer in buffers]
    together = [0] * len(buffers)
    for i, buffer in enumerate(buffers):
        for j in range(i):
            if not (_ends_before(buffer, started[j]) or _ends_before(buffers[j], started[i])):
                together[i] |= 1 << j
                together[j] |= 1 << i
    return together


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


def _largest_live_set(buffers: Sequence[Buffer], together: Sequence[int], launches: int) -> int:
    """Bytes of a large set of buffers that may all be live together, as found from each launch greedily by size."""
    by_size = sorted(range(len(buffers)), key=lambda i: -buffers[i].size)
    largest = 0
    for launch in range(launches):
        chosen = [i for i in by_size if buffers[i].uses >> launch & 1]
        mask = -1
        for i in chosen:
            mask &= together[i] | 1 << i
        total = sum(_aligned(buffers[i].size) for i in chosen)
        for i in by_size:
            if mask >> i & 1 and not buffers[i].uses >> launch & 1:
                mask &= together[i] | 1 << i
                total += _aligned(buffers[i].size)
        largest = max(largest, total)
    return largest
