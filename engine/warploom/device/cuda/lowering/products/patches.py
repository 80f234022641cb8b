"""Convolutions whose windows do not overlap, of few channels, as a matrix product of the patches under the windows.

A network that begins by cutting its input into patches (vision transformers do) multiplies each with the same matrix.
The library's convolution would pad three channels to eight; a copy into rows and its matrix product pad nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from warploom.device.cuda.layout import Layout, row_major, vector_lanes
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.products.fusion import Fusion
from warploom.device.cuda.lowering.products.weights import bias_regions
from warploom.device.cuda.steps import ConvStep, MatmulStep, PlainStep, Region
from warploom.graph import DType, Primitive
from warploom.graph.constant import Array

_MOST_CHANNELS = 8


def cuts_into_patches(conv: Primitive, context: LoweringContext) -> bool:
    """Whether a convolution with constant weights over one or two dimensions does no more than that."""
    window = context.tensor(conv.inputs[1]).shape[2:]
    rank = len(window)
    ones, zeros = (1,) * rank, (0,) * 2 * rank
    plain = conv.integers("dilations", ones) == ones and conv.integers("pads", zeros) == zeros
    few = context.tensor(conv.inputs[0]).shape[1] <= _MOST_CHANNELS and conv.integer("group", 1) == 1
    return plain and few and conv.integers("strides", ones) == window and math.prod(window) > 1


def patch_product(
    step: Callable[[Fusion, Region], ConvStep], x: Region, weight: str, context: LoweringContext
) -> Callable[[Fusion, Region], tuple[PlainStep, ...]]:
    """Makes the steps of a fusion: a copy of the patches, and the product.

    Args:
        step: Makes the library's convolution, whose result and window it shares.
        x: Where the input (N, C, H, W) lies, in any order and type.
        weight: The constant filter.
        context: The context.
    """

    def product(fusion: Fusion, y: Region) -> tuple[PlainStep, ...]:
        whole = step(fusion, y)
        result, dtype = whole.y.layout, whole.y.layout.dtype
        depth = x.layout.shape[1] * math.prod(whole.strides)
        pitch = -(-depth // vector_lanes(dtype)) * vector_lanes(dtype)
        count = result.shape[0] * result.shape[2] * result.shape[3]
        patches = context.temporary("patches", row_major((count, pitch), dtype))
        copied = context.copy((_under_windows(x, whole), _in_rows(patches, x, whole, pitch)))
        bias, bias_stored = bias_regions(fusion.biases, result.shape[1], result.channels, dtype, context)
        return (
            *copied,
            MatmulStep(
                a=_matrix(patches, (count, depth), (pitch, 1)),
                b=_matrix(
                    _filter(weight, result.channels, pitch, dtype, context), (depth, result.channels), (1, pitch)
                ),
                y=_matrix(whole.y, (count, result.channels), (result.strides[3], 1)),
                bias=bias,
                residual=None,
                activation=fusion.activation,
                bias_stored=bias_stored,
            ),
        )

    return product


def has_rows(y: Region) -> bool:
    """Whether the pixels of a channels-last image (N, C, H, W) or (N, C, W) are rows at equal distances."""
    layout = y.layout
    step = layout.strides[-1]
    for axis in (*range(len(layout.shape) - 1, 1, -1), 0):
        if layout.shape[axis] > 1 and layout.strides[axis] != step:
            return False
        step *= layout.shape[axis]
    return True


def _under_windows(x: Region, step: ConvStep) -> Region:
    """The input as (N, rows, columns, C, window)."""
    old, (down, across) = x.layout, step.strides
    batch, channels, rows, columns = old.strides
    shape = (old.shape[0], *step.y.layout.shape[2:], old.shape[1], down, across)
    strides = (batch, rows * down, columns * across, channels, rows, columns)
    return Region(x.buffer, x.offset, Layout(shape, strides, old.dtype))


def _in_rows(patches: Region, x: Region, step: ConvStep, pitch: int) -> Region:
    """The same elements, a patch per row."""
    count, _, rows, columns = step.y.layout.shape
    channels, (down, across) = x.layout.shape[1], step.strides
    strides = (rows * columns * pitch, columns * pitch, pitch, down * across, across, 1)
    layout = Layout((count, rows, columns, channels, down, across), strides, patches.layout.dtype)
    return Region(patches.buffer, 0, layout)


def _matrix(region: Region, shape: tuple[int, int], strides: tuple[int, int]) -> Region:
    whole = shape[0] * strides[0] if strides[1] == 1 else shape[1] * strides[1]
    return Region(region.buffer, region.offset, Layout((1, *shape), (whole, *strides), region.layout.dtype))


def _filter(name: str, filters: int, pitch: int, dtype: DType, context: LoweringContext) -> Region:
    """The filters as rows of `pitch` elements, padded with zeros."""
    constant = context.graph.constants[name]

    def make() -> Array:
        rows = constant.numpy().reshape(constant.shape[0], -1)
        return np.pad(rows, ((0, filters - rows.shape[0]), (0, pitch - rows.shape[1])))

    return context.prepared(name, "patches", row_major((filters, pitch), dtype), make)
