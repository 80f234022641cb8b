"""Where a tensor's elements lie: strides per logical dimension, storage type and padded channels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warploom.graph import DType, Precision

_STORAGE: Mapping[Precision, DType] = {
    Precision.FP32: DType.FLOAT32,
    Precision.TF32: DType.FLOAT32,
    Precision.FP16: DType.FLOAT16,
    Precision.BF16: DType.BFLOAT16,
    Precision.INT8: DType.FLOAT16,
}

# Tensor-core engines read 16 bytes at a time along the channels, so channels are padded to fill them.
_VECTOR_BYTES = 16


@dataclass(frozen=True, slots=True)
class Layout:
    """Elements of one tensor in device memory.

    Attributes:
        shape: Logical shape, in ONNX order (N, C, H, W for images).
        strides: Elements between neighbours along each logical dimension (0 for a broadcast dimension).
        dtype: Storage type on the device.
        channels: For a channels-last tensor the physical number of channels (C padded up); otherwise 0. Lanes from C to
            `channels` always hold finite values, whoever wrote the tensor: consumers may multiply them by zero weights.
    """

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: DType
    channels: int = 0

    @property
    def channels_last(self) -> bool:
        """Whether channels vary fastest (NHWC)."""
        return self.channels > 0

    @property
    def elements(self) -> int:
        """Elements that an own buffer of this layout has, padding included (meaningless for a slice of another)."""
        if self.channels_last:
            return math.prod(self.shape) // max(self.shape[1], 1) * self.channels
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes of an own buffer."""
        return self.elements * self.dtype.itemsize


def storage_type(dtype: DType, precision: Precision) -> DType:
    """The type that a device stores a tensor in: floats follow the precision, float64 included; others keep theirs."""
    if not dtype.is_float:
        return dtype
    if precision is Precision.MIXED:
        return dtype if dtype.itemsize == 2 else DType.FLOAT32
    return _STORAGE[precision]


def row_major(shape: Sequence[int], dtype: DType) -> Layout:
    """A dense layout in ONNX order."""
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    return Layout(tuple(shape), tuple(strides), dtype)


def channels_last(shape: Sequence[int], dtype: DType, *, channels: int | None = None) -> Layout:
    """A dense layout with the channels (dimension 1) innermost.

    Args:
        shape: Logical shape.
        dtype: Storage type.
        channels: Physical channels; by default as many as `padded_channels` says.
    """
    channels = padded_channels(shape[1], dtype) if channels is None else channels
    strides = [0] * len(shape)
    strides[1] = 1
    step = channels
    for axis in range(len(shape) - 1, 1, -1):
        strides[axis] = step
        step *= shape[axis]
    strides[0] = step
    return Layout(tuple(shape), tuple(strides), dtype, channels)


def padded_channels(channels: int, dtype: DType) -> int:
    """Channels rounded up to whole 16-byte vectors; a single channel stays single."""
    lanes = vector_lanes(dtype)
    return channels if channels == 1 else -(-channels // lanes) * lanes


def vector_lanes(dtype: DType) -> int:
    """Elements in 16 bytes."""
    return _VECTOR_BYTES // dtype.itemsize


def is_image_layout(layout: Layout) -> bool:
    """Whether library convolutions can address it: channels innermost and padded, every other stride a whole vector."""
    lanes = vector_lanes(layout.dtype)
    if not layout.channels_last or layout.strides[1] != 1 or layout.channels % lanes:
        return False
    return all(
        size == 1 or (stride > 0 and stride % lanes == 0)
        for axis, (size, stride) in enumerate(zip(layout.shape, layout.strides, strict=True))
        if axis != 1
    )
