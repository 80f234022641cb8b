"""Broadcasting as strides: a smaller operand read as if it had the shape of what it is combined with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from warploom.device.cuda.layout import Layout, channels_last, row_major
from warploom.device.cuda.steps import Region
from warploom.graph import DType
from warploom.graph.constant import Array


def broadcast_view(region: Region, shape: Sequence[int]) -> Region:
    """The region read with a larger shape (ONNX rules: shapes align at their ends, sizes of 1 repeat)."""
    layout = region.layout
    missing = len(shape) - len(layout.shape)
    old = (*(1,) * missing, *layout.shape)
    strides = tuple(
        0 if size == 1 else stride for size, stride in zip(old, (*(0,) * missing, *layout.strides), strict=True)
    )
    channels = layout.channels if missing == 0 and len(shape) > 1 else 0
    if channels and layout.shape[1] == 1 and shape[1] > 1:
        channels = 0
    return Region(region.buffer, region.offset, Layout(tuple(shape), strides, layout.dtype, channels))


def broadcast_layout(shape: Sequence[int], like: Layout, dtype: DType) -> tuple[Layout, Layout]:
    """How a constant is stored to be combined with a tensor, and how it is then read.

    Returns:
        The dense layout of the constant alone, in the order of `like`, and its broadcast to the shape of `like`.
    """
    rank = len(like.shape)
    full = (*(1,) * (rank - len(shape)), *shape)
    if not like.channels_last or full[1] == 1:
        own = row_major(full, dtype)
        return own, broadcast_view(Region("", 0, own), like.shape).layout
    own = channels_last(full, dtype, channels=like.channels)
    return own, broadcast_view(Region("", 0, own), like.shape).layout


def broadcast_constant(values: Array, own: Layout) -> Array:
    """A constant's values in the physical order of `own`, padded with ones (which no function maps to infinity)."""
    array = values.reshape(own.shape)
    if not own.channels_last:
        return array
    last = np.moveaxis(array, 1, -1)
    extra = own.channels - own.shape[1]
    return np.pad(last, [(0, 0)] * (last.ndim - 1) + [(0, extra)], constant_values=1) if extra else last
