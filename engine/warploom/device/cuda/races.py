"""Proves that a plan has no race on the GPU: launches that touch common bytes, one writing, are ordered.

`StreamPlan.verify` proves it for the tensors of the Graph; this does for every region that the chosen steps really
touch, scratch and workspaces included, and for slices that share a buffer. Run before every capture.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from warploom.device.cuda.memory_plan import Work, in_arena, regions_of
from warploom.device.cuda.steps import Region
from warploom.errors import ScheduleError
from warploom.schedule.stream_plan import ByteRange, ended_before

# Regions that are no boxes of a common grid are compared element by element up to this size (some 10 ms).
_MOST_LISTED = 1 << 21


@dataclass(slots=True)
class _Use:
    """How the launches use one buffer: bit masks, and each region with its launch."""

    touched: int = 0
    written: int = 0
    writes: list[tuple[int, Region]] = field(default_factory=list)
    reads: list[tuple[int, Region]] = field(default_factory=list)


def check_races(
    plan_name: str,
    works: Sequence[Work],
    dependencies: Sequence[Sequence[int]],
    ranges: Mapping[str, ByteRange],
) -> None:
    """Checks the entry and all launches of a plan against each other.

    1. Of two buffers that share bytes of the arena, every launch that touches one has ended before any launch writes
       the other. (This orders them, and no value is overwritten before its last use.)
    2. Two launches that touch overlapping elements of one buffer, one of them writing, are ordered; a read comes after
       some write.

    Args:
        plan_name: For messages.
        works: Of the entry and of each launch, in enqueue order.
        dependencies: What each one starts after.
        ranges: Bytes of each buffer in the arena.

    Raises:
        ScheduleError: Naming the launches and buffers of the first fault.
    """
    before = ended_before(dependencies)
    uses = _uses(works)
    for a, b in _sharing(uses, ranges):
        if not (_over(uses[a], uses[b], before) or _over(uses[b], uses[a], before)):
            raise ScheduleError(
                f"In the plan {plan_name!r} the buffers {a!r} and {b!r} share bytes while both are in use "
                f"({_names(works, uses[a].touched)}; {_names(works, uses[b].touched)})."
            )
    for name, use in uses.items():
        _check_buffer(plan_name, name, use, works, before)


def overlap(a: Region, b: Region) -> bool:
    """Whether two regions of one buffer share an element (or may, where they are too large to be listed)."""
    if not extent(a) or not extent(b):
        return False
    steps = sorted({*_steps(a), *_steps(b), 1}, reverse=True)
    boxes = _box(a, steps), _box(b, steps)
    if boxes[0] is None or boxes[1] is None:
        return _share_elements(a, b)
    return all(
        start < other + others and other < start + size
        for (start, size), (other, others) in zip(boxes[0], boxes[1], strict=True)
    )


def _share_elements(a: Region, b: Region) -> bool:
    """Whether two regions share an element, by listing those that lie where both reach."""
    low, high = max(_lowest(a), _lowest(b)), min(_lowest(a) + extent(a), _lowest(b) + extent(b))
    if low >= high:
        return False
    if max(math.prod(_physical(region)) for region in (a, b)) > _MOST_LISTED:
        return True
    touched = np.zeros(high - low, np.bool_)
    first, second = (_elements(region) for region in (a, b))
    touched[first[(first >= low) & (first < high)] - low] = True
    return bool(touched[second[(second >= low) & (second < high)] - low].any())


def _elements(region: Region) -> npt.NDArray[np.int64]:
    found = np.array([region.offset])
    for size, stride in zip(_physical(region), region.layout.strides, strict=True):
        if stride:
            found = (found[:, None] + np.arange(size) * stride).reshape(-1)
    return found


def _lowest(region: Region) -> int:
    """The first element: strides below 0 go backwards from the offset."""
    reach = ((size - 1) * stride for size, stride in zip(_physical(region), region.layout.strides, strict=True))
    return region.offset + sum(step for step in reach if step < 0)


def extent(region: Region) -> int:
    """Elements from a region's first to behind its last, padded channels included; 0 for an empty one."""
    sizes = _physical(region)
    if 0 in sizes:
        return 0
    return 1 + sum((size - 1) * abs(stride) for size, stride in zip(sizes, region.layout.strides, strict=True))


def _uses(works: Sequence[Work]) -> dict[str, _Use]:
    uses: dict[str, _Use] = {}
    for i, work in enumerate(works):
        for region, written in regions_of(work.steps):
            if not in_arena(region.buffer):
                continue
            use = uses.setdefault(region.buffer, _Use())
            use.touched |= 1 << i
            if written:
                use.written |= 1 << i
            (use.writes if written else use.reads).append((i, region))
        if work.workspace_bytes:
            uses[work.workspace] = _Use(touched=1 << i, written=1 << i)
    return uses


def _sharing(uses: Mapping[str, _Use], ranges: Mapping[str, ByteRange]) -> Iterator[tuple[str, str]]:
    """Pairs of buffers that share bytes."""
    active: list[str] = []
    for name in sorted(uses, key=lambda name: ranges[name].offset):
        start = ranges[name].offset
        active = [other for other in active if ranges[other].offset + ranges[other].size > start]
        for other in active:
            yield other, name
        active.append(name)


def _over(old: _Use, new: _Use, before: Sequence[int]) -> bool:
    """Whether everything that touches `old` has ended before anything writes `new`."""
    return all(not old.touched & ~before[writer] for writer in _bits(new.written))


def _check_buffer(plan_name: str, name: str, use: _Use, works: Sequence[Work], before: Sequence[int]) -> None:
    for number, (i, written) in enumerate(use.writes):
        for j, other in (*use.writes[number + 1 :], *use.reads):
            if i == j or before[j] >> i & 1 or before[i] >> j & 1:
                continue
            if overlap(written, other):
                raise ScheduleError(
                    f"In the plan {plan_name!r} {works[i].name!r} and {works[j].name!r} touch the same elements of "
                    f"{name!r} without being ordered."
                )
    for i, region in use.reads:
        if not use.written & (before[i] | 1 << i):
            raise ScheduleError(
                f"In the plan {plan_name!r} {works[i].name!r} reads {region.buffer!r}, which nothing wrote before."
            )


def _steps(region: Region) -> list[int]:
    sizes = _physical(region)
    return [abs(stride) for size, stride in zip(sizes, region.layout.strides, strict=True) if size > 1 and stride]


def _physical(region: Region) -> tuple[int, ...]:
    """Sizes with padded channels included."""
    shape = region.layout.shape
    return (shape[0], region.layout.channels, *shape[2:]) if region.layout.channels else shape


def _box(region: Region, steps: Sequence[int]) -> list[tuple[int, int]] | None:
    """Start and size along each step, outermost first; None where the region is no box of such a grid."""
    if any(stride < 0 for stride in region.layout.strides):
        return None
    size_at = dict.fromkeys(steps, 1)
    for size, stride in zip(_physical(region), region.layout.strides, strict=True):
        if size > 1 and stride:
            if size_at[stride] > 1:
                return None
            size_at[stride] = size
    box: list[tuple[int, int]] = []
    rest, room = region.offset, 0
    for step in steps:
        start, rest = divmod(rest, step)
        if room and start + size_at[step] > room // step:
            return None
        box.append((start, size_at[step]))
        room = step
    return box


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _names(works: Sequence[Work], mask: int) -> str:
    found = [works[i].name for i in _bits(mask)]
    return ", ".join(map(repr, found[:3])) + (", ..." if len(found) > 3 else "")
