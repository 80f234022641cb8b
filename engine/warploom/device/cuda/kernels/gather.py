"""Gathers and OneHot: elements whose addresses are read from a tensor."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.device.cuda.kernels.codegen.access import each_lane
from warploom.device.cuda.kernels.codegen.indexed import Indexed, element, index_lines, inner_dimension, lanes_along
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import Family
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region


def lower_gather(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """Gather: whole slices along one axis."""
    gather = segment.main
    x, where = (context.region(name) for name in gather.inputs[:2])
    y = context.region(segment.writes[0])
    axis, width = gather.integer("axis") % len(x.layout.shape), len(where.layout.shape)
    at = {d: f"d{d if d < axis else d + width - 1}" for d in range(len(x.layout.shape))}
    at[axis] = "at"
    index = element("x1", where, {d: f"d{axis + d}" for d in range(width)})
    body = index_lines("at", index, x.layout.shape[axis])
    return (_copied("gather", x, y, at, body, where),)


def lower_gather_elements(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """GatherElements: an index for every element."""
    gather = segment.main
    x, where = (context.region(name) for name in gather.inputs[:2])
    y = context.region(segment.writes[0])
    axis = gather.integer("axis") % len(x.layout.shape)
    own = {d: f"d{d}" for d in range(len(x.layout.shape))}
    body = index_lines("at", element("x1", where, own), x.layout.shape[axis])
    return (_copied("gatherelements", x, y, {**own, axis: "at"}, body, where, whole=False),)


def lower_gather_nd(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """GatherND: several indices for every slice."""
    gather = segment.main
    x, where = (context.region(name) for name in gather.inputs[:2])
    y = context.region(segment.writes[0])
    batches, depth = gather.integer("batch_dims", 0), where.layout.shape[-1]
    places = len(where.layout.shape) - 1
    body: list[str] = []
    at = {d: f"d{d}" for d in range(batches)}
    for i in range(depth):
        index = element("x1", where, {**{d: f"d{d}" for d in range(places)}, places: str(i)})
        body.extend(index_lines(f"at{i}", index, x.layout.shape[batches + i]))
        at[batches + i] = f"at{i}"
    for d in range(batches + depth, len(x.layout.shape)):
        at[d] = f"d{d - batches - depth + places}"
    return (_copied("gathernd", x, y, at, body, where),)


def _copied(
    stem: str, x: Region, y: Region, at: Mapping[int, str], body: list[str], where: Region, *, whole: bool = True
) -> KernelStep:
    """Copies from the coordinates `at`; as vectors if the result's innermost dimension is one of the source."""
    inner = inner_dimension(y.layout)
    along = next((d for d, text in at.items() if text == f"d{inner}"), -1) if whole else -1
    shape = Indexed(y, lanes_along(y, [(x, along)]) if along >= 0 else 1)
    loads, text = shape.access("x0", x, at, along=along).load("u")
    return shape.step(stem, [*body, *loads, *each_lane(shape.lanes, [f"r[l] = {text};"])], [x, where])


def lower_one_hot(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """OneHot: one value where the index says, another one elsewhere."""
    one_hot = segment.main
    where, values = context.region(one_hot.inputs[0]), context.region(one_hot.inputs[2])
    y = context.region(segment.writes[0])
    rank = len(y.layout.shape)
    axis, depth = one_hot.integer("axis", -1) % rank, y.layout.shape[one_hot.integer("axis", -1) % rank]
    at = {d: f"d{d if d < axis else d + 1}" for d in range(rank - 1)}
    body = [
        f"long long at = (long long){element('x0', where, at)};",
        f"if (at < 0) at += {depth};",
        f"r[0] = wl::decode(x1[at == d{axis} ? {values.layout.strides[0]} : 0]);",
    ]
    return (Indexed(y, 1).step("onehot", body, [where, values]),)


FAMILIES: Mapping[str, Family] = {
    "Gather": Family("own kernel: gather", lower_gather),
    "GatherElements": Family("own kernel: gather", lower_gather_elements),
    "GatherND": Family("own kernel: gather", lower_gather_nd),
    "OneHot": Family("own kernel: gather", lower_one_hot),
}
