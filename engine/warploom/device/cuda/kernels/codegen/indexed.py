"""Kernels that compute every element of a result from its coordinates: gathers, padding, interpolation, ...

A thread computes `lanes` neighbours along the innermost dimension of the result. The text of a kernel may use
`d0`, `d1`, ...: the coordinates of the thread's first element in ONNX order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.kernel import blocks_for, kernel_step
from warploom.device.cuda.kernels.codegen.nest import VECTOR_BYTES, split_index
from warploom.device.cuda.kernels.codegen.types import SHORT, value_type
from warploom.device.cuda.layout import Layout
from warploom.device.cuda.steps import KernelStep, Region

_BLOCK = 128


@dataclass(frozen=True, slots=True)
class Indexed:
    """Geometry of one kernel.

    Attributes:
        y: The result.
        lanes: Elements per thread along `inner`.
    """

    y: Region
    lanes: int

    @property
    def inner(self) -> int:
        """The dimension that neighbouring lanes run along."""
        return inner_dimension(self.y.layout)

    def step(
        self, stem: str, body: Sequence[str], reads: Sequence[Region], others: Sequence[Region] = ()
    ) -> KernelStep:
        """The kernel.

        Args:
            stem: For its name.
            body: Statements that set the array `r` of `lanes` results.
            reads: Regions read (x0, x1, ...).
            others: Further regions written by the body itself (y1, ...).
        """
        layout = self.y.layout
        kind = value_type(layout.dtype)
        names = [f"d{axis}" for axis in range(len(layout.shape))]
        sizes = [_physical(layout, axis) for axis in range(len(layout.shape))]
        order = sorted(range(len(sizes)), key=lambda axis: abs(layout.strides[axis]), reverse=True)
        threads = 1
        dimensions: list[tuple[str, int]] = []
        for axis in order:
            vectors = sizes[axis] // self.lanes if axis == self.inner else sizes[axis]
            dimensions.append((f"v{axis}", vectors))
            threads *= vectors
        lines = [
            f"const unsigned t = blockIdx.x * {_BLOCK}u + threadIdx.x;",
            f"if (t >= {threads}u) return;",
            *split_index("t", dimensions),
        ]
        for axis, name in enumerate(names):
            scaled = f" * {self.lanes}" if axis == self.inner and self.lanes > 1 else ""
            lines.append(f"const int {name} = v{axis}{scaled};")
        lines.append(f"{kind} r[{self.lanes}];")
        if self.padded and self.lanes == 1:
            lines.extend((f"if (d1 < {layout.shape[1]}) {{", *body, "} else {", f"r[0] = ({kind})(0);", "}"))
        else:
            lines.extend(body)
        if self.padded and self.lanes > 1:
            lines.extend(each_lane(self.lanes, [f"r[l] = d1 + l < {layout.shape[1]} ? r[l] : ({kind})(0);"]))
        lines.extend(self.access("y0", self.y, dict(enumerate(names))).store("r"))
        grid = (blocks_for(threads, _BLOCK), 1, 1)
        writes = (self.y, *others)
        return kernel_step(f"{stem}_{SHORT[layout.dtype]}", lines, writes, reads, grid=grid, block=(_BLOCK, 1, 1))

    @property
    def padded(self) -> bool:
        """Whether the innermost dimension has lanes beyond the tensor."""
        layout = self.y.layout
        return layout.channels_last and layout.channels > layout.shape[1]

    def access(self, pointer: str, region: Region, at: Mapping[int, str], *, along: int | None = None) -> Access:
        """Access to `lanes` elements of a region.

        Args:
            pointer: Its pointer.
            region: The region.
            at: Coordinates by the region's own dimensions.
            along: The region's dimension that the lanes run along: by default `inner`; -1 for none.
        """
        layout = region.layout
        axis = self.inner if along is None else along
        stride = layout.strides[axis] if 0 <= axis < len(layout.strides) else 0
        limit = ""
        if self.padded and stride:
            readable = _physical(layout, axis)
            limit = f"{readable} - {at.get(axis, f'd{self.inner}')}" if readable < self.y.layout.channels else ""
        if self.lanes == 1:
            stride = 1 if stride else 0
        return Access(f"{pointer} + {address(layout, at)}", layout.dtype, stride, self.lanes, limit)


def inner_dimension(layout: Layout) -> int:
    """The dimension with the smallest stride among those that are wider than one (the last one if there is none)."""
    wide = [axis for axis in range(len(layout.shape)) if _physical(layout, axis) > 1]
    return min(wide, key=lambda axis: (abs(layout.strides[axis]), -axis)) if wide else len(layout.shape) - 1


def lanes_along(y: Region, others: Sequence[tuple[Region, int]]) -> int:
    """Lanes that fill 16 bytes of the widest region, if all are contiguous and aligned along their dimension.

    Args:
        y: The result, along its innermost dimension.
        others: Regions read as vectors, each with the dimension that corresponds.
    """
    axis = inner_dimension(y.layout)
    if axis < 0:
        return 1
    pairs = [(y, axis), *others]
    if any(region.layout.strides[along] != 1 for region, along in pairs):
        return 1
    lanes = VECTOR_BYTES // max(region.layout.dtype.itemsize for region, _ in pairs)
    while lanes > 1 and (_physical(y.layout, axis) % lanes or not all(_aligned(*pair, lanes) for pair in pairs)):
        lanes //= 2
    return lanes


def _aligned(region: Region, along: int, lanes: int) -> bool:
    layout = region.layout
    unit = min(lanes, VECTOR_BYTES // layout.dtype.itemsize)
    others = (stride for d, stride in enumerate(layout.strides) if d != along and layout.shape[d] > 1)
    return region.offset % unit == 0 and all(stride % unit == 0 for stride in others)


def _physical(layout: Layout, axis: int) -> int:
    return layout.channels if axis == 1 and layout.channels_last else layout.shape[axis]


def address(layout: Layout, at: Mapping[int, str]) -> str:
    """The C++ expression of the offset at coordinates given by dimension."""
    reach = sum(abs(s) * max(0, size - 1) for s, size in zip(layout.strides, layout.shape, strict=True))
    kind = "(long long)" if reach >= 2**30 else ""
    terms = [
        f"{kind}{text}" if layout.strides[axis] == 1 else f"{kind}{text} * {layout.strides[axis]}"
        for axis, text in at.items()
        if layout.strides[axis] and text != "0"
    ]
    return "(" + (" + ".join(terms) or "0") + ")"


def element(pointer: str, region: Region, at: Mapping[int, str]) -> str:
    """The C++ expression of one element's value."""
    return f"wl::decode({pointer}[{address(region.layout, at)}])"


def index_lines(name: str, text: str, size: int) -> list[str]:
    """Statements that make a valid index of a value: negative ones count from the end, wrong ones stay inside."""
    return [
        f"long long {name} = (long long)({text});",
        f"if ({name} < 0) {name} += {size};",
        f"{name} = {name} < 0 ? 0 : ({name} < {size} ? {name} : {size - 1});",
    ]
