"""Decides which tensors are written straight into the buffer of the Concat that reads them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from warploom.device.cuda.layout import Layout, vector_lanes
from warploom.device.cuda.lowering.usage import Usage
from warploom.graph import Primitive


@dataclass(frozen=True, slots=True)
class Slice:
    """A place inside the result of a Concat.

    Attributes:
        whole: The Concat's result.
        axis: The Concat's axis.
        start: First index along it.
        size: Indices along it.
    """

    whole: str
    axis: int
    start: int
    size: int


def concat_slices(usage: Usage, layouts: Mapping[str, Layout], separate: Container[str]) -> dict[str, Slice]:
    """The tensors that lie inside a Concat's result, by name.

    Rules:
        1. A tensor that a kernel or another Concat writes lies in the first Concat that reads it, once.
        2. All outputs of a Split along the same axis, read in their order, stand for what was split: that lies there,
           if they can be views of it.
        3. Channels-last tensors joined along the channels begin at whole vectors of 16 bytes; all but the last fill
           whole vectors.
        4. What only the caller reads is put together by one copy at the boundary, unless everything fits in place.

    Args:
        usage: Who writes and reads.
        layouts: The layout of each tensor on its own.
        separate: Tensors that keep buffers of their own (where writing into the slice was measured slower).
    """
    slices: dict[str, Slice] = {}
    for part in usage.segments:
        for segment in part:
            if segment.anchor is None or segment.anchor.op != "Concat":
                continue
            members = dict(_members(segment.anchor, usage, layouts))
            found = {
                name: place
                for name, place in members.items()
                if name not in slices and name not in separate and _fits(name, place, usage, layouts)
            }
            whole = segment.anchor.outputs[0]
            covered = sum(place.size for place in found.values()) == _extent(segment.anchor, usage)
            if covered or not usage.is_only_output(whole):
                slices.update(found)
    return slices


def _extent(concat: Primitive, usage: Usage) -> int:
    return usage.graph.tensors[concat.outputs[0]].shape[concat.integer("axis")]


def _members(concat: Primitive, usage: Usage, layouts: Mapping[str, Layout]) -> Iterator[tuple[str, Slice]]:
    """What a Concat joins, Splits undone; without what it joins twice."""
    whole, axis = concat.outputs[0], concat.integer("axis")
    tensors = usage.graph.tensors
    runs = list(_runs(concat.inputs, axis, usage, layouts))
    start = 0
    for name in runs:
        size = tensors[name].shape[axis]
        if runs.count(name) == 1:
            yield name, Slice(whole, axis, start, size)
        start += size


def _runs(inputs: tuple[str, ...], axis: int, usage: Usage, layouts: Mapping[str, Layout]) -> Iterator[str]:
    position = 0
    while position < len(inputs):
        writer = usage.writer.get(inputs[position])
        split = writer.anchor if writer is not None else None
        if split is not None and split.op == "Split" and split.integer("axis") == axis:
            width = len(split.outputs)
            if inputs[position : position + width] == split.outputs and _splits_into_views(split, axis, layouts):
                yield split.inputs[0]
                position += width
                continue
        yield inputs[position]
        position += 1


def _splits_into_views(split: Primitive, axis: int, layouts: Mapping[str, Layout]) -> bool:
    """Whether each part begins and ends at whole vectors (else parts are copies, which may not lie over the whole)."""
    whole = layouts.get(split.inputs[0])
    if whole is None or not whole.channels_last or axis != 1:
        return whole is not None
    lanes = vector_lanes(whole.dtype)
    return not any(size % lanes for size in split.integers("split")[:-1])


def _fits(name: str, place: Slice, usage: Usage, layouts: Mapping[str, Layout]) -> bool:
    if not (usage.is_computed(name) or usage.is_concat(name)):
        return False
    own, whole = layouts[name], layouts[place.whole]
    if own.dtype is not whole.dtype or own.channels_last != whole.channels_last:
        return False
    if not own.channels_last:
        return True
    if place.axis != 1:
        return own.channels == whole.channels
    lanes = vector_lanes(whole.dtype)
    is_last = place.start + place.size == whole.shape[1]
    return not place.start % lanes and (is_last or not place.size % lanes)
