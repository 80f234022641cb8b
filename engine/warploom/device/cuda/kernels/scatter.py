"""Scatters: a copy, then elements written to addresses that are read from a tensor; sums are collected instead."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from warploom.device.cuda.kernels.codegen.indexed import Indexed, address, element, index_lines
from warploom.device.cuda.kernels.codegen.kernel import blocks_for, kernel_step
from warploom.device.cuda.kernels.codegen.nest import split_index
from warploom.device.cuda.kernels.codegen.types import SHORT, value_type
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Graph, Precision, Primitive

_BLOCK = 128


def lower_scatter_elements(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """ScatterElements: an index for every update."""
    scatter = segment.main
    if scatter.text("reduction", "none") != "none":
        return (_collected_elements(segment, context),)
    x, where, updates = (context.region(name) for name in scatter.inputs[:3])
    y = context.region(segment.writes[0])
    axis = scatter.integer("axis") % len(x.layout.shape)
    own = {d: f"d{d}" for d in range(len(x.layout.shape))}
    body = index_lines("at", element("x0", where, own), y.layout.shape[axis])
    return _after_copy(x, y, _scattered("scatterelements", y, {**own, axis: "at"}, body, where, updates), context)


def lower_scatter_nd(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """ScatterND: several indices for every slice."""
    scatter = segment.main
    if scatter.text("reduction", "none") != "none":
        return (_collected_slices(segment, context),)
    x, where, updates = (context.region(name) for name in scatter.inputs[:3])
    y = context.region(segment.writes[0])
    depth, places = where.layout.shape[-1], len(where.layout.shape) - 1
    body: list[str] = []
    at: dict[int, str] = {}
    for i in range(depth):
        index = element("x0", where, {**{d: f"d{d}" for d in range(places)}, places: str(i)})
        body.extend(index_lines(f"at{i}", index, y.layout.shape[i]))
        at[i] = f"at{i}"
    for d in range(depth, len(y.layout.shape)):
        at[d] = f"d{d - depth + places}"
    return _after_copy(x, y, _scattered("scatternd", y, at, body, where, updates), context)


def _after_copy(x: Region, y: Region, step: KernelStep, context: LoweringContext) -> tuple[KernelStep, ...]:
    return (*context.copy((x, y)), step)


def _scattered(
    stem: str, y: Region, at: Mapping[int, str], body: Sequence[str], where: Region, updates: Region
) -> KernelStep:
    """Writes every update to the coordinates `at`; of several to one place, any one wins."""
    sizes = updates.layout.shape
    threads = math.prod(sizes)
    own = {d: f"d{d}" for d in range(len(sizes))}
    lines = [
        f"const unsigned t = blockIdx.x * {_BLOCK}u + threadIdx.x;",
        f"if (t >= {threads}u) return;",
        *split_index("t", [(f"d{d}", size) for d, size in enumerate(sizes)]),
        *body,
        f"wl::store_one(y0 + {address(y.layout, at)}, {element('x1', updates, own)});",
    ]
    name = f"{stem}_{SHORT[y.layout.dtype]}"
    grid = (blocks_for(threads, _BLOCK), 1, 1)
    return kernel_step(name, lines, (y,), (where, updates), grid=grid, block=(_BLOCK, 1, 1))


_REDUCTIONS: Mapping[str, str] = {
    "add": "{total} + {update}",
    "mul": "{total} * {update}",
    "max": "wl::maximum<{kind}>({total}, {update})",
    "min": "wl::minimum<{kind}>({total}, {update})",
}


def _collected_elements(segment: Segment, context: LoweringContext) -> KernelStep:
    """ScatterElements with a reduction: every result looks for its own updates, in their order.

    Without atomic operations the result is the same in every run, whatever the order of threads.
    """
    scatter = segment.main
    x, where, updates = (context.region(name) for name in scatter.inputs[:3])
    y = context.region(segment.writes[0])
    rank = len(x.layout.shape)
    axis = scatter.integer("axis") % rank
    own = {d: f"d{d}" for d in range(rank)}
    moved = {**own, axis: "i"}
    sizes = updates.layout.shape
    inside = [f"d{d} < {sizes[d]}" for d in range(rank) if d != axis and sizes[d] < x.layout.shape[d]]
    loop = [
        f"for (int i = 0; i < {sizes[axis]}; ++i) {{",
        *index_lines("at", element("x1", where, moved), x.layout.shape[axis]),
        f"if (at == d{axis}) {_taken(scatter, y, element('x2', updates, moved))}",
        "}",
    ]
    guarded = [f"if ({' && '.join(inside)}) {{", *loop, "}"] if inside else loop
    return _collected("scatterelements", x, y, own, guarded, where, updates)


def _collected_slices(segment: Segment, context: LoweringContext) -> KernelStep:
    """ScatterND with a reduction: as `_collected_elements`, with several indices for every slice."""
    scatter = segment.main
    x, where, updates = (context.region(name) for name in scatter.inputs[:3])
    y = context.region(segment.writes[0])
    depth, places = where.layout.shape[-1], where.layout.shape[:-1]
    rank = len(x.layout.shape)
    at = {d: f"p{d}" for d in range(len(places))}
    body = [f"for (int p{d} = 0; p{d} < {size}; ++p{d}) {{" for d, size in enumerate(places)]
    for i in range(depth):
        index = element("x1", where, {**at, len(places): str(i)})
        body.extend(index_lines(f"at{i}", index, x.layout.shape[i]))
    for d in range(depth, rank):
        at[len(places) + d - depth] = f"d{d}"
    condition = " && ".join(f"at{i} == d{i}" for i in range(depth))
    body += [f"if ({condition}) {_taken(scatter, y, element('x2', updates, at))}", *("}" for _ in places)]
    return _collected("scatternd", x, y, {d: f"d{d}" for d in range(rank)}, body, where, updates)


def _taken(scatter: Primitive, y: Region, update: str) -> str:
    """The statement that takes an update into the total."""
    text = _REDUCTIONS[scatter.text("reduction")]
    return f"total = {text.format(total='total', update=update, kind=value_type(y.layout.dtype))};"


def _collected(
    stem: str, x: Region, y: Region, own: Mapping[int, str], body: Sequence[str], where: Region, updates: Region
) -> KernelStep:
    lines = [f"{value_type(y.layout.dtype)} total = {element('x0', x, own)};", *body, "r[0] = total;"]
    return Indexed(y, 1).step(f"{stem}_collected", lines, [x, where, updates])


def _obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001 - an Obstacle
    if primitive.text("reduction", "none") != "none" and graph.tensors[primitive.inputs[0]].dtype is DType.BOOL:
        return f"of bool with the reduction {primitive.text('reduction')!r} has no kernel"
    if not graph.tensors[primitive.inputs[2]].elements:
        return "of no updates has no kernel"
    return None


FAMILIES: Mapping[str, Family] = {
    "ScatterElements": Family("own kernel: scatter", lower_scatter_elements, _obstacle),
    "ScatterND": Family("own kernel: scatter", lower_scatter_nd, _obstacle),
}
