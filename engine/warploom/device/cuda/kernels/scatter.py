"""Scatters: a copy, then elements written to addresses that are read from a tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from warploom.device.cuda.kernels.codegen.indexed import address, element, index_lines
from warploom.device.cuda.kernels.codegen.kernel import blocks_for, kernel_step
from warploom.device.cuda.kernels.codegen.nest import split_index
from warploom.device.cuda.kernels.codegen.types import SHORT
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import Graph, Precision, Primitive

_BLOCK = 128


def lower_scatter_elements(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """ScatterElements: an index for every update."""
    scatter = segment.main
    x, where, updates = (context.region(name) for name in scatter.inputs[:3])
    y = context.region(segment.writes[0])
    axis = scatter.integer("axis") % len(x.layout.shape)
    own = {d: f"d{d}" for d in range(len(x.layout.shape))}
    body = index_lines("at", element("x0", where, own), y.layout.shape[axis])
    return _after_copy(x, y, _scattered("scatterelements", y, {**own, axis: "at"}, body, where, updates), context)


def lower_scatter_nd(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """ScatterND: several indices for every slice."""
    scatter = segment.main
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


def _obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001 - an Obstacle
    if primitive.text("reduction", "none") != "none":
        return f"with the reduction {primitive.text('reduction')!r} has no kernel"
    if not graph.tensors[primitive.inputs[2]].elements:
        return "of no updates has no kernel"
    return None


FAMILIES: Mapping[str, Family] = {
    "ScatterElements": Family("own kernel: scatter", lower_scatter_elements, _obstacle),
    "ScatterND": Family("own kernel: scatter", lower_scatter_nd, _obstacle),
}
