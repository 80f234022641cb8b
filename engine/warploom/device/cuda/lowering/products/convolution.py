"""Convolutions and transposed convolutions as ConvSteps."""

from __future__ import annotations

import dataclasses

from warploom.device.cuda.layout import Layout, channels_last, is_image_layout, vector_lanes
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.products.fusion import Fusion, fusions
from warploom.device.cuda.lowering.products.remainder import alternatives
from warploom.device.cuda.lowering.products.weights import Filter, bias_regions, filter_region
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import ConvStep, PlainStep, Region, Step
from warploom.graph import Graph, Precision, Primitive


def convolution_obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001
    """Which convolutions have no library kernel here."""
    data, weight = graph.tensors[primitive.inputs[0]], primitive.inputs[1]
    if len(data.shape) not in (3, 4):
        return f"works over {len(data.shape) - 2} dimensions, where only 1 and 2 have kernels"
    if not data.dtype.is_float:
        return f"computes with {data.dtype.value}"
    return None if weight in graph.constants else "has a weight that is computed while the model runs"


def lower_convolution(segment: Segment, context: LoweringContext) -> tuple[Step, ...]:
    """Conv: the library's convolution with what it fuses of the epilogue, and a pointwise kernel for the rest."""
    conv = segment.main
    before, x = _readable(conv.inputs[0], context)
    target = context.region(segment.writes[0])
    own = (conv.inputs[2],) if len(conv.inputs) > 2 and conv.inputs[2] else ()
    splits = fusions(
        segment,
        context,
        biases=own,
        channel_axis=1,
        is_residual=lambda name: _is_addable(context.region(name), target),
    )
    return (*before, *_products(segment, context, splits, x))


def lower_transposed(segment: Segment, context: LoweringContext) -> tuple[Step, ...]:
    """ConvTranspose: the gradient of a convolution; the library fuses nothing into it."""
    before, x = _readable(segment.main.inputs[0], context)
    return (*before, *_products(segment, context, (Fusion(0, segment.main.outputs[0]),), x))


def _products(segment: Segment, context: LoweringContext, splits: tuple[Fusion, ...], x: Region) -> tuple[Step, ...]:
    result = segment.main.outputs[0]

    def scratch() -> Region:
        channels = max(vector_lanes(x.layout.dtype), _padded(context.tensor(result).shape[1], x))
        layout = channels_last(context.tensor(result).shape, x.layout.dtype, channels=channels)
        return context.temporary("product", layout)

    return alternatives(
        segment,
        context,
        splits,
        lambda fusion, y: _step(segment.main, context, fusion, x, y),
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
    lanes = vector_lanes(region.layout.dtype)
    channels = -(-region.layout.shape[1] // lanes) * lanes
    image = context.temporary("image", channels_last(region.layout.shape, region.layout.dtype, channels=channels))
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
        x=_as_rows(x),
        w=filter_region(conv.inputs[1], conv.integer("group", 1), form, dtype, context),
        y=_as_rows(y),
        bias=bias,
        residual=_as_rows(context.region(fusion.residual)) if fusion.residual else None,
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


def _as_rows(region: Region) -> Region:
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
