"""Splits long rows into chunks that many threads reduce side by side; a second kernel combines what they found."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from warploom.device.cuda.layout import Layout
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.steps import Region
from warploom.graph import DType

_MOST_CHUNKS = 256
_LEAST_CHUNKS = 4


@dataclass(frozen=True, slots=True)
class Chunks:
    """A tensor whose rows are cut.

    Attributes:
        x: The tensor with one dimension as two: chunks, and the place in a chunk.
        reduced: Dimensions of x that a chunk of a row spans.
        dimension: The dimension of x that counts chunks.
        count: Chunks per row.
    """

    x: Region
    reduced: frozenset[int]
    dimension: int
    count: int

    def partial(self, role: str, dtype: DType, context: LoweringContext) -> Region:
        """Scratch for one value per chunk, seen with the shape of x (stride 0 along chunks)."""
        layout = self.x.layout
        kept = [d for d in range(len(layout.shape)) if d not in self.reduced]
        order = sorted((d for d in kept if d != self.dimension), key=lambda d: abs(layout.strides[d]))
        strides, step = [0] * len(layout.shape), 1
        channels = layout.channels if layout.channels_last and 1 in kept else 0
        for d in (*order, self.dimension):
            strides[d] = step
            step *= channels if channels and d == 1 else layout.shape[d]
        shape = tuple(size if d in kept else 1 for d, size in enumerate(layout.shape))
        return context.temporary(role, Layout(shape, tuple(strides), dtype, channels))

    def along(self, partial: Region) -> Region:
        """Scratch seen with the shape of x."""
        return replace(partial, layout=replace(partial.layout, shape=self.x.layout.shape))

    def combined(self, result: Region, partial: Region) -> Region:
        """One value per row, given with the shape of the uncut tensor, seen with the shape of the scratch."""
        strides = result.layout.strides
        d = self.dimension
        cut = (*strides[:d], 0, 0, *strides[d + 1 :])
        return replace(result, layout=replace(result.layout, shape=partial.layout.shape, strides=cut))


def cut_rows(x: Region, axes: frozenset[int]) -> Chunks | None:
    """Cuts the rows that `axes` span along the dimension with the best divisor; None where there is none."""
    layout = x.layout
    usable = [d for d in axes if d > 1 or not layout.channels_last]
    best = max(((_divisor(layout.shape[d]), -d) for d in usable), default=(1, 0))
    if best[0] < _LEAST_CHUNKS:
        return None
    count, d = best[0], -best[1]
    size, stride = layout.shape[d] // count, layout.strides[d]
    shape = (*layout.shape[:d], count, size, *layout.shape[d + 1 :])
    strides = (*layout.strides[:d], stride * size, stride, *layout.strides[d + 1 :])
    moved = frozenset(a if a < d else a + 1 for a in axes if a != d) | {d + 1}
    return Chunks(replace(x, layout=Layout(shape, strides, layout.dtype, layout.channels)), moved, d, count)


def _divisor(size: int) -> int:
    """The largest number of equal chunks of at most as many as are useful."""
    small = (d for d in range(1, math.isqrt(size) + 1) if size % d == 0)
    found = [part for d in small for part in (d, size // d) if part <= _MOST_CHUNKS]
    return max(found, default=1)
