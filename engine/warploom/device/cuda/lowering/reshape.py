"""Reads the same elements under another shape without moving them, where their strides allow it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from warploom.device.cuda.layout import Layout


def reshaped(layout: Layout, shape: Sequence[int]) -> Layout | None:
    """The layout under another shape of as many elements, in row-major order of both; None if elements would move.

    Dimensions are taken in runs of equal products; inside a run the old ones must lie as one dense dimension,
    which the new ones then divide. Physical channels get lost unless the shape stays.
    """
    if tuple(shape) == layout.shape:
        return layout
    if math.prod(shape) != math.prod(layout.shape):
        raise ValueError(f"a tensor of shape {layout.shape} cannot have the shape {tuple(shape)}")
    if math.prod(shape) == 0:
        return Layout(tuple(shape), (1,) * len(shape), layout.dtype)
    old = [(size, stride) for size, stride in zip(layout.shape, layout.strides, strict=True) if size != 1]
    strides = [0] * len(shape)
    position = 0
    axis = 0
    while axis < len(shape):
        if shape[axis] == 1:
            strides[axis] = 1
            axis += 1
            continue
        first_axis, first = axis, position
        wanted, have = shape[axis], old[position][0]
        axis, position = axis + 1, position + 1
        while wanted != have:
            if wanted < have:
                wanted *= shape[axis]
                axis += 1
            else:
                have *= old[position][0]
                position += 1
        if not _is_dense(old[first:position]):
            return None
        step = old[position - 1][1]
        for inner in range(axis - 1, first_axis - 1, -1):
            strides[inner] = step
            step *= shape[inner]
    return Layout(tuple(shape), tuple(strides), layout.dtype)


def _is_dense(dimensions: Sequence[tuple[int, int]]) -> bool:
    """Whether dimensions (size, stride) can be walked as one."""
    return all(outer_stride == size * stride for (_, outer_stride), (size, stride) in itertools.pairwise(dimensions))
