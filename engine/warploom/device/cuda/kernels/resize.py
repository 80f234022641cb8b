"""Resize in all modes: what each output element is made of is worked out on the host, per axis, and kept in tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.access import each_lane
from warploom.device.cuda.kernels.codegen.indexed import Indexed, inner_dimension, lanes_along
from warploom.device.cuda.kernels.codegen.types import float_literal
from warploom.device.cuda.kernels.interpolation import Interpolation, interpolation_of
from warploom.device.cuda.layout import row_major
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Graph, Precision, Primitive


@dataclass(frozen=True, slots=True)
class _Axis:
    """A resized dimension: pointers to its tables, and how many elements make one."""

    dimension: int
    places: str
    shares: str
    taps: int


def lower_resize(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """One kernel; reads are vectors where the innermost dimension keeps its size."""
    resize = segment.main
    x, y = context.region(resize.inputs[0]), context.region(segment.writes[0])
    reads: list[Region] = [x]
    axes: list[_Axis] = []
    for d, table in interpolation_of(resize, x.layout.shape, y.layout.shape).items():
        places, shares = _tables(resize, d, table, context)
        axes.append(_Axis(d, f"x{len(reads)}", f"x{len(reads) + 1}", table.taps))
        reads += [places, shares]
    inner = inner_dimension(y.layout)
    whole = all(axis.dimension != inner for axis in axes)
    shape = Indexed(y, lanes_along(y, [(x, inner)]) if whole else 1)
    if not y.layout.dtype.is_float or all(axis.taps == 1 for axis in axes):
        body = _nearest(shape, x, axes)
    else:
        body = _weighted(shape, x, axes)
    outside = " || ".join(f"s{axis.dimension} < 0" for axis in axes)
    if resize.text("coordinate_transformation_mode") == "tf_crop_and_resize" and axes:
        fill = float_literal(resize.number("extrapolation_value", 0.0))
        firsts = [f"const int s{a.dimension} = {a.places}[d{a.dimension} * {a.taps}];" for a in axes]
        body = [*firsts, f"if ({outside}) {{", *each_lane(shape.lanes, [f"r[l] = {fill};"]), "} else {", *body, "}"]
    return (shape.step(f"resize_{resize.text('mode', 'nearest')}", body, reads),)


def _tables(primitive: Primitive, d: int, table: Interpolation, context: LoweringContext) -> tuple[Region, Region]:
    size = table.places.size
    name = f"{primitive.outputs[0]}/resize{d}"
    places = context.prepared(name, "places", row_major((size,), DType.INT32), lambda: table.places.reshape(-1))
    shares = context.prepared(name, "shares", row_major((size,), DType.FLOAT32), lambda: table.shares.reshape(-1))
    return places, shares


def _nearest(shape: Indexed, x: Region, axes: list[_Axis]) -> list[str]:
    at = {d: f"d{d}" for d in range(len(x.layout.shape))}
    at |= {axis.dimension: f"{axis.places}[d{axis.dimension}]" for axis in axes}
    loads, text = shape.access("x0", x, at).load("u")
    return [*loads, *each_lane(shape.lanes, [f"r[l] = {text};"])]


def _weighted(shape: Indexed, x: Region, axes: list[_Axis]) -> list[str]:
    """The sum over all combinations of what makes an element along each dimension."""
    at = {d: f"d{d}" for d in range(len(x.layout.shape))}
    head: list[str] = []
    share = "1.0f"
    for axis in axes:
        d = axis.dimension
        head += ["#pragma unroll", f"for (int k{d} = 0; k{d} < {axis.taps}; ++k{d}) {{"]
        head.append(f"const int at{d} = {axis.places}[d{d} * {axis.taps} + k{d}];")
        head.append(f"const float share{d} = {share} * {axis.shares}[d{d} * {axis.taps} + k{d}];")
        share = f"share{d}"
        at[d] = f"at{d}"
    loads, text = shape.access("x0", x, at).load("u")
    adds = each_lane(shape.lanes, [f"sum[l] = fmaf({share}, {text}, sum[l]);"])
    return [
        f"float sum[{shape.lanes}];",
        *each_lane(shape.lanes, ["sum[l] = 0.0f;"]),
        *head,
        *loads,
        *adds,
        *("}" for _ in axes),
        *each_lane(shape.lanes, ["r[l] = sum[l];"]),
    ]


def _obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001 - an Obstacle
    dtype = graph.tensors[primitive.inputs[0]].dtype
    if not dtype.is_float and primitive.text("mode", "nearest") != "nearest":
        return f"of {dtype} has no kernel unless it takes the nearest element"
    return None


FAMILIES: Mapping[str, Family] = {"Resize": Family("own kernel: interpolation", lower_resize, _obstacle)}
