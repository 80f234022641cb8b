"""Data movement as arithmetic on strides: what a primitive that only moves reads, seen with the shape of its result."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from warploom.device.cuda.layout import Layout
from warploom.device.cuda.lowering.broadcast import broadcast_view
from warploom.device.cuda.lowering.reshape import reshaped
from warploom.device.cuda.steps import Region
from warploom.graph import Primitive

RESHAPES = ("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout")


def moved(primitive: Primitive, output: int, source: Region, shape: Sequence[int]) -> Region | None:
    """The elements of a primitive's input, in the order and shape of one of its outputs.

    Args:
        primitive: One of MOVEMENTS except Concat.
        output: Which output.
        source: Where its input lies.
        shape: The output's shape.

    Returns:
        A Region of the same buffer (with strides of 0 where elements repeat, negative ones where they go backwards),
        or None if no strides say that: a reshape of what is not dense. Physical channels are kept only where
        dimension 1 is as it was.
    """
    return _VIEWS[primitive.op](primitive, output, source, tuple(shape))


def _reshape(primitive: Primitive, output: int, source: Region, shape: tuple[int, ...]) -> Region | None:  # noqa: ARG001
    layout = reshaped(source.layout, shape)
    return None if layout is None else dataclasses.replace(source, layout=layout)


def _transpose(primitive: Primitive, output: int, source: Region, shape: tuple[int, ...]) -> Region:  # noqa: ARG001
    perm = primitive.integers("perm")
    old = source.layout
    channels = old.channels if len(perm) > 1 and perm[1] == 1 else 0
    layout = Layout(shape, tuple(old.strides[axis] for axis in perm), old.dtype, channels)
    return dataclasses.replace(source, layout=layout)


def _split(primitive: Primitive, output: int, source: Region, shape: tuple[int, ...]) -> Region:
    axis = primitive.integer("axis")
    sizes = primitive.integers("split")
    return cut_out(source, axis, sum(sizes[:output]), shape[axis])


def cut_out(source: Region, axis: int, start: int, size: int, channels: int | None = None) -> Region:
    """A part of a Region along one axis.

    Args:
        source: The whole.
        axis: Which dimension.
        start: The first index.
        size: How many.
        channels: Physical channels of a part of the channels; by default all that are left behind `start`, if the part
            goes to the end, and as many as it has otherwise.
    """
    old = source.layout
    shape = tuple(size if i == axis else extent for i, extent in enumerate(old.shape))
    physical = old.channels
    if old.channels_last and axis == 1:
        to_end = start + size == old.shape[1]
        physical = channels if channels is not None else old.channels - start if to_end else size
    layout = Layout(shape, old.strides, old.dtype, physical)
    return Region(source.buffer, source.offset + start * old.strides[axis], layout)


def _slice(primitive: Primitive, output: int, source: Region, shape: tuple[int, ...]) -> Region:  # noqa: ARG001
    old = source.layout
    offset, strides, channels = source.offset, list(old.strides), old.channels
    starts, axes, steps = (primitive.integers(name) for name in ("starts", "axes", "steps"))
    for start, axis, step in zip(starts, axes, steps, strict=True):
        offset += start * old.strides[axis]
        strides[axis] *= step
        if axis == 1 and channels and (start, step, shape[1]) != (0, 1, old.shape[1]):
            to_end = step == 1 and start + shape[1] == old.shape[1]
            channels = old.channels - start if to_end else shape[1]
    if channels and strides[1] != 1:
        channels = 0
    return Region(source.buffer, offset, Layout(shape, tuple(strides), old.dtype, channels))


def _expand(primitive: Primitive, output: int, source: Region, shape: tuple[int, ...]) -> Region:  # noqa: ARG001
    return broadcast_view(source, shape)


_VIEWS: Mapping[str, Callable[[Primitive, int, Region, tuple[int, ...]], Region | None]] = {
    **dict.fromkeys(RESHAPES, _reshape),
    "Transpose": _transpose,
    "Split": _split,
    "Slice": _slice,
    "Expand": _expand,
}

VIEWS = frozenset(_VIEWS)
"""Movements that a view can stand for, if strides allow."""

MOVEMENTS = frozenset({*_VIEWS, "Concat", "Tile", "DepthToSpace", "SpaceToDepth"})
"""Everything that lowering does by strides alone, as a view or a copy."""
