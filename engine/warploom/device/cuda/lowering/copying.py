"""Data movement that no view can stand for: pairs of regions to copy."""

from __future__ import annotations

import dataclasses

import numpy as np

from warploom.device.cuda.layout import row_major
from warploom.device.cuda.lowering.blocks import block_copy, padding_of
from warploom.device.cuda.lowering.boundary import same_place
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.movement import RESHAPES, cut_out, moved
from warploom.device.cuda.lowering.reshape import reshaped
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import Primitive

Pair = tuple[Region, Region]


def lower_movement(segment: Segment, context: LoweringContext) -> tuple[KernelStep, ...]:
    """The copies that a movement needs; none where its results are views, or parts already in place."""
    primitive = segment.main
    if primitive.op == "Concat":
        return _copied(_concat_pairs(primitive, context), context)
    source = context.region(primitive.inputs[0])
    if primitive.op in RESHAPES:
        return _reshape_copies(primitive, source, context)
    pairs: list[Pair] = []
    for name in segment.writes:
        target = context.region(name)
        if primitive.op in ("Tile", "DepthToSpace", "SpaceToDepth"):
            pairs.append(block_copy(primitive, source, target))
            pairs.extend(_zeros(target, context))
        else:
            pairs.extend(_view_pairs(primitive, name, source, target))
    return _copied(pairs, context)


def _copied(pairs: list[Pair], context: LoweringContext) -> tuple[KernelStep, ...]:
    wanted = [pair for pair in pairs if all(pair[1].layout.shape)]
    return context.copy(*wanted) if wanted else ()


def _view_pairs(primitive: Primitive, name: str, source: Region, target: Region) -> list[Pair]:
    """Split, Slice, Transpose, Expand: always strides of the source."""
    seen = moved(primitive, primitive.outputs.index(name), source, target.layout.shape)
    if seen is None:
        raise TypeError(f"{primitive.op} is not said by strides")
    return [] if same_place(seen, target) else [(seen, target)]


def _reshape_copies(primitive: Primitive, source: Region, context: LoweringContext) -> tuple[KernelStep, ...]:
    """One copy seen with either shape; two through a dense one where neither side can be seen so."""
    target = context.region(primitive.outputs[0])
    shape = target.layout.shape
    seen = moved(primitive, 0, source, shape)
    if seen is not None:
        return () if same_place(seen, target) else _copied([(seen, target)], context)
    if not target.layout.channels_last:
        layout = reshaped(target.layout, source.layout.shape)
        if layout is not None:
            return _copied([(source, dataclasses.replace(target, layout=layout))], context)
    dense = context.temporary("dense", row_major(source.layout.shape, source.layout.dtype))
    again = dataclasses.replace(dense, layout=row_major(shape, source.layout.dtype))
    return (*_copied([(source, dense)], context), *_copied([(again, target)], context))


def _concat_pairs(concat: Primitive, context: LoweringContext) -> list[Pair]:
    whole = context.region(concat.outputs[0])
    axis = concat.integer("axis") % len(whole.layout.shape)
    pairs: list[Pair] = []
    start = 0
    for name in concat.inputs:
        size = context.tensor(name).shape[axis]
        place = cut_out(whole, axis, start, size)
        source = context.region(name)
        if not same_place(source, place):
            pairs.append((source, place))
        start += size
    return pairs


def _zeros(target: Region, context: LoweringContext) -> list[Pair]:
    """What fills the padded channels of a region that is written in blocks."""
    padding = padding_of(target)
    if padding is None:
        return []
    dtype = target.layout.dtype
    zero = context.prepared("zero", "one", row_major((1,), dtype), lambda: np.zeros(1, np.float32))
    layout = dataclasses.replace(padding.layout, strides=(0,) * len(padding.layout.shape), dtype=dtype, channels=0)
    return [(dataclasses.replace(zero, layout=layout), padding)]
