"""Reductions: along any axes, global pooling, and positions of extremes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from warploom.device.cuda.kernels.codegen.rows import Pass, Rows, covers_padding, rows_step
from warploom.device.cuda.kernels.codegen.types import float_literal, value_type
from warploom.device.cuda.kernels.padding import zero_padding
from warploom.device.cuda.kernels.totals import extreme, position, product_of, sum_of
from warploom.device.cuda.layout import Layout
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Graph, Precision, Primitive


@dataclass(frozen=True, slots=True)
class _Formula:
    """Passes, and what each row's result follows from."""

    passes: tuple[Pass, ...]
    result: str


def _formula(primitive: Primitive, dtype: DType, length: int) -> _Formula:
    kind = value_type(dtype)
    count = float_literal(length)
    total = sum_of("{x}", kind=kind)
    squares = sum_of("{x} * {x}", kind=kind)
    match primitive.op:
        case "ReduceSum":
            return _Formula((total,), "{sum}")
        case "ReduceMean" | "GlobalAveragePool":
            return _Formula((total,), f"({{sum}} / {count})")
        case "ReduceMax" | "GlobalMaxPool":
            return _Formula((extreme(dtype, largest=True),), "{extreme}")
        case "ReduceMin":
            return _Formula((extreme(dtype, largest=False),), "{extreme}")
        case "ReduceProd":
            return _Formula((product_of(kind),), "{product}")
        case "ReduceL1":
            return _Formula((sum_of("wl::magnitude({x})", kind=kind),), "{sum}")
        case "ReduceL2":
            return _Formula((squares,), "sqrtf({sum})")
        case "ReduceSumSquare":
            return _Formula((squares,), "{sum}")
        case "ReduceLogSum":
            return _Formula((total,), "logf({sum})")
        case "ReduceLogSumExp":
            return _log_sum_exp(dtype)
        case "GlobalLpPool":
            p = primitive.integer("p", 2)
            return _Formula(
                (sum_of(f"powf(fabsf({{x}}), {float_literal(p)})"),), f"powf({{sum}}, {float_literal(1 / p)})"
            )
    last = bool(primitive.integer("select_last_index", 0))
    return _Formula((position(dtype, largest=primitive.op == "ArgMax", last=last),), "{place}")


def _log_sum_exp(dtype: DType) -> _Formula:
    finite = "fabsf({extreme}) < wl::infinity() ? {extreme} : 0.0f"
    largest = extreme(dtype, largest=True, finish=(("base", "float", finite),))
    return _Formula((largest, sum_of("expf({x} - {base})")), "(logf({sum}) + {base})")


def lower_reduce(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """A reduction."""
    primitive = segment.main
    x = context.region(primitive.inputs[0])
    axes = reduced_axes(primitive, len(x.layout.shape))
    y = context.region(segment.writes[0])
    length = 1
    for axis in axes:
        length *= x.layout.shape[axis]
    formula = _formula(primitive, x.layout.dtype, length)
    seen = along_rows(y, x.layout, axes)
    rows = Rows(primitive.op.lower(), x, axes, formula.passes, results=((formula.result, seen),))
    return reduction_steps(rows, y)


def reduction_steps(rows: Rows, y: Region) -> tuple[KernelStep, ...]:
    """The kernel that stores one result per row, and zeros for padded channels that it leaves out."""
    padding = () if covers_padding(rows, rows.results[0][1]) else zero_padding(y)
    return (rows_step(rows), *padding)


def reduced_axes(primitive: Primitive, rank: int) -> frozenset[int]:
    """The dimensions that an operator reduces."""
    if primitive.op.startswith("Global"):
        return frozenset(range(2, rank))
    if primitive.op in ("ArgMax", "ArgMin"):
        return frozenset({primitive.integer("axis") % max(rank, 1)})
    return frozenset(axis % max(rank, 1) for axis in primitive.integers("axes", tuple(range(rank))))


def along_rows(y: Region, like: Layout, axes: frozenset[int]) -> Region:
    """One value per row, seen with the shape of the rows' tensor: stride 0 along the reduced dimensions."""
    layout = y.layout
    kept = [axis for axis in range(len(like.shape)) if axis not in axes]
    whole = len(layout.shape) == len(like.shape)
    strides = [0] * len(like.shape)
    for position_, axis in enumerate(kept):
        strides[axis] = layout.strides[axis if whole else position_]
    channels = layout.channels if whole and 1 in kept else 0
    return replace(y, layout=Layout(like.shape, tuple(strides), layout.dtype, channels))


def _obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001 - an Obstacle
    dtype = graph.tensors[primitive.inputs[0]].dtype
    only_floats = ("ReduceMean", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp")
    if dtype is DType.BOOL or (not dtype.is_float and primitive.op in only_floats):
        return f"of {dtype} has no kernel"
    if not all(graph.tensors[primitive.inputs[0]].shape):
        return "of an empty tensor has no kernel"
    return None


_FAMILY = Family("own kernel: reduction", lower_reduce, _obstacle)
FAMILIES: Mapping[str, Family] = dict.fromkeys(
    (
        *("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2"),
        *("ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp", "ArgMax", "ArgMin"),
        *("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"),
    ),
    _FAMILY,
)
