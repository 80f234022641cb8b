"""Where elements of a sliding window lie in memory, and how many channels make one vector there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warploom.device.cuda.kernels.codegen.nest import VECTOR_BYTES
from warploom.device.cuda.layout import Layout
from warploom.device.cuda.steps import Region


def place(layout: Layout, at: Mapping[int, str]) -> str:
    """The C++ expression of the offset at coordinates given by dimension."""
    reach = sum(abs(stride) * max(0, size - 1) for stride, size in zip(layout.strides, layout.shape, strict=True))
    wide = reach >= 2**30
    terms = []
    for dimension, text in at.items():
        stride = layout.strides[dimension]
        if stride and (layout.shape[dimension] > 1 or dimension == 1):
            variable = f"(long long){text}" if wide else text
            terms.append(variable if stride == 1 else f"{variable} * {stride}")
    return "(" + (" + ".join(terms) or "0") + ")"


def channel_lanes(x: Region, y: Region, operands: Sequence[Region]) -> int:
    """Channels that a thread computes: a vector of 16 bytes where channels are innermost and aligned."""
    multiplier = y.layout.shape[1] // x.layout.shape[1]
    if multiplier != 1 or x.layout.strides[1] != 1 or y.layout.strides[1] != 1:
        return 1
    channels = y.layout.channels if y.layout.channels_last else y.layout.shape[1]
    lanes = VECTOR_BYTES // max(x.layout.dtype.itemsize, y.layout.dtype.itemsize)
    while lanes > 1 and (channels % lanes or not all(_aligned(region, lanes) for region in (x, y, *operands))):
        lanes //= 2
    return lanes


def _aligned(region: Region, lanes: int) -> bool:
    layout = region.layout
    if layout.strides[1] != 1:
        return True
    unit = min(lanes, VECTOR_BYTES // layout.dtype.itemsize)
    others = (stride for d, stride in enumerate(layout.strides) if d != 1 and layout.shape[d] > 1)
    return region.offset % unit == 0 and all(stride % unit == 0 for stride in others)
