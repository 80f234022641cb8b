"""TopK and CumSum: order and running sums along one axis."""

from __future__ import annotations

import math
from collections.abc import Mapping

from warploom.device.cuda.kernels.codegen.indexed import address
from warploom.device.cuda.kernels.codegen.kernel import blocks_for, kernel_step
from warploom.device.cuda.kernels.codegen.nest import split_index
from warploom.device.cuda.kernels.codegen.types import SHORT, value_type
from warploom.device.cuda.kernels.padding import zero_padding
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import Graph, Precision, Primitive

_BLOCK = 128


def lower_top_k(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """TopK: every element counts those before it in the order, and so knows its place; equal ones keep their order.

    A warp counts for one element, so that a row of thousands is read in hundreds of steps.
    """
    top = segment.main
    x = context.region(top.inputs[0])
    axis = top.integer("axis") % len(x.layout.shape)
    values, places = (_target(name, segment, context) for name in (*top.outputs, "")[:2])
    writes = tuple(region for region in (values, places) if region is not None)
    sizes = x.layout.shape
    at = {d: f"d{d}" for d in range(len(sizes))}
    stride = x.layout.strides[axis]
    reverse = "" if top.integer("largest", 1) else "!"
    lines = [
        "const int lane = (int)threadIdx.x % 32;",
        f"const unsigned mark = blockIdx.x * {_BLOCK // 32}u + threadIdx.x / 32u;",
        f"const unsigned t = mark < {math.prod(sizes)}u ? mark : {math.prod(sizes) - 1}u;",
        *split_index("t", [(f"d{d}", size) for d, size in enumerate(sizes)]),
        f"const auto* row = x0 + {address(x.layout, {**at, axis: '0'})};",
        f"const auto mine = wl::decode(row[(long long)d{axis} * {stride}]);",
        "int before = 0;",
        "#pragma unroll 4",
        f"for (int i = lane; i < {sizes[axis]}; i += 32) {{",
        f"  const auto other = wl::decode(row[(long long)i * {stride}]);",
        "  const bool same = !wl::above(other, mine) && !wl::above(mine, other);",
        f"  before += same ? i < d{axis} : {reverse}wl::above(other, mine);",
        "}",
        "#pragma unroll",
        "for (int m = 16; m > 0; m /= 2) before += wl::shuffle_xor(before, m);",
        f"if (lane == 0 && mark < {math.prod(sizes)}u && before < {top.integer('k')}) {{",
    ]
    moved = {**at, axis: "before"}
    for number, (region, text) in enumerate(((values, "mine"), (places, f"(long long)d{axis}"))):
        if region is not None:
            pointer = f"y{number if values is not None else 0}"
            lines.append(f"  wl::store_one({pointer} + {address(region.layout, moved)}, {text});")
    lines.append("}")
    grid = (blocks_for(math.prod(sizes), _BLOCK // 32), 1, 1)
    step = kernel_step(f"topk_{SHORT[x.layout.dtype]}", lines, writes, (x,), grid=grid, block=(_BLOCK, 1, 1))
    return (step, *(padding for region in writes for padding in zero_padding(region)))


def _target(name: str, segment: Segment, context: LoweringContext) -> Region | None:
    return context.region(name) if name and name in segment.writes else None


def lower_cumulative(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """CumSum: a warp per row adds up 32 elements at a time."""
    scan = segment.main
    x, y = context.region(scan.inputs[0]), context.region(segment.writes[0])
    rank = len(x.layout.shape)
    axis = scan.integer("axis") % rank
    length = x.layout.shape[axis]
    kept = [(f"d{d}", size) for d, size in enumerate(x.layout.shape) if d != axis]
    rows = math.prod(size for _, size in kept)
    kind = value_type(x.layout.dtype)
    place = f"({length - 1} - i)" if scan.integer("reverse", 0) else "i"
    at = {d: f"d{d}" for d in range(rank)} | {axis: place}
    result = "carry + sum - value" if scan.integer("exclusive", 0) else "carry + sum"
    lines = [
        "const int lane = (int)threadIdx.x % 32;",
        f"const unsigned row = blockIdx.x * {_BLOCK // 32}u + threadIdx.x / 32u;",
        f"const unsigned safe_row = row < {rows}u ? row : {max(rows - 1, 0)}u;",
        *split_index("safe_row", kept),
        f"{kind} carry = 0;",
        f"for (int start = 0; start < {length}; start += 32) {{",
        "  const int i = start + lane;",
        f"  const {kind} value = i < {length} ? wl::decode(x0[{address(x.layout, at)}]) : ({kind})(0);",
        f"  {kind} sum = value;",
        "#pragma unroll",
        "  for (int m = 1; m < 32; m *= 2) {",
        f"    const {kind} other = wl::shuffle_up(sum, m);",
        "    if (lane >= m) sum += other;",
        "  }",
        f"  if (row < {rows}u && i < {length}) wl::store_one(y0 + {address(y.layout, at)}, ({kind})({result}));",
        "  carry += wl::shuffle(sum, 31);",
        "}",
    ]
    grid = (blocks_for(rows, _BLOCK // 32), 1, 1)
    step = kernel_step(f"cumsum_{SHORT[x.layout.dtype]}", lines, (y,), (x,), grid=grid, block=(_BLOCK, 1, 1))
    return (step, *zero_padding(y))


def _top_k_obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001
    if not all(graph.tensors[primitive.inputs[0]].shape):
        return "of an empty tensor has no kernel"
    return None


def _cumulative_obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001
    if not primitive.has("axis"):
        return "along an axis that is computed while the model runs has no kernel"
    return None


FAMILIES: Mapping[str, Family] = {
    "TopK": Family("own kernel: ranking", lower_top_k, _top_k_obstacle),
    "CumSum": Family("own kernel: running sum", lower_cumulative, _cumulative_obstacle),
}
