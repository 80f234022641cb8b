"""GridSample of images: interpolation at coordinates that are read from a tensor."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.device.cuda.kernels.codegen.access import each_lane
from warploom.device.cuda.kernels.codegen.indexed import Indexed, element, lanes_along
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep
from warploom.graph import Graph, Precision, Primitive

_TAPS: Mapping[str, int] = {"nearest": 1, "linear": 2, "bilinear": 2, "cubic": 4, "bicubic": 4}
_SHARES: Mapping[int, tuple[str, ...]] = {
    1: ("1.0f",),
    2: ("1.0f - {t}", "{t}"),
    4: tuple(f"wl::cubic_share({{t}} - {tap - 1}.0f)" for tap in range(4)),
}


def lower_grid_sample(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """One kernel; a thread takes neighbouring channels of one place."""
    sample = segment.main
    x, grid = (context.region(name) for name in sample.inputs[:2])
    y = context.region(segment.writes[0])
    shape = Indexed(y, lanes_along(y, [(x, 1)]) if y.layout.strides[1] == 1 else 1)
    taps = _TAPS[sample.text("mode", "linear")]
    padding = sample.text("padding_mode", "zeros")
    body = [
        *(line for axis in (0, 1) for line in _place(sample, axis, x.layout.shape[3 - axis], taps, padding)),
        f"float sum[{shape.lanes}];",
        *each_lane(shape.lanes, ["sum[l] = 0.0f;"]),
    ]
    body[:0] = [
        f"const float g{axis} = {element('x1', grid, {0: 'd0', 1: 'd2', 2: 'd3', 3: str(axis)})};" for axis in (0, 1)
    ]
    height, width = x.layout.shape[2:]
    body += ["#pragma unroll", f"for (int a = 0; a < {taps}; ++a) {{"]
    body += ["#pragma unroll", f"for (int b = 0; b < {taps}; ++b) {{"]
    body += [_tap("row", "first1 + a", height, sample, padding), _tap("column", "first0 + b", width, sample, padding)]
    inside = f"(unsigned)row < {height}u && (unsigned)column < {width}u"
    loads, text = shape.access("x0", x, {0: "d0", 1: "d1", 2: "row", 3: "column"}, along=1).load("u")
    adds = each_lane(shape.lanes, [f"sum[l] = fmaf(share1[a] * share0[b], {text}, sum[l]);"])
    body += [f"if ({inside}) {{", *loads, *adds, "}", "}", "}", *each_lane(shape.lanes, ["r[l] = sum[l];"])]
    return (shape.step("gridsample", body, [x, grid]),)


def _aligned(sample: Primitive) -> bool:
    return bool(sample.integer("align_corners", 0))


def _limits(sample: Primitive, size: int) -> tuple[float, float]:
    """The coordinates between which an image is reflected."""
    return (0.0, float(size - 1)) if _aligned(sample) else (-0.5, size - 0.5)


def _place(sample: Primitive, axis: int, size: int, taps: int, padding: str) -> list[str]:
    """Statements that find the first element along one axis, and the shares of all."""
    low, high = _limits(sample, size)
    scale = f"0.5f * {size - 1}.0f" if _aligned(sample) else f"0.5f * {size}.0f"
    shift = "0.0f" if _aligned(sample) else "0.5f"
    lines = [f"float p{axis} = (g{axis} + 1.0f) * ({scale}) - {shift};"]
    if taps == 1:
        lines.append(f"p{axis} = rintf(p{axis});")
    if padding == "border" and taps < 4:
        lines.append(f"p{axis} = wl::minimum(wl::maximum(p{axis}, 0.0f), {size - 1}.0f);")
    if padding == "reflection":
        lines.append(f"p{axis} = wl::reflected(p{axis}, {low}f, {high}f);")
    lines.append(f"const float t{axis} = p{axis} - floorf(p{axis});")
    lines.append(f"const int first{axis} = (int)floorf(p{axis}) - {max(0, taps // 2 - 1)};")
    shares = ", ".join(share.format(t=f"t{axis}") for share in _SHARES[taps])
    return [*lines, f"const float share{axis}[{taps}] = {{{shares}}};"]


def _tap(name: str, at: str, size: int, sample: Primitive, padding: str) -> str:
    """The statement that names the element of a tap; outside of the image where it stands for zero."""
    if padding == "border":
        return f"const int {name} = min(max({at}, 0), {size - 1});"
    if padding == "reflection":
        low, high = _limits(sample, size)
        return f"const int {name} = (int)wl::reflected((float)({at}), {low}f, {high}f);"
    return f"const int {name} = {at};"


def _obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001 - an Obstacle
    tensor = graph.tensors[primitive.inputs[0]]
    if len(tensor.shape) != 4 or not tensor.dtype.is_float:
        return f"of {len(tensor.shape)} dimensions of {tensor.dtype} has no kernel"
    return None


FAMILIES: Mapping[str, Family] = {
    "GridSample": Family("own kernel: interpolation", lower_grid_sample, _obstacle),
}
