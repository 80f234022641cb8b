"""Normalizations by statistics of the tensor itself: layer, RMS, instance, group, mean-variance, p-norm."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from warploom.device.cuda.kernels.codegen.chain import Chain
from warploom.device.cuda.kernels.codegen.elementwise import Part, elementwise_steps
from warploom.device.cuda.kernels.codegen.rows import Pass, Rows, Total, covers_padding, is_overlong, rows_step
from warploom.device.cuda.kernels.codegen.types import float_literal
from warploom.device.cuda.kernels.padding import zero_padding
from warploom.device.cuda.kernels.pointwise import vector_of
from warploom.device.cuda.kernels.reduce import along_rows
from warploom.device.cuda.kernels.splitting import cut_rows
from warploom.device.cuda.kernels.totals import sum_of
from warploom.device.cuda.layout import Layout, row_major
from warploom.device.cuda.lowering.broadcast import broadcast_view
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Primitive


@dataclass(frozen=True, slots=True)
class _Norm:
    """One normalization.

    Attributes:
        x: Input.
        y: Output, in the shape of x.
        axes: Dimensions normalized together.
        passes: Statistics.
        element: The result of one element.
        reads: Scale and shift by name, in the shape of x.
        epsilon: What is added to the variance, if mean and variance are the statistics.
    """

    x: Region
    y: Region
    axes: frozenset[int]
    passes: tuple[Pass, ...]
    element: str
    reads: tuple[tuple[str, Region], ...] = ()
    epsilon: float | None = None

    @property
    def length(self) -> int:
        return math.prod(self.x.layout.shape[axis] for axis in self.axes)


def _moments(x: Region, axes: frozenset[int], epsilon: float) -> tuple[Pass, ...]:
    """Mean, then the variance around it (a difference of squares would lose it where the mean is large)."""
    count = float_literal(math.prod(x.layout.shape[axis] for axis in axes))
    inverse = f"1.0f / sqrtf({{squares}} / {count} + {float_literal(epsilon)})"
    return (
        sum_of("{x}", finish=(("mean", "float", f"{{sum}} / {count}"),)),
        sum_of("({x} - {mean}) * ({x} - {mean})", "squares", finish=(("inverse", "float", inverse),)),
    )


def _combined(length: int, chunk: int, epsilon: float) -> tuple[Pass, ...]:
    """The same from means and sums of squares of chunks of equal length (Chan, Golub, LeVeque 1979)."""
    inverse = (
        f"1.0f / sqrtf(({{spread}} * {chunk}.0f + {{inner}}) / {float_literal(length)} + {float_literal(epsilon)})"
    )
    return (
        sum_of("{x}", finish=(("mean", "float", f"{{sum}} / {float_literal(length // chunk)}"),)),
        Pass(
            (Total("spread", "float", "0"), Total("inner", "float", "0")),
            ("{spread} += ({x} - {mean}) * ({x} - {mean}); {inner} += {squares};",),
            ("{spread} += {other_spread}; {inner} += {other_inner};",),
            (("inverse", "float", inverse),),
            reads=("squares",),
        ),
    )


def _scaled(element: str, reads: tuple[tuple[str, Region], ...]) -> str:
    names = [name for name, _ in reads]
    text = f"{element} * {{scale}}" if "scale" in names else element
    return f"({text} + {{shift}})" if "shift" in names else f"({text})"


def _layer(primitive: Primitive, y: Region, context: LoweringContext) -> _Norm:
    x = context.region(primitive.inputs[0])
    rank = len(x.layout.shape)
    axes = frozenset(range(primitive.integer("axis") % rank, rank))
    reads = tuple(
        (role, context.operand(name, x.layout))
        for role, name in zip(("scale", "shift"), primitive.inputs[1:], strict=False)
        if name
    )
    epsilon = primitive.number("epsilon", 1e-5)
    if primitive.op == "RMSNormalization":
        count = float_literal(math.prod(x.layout.shape[axis] for axis in axes))
        inverse = f"1.0f / sqrtf({{squares}} / {count} + {float_literal(epsilon)})"
        passes: tuple[Pass, ...] = (sum_of("{x} * {x}", "squares", finish=(("inverse", "float", inverse),)),)
        return _Norm(x, y, axes, passes, _scaled("{x} * {inverse}", reads), reads)
    passes = _moments(x, axes, epsilon)
    return _Norm(x, y, axes, passes, _scaled("({x} - {mean}) * {inverse}", reads), reads, epsilon)


def _instance(primitive: Primitive, y: Region, context: LoweringContext) -> _Norm:
    x = context.region(primitive.inputs[0])
    axes = frozenset(range(2, len(x.layout.shape)))
    reads = tuple(
        (role, _per_channel(name, x.layout, context))
        for role, name in zip(("scale", "shift"), primitive.inputs[1:], strict=True)
    )
    epsilon = primitive.number("epsilon", 1e-5)
    passes = _moments(x, axes, epsilon)
    return _Norm(x, y, axes, passes, _scaled("({x} - {mean}) * {inverse}", reads), reads, epsilon)


def _group(primitive: Primitive, y: Region, context: LoweringContext) -> _Norm:
    """Channels split into groups and their members: one dimension more."""
    groups = primitive.integer("num_groups")
    plain = _instance(primitive, y, context)
    x, y = (_grouped(region, groups) for region in (plain.x, plain.y))
    reads = tuple((role, _grouped(region, groups)) for role, region in plain.reads)
    axes = frozenset(range(2, len(x.layout.shape)))
    passes = _moments(x, axes, primitive.number("epsilon", 1e-5))
    return replace(plain, x=x, y=y, axes=axes, passes=passes, reads=reads)


def _grouped(region: Region, groups: int) -> Region:
    layout = region.layout
    members = layout.shape[1] // groups
    shape = (layout.shape[0], groups, members, *layout.shape[2:])
    strides = (layout.strides[0], layout.strides[1] * members, *layout.strides[1:])
    return replace(region, layout=Layout(shape, strides, layout.dtype))


def _per_channel(name: str, like: Layout, context: LoweringContext) -> Region:
    vector = vector_of(name, context)
    strides = tuple(vector.layout.strides[0] if axis == 1 else 0 for axis in range(len(like.shape)))
    return replace(vector, layout=Layout(like.shape, strides, vector.layout.dtype))


def _mean_variance(primitive: Primitive, y: Region, context: LoweringContext) -> _Norm:
    x = context.region(primitive.inputs[0])
    rank = len(x.layout.shape)
    axes = frozenset(axis % rank for axis in primitive.integers("axes", (0, 2, 3)))
    count = float_literal(math.prod(x.layout.shape[axis] for axis in axes))
    passes = (
        sum_of("{x}", finish=(("mean", "float", f"{{sum}} / {count}"),)),
        sum_of(
            "({x} - {mean}) * ({x} - {mean})",
            "squares",
            finish=(("deviation", "float", f"sqrtf({{squares}} / {count}) + 1e-9f"),),
        ),
    )
    return _Norm(x, y, axes, passes, "(({x} - {mean}) / {deviation})")


def _p_norm(primitive: Primitive, y: Region, context: LoweringContext) -> _Norm:
    x = context.region(primitive.inputs[0])
    axes = frozenset({primitive.integer("axis") % len(x.layout.shape)})
    absolute = primitive.integer("p", 2) == 1
    term, result = ("fabsf({x})", "{sum}") if absolute else ("{x} * {x}", "sqrtf({sum})")
    total = sum_of(term, finish=(("length", "float", result),))
    return _Norm(x, y, axes, (total,), "({length} != 0.0f ? {x} / {length} : {x})")


_NORMS: Mapping[str, Callable[[Primitive, Region, LoweringContext], _Norm]] = {
    "LayerNormalization": _layer,
    "RMSNormalization": _layer,
    "InstanceNormalization": _instance,
    "GroupNormalization": _group,
    "MeanVarianceNormalization": _mean_variance,
    "LpNormalization": _p_norm,
}


def lower_norm(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """One kernel; LayerNormalization may hand out its statistics too."""
    primitive = segment.main
    target = primitive.outputs[0]
    y = context.region(target) if target in segment.writes else context.dense_like(_first(primitive, context), "unread")
    norm = _NORMS[primitive.op](primitive, y, context)
    statistics = tuple(
        (template, along_rows(context.region(name), norm.x.layout, norm.axes))
        for template, name in zip(("{mean}", "{inverse}"), primitive.outputs[1:], strict=False)
        if name and name in segment.writes
    )
    rows = Rows(
        primitive.op.lower(),
        norm.x,
        norm.axes,
        norm.passes,
        results=statistics,
        elements=((norm.element, norm.y),),
        reads=norm.reads,
    )
    if norm.epsilon is not None and is_overlong(rows):
        steps = _split(norm, norm.epsilon, rows, context)
        if steps:
            return steps if y is norm.y and not zero_padding(y) else (*steps, *zero_padding(y))
    whole = y is norm.y and covers_padding(rows, norm.y)
    return (rows_step(rows), *(() if whole else zero_padding(y)))


def _split(norm: _Norm, epsilon: float, rows: Rows, context: LoweringContext) -> tuple[KernelStep, ...]:
    """Statistics of chunks, statistics of rows, then every element; nothing where rows cannot be cut."""
    chunks = cut_rows(norm.x, norm.axes)
    if chunks is None:
        return ()
    means, squares = (chunks.partial(role, DType.FLOAT32, context) for role in ("means", "squares"))
    chunk = norm.length // chunks.count
    first = Rows(
        f"{rows.stem}_chunks",
        chunks.x,
        chunks.reduced,
        _moments(chunks.x, chunks.reduced, 0.0),
        results=(("{mean}", chunks.along(means)), ("{squares}", chunks.along(squares))),
    )
    shape = tuple(1 if d in norm.axes else size for d, size in enumerate(norm.x.layout.shape))
    found = [context.temporary(role, row_major(shape, DType.FLOAT32)) for role in ("mean", "inverse")]
    wide = [broadcast_view(region, norm.x.layout.shape) for region in found]
    results = [*zip(("{mean}", "{inverse}"), wide, strict=True), *rows.results]
    second = Rows(
        f"{rows.stem}_statistics",
        means,
        frozenset({chunks.dimension}),
        _combined(norm.length, chunk, epsilon),
        results=tuple((template, chunks.combined(region, means)) for template, region in results),
        reads=(("squares", squares),),
    )
    return (rows_step(first), rows_step(second), *_applied(norm, rows.stem, wide))


def _applied(norm: _Norm, stem: str, statistics: Sequence[Region]) -> tuple[KernelStep, ...]:
    """The kernel that normalizes elements by given statistics."""
    operands = dict(zip(("mean", "inverse"), statistics, strict=True)) | dict(norm.reads)
    ops = {"mean": "Sub", "inverse": "Mul", "scale": "Mul", "shift": "Add"}
    body: list[Primitive] = []
    value = "x"
    for name in operands:
        body.append(Primitive(ops[name], (value, name), (f"{value}.{name}",)))
        value = f"{value}.{name}"
    types = dict.fromkeys((*operands, "x", *(one.outputs[0] for one in body)), DType.FLOAT32)
    part = Part(Chain(tuple(body), types), ((value, norm.y),), (("x", norm.x), *operands.items()))
    return elementwise_steps(f"{stem}_apply", [part])


def _first(primitive: Primitive, context: LoweringContext) -> Region:
    return context.region(primitive.inputs[0])


_FAMILY = Family("own kernel: normalization", lower_norm)
FAMILIES: Mapping[str, Family] = dict.fromkeys(_NORMS, _FAMILY)
