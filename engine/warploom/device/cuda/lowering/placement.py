"""Places every tensor: in a buffer of its own, inside a Concat's buffer, or as a view of another tensor."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Mapping
from dataclasses import dataclass

from warploom.device.cuda.layout import Layout, is_image_layout, row_major, vector_lanes
from warploom.device.cuda.lowering.boundary import fits_boundary, input_region, output_region
from warploom.device.cuda.lowering.movement import RESHAPES, VIEWS, cut_out, moved
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.lowering.slices import Slice
from warploom.device.cuda.lowering.usage import Usage
from warploom.device.cuda.steps import Region
from warploom.graph import Primitive

_MATRIX_OPS = ("MatMul", "Gemm")


@dataclass(frozen=True, slots=True)
class Placed:
    """Where everything lies.

    Attributes:
        regions: Of each computed tensor that exists in memory.
        buffers: Bytes of each buffer that a tensor owns (those at the boundary excepted).
    """

    regions: Mapping[str, Region]
    buffers: Mapping[str, int]


def place(
    usage: Usage,
    layouts: Mapping[str, Layout],
    slices: Mapping[str, Slice],
    unconverted: Container[str] = frozenset(),
) -> Placed:
    """Places all tensors.

    Rules:
        1. A tensor in `slices` is that part of the Concat's result.
        2. What only moves data is a view of its input if strides can say it and its readers can use it: any reshape or
           cut; a transposition that keeps the fastest dimension last or feeds matrix products; an expansion that only
           pointwise kernels read.
        3. A graph input whose inner layout is that of the boundary stays there, and so does one in `unconverted` with
           the views of it that are named there, too; a graph output that nothing else reads is written there by copies,
           and, if its layout is that of the boundary, by own kernels and by the products in `unconverted`.
        4. Everything else owns a buffer, row-major or channels-last as chosen; what only feeds a Transpose that keeps
           the fastest dimension is laid out as that leaves it.
    """
    placer = _Placer(usage, layouts, slices, unconverted)
    for name in usage.graph.inputs:
        placer.place_input(name)
    for part in usage.segments:
        for segment in part:
            for name in segment.writes:
                placer.place_result(name, segment)
    return Placed(placer.regions, placer.buffers)


class _Placer:
    def __init__(
        self, usage: Usage, layouts: Mapping[str, Layout], slices: Mapping[str, Slice], unconverted: Container[str]
    ) -> None:
        self.regions: dict[str, Region] = {}
        self.buffers: dict[str, int] = {}
        self._usage = usage
        self._graph = usage.graph
        self._layouts = layouts
        self._slices = slices
        self._unconverted = unconverted
        self._wholes = {part.whole for part in slices.values()}

    def place_input(self, name: str) -> None:
        layout = self._layouts[name]
        boundary = input_region(self._graph, name)
        if name in self._unconverted:
            self.regions[name] = boundary
        elif fits_boundary(layout, boundary.layout):
            self.regions[name] = dataclasses.replace(boundary, layout=layout)
        else:
            self._own(name, layout)

    def place_result(self, name: str, segment: Segment) -> None:
        if name in self.regions:
            return
        if segment.anchor is not None and segment.anchor.op in VIEWS:
            view = self._view(name, segment.anchor)
            if view is not None:
                self.regions[name] = view
                return
        self._place_with_wholes(name)

    def _place_with_wholes(self, name: str) -> None:
        """Places the Concats around a tensor first, outermost first."""
        inside: list[str] = []
        while name in self._slices and name not in self.regions:
            inside.append(name)
            name = self._slices[name].whole
        if name not in self.regions:
            self._own(name, self._own_layout(name))
        for part in reversed(inside):
            place = self._slices[part]
            self.regions[part] = cut_out(self.regions[place.whole], place.axis, place.start, place.size)

    def _own(self, name: str, layout: Layout) -> None:
        direct = self._direct(name, layout)
        if direct is not None:
            self.regions[name] = direct
            return
        self.regions[name] = Region(name, 0, layout)
        self.buffers[name] = layout.size_bytes

    def _direct(self, name: str, layout: Layout) -> Region | None:
        """Rule 3 for outputs: the region at the boundary, in the layout that its writer expects."""
        by_library = self._usage.is_product(name) and name not in self._unconverted
        if not self._usage.is_only_output(name) or by_library or name in self._wholes:
            return None
        boundary = output_region(self._graph, name)
        if not self._usage.is_computed(name):  # copies write any layout
            return boundary
        written = dataclasses.replace(layout, dtype=boundary.layout.dtype)
        return dataclasses.replace(boundary, layout=written) if fits_boundary(written, boundary.layout) else None

    def _own_layout(self, name: str) -> Layout:
        layout = self._layouts[name]
        reader = self._usage.sole_reader(name)
        if reader is None or reader.anchor is None or reader.anchor.op != "Transpose" or layout.channels_last:
            return layout
        perm = reader.anchor.integers("perm")
        if not self._usage.is_computed(name) or perm[-1] != len(perm) - 1:
            return layout
        after = row_major([layout.shape[axis] for axis in perm], layout.dtype)
        strides = tuple(after.strides[perm.index(axis)] for axis in range(len(perm)))
        return Layout(layout.shape, strides, layout.dtype)

    def _view(self, name: str, primitive: Primitive) -> Region | None:
        source = self.regions.get(primitive.inputs[0])
        if source is None or not self._tolerates_view(name, primitive):
            return None
        shape = self._graph.tensors[name].shape
        seen = moved(primitive, primitive.outputs.index(name), source, shape)
        if seen is None or any(stride < 0 for stride in seen.layout.strides):
            return None
        if name in self._unconverted:
            return seen
        if primitive.op == "Transpose" and not self._tolerates_order(name, seen.layout):
            return None
        return as_wanted(seen, self._layouts[name])

    def _tolerates_view(self, name: str, primitive: Primitive) -> bool:
        if primitive.op == "Expand":
            readers = self._usage.readers.get(name, ())
            return name not in self._graph.outputs and all(reader.anchor is None for reader in readers)
        return primitive.op not in RESHAPES or name == primitive.outputs[0]

    def _tolerates_order(self, name: str, layout: Layout) -> bool:
        if not layout.shape or layout.strides[-1] == 1 or layout.shape[-1] == 1:
            return True
        readers = self._usage.readers.get(name, ())
        feeds_products = all(reader.anchor is not None and reader.anchor.op in _MATRIX_OPS for reader in readers)
        return feeds_products and name not in self._graph.outputs


def as_wanted(region: Region, wanted: Layout) -> Region | None:
    """A view in the form that readers of a tensor of layout `wanted` expect; None if it is not of that form.

    Row-major tensors may have any strides. Channels-last ones have channels as neighbours, at least as many as `wanted`
    has, that begin and end at whole vectors.
    """
    if not wanted.channels_last:
        return region
    layout = region.layout
    if wanted.channels == 1:
        strides = (layout.strides[0], 1, *layout.strides[2:])
        return dataclasses.replace(region, layout=dataclasses.replace(layout, strides=strides, channels=1))
    if not layout.channels_last:
        if layout.shape[1] != wanted.channels:
            return None
        layout = dataclasses.replace(layout, channels=wanted.channels)
    aligned = region.offset % vector_lanes(layout.dtype) == 0
    if layout.channels < wanted.channels or not is_image_layout(layout) or not aligned:
        return None
    return dataclasses.replace(region, layout=layout)
