"""Tile, DepthToSpace and SpaceToDepth as one strided copy each: both sides seen with dimensions split in blocks."""

from __future__ import annotations

from collections.abc import Sequence

from warploom.device.cuda.layout import Layout
from warploom.device.cuda.steps import Region
from warploom.graph import Primitive


def block_copy(primitive: Primitive, source: Region, target: Region) -> tuple[Region, Region]:
    """The (read, write) pair of regions of one shape that copies what the primitive moves.

    Padded channels of the target are not part of it (see `padding_of`).
    """
    if primitive.op == "Tile":
        return _tile(primitive, source, target)
    block = primitive.integer("blocksize")
    if primitive.op == "SpaceToDepth":
        return _blocks(source, target, block, "DCR")
    write, read = _blocks(target, source, block, primitive.text("mode", "DCR"))
    return read, write


def _blocks(wide: Region, deep: Region, block: int, mode: str) -> tuple[Region, Region]:
    """Both regions as (N, block row, block column, channel, row, column), `wide` in space and `deep` in channels."""
    space = _split(_split(wide, 3, block), 2, block)  # N, C, H, block row, W, block column
    if mode == "CRD":
        channels = _split(_split(deep, 1, block), 1, block)  # N, C, block row, block column, H, W
        return _ordered(space, (0, 3, 5, 1, 2, 4)), _ordered(channels, (0, 2, 3, 1, 4, 5))
    depth = deep.layout.shape[1] // (block * block)
    channels = _split(_split(deep, 1, depth), 1, block)  # N, block row, block column, C, H, W
    return _ordered(space, (0, 3, 5, 1, 2, 4)), _ordered(channels, (0, 1, 2, 3, 4, 5))


def _tile(primitive: Primitive, source: Region, target: Region) -> tuple[Region, Region]:
    rank = len(source.layout.shape)
    write = target
    for axis in range(rank - 1, -1, -1):
        write = _split(write, axis, source.layout.shape[axis])
    old = source.layout
    repeats = primitive.integers("repeats")
    shape = tuple(size for pair in zip(repeats, old.shape, strict=True) for size in pair)
    strides = tuple(stride for inner in old.strides for stride in (0, inner))
    return Region(source.buffer, source.offset, Layout(shape, strides, old.dtype)), write


def _split(region: Region, axis: int, inner: int) -> Region:
    """Dimension `axis` as two, the second of size `inner`; any strides allow that."""
    old = region.layout
    size, stride = old.shape[axis], old.strides[axis]
    shape = (*old.shape[:axis], size // max(inner, 1), inner, *old.shape[axis + 1 :])
    strides = (*old.strides[:axis], stride * inner, stride, *old.strides[axis + 1 :])
    return Region(region.buffer, region.offset, Layout(shape, strides, old.dtype))


def _ordered(region: Region, order: Sequence[int]) -> Region:
    old = region.layout
    layout = Layout(tuple(old.shape[i] for i in order), tuple(old.strides[i] for i in order), old.dtype)
    return Region(region.buffer, region.offset, layout)


def padding_of(region: Region) -> Region | None:
    """The padded channels of a channels-last Region; None if it has none."""
    old = region.layout
    extra = old.channels - old.shape[1] if old.channels_last else 0
    if extra <= 0:
        return None
    shape = (old.shape[0], extra, *old.shape[2:])
    return Region(region.buffer, region.offset + old.shape[1], Layout(shape, old.strides, old.dtype, extra))
