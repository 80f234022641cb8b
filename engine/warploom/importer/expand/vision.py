"""Operators of images that are written out: affine grids, deformable convolution, unpooling, folding columns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from warploom.importer.expand.writer import Expander, Writer


def affine_grid(writer: Writer) -> None:
    """AffineGrid: the coordinates of all places, which are constant, times theta."""
    theta = writer.node.input(0)
    sizes = [int(size) for size in writer.array(1, "size")]
    corners = bool(writer.node.integer("align_corners", 0))
    lines = [_coordinates(size, corners=corners) for size in sizes[2:]]
    mesh = np.meshgrid(*lines, indexing="ij")
    base = np.stack([*(axis.reshape(-1) for axis in reversed(mesh)), np.ones(math.prod(sizes[2:]))], axis=-1)
    product = writer.op("MatMul", writer.constant(base, writer.dtype(theta)), writer.transpose(theta, (0, 2, 1)))
    writer.result(writer.reshape(product, sizes[0], *sizes[2:], len(lines)))


def _coordinates(size: int, *, corners: bool) -> np.ndarray[Any, Any]:
    """Coordinates from -1 to 1: of the outermost elements' centres, or of their outer edges."""
    if corners:
        return np.linspace(-1.0, 1.0, size)
    return (2 * np.arange(size) + 1) / size - 1


def deform_conv(writer: Writer) -> None:
    """DeformConv: the sampled columns by GridSample, then a convolution of one place each.

    Source of the arithmetic: ONNX, operator DeformConv (bilinear, zeros outside).
    """
    node = writer.node
    x, weight, offset, bias, mask = (node.input(position) for position in range(5))
    if len(writer.shape(x)) != 4:
        raise node.failure("is of other than two spatial dimensions, which Warploom does not support.")
    batch, channels, height, width = writer.shape(x)
    kernel = writer.shape(weight)[2:]
    taps, groups = math.prod(kernel), node.integer("offset_group", 1)
    out = writer.shape(offset)[2:]
    places = _places(writer, kernel, out)
    split = (batch * groups, taps, 2, *out)
    moved = writer.op("Add", writer.reshape(offset, *split), writer.constant(places, writer.dtype(x)))
    rows, columns = (
        _normalized(writer, writer.squeeze(part, 2), size)
        for part, size in zip(writer.split(moved, 2, (1, 1)), (height, width), strict=True)
    )
    grid = writer.op("Concat", writer.unsqueeze(columns, 4), writer.unsqueeze(rows, 4), axis=4)
    grid = writer.reshape(grid, batch * groups, taps * out[0], out[1], 2)
    image = writer.reshape(x, batch * groups, channels // groups, height, width)
    sampled = writer.op("GridSample", image, grid, mode="linear", padding_mode="zeros", align_corners=1)
    sampled = writer.reshape(sampled, batch * groups, channels // groups, taps, *out)
    if mask:
        sampled = writer.op("Mul", sampled, writer.reshape(mask, batch * groups, 1, taps, *out))
    made = writer.shape(weight)[0]
    matrix = writer.reshape(weight, made, writer.shape(weight)[1] * taps, 1, 1)
    column = writer.reshape(sampled, batch, channels * taps, *out)
    inputs = (column, matrix, bias) if bias else (column, matrix)
    writer.result(writer.op("Conv", *inputs, kernel_shape=[1, 1], group=node.integer("group", 1)))


def _places(writer: Writer, kernel: Sequence[int], out: Sequence[int]) -> np.ndarray[Any, Any]:
    """Where every tap of every window lies: (1, taps, 2, rows, columns)."""
    node = writer.node
    strides, dilations = (node.integers(name) or (1, 1) for name in ("strides", "dilations"))
    pads = node.integers("pads") or (0, 0, 0, 0)
    axes = []
    for axis in (0, 1):
        tap = np.indices(kernel)[axis].reshape(-1, 1, 1) * dilations[axis]
        axes.append(tap + np.indices(out)[axis][None] * strides[axis] - pads[axis])
    return np.stack(axes, axis=1)[None].astype(np.float64)


def _normalized(writer: Writer, places: str, size: int) -> str:
    """Element numbers as coordinates from -1 to 1 between the centres of the outermost elements."""
    if size == 1:
        return writer.op("Mul", places, writer.number(2.0, writer.node.input(0)))
    scaled = writer.op("Mul", places, writer.number(2.0 / (size - 1), writer.node.input(0)))
    return writer.op("Sub", scaled, writer.number(1.0, writer.node.input(0)))


def max_unpool(writer: Writer) -> None:
    """MaxUnpool: a scatter into zeros, places counted over the whole tensor."""
    x, places = writer.node.inputs[:2]
    shape = _unpooled(writer)
    zeros = writer.op("ConstantOfShape", writer.integers(math.prod(shape)), value=_zero(writer, x))
    flat = writer.op("ScatterElements", zeros, writer.reshape(places, -1), writer.reshape(x, -1), axis=0)
    if not writer.node.input(2):
        writer.result(writer.reshape(flat, *shape))
        return
    # places count in the smaller tensor that the kernel tells; a given output shape only widens it at the end
    wanted = [int(size) for size in writer.array(2, "output shape")]
    pads = [0] * len(shape) + [after - before for before, after in zip(shape, wanted, strict=True)]
    writer.result(writer.op("Pad", writer.reshape(flat, *shape), writer.integers(*pads)))


def _zero(writer: Writer, x: str) -> object:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.zeros(1, writer.dtype(x).to_numpy()))


def _unpooled(writer: Writer) -> tuple[int, ...]:
    node = writer.node
    kernel = node.integers("kernel_shape") or ()
    strides = node.integers("strides") or (1,) * len(kernel)
    pads = node.integers("pads") or (0,) * (2 * len(kernel))
    batch, channels, *spatial = writer.shape(node.input(0))
    rank = len(kernel)
    sizes = [
        (size - 1) * stride + window - pads[axis] - pads[axis + rank]
        for axis, (size, stride, window) in enumerate(zip(spatial, strides, kernel, strict=True))
    ]
    return (batch, channels, *sizes)


def col2im(writer: Writer) -> None:
    """Col2Im: a transposed convolution whose weights are one at one tap each."""
    node = writer.node
    x = node.input(0)
    image = [int(size) for size in writer.array(1, "image shape")]
    block = [int(size) for size in writer.array(2, "block shape")]
    rank, taps = len(block), math.prod(block)
    strides, dilations = (node.integers(name) or (1,) * rank for name in ("strides", "dilations"))
    pads = node.integers("pads") or (0,) * (2 * rank)
    batch, rows, _ = writer.shape(x)
    channels = rows // taps
    reach = [(size - 1) * dilation + 1 for size, dilation in zip(block, dilations, strict=True)]
    windows = [
        (size + pads[axis] + pads[axis + rank] - reach[axis]) // strides[axis] + 1 for axis, size in enumerate(image)
    ]
    left = [
        size + pads[axis] + pads[axis + rank] - reach[axis] - (windows[axis] - 1) * strides[axis]
        for axis, size in enumerate(image)
    ]
    weight = np.tile(np.eye(taps).reshape(taps, 1, *block), (channels, 1, *(1,) * rank))
    columns = writer.reshape(x, batch, rows, *windows)
    writer.op(
        "ConvTranspose", columns, writer.constant(weight, writer.dtype(x)), to=node.outputs[0], group=channels,
        strides=list(strides), dilations=list(dilations), pads=list(pads), output_padding=left,
    )  # fmt: skip


def center_crop_pad(writer: Writer) -> None:
    """CenterCropPad: slices where a size is smaller than the axis, padding with zeros where it is larger."""
    node = writer.node
    x = node.input(0)
    shape = list(writer.shape(x))
    rank = len(shape)
    axes = node.integers("axes")
    chosen = range(rank) if axes is None else [axis % rank for axis in axes]
    pads = [0] * (2 * rank)
    for axis, wanted in zip(chosen, map(int, writer.array(1, "shape")), strict=True):
        size = shape[axis]
        if wanted < size:
            start = (size - wanted) // 2
            x = writer.cut(x, axis, start, start + wanted)
        else:
            pads[axis] = (wanted - size) // 2
            pads[axis + rank] = wanted - size - pads[axis]
    writer.result(writer.op("Pad", x, writer.integers(*pads)) if any(pads) else x)


EXPANDERS: Mapping[str, Expander] = {
    "AffineGrid": affine_grid,
    "CenterCropPad": center_crop_pad,
    "DeformConv": deform_conv,
    "MaxUnpool": max_unpool,
    "Col2Im": col2im,
}
