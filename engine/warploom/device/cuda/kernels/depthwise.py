"""Depthwise convolution with everything around it: prologue, bias, epilogue; float32 accumulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.kernel import blocks_for, kernel_step
from warploom.device.cuda.kernels.codegen.types import SHORT
from warploom.device.cuda.kernels.codegen.window import NOTHING, Fused, Sliding, Window, channel_lanes
from warploom.device.cuda.kernels.fusing import fused_after, fused_before, window_of
from warploom.device.cuda.layout import row_major
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Graph, Precision, Primitive
from warploom.graph.constant import Array

_BLOCK = 128
# Threads that keep every scheduler of a large GPU busy; with more, each may compute more outputs.
_ENOUGH_THREADS = 132 * 4 * 32 * 2


@dataclass(frozen=True, slots=True)
class Depthwise:
    """One depthwise convolution.

    Attributes:
        window: Its window.
        x: Input (N, C, spatial...).
        y: Output (N, K, spatial...), K a multiple of C.
        w: Weights (taps, K padded), a row per tap.
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


def depthwise_step(layer: Depthwise, *, lanes: int | None = None, pixels: int | None = None) -> KernelStep:
    """The kernel of a depthwise convolution.

    Args:
        layer: What to compute.
        lanes: Channels per thread; by default as many as fill 16 bytes.
        pixels: Outputs per thread; by default as many as leave enough threads.
    """
    others = [region for fused in (layer.before, layer.after) for _, region in fused.reads]
    if lanes is None:
        lanes = channel_lanes(layer.x, layer.y, others)
    if pixels is None:
        pixels = _pixels(Sliding(layer.window, layer.x, layer.y, lanes, 1))
    shape = Sliding(layer.window, layer.x, layer.y, lanes, pixels)
    reads = [layer.x, layer.w, *([layer.bias] if layer.bias else []), *others]
    pointers = [f"x{i}" for i in range(len(reads))]
    other = pointers[len(reads) - len(others) :]
    split = len(layer.before.reads)
    lines = [
        *shape.begin(_BLOCK),
        *_start(shape, layer.bias),
        shape.first_column(),
        *shape.rows(_row(shape, layer, [pointers[0], *other[:split]])),
    ]
    for pixel in range(pixels):
        lines.extend(shape.finish(pixel, f"sum{pixel}[l]", layer.after, ["y0", *other[split:]]))
    grid = (blocks_for(shape.threads, _BLOCK), 1, 1)
    return kernel_step(_stem(layer), lines, (layer.y,), reads, grid=grid, block=(_BLOCK, 1, 1))


def _pixels(shape: Sliding) -> int:
    """Neighbouring outputs share loads, if enough threads are left and their windows overlap."""
    if (
        shape.wide
        or shape.lanes == 1
        or shape.window.kernel[-1] <= shape.window.strides[-1]
        or shape.window.dilations[-1] > 1
    ):
        return 1
    for pixels in (4, 2):
        if shape.threads // pixels >= _ENOUGH_THREADS:
            return pixels
    return 2 if shape.threads // 2 >= _ENOUGH_THREADS // 4 else 1


def _start(shape: Sliding, bias: Region | None) -> list[str]:
    lines: list[str] = []
    text = "0.0f"
    if bias is not None:
        lines, text = shape.vector_access("x2", bias).load("bias")
    for pixel in range(shape.pixels):
        lines.append(f"float sum{pixel}[{shape.lanes}];")
    return [*lines, *each_lane(shape.lanes, [f"sum{pixel}[l] = {text};" for pixel in range(shape.pixels)])]


def _row(shape: Sliding, layer: Depthwise, pointers: Sequence[str]) -> list[str]:
    """One row of taps."""
    width = layer.window.kernel[-1]
    row = "0"
    for d in range(shape.rank - 1):
        row = f"({row} * {layer.window.kernel[d]} + k{d})" if d else "k0"
    channels = layer.w.layout.shape[1]
    lines: list[str] = []
    columns = shape.columns()
    for tap in dict.fromkeys(tap for readers in columns.values() for _, tap in readers):
        at = f"x1 + ({row} * {width} + {tap}) * {channels} + c"
        lines.extend(Access(at, layer.w.layout.dtype, 1, shape.lanes).load(f"w_{tap}")[0])
    sums: list[str] = []
    for number, (column, readers) in enumerate(columns.items()):
        lines.extend(shape.load_column(f"u{number}", column, layer.before, pointers, "0"))
        sums.extend(f"sum{pixel}[l] = fmaf(u{number}[l], w_{tap}[l], sum{pixel}[l]);" for pixel, tap in readers)
    return shape.row([*lines, *each_lane(shape.lanes, sums)])


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
        _weights(conv.inputs[1], channels, x.layout.dtype, context),
        _bias(conv, channels, context),
        before,
        fused_after(segment, context),
    )
    return (depthwise_step(layer),)


def _weights(name: str, channels: int, dtype: DType, context: LoweringContext) -> Region:
    constant = context.graph.constants[name]
    taps = int(np.prod(constant.shape[2:]))
    return context.prepared(
        name, "per tap", row_major((taps, channels), dtype), lambda: _per_tap(constant.numpy(), channels)
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


def _obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001 - an Obstacle
    if any(name and name not in graph.constants for name in primitive.inputs[1:]):
        return "with weights that are computed while the model runs has no kernel"
    return None


FAMILIES: Mapping[str, Family] = {
    "DepthwiseConv": Family(
        "own kernel: depthwise convolution", lower_depthwise, _obstacle, takes_prologue=True, takes_epilogue=True
    )
}
