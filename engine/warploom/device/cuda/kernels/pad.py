"""Pad in all modes, and Trilu: elements that are somewhere in the input, or a constant."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.device.cuda.kernels.codegen.access import each_lane
from warploom.device.cuda.kernels.codegen.indexed import Indexed, inner_dimension, lanes_along
from warploom.device.cuda.kernels.codegen.types import literal, value_type
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep
from warploom.graph import Graph, Precision, Primitive


def lower_pad(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """One kernel; whole vectors where the innermost dimension is not padded."""
    pad = segment.main
    x, y = context.region(pad.inputs[0]), context.region(segment.writes[0])
    rank = len(x.layout.shape)
    pads = pad.integers("pads")
    inner = inner_dimension(y.layout)
    whole = rank > 0 and not pads[inner] and not pads[rank + inner]
    shape = Indexed(y, lanes_along(y, [(x, inner)]) if whole else 1)
    reads = [x]
    kind = value_type(y.layout.dtype)
    value = pad.attribute("constant_value", 0)
    fill = literal(value, y.layout.dtype) if isinstance(value, int | float) else "0"
    if len(pad.inputs) > 2 and pad.inputs[2]:
        reads.append(context.region(pad.inputs[2]))
        fill = "wl::decode(x1[0])"
    mode = pad.text("mode", "constant")
    body: list[str] = []
    at: dict[int, str] = {}
    tests: list[str] = []
    for axis, size in enumerate(x.layout.shape):
        before, after = pads[axis], pads[rank + axis]
        at[axis] = f"d{axis}"
        if before or after:
            body.append(f"int s{axis} = d{axis} - {before};")
            at[axis] = f"s{axis}"
            if mode == "constant":
                tests.append(f"(unsigned)s{axis} < {size}u")
            else:
                body.extend(_folded(f"s{axis}", size, mode))
    body.append(f"const {kind} fill = {fill};")
    guard = " && ".join(tests)
    if not guard:
        loads, text = shape.access("x0", x, at).load("u")
        body.extend((*loads, *each_lane(shape.lanes, [f"r[l] = {text};"])))
    else:
        loads, text = shape.access("x0", x, at).load("u")
        inside = [*loads, *each_lane(shape.lanes, [f"r[l] = {text};"])]
        outside = each_lane(shape.lanes, ["r[l] = fill;"])
        body.extend([f"if ({guard}) {{", *inside, "} else {", *outside, "}"])
    return (shape.step(f"pad_{mode}", body, reads),)


def _folded(name: str, size: int, mode: str) -> list[str]:
    """Statements that bring a coordinate back into the input."""
    if mode == "edge":
        return [f"{name} = {name} < 0 ? 0 : ({name} < {size} ? {name} : {size - 1});"]
    if mode == "wrap":
        return [f"{name} = ({name} % {size} + {size}) % {size};"]
    if size == 1:
        return [f"{name} = 0;"]
    period = 2 * (size - 1)
    return [
        f"{name} = ({name} % {period} + {period}) % {period};",
        f"{name} = {name} < {size} ? {name} : {period} - {name};",
    ]


def lower_trilu(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """Keeps one triangle of matrices."""
    trilu = segment.main
    x, y = context.region(trilu.inputs[0]), context.region(segment.writes[0])
    rank = len(y.layout.shape)
    shape = Indexed(y, lanes_along(y, [(x, inner_dimension(y.layout))]))
    row, column = f"d{rank - 2}", f"d{rank - 1}"
    if shape.inner == rank - 1:
        column = f"({column} + l)"
    elif shape.inner == rank - 2:
        row = f"({row} + l)"
    keeps = ">=" if trilu.integer("upper", 1) else "<="
    loads, text = shape.access("x0", x, {axis: f"d{axis}" for axis in range(rank)}).load("u")
    zero = f"({value_type(y.layout.dtype)})(0)"
    kept = f"r[l] = {column} - {row} {keeps} {trilu.integer('k', 0)} ? {text} : {zero};"
    return (shape.step("trilu", [*loads, *each_lane(shape.lanes, [kept])], [x]),)


def _pad_obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001
    if not primitive.has("pads"):
        return "by sizes that are computed while the model runs has no kernel"
    return None


def _trilu_obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001
    if len(primitive.inputs) > 1 and primitive.inputs[1]:
        return "with a diagonal that is computed while the model runs has no kernel"
    return None


FAMILIES: Mapping[str, Family] = {
    "Pad": Family("own kernel: padding", lower_pad, _pad_obstacle),
    "Trilu": Family("own kernel: triangle", lower_trilu, _trilu_obstacle),
}
