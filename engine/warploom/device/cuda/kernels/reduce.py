"""Reductions: along any axes, global pooling, and positions of extremes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from warploom.device.cuda.kernels.codegen.rows import Pass, Rows, covers_padding, is_overlong, rows_step
from warploom.device.cuda.kernels.codegen.types import float_literal, value_type
from warploom.device.cuda.kernels.padding import zero_padding
from warploom.device.cuda.kernels.splitting import cut_rows
from warploom.device.cuda.kernels.totals import extreme, position, product_of, sum_of
from warploom.device.cuda.layout import Layout
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Graph, Precision, Primitive


@dataclass(frozen=True, slots=True)
class _Formula:
    """Passes, and what each row's result follows from.

    Attributes:
        passes: Passes.
        result: Template of the result.
        combine: For rows in chunks: the one pass over what {total} came out of each; None where that is not enough.
        total: Template of what comes out of a chunk.
    """

    passes: tuple[Pass, ...]
    result: str
    combine: Pass | None = None
    total: str = ""


def _formula(primitive: Primitive, dtype: DType, length: int) -> _Formula:
    kind = value_type(dtype)
    count = float_literal(length)
    total = sum_of("{x}", kind=kind)
    squares = sum_of("{x} * {x}", kind=kind)
    match primitive.op:
        case "ReduceSum":
            return _Formula((total,), "{sum}", total, "{sum}")
        case "ReduceMean" | "GlobalAveragePool":
            return _Formula((total,), f"({{sum}} / {count})", total, "{sum}")
        case "ReduceMax" | "GlobalMaxPool":
            return _extreme(dtype, largest=True)
        case "ReduceMin":
            return _extreme(dtype, largest=False)
        case "ReduceProd":
            return _Formula((product_of(kind),), "{product}")
        case "ReduceL1":
            return _Formula((sum_of("wl::magnitude({x})", kind=kind),), "{sum}", total, "{sum}")
        case "ReduceL2":
            return _Formula((squares,), "sqrtf({sum})", total, "{sum}")
        case "ReduceSumSquare":
            return _Formula((squares,), "{sum}", total, "{sum}")
        case "ReduceLogSum":
            return _Formula((total,), "logf({sum})", total, "{sum}")
        case "ReduceLogSumExp":
            return _log_sum_exp(dtype)
        case "GlobalLpPool":
            p = primitive.integer("p", 2)
            return _Formula(
                (sum_of(f"powf(fabsf({{x}}), {float_literal(p)})"),), f"powf({{sum}}, {float_literal(1 / p)})"
            )
    last = bool(primitive.integer("select_last_index", 0))
    return _Formula((position(dtype, largest=primitive.op == "ArgMax", last=last),), "{place}")


def _extreme(dtype: DType, *, largest: bool) -> _Formula:
    one = extreme(dtype, largest=largest)
    return _Formula((one,), "{extreme}", one, "{extreme}")


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
    if formula.combine is not None and is_overlong(rows):
        steps = _split(rows, formula, formula.combine, y, context)
        if steps:
            return steps
    return reduction_steps(rows, y)


def _split(rows: Rows, formula: _Formula, combine: Pass, y: Region, context: LoweringContext) -> tuple[KernelStep, ...]:
    """A kernel for chunks of rows, and one for their totals; nothing where rows cannot be cut."""
    chunks = cut_rows(rows.x, rows.reduced)
    if chunks is None:
        return ()
    dtype = rows.x.layout.dtype
    totals = chunks.partial("totals", DType.FLOAT32 if dtype.is_float else dtype, context)
    first = Rows(
        f"{rows.stem}_chunks", chunks.x, chunks.reduced, formula.passes, ((formula.total, chunks.along(totals)),)
    )
    seen = chunks.combined(rows.results[0][1], totals)
    last = Rows(rows.stem, totals, frozenset({chunks.dimension}), (combine,), ((formula.result, seen),))
    return (rows_step(first), *reduction_steps(last, y))


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
