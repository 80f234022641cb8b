"""Convolutions and transposed convolutions as ConvSteps."""

from __future__ import annotations

import dataclasses

from warploom.device.cuda.kernels.direct import DirectConv, direct_conv
from warploom.device.cuda.layout import Layout, channels_last, is_image_layout, row_major, vector_lanes
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.products.fusion import Fusion, fusions
from warploom.device.cuda.lowering.products.integer import lower_integers, without_prologue
from warploom.device.cuda.lowering.products.patches import cuts_into_patches, has_rows, patch_product
from warploom.device.cuda.lowering.products.remainder import MakeProduct, alternatives
from warploom.device.cuda.lowering.products.weights import Filter, bias_regions, direct_filter, filter_region
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import ConvStep, PlainStep, Region, Step
from warploom.graph import Graph, Precision, Primitive

_MOST_APART = 8
"""Groups that may be convolutions of their own: each costs a launch."""


def convolution_obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001
    """Which convolutions have no kernel here."""
    data = graph.tensors[primitive.inputs[0]]
    return None if data.dtype.is_float else f"computes with {data.dtype.value}"


def lower_convolution(segment: Segment, context: LoweringContext) -> tuple[Step, ...]:
    """Conv: the library's convolution with what it fuses of the epilogue, and a pointwise kernel for the rest."""
    integers = lower_integers(segment, context)
    if integers is not None:
        return integers
    segment, context, floats = without_prologue(segment, context)
    conv = segment.main
    own = (conv.inputs[2],) if len(conv.inputs) > 2 and conv.inputs[2] else ()
    if not _is_for_library(conv, context):
        return (*floats, *_direct(segment, context, own))
    before, x = _readable(conv.inputs[0], context)
    target = context.region(segment.writes[0])
    splits = fusions(
        segment,
        context,
        biases=own,
        channel_axis=1,
        is_residual=lambda name: _is_addable(context.region(name), target),
    )
    return (*floats, *_products(segment, context, splits, x, before))


def lower_transposed(segment: Segment, context: LoweringContext) -> tuple[Step, ...]:
    """ConvTranspose: the gradient of a convolution; the library fuses nothing into it."""
    if not _is_for_library(segment.main, context):
        return _direct(segment, context, ())
    before, x = _readable(segment.main.inputs[0], context)
    return _products(segment, context, (Fusion(0, segment.main.outputs[0]),), x, before)


def _is_for_library(conv: Primitive, context: LoweringContext) -> bool:
    """Whether it runs over one or two dimensions, with weights that can be prepared."""
    return len(context.tensor(conv.inputs[0]).shape) in (3, 4) and context.constant(conv.inputs[1]) is not None


def _direct(segment: Segment, context: LoweringContext, own: tuple[str, ...]) -> tuple[Step, ...]:
    """An own kernel, with the bias and Relu, and a pointwise kernel for the rest of the epilogue."""
    conv = segment.main
    x, dtype = context.region(conv.inputs[0]), context.storage(conv.outputs[0])
    splits = fusions(segment, context, biases=own, channel_axis=1, is_residual=lambda _: False)[-1:]
    rank = len(x.layout.shape) - 2
    ones, zeros = (1,) * rank, (0,) * rank

    def product(fusion: Fusion, y: Region) -> tuple[PlainStep, ...]:
        channels = y.layout.shape[1]
        bias, _ = bias_regions(fusion.biases, channels, channels, dtype, context)
        layer = DirectConv(
            x=x,
            w=direct_filter(conv.inputs[1], dtype, context),
            y=y,
            bias=bias,
            begins=conv.integers("pads", zeros * 2)[:rank],
            strides=conv.integers("strides", ones),
            dilations=conv.integers("dilations", ones),
            groups=conv.integer("group", 1),
            relu=fusion.activation == ("Relu",),
            transposed=conv.op == "ConvTranspose",
        )
        return (direct_conv(layer),)

    def scratch() -> Region:
        return context.temporary("product", channels_last(context.tensor(conv.outputs[0]).shape, dtype))

    return alternatives(segment, context, splits, (product,), scratch, writable=lambda _: True)


def _products(
    segment: Segment, context: LoweringContext, splits: tuple[Fusion, ...], x: Region, before: tuple[PlainStep, ...]
) -> tuple[Step, ...]:
    result = segment.main.outputs[0]

    def scratch() -> Region:
        channels = max(vector_lanes(x.layout.dtype), _padded(context.tensor(result).shape[1], x))
        layout = channels_last(context.tensor(result).shape, x.layout.dtype, channels=channels)
        return context.temporary("product", layout)

    def step(fusion: Fusion, y: Region) -> ConvStep:
        return _step(segment.main, context, fusion, x, y)

    def whole(fusion: Fusion, y: Region) -> tuple[PlainStep, ...]:
        return (*before, step(fusion, y))

    def by_group(fusion: Fusion, y: Region) -> tuple[PlainStep, ...]:
        return (*before, *groups_apart(step(fusion, y)))

    target = context.region(segment.writes[0])
    ways: list[MakeProduct] = [whole]
    if _has_wide_groups(segment.main, x, target):
        ways.append(by_group)
    if segment.main.op == "Conv" and cuts_into_patches(segment.main, context) and has_rows(target):
        given, weight = segment.main.inputs[:2]
        ways.append(patch_product(step, as_rows(context.region(given)), weight, context))
    return alternatives(
        segment,
        context,
        splits,
        ways,
        scratch,
        writable=lambda region: is_library_image(region) and region.layout.dtype is x.layout.dtype,
        costly=_is_slice,
    )


def _padded(channels: int, like: Region) -> int:
    lanes = vector_lanes(like.layout.dtype)
    return -(-channels // lanes) * lanes


def is_library_image(region: Region) -> bool:
    """Whether the library can address a region as an image."""
    return is_image_layout(region.layout) and not region.offset % vector_lanes(region.layout.dtype)


def _is_slice(region: Region) -> bool:
    """Whether it is a part of a wider image: that changes which of the library's kernels are good, or run at all."""
    layout = region.layout
    dense = channels_last(layout.shape, layout.dtype, channels=layout.channels)
    pairs = zip(layout.shape, layout.strides, dense.strides, strict=True)
    return any(size > 1 and stride != alone for size, stride, alone in pairs)


def _readable(name: str, context: LoweringContext) -> tuple[tuple[PlainStep, ...], Region]:
    """The input as the library can read it, and the steps that make it so."""
    region = context.region(name)
    if is_library_image(region):
        return (), region
    dtype = context.storage(name)  # what lies as the caller gave it may be of another type
    lanes = vector_lanes(dtype)
    channels = -(-region.layout.shape[1] // lanes) * lanes
    image = context.temporary("image", channels_last(region.layout.shape, dtype, channels=channels))
    return context.copy((region, image)), image


def _is_addable(region: Region, target: Region) -> bool:
    layout = region.layout
    same = layout.shape == target.layout.shape and layout.dtype is target.layout.dtype
    return same and is_library_image(region) and layout.channels >= target.layout.channels


def _step(conv: Primitive, context: LoweringContext, fusion: Fusion, x: Region, y: Region) -> ConvStep:
    dtype = x.layout.dtype
    transposed = conv.op == "ConvTranspose"
    groups = _library_groups(conv, x, y)
    wanted, given = y.layout.channels, x.layout.channels
    form = Filter(given, wanted, groups) if transposed else Filter(wanted, given, groups)
    bias, bias_stored = bias_regions(fusion.biases, y.layout.shape[1], wanted, dtype, context)
    return ConvStep(
        x=as_rows(x),
        w=filter_region(conv.inputs[1], conv.integer("group", 1), form, dtype, context),
        y=as_rows(y),
        bias=bias,
        residual=as_rows(context.region(fusion.residual)) if fusion.residual else None,
        pads=_four(conv.integers("pads")),
        strides=_two(conv.integers("strides")),
        dilations=_two(conv.integers("dilations")),
        groups=groups,
        activation=fusion.activation,
        transposed=transposed,
        bias_stored=bias_stored,
    )


def _library_groups(conv: Primitive, x: Region, y: Region) -> int:
    """Groups that the library gets: padding at the end of all channels shifts groups, then they are spelled out."""
    whole = all(region.layout.channels == region.layout.shape[1] for region in (x, y))
    return conv.integer("group", 1) if whole else 1


def _has_wide_groups(conv: Primitive, x: Region, y: Region) -> bool:
    """Whether the groups are few, and each could be a convolution by itself."""
    groups, lanes = conv.integer("group", 1), vector_lanes(x.layout.dtype)
    wide = all(region.layout.shape[1] % (groups * lanes) == 0 for region in (x, y))
    return 1 < groups <= _MOST_APART and wide and _library_groups(conv, x, y) == groups


def groups_apart(step: ConvStep) -> tuple[ConvStep, ...]:
    """A grouped convolution as one convolution per group, on slices of the same tensors."""
    groups = step.groups
    if groups == 1:
        return (step,)
    rows = row_major((step.w.layout.shape[0] // groups, *step.w.layout.shape[1:]), step.w.layout.dtype)
    return tuple(
        dataclasses.replace(
            step,
            x=_channels(step.x, groups, group),
            w=Region(step.w.buffer, step.w.offset + group * rows.elements, rows),
            y=_channels(step.y, groups, group),
            bias=_part(step.bias, groups, group),
            bias_stored=_part(step.bias_stored, groups, group),
            residual=None if step.residual is None else _channels(step.residual, groups, group),
            groups=1,
        )
        for group in range(groups)
    )


def _channels(region: Region, groups: int, group: int) -> Region:
    """The channels of one group."""
    old = region.layout
    count = old.shape[1] // groups
    layout = Layout((old.shape[0], count, *old.shape[2:]), old.strides, old.dtype, count)
    return Region(region.buffer, region.offset + group * count, layout)


def _part(vector: Region | None, groups: int, group: int) -> Region | None:
    if vector is None:
        return None
    count = vector.layout.shape[0] // groups
    return Region(vector.buffer, vector.offset + group * count, row_major((count,), vector.layout.dtype))


def as_rows(region: Region) -> Region:
    """An image of one dimension as one of two with a single row."""
    old = region.layout
    if len(old.shape) == 4:
        return region
    shape = (*old.shape[:2], 1, old.shape[2])
    strides = (*old.strides[:2], old.strides[2] * old.shape[2], old.strides[2])
    return dataclasses.replace(region, layout=Layout(shape, strides, old.dtype, old.channels))


def _two(values: tuple[int, ...]) -> tuple[int, int]:
    first, second = values if len(values) == 2 else (1, values[0])
    return first, second


def _four(pads: tuple[int, ...]) -> tuple[int, int, int, int]:
    top, left, bottom, right = pads if len(pads) == 4 else (0, pads[0], 0, pads[1])
    return top, left, bottom, right
