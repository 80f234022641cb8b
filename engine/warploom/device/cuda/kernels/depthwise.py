"""Depthwise convolution with everything around it: prologue, bias, epilogue; float32 accumulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.kernel import blocks_for, kernel_step
from warploom.device.cuda.kernels.codegen.types import SHORT
from warploom.device.cuda.kernels.codegen.window import (
    NOTHING,
    Cell,
    Fused,
    Sliding,
    Tap,
    Walk,
    Window,
    channel_lanes,
    store_output,
)
from warploom.device.cuda.kernels.fusing import fused_after, fused_before, window_of
from warploom.device.cuda.layout import row_major
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Primitive
from warploom.graph.constant import Array

_BLOCK = 128
# Threads that keep a large GPU busy; with more, each may compute more.
_ENOUGH_THREADS = 132 * 64
# Windows up to 3x3 are small, up to 5x5 are written out, up to 8x8 are tiled. (All of it as measured best on an H200.)
_SMALL = 9
_MOST_UNROLLED = 25
_MOST_TILED = 64


@dataclass(frozen=True, slots=True)
class Depthwise:
    """One depthwise convolution.

    Attributes:
        window: Its window.
        x: Input (N, C, spatial...).
        y: Output (N, K, spatial...), K a multiple of C.
        w: Weights (taps, K padded), a row per tap, in float32: converting them again and again costs more than their
            bytes.
        bias: (K padded,) in float32, or None.
        before: Applied to the input's elements (not to padding).
        after: Applied to the sums.
    """

    window: Window
    x: Region
    y: Region
    w: Region
    bias: Region | None
    before: Fused = NOTHING
    after: Fused = NOTHING


def depthwise_step(
    layer: Depthwise,
    *,
    lanes: int | None = None,
    pixels: int | None = None,
    lines: int | None = None,
    unroll: int | None = None,
) -> KernelStep:
    """The kernel of a depthwise convolution.

    Args:
        layer: What to compute.
        lanes: Channels per thread; by default, this and the following as measured best.
        pixels: Outputs per thread along the last dimension.
        lines: Outputs per thread along the dimension before.
        unroll: Rows of taps written into the text together; 0 for all of them.
    """
    others = [region for fused in (layer.before, layer.after) for _, region in fused.reads]
    shape = _tiled(layer, channel_lanes(layer.x, layer.y, others))
    if lanes or pixels or lines or unroll is not None:
        rows = shape.unroll if unroll is None else unroll
        sizes = (lanes or shape.lanes, pixels or shape.pixels, lines or shape.lines, rows)
        shape = Sliding(layer.window, layer.x, layer.y, *sizes)
    reads = [layer.x, layer.w, *([layer.bias] if layer.bias else []), *others]
    pointers = [f"x{i}" for i in range(len(reads))]
    other = pointers[len(reads) - len(others) :]
    split = len(layer.before.reads)
    body = [
        *shape.begin(_BLOCK),
        *_start(shape, layer.bias),
        *Walk(
            shape,
            layer.before,
            [pointers[0], *other[:split]],
            use=_accumulate,
            need=lambda taps: _weights_of(layer, shape, taps),
        ).lines(),
    ]
    for line, pixel in shape.outputs:
        total = f"sum{line}_{pixel}[l]"
        body.extend(store_output(shape, (line, pixel), total, layer.after, ["y0", *other[split:]]))
    grid = (blocks_for(shape.threads, _BLOCK), 1, 1)
    return kernel_step(_stem(layer), body, (layer.y,), reads, grid=grid, block=(_BLOCK, 1, 1))


def _tiled(layer: Depthwise, widest: int) -> Sliding:
    """How much each thread computes: two channels of a patch of outputs, if enough threads are left."""
    window = layer.window
    lanes = min(2, widest)

    def shape(pixels: int, lines: int) -> Sliding:
        unroll = 2 if window.taps > _MOST_UNROLLED else 0
        return Sliding(window, layer.x, layer.y, lanes, pixels, lines, unroll)

    single = shape(1, 1)
    if lanes == 1 or single.wide or max(window.dilations) > 1 or window.taps > _MOST_TILED:
        return single
    patches = [(2, 3 if window.strides[-1] > 1 and window.taps > _SMALL else 2), (2, 1)]
    if len(window.kernel) < 2:
        patches = [(4, 1), (2, 1)]
    overlapping = all(size > step for size, step in zip(window.kernel, window.strides, strict=True))
    tiled = (shape(*patch) for patch in patches if overlapping)
    return next((one for one in tiled if one.threads >= _ENOUGH_THREADS), single)


def _start(shape: Sliding, bias: Region | None) -> list[str]:
    lines: list[str] = []
    text = "0.0f"
    if bias is not None:
        lines, text = Access("x2 + c", bias.layout.dtype, 1, shape.lanes).load("bias")
    lines.extend(f"float sum{line}_{pixel}[{shape.lanes}];" for line, pixel in shape.outputs)
    return [*lines, *each_lane(shape.lanes, [f"sum{line}_{pixel}[l] = {text};" for line, pixel in shape.outputs])]


def _accumulate(cell: Cell) -> list[str]:
    return [
        f"wl::multiply_add(sum{line}_{pixel}, {cell.variable}, w_{tap.name});" for (line, pixel), tap in cell.readers
    ]


def _weights_of(layer: Depthwise, shape: Sliding, taps: Sequence[Tap]) -> list[str]:
    channels = layer.w.layout.shape[1]
    fetches: list[str] = []
    lines: list[str] = []
    for tap in taps:
        pointer = f"x1 + {tap.index} * {channels} + c"
        access = Access(pointer, layer.w.layout.dtype, 1, shape.lanes, there=tap.there)
        fetches.extend(access.fetch(f"w_{tap.name}"))
        lines.extend(access.unpack(f"w_{tap.name}")[0])
    return [*fetches, *lines]


def _stem(layer: Depthwise) -> str:
    kernel = "x".join(str(size) for size in layer.window.kernel)
    strides = "x".join(str(stride) for stride in dict.fromkeys(layer.window.strides))
    parts = ["depthwise", f"{kernel}s{strides}", layer.before.chain.label, layer.after.chain.label]
    return "_".join(part for part in (*parts, SHORT[layer.x.layout.dtype]) if part)


def lower_depthwise(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """A depthwise Conv with what is fused into it."""
    conv = segment.main
    x, before = fused_before(segment, context)
    y = context.region(segment.writes[0])
    channels = y.layout.channels if y.layout.channels_last else y.layout.shape[1]
    layer = Depthwise(
        window_of(conv, x),
        x,
        y,
        _weights(conv.inputs[1], channels, context),
        _bias(conv, channels, context),
        before,
        fused_after(segment, context),
    )
    return (depthwise_step(layer),)


def _weights(name: str, channels: int, context: LoweringContext) -> Region:
    constant = context.graph.constants[name]
    taps = int(np.prod(constant.shape[2:]))
    return context.prepared(
        name, "per tap", row_major((taps, channels), DType.FLOAT32), lambda: _per_tap(constant.numpy(), channels)
    )


def _per_tap(values: Array, channels: int) -> Array:
    """(K, 1, kernel...) as a row of K channels per tap, padded with zeros."""
    rows = values.reshape(values.shape[0], -1).T
    return np.pad(rows, ((0, 0), (0, channels - rows.shape[1])))


def _bias(conv: Primitive, channels: int, context: LoweringContext) -> Region | None:
    if len(conv.inputs) < 3 or not conv.inputs[2]:
        return None
    constant = context.graph.constants[conv.inputs[2]]
    layout = row_major((channels,), DType.FLOAT32)
    missing = channels - constant.shape[0]
    return context.prepared(conv.inputs[2], "padded", layout, lambda: np.pad(constant.numpy(), (0, missing)))


FAMILIES: Mapping[str, Family] = {
    "DepthwiseConv": Family(
        "own kernel: depthwise convolution", lower_depthwise, takes_prologue=True, takes_epilogue=True
    )
}
