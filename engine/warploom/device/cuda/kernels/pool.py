"""Pooling over windows: maximum (with indices where they are read), average, p-norm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.access import each_lane
from warploom.device.cuda.kernels.codegen.kernel import blocks_for, kernel_step
from warploom.device.cuda.kernels.codegen.types import SHORT, float_literal, lowest, value_type
from warploom.device.cuda.kernels.codegen.window import (
    NOTHING,
    Cell,
    Fused,
    Sliding,
    Walk,
    Window,
    channel_lanes,
    place,
    store_output,
)
from warploom.device.cuda.kernels.fusing import fused_after, fused_before, window_of
from warploom.device.cuda.kernels.integer_pool import lower_integer_pool
from warploom.device.cuda.layout import row_major
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import Graph, Precision, Primitive

_BLOCK = 128
_MANY_THREADS = 132 * 2048
_ENOUGH_THREADS = 132 * 64


@dataclass(frozen=True, slots=True)
class Pool:
    """One pooling operator.

    Attributes:
        primitive: MaxPool, AveragePool or LpPool in canonical form.
        window: Its window.
        x: Input (N, C, spatial...).
        y: Output.
        indices: Where the indices of the maxima go, or None.
        before: Applied to the input's elements (not to padding).
        after: Applied to the results.
    """

    primitive: Primitive
    window: Window
    x: Region
    y: Region
    indices: Region | None = None
    before: Fused = NOTHING
    after: Fused = NOTHING


def pool_step(
    layer: Pool, *, lanes: int | None = None, pixels: int | None = None, lines: int | None = None
) -> KernelStep:
    """The kernel of a pooling operator; what a thread computes is chosen by default."""
    others = [region for fused in (layer.before, layer.after) for _, region in fused.reads]
    writes = [layer.y, *([layer.indices] if layer.indices else [])]
    lanes = lanes or _lanes(layer, others)
    shape = Sliding(layer.window, layer.x, layer.y, lanes, pixels or 1, lines or _lines(layer, lanes))
    reads = [layer.x, *others]
    split = len(layer.before.reads)
    other = [f"x{i + 1}" for i in range(len(others))]
    body = [
        *shape.begin(_BLOCK),
        *_start(shape, layer),
        *Walk(
            shape,
            layer.before,
            ["x0", *other[:split]],
            use=lambda cell: _use(layer, shape, cell),
            lowest_outside=layer.primitive.op == "MaxPool",
        ).lines(),
    ]
    for output in shape.outputs:
        finish, value = _finish(shape, layer, output)
        body.extend(("{", *finish, *store_output(shape, output, value, layer.after, ["y0", *other[split:]]), "}"))
    if layer.indices is not None:
        body.extend(_store_indices(shape, layer.indices, layer))
    grid = (blocks_for(shape.threads, _BLOCK), 1, 1)
    return kernel_step(_stem(layer), body, writes, reads, grid=grid, block=(_BLOCK, 1, 1))


def _lanes(layer: Pool, others: Sequence[Region]) -> int:
    """Two channels per thread while that is not too many threads; more where it is."""
    if layer.indices is not None:
        return 1
    widest = channel_lanes(layer.x, layer.y, others)
    lanes = min(2, widest)
    while lanes < widest and Sliding(layer.window, layer.x, layer.y, lanes, 1).threads > _MANY_THREADS:
        lanes *= 2
    return lanes


def _lines(layer: Pool, lanes: int) -> int:
    """Two where windows overlap, if enough threads are left."""
    window = layer.window
    two = Sliding(window, layer.x, layer.y, lanes, 1, 2)
    if two.rank < 2 or two.looped or layer.indices is not None or window.dilations[-2] > 1:
        return 1
    return 2 if window.kernel[-2] > window.strides[-2] and two.threads >= _ENOUGH_THREADS else 1


def _start(shape: Sliding, layer: Pool) -> list[str]:
    dtype = layer.before.result_type(layer.x.layout.dtype)
    kind = value_type(dtype)
    first = lowest(dtype) if layer.primitive.op == "MaxPool" else "0"
    lines = [f"{kind} sum{line}_{pixel}[{shape.lanes}];" for line, pixel in shape.outputs]
    if layer.indices is not None:
        lines.append("long long where = 0;")
    return [*lines, *each_lane(shape.lanes, [f"sum{line}_{pixel}[l] = {first};" for line, pixel in shape.outputs])]


def _use(layer: Pool, shape: Sliding, cell: Cell) -> list[str]:
    updates: list[str] = []
    for line, pixel in dict.fromkeys(output for output, _ in cell.readers):
        updates.extend(_update(layer, cell, f"sum{line}_{pixel}[l]"))
    return each_lane(shape.lanes, updates)


def _update(layer: Pool, cell: Cell, total: str) -> list[str]:
    value = f"{cell.variable}[l]"
    if layer.primitive.op == "MaxPool":
        if layer.indices is None:
            return [f"{total} = {value} > {total} ? {value} : {total};"]
        return [f"if ({cell.there} && {value} > {total}) {{ {total} = {value}; where = {_index(layer, cell.place)}; }}"]
    if layer.primitive.op == "AveragePool":
        return [f"{total} += {value};"]
    return [f"{total} += {_powered(value, layer.primitive.integer('p', 2))};"]


def _powered(value: str, p: int) -> str:
    simple = {1: f"fabsf({value})", 2: f"{value} * {value}"}
    return simple.get(p, f"powf(fabsf({value}), {float_literal(p)})")


def _index(layer: Pool, coordinates: Sequence[str]) -> str:
    """The flat index, in ONNX order, of an element."""
    sizes = layer.x.layout.shape[2:]
    order = range(len(sizes))
    if layer.primitive.integer("storage_order", 0):
        order = range(len(sizes) - 1, -1, -1)
    flat = "0"
    for d in order:
        flat = f"({flat} * {sizes[d]} + {coordinates[d]})"
    planes = f"((long long)n * {layer.x.layout.shape[1]} + c)"
    return f"{planes} * {math.prod(sizes)} + {flat}"


def _finish(shape: Sliding, layer: Pool, output: tuple[int, int]) -> tuple[list[str], str]:
    """Statements, and the result of lane `l` of one output."""
    total = f"sum{output[0]}_{output[1]}[l]"
    if layer.primitive.op == "MaxPool":
        return [], total
    if layer.primitive.op == "AveragePool":
        lines, share = _share(shape, layer, output)
        return lines, f"({total} * {share})"
    p = layer.primitive.integer("p", 2)
    simple = {1: total, 2: f"sqrtf({total})"}
    return [], simple.get(p, f"powf({total}, {float_literal(1 / p)})")


def _share(shape: Sliding, layer: Pool, output: tuple[int, int]) -> tuple[list[str], str]:
    """What to multiply a sum by: one over the number of elements that count."""
    spans = [_span(layer, d) for d in range(shape.rank)]
    if all(span is None for span in spans):
        return [], float_literal(1 / layer.window.taps)
    counts = []
    for d, span in enumerate(spans):
        if span is None:
            counts.append(str(layer.window.kernel[d]))
        else:
            at = f"({shape.output_place(output)[d]} * {layer.window.strides[d]} - {layer.window.begins[d]})"
            counts.append(_count(at, span, layer.window.kernel[d], layer.window.dilations[d]))
    return [f"const float share = 1.0f / (float)({' * '.join(counts)});"], "share"


def _count(start: str, span: tuple[int, int], taps: int, dilation: int) -> str:
    """How many taps from `start` on lie within a span."""
    low, high = span
    if dilation == 1:
        return f"(min({start} + {taps}, {high}) - max({start}, {low}))"
    inside = (f"({start} + {k * dilation} >= {low} && {start} + {k * dilation} < {high})" for k in range(taps))
    return f"({' + '.join(inside)})"


def _span(layer: Pool, d: int) -> tuple[int, int] | None:
    """Coordinates whose taps count along one dimension; None if all do, wherever the window stands."""
    window = layer.window
    size, outputs = layer.x.layout.shape[2 + d], layer.y.layout.shape[2 + d]
    rank = len(window.kernel)
    pads = layer.primitive.integers("pads", (0,) * 2 * rank)
    include = layer.primitive.integer("count_include_pad", 0)
    low, high = (-pads[d], size + pads[rank + d]) if include else (0, size)
    reach = (outputs - 1) * window.strides[d] - window.begins[d] + (window.kernel[d] - 1) * window.dilations[d]
    return None if -window.begins[d] >= low and reach < high else (low, high)


def _store_indices(shape: Sliding, indices: Region, layer: Pool) -> list[str]:
    last = shape.rank - 1
    at = {0: "n", 1: "c", **{d + 2: f"p{d}" for d in range(last + 1)}}
    value = f"c < {layer.y.layout.shape[1]} ? where : 0ll" if shape.padded else "where"
    writable = indices.layout.channels or indices.layout.shape[1]
    guard = f"if (c < {writable}) " if writable < shape.channels else ""
    return [f"{guard}wl::store_one(y1 + {place(indices.layout, at)}, {value});"]


def _stem(layer: Pool) -> str:
    kernel = "x".join(str(size) for size in layer.window.kernel)
    strides = "x".join(str(stride) for stride in dict.fromkeys(layer.window.strides))
    kind = {"MaxPool": "maxpool", "AveragePool": "averagepool", "LpPool": "lppool"}[layer.primitive.op]
    parts = [kind, f"{kernel}s{strides}", layer.before.chain.label, layer.after.chain.label]
    return "_".join(part for part in (*parts, SHORT[layer.x.layout.dtype]) if part)


def lower_pool(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """A pooling operator with what is fused into it."""
    pool = segment.main
    integers = lower_integer_pool(segment, context)
    if integers is not None:
        return integers
    x, before = fused_before(segment, context)
    indices = pool.outputs[1] if len(pool.outputs) > 1 and pool.outputs[1] else ""
    results = [name for name in segment.writes if name != indices]
    y = context.region(results[0]) if results else _unread(pool, context)
    places = context.region(indices) if indices in segment.writes else None
    after = fused_after(segment, context)
    return (pool_step(Pool(pool, window_of(pool, x), x, y, places, before, after)),)


def _unread(pool: Primitive, context: LoweringContext) -> Region:
    """Scratch for maxima of which only the places are read."""
    name = pool.outputs[0]
    return context.temporary("maxima", row_major(context.tensor(name).shape, context.storage(name)))


def _obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001 - an Obstacle
    dtype = graph.tensors[primitive.inputs[0]].dtype
    if primitive.op != "MaxPool" and not dtype.is_float:
        return f"of {dtype} has no kernel"
    return None


_FAMILY = Family("own kernel: pooling", lower_pool, _obstacle, takes_prologue=True, takes_epilogue=True)
FAMILIES: Mapping[str, Family] = {"MaxPool": _FAMILY, "AveragePool": _FAMILY, "LpPool": _FAMILY}
