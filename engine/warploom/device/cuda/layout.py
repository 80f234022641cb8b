"""Where a tensor's elements lie: strides per logical dimension, storage type and padded channels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warploom.graph import DType, Graph, OperatorKind, Precision, Primitive, Tensor
from warploom.graph.kinds import kind_of

_STORAGE: Mapping[Precision, DType] = {
    Precision.FP32: DType.FLOAT32,
    Precision.TF32: DType.FLOAT32,
    Precision.FP16: DType.FLOAT16,
    Precision.BF16: DType.BFLOAT16,
}

# Tensor-core engines read 16 bytes at a time along the channels, so channels are padded to fill them.
_CHANNEL_BYTES = 16

_IMAGE_KINDS = (
    OperatorKind.CONV,
    OperatorKind.DEPTHWISE,
    OperatorKind.CONV_TRANSPOSE,
    OperatorKind.POOL,
    OperatorKind.RESIZE,
)
_IMAGE_OPS = ("BatchNormalization", "InstanceNormalization", "LRN", "DepthToSpace", "SpaceToDepth", "Upsample")


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
    return _STORAGE[precision] if dtype.is_float else dtype


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
    lanes = _CHANNEL_BYTES // dtype.itemsize
    return channels if channels == 1 else -(-channels // lanes) * lanes


def choose_layouts(graph: Graph, precision: Precision) -> dict[str, Layout]:
    """A layout for every tensor of the Graph that is not a constant.

    Tensors of rank 4 that an image operator (convolution, pooling, resize, ...) touches are channels-last, and so is
    whatever pointwise operators and concatenations connect to them; every other tensor is row-major. The graph's own
    inputs and outputs keep their row-major form at the boundary, which the executable converts.
    """
    image = _image_tensors(graph)
    layouts: dict[str, Layout] = {}
    for name, tensor in graph.tensors.items():
        if name in graph.constants:
            continue
        dtype = storage_type(tensor.dtype, precision)
        layouts[name] = channels_last(tensor.shape, dtype) if name in image else row_major(tensor.shape, dtype)
    return layouts


def _image_tensors(graph: Graph) -> set[str]:
    connected = _same_layout(graph)
    image: set[str] = set()
    for operator in graph.operators:
        for primitive in operator.body:
            if _is_image(primitive, graph.tensors):
                for name in _activations(primitive, graph):
                    image |= connected.get(name, {name})
    return image


def _is_image(primitive: Primitive, tensors: Mapping[str, Tensor]) -> bool:
    if primitive.op in _IMAGE_OPS or kind_of(primitive, tensors) in _IMAGE_KINDS:
        return len(tensors[primitive.inputs[0]].shape) == 4
    return False


def _activations(primitive: Primitive, graph: Graph) -> list[str]:
    names = (primitive.inputs[0], *primitive.outputs[:1])
    return [name for name in names if name and name not in graph.constants and len(graph.tensors[name].shape) == 4]


def _same_layout(graph: Graph) -> dict[str, set[str]]:
    """Tensors of rank 4 joined by pointwise operators and concatenations, as sets shared by their members."""
    groups: dict[str, set[str]] = {}
    for operator in graph.operators:
        for primitive in operator.body:
            if _keeps_layout(primitive, graph):
                joined: set[str] = set()
                for name in (*primitive.inputs, *primitive.outputs):
                    if name and name not in graph.constants and len(graph.tensors[name].shape) == 4:
                        joined |= groups.get(name, {name})
                for name in joined:
                    groups[name] = joined
    return groups


def _keeps_layout(primitive: Primitive, graph: Graph) -> bool:
    kind = kind_of(primitive, graph.tensors)
    return kind in (OperatorKind.POINTWISE, OperatorKind.CONCAT) or primitive.op in (
        "Split",
        "Slice",
        "Pad",
        "Identity",
    )
