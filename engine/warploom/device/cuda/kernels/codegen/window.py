"""Sliding windows over channels-first or channels-last tensors: what depthwise convolution and pooling share.

A thread computes `pixels` neighbouring outputs along the last spatial dimension, for `lanes` neighbouring channels.
Taps are unrolled; those outside the input load a neutral value under a predicate, so that loads need not wait for
branches.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.chain import IDENTITY, Chain
from warploom.device.cuda.kernels.codegen.nest import VECTOR_BYTES, split_index
from warploom.device.cuda.kernels.codegen.types import value_type
from warploom.device.cuda.layout import Layout
from warploom.device.cuda.steps import Region

# Larger windows are loops: their text would be long to compile and gain nothing.
_MOST_TAPS = 64
_MOST_COLUMNS = 16


@dataclass(frozen=True, slots=True)
class Window:
    """A window, one number per spatial dimension."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    begins: tuple[int, ...]

    @property
    def taps(self) -> int:
        """Elements of the window."""
        return math.prod(self.kernel)


@dataclass(frozen=True, slots=True)
class Fused:
    """A pointwise chain before or after the window.

    Attributes:
        chain: The chain.
        value: The name of what goes through it: the window's own input or result.
        result: The name of what comes out.
        reads: Its other operands, of the same logical shape as the value (stride 0 where they repeat).
    """

    chain: Chain = IDENTITY
    value: str = "x"
    result: str = "x"
    reads: tuple[tuple[str, Region], ...] = ()


NOTHING = Fused()


@dataclass(frozen=True, slots=True)
class Sliding:
    """Geometry of one kernel.

    Attributes:
        window: The window.
        x: Input (N, C, spatial...).
        y: Output (N, K, spatial...), where K is a multiple of C (`multiplier`).
        lanes: Channels per thread.
        pixels: Outputs along the last dimension per thread.
    """

    window: Window
    x: Region
    y: Region
    lanes: int
    pixels: int

    @property
    def rank(self) -> int:
        """Spatial dimensions."""
        return len(self.window.kernel)

    @property
    def multiplier(self) -> int:
        """Output channels per input channel."""
        return self.y.layout.shape[1] // self.x.layout.shape[1]

    @property
    def channels(self) -> int:
        """Channels written, padded lanes included."""
        layout = self.y.layout
        return layout.channels if layout.channels_last else layout.shape[1]

    @property
    def padded(self) -> bool:
        """Whether some lanes lie beyond the tensor."""
        return self.channels > self.y.layout.shape[1]

    @property
    def threads(self) -> int:
        """Threads of the launch."""
        return math.prod(size for _, size in self._dimensions())

    def _dimensions(self) -> list[tuple[str, int]]:
        layout = self.y.layout
        names = ["n", "cv", *(f"p{d}" for d in range(self.rank - 1)), "tile"]
        sizes = list(layout.shape)
        sizes[1] = self.channels // self.lanes
        sizes[-1] = -(-sizes[-1] // self.pixels)
        order = sorted(range(len(sizes)), key=lambda d: layout.strides[d], reverse=True)
        return [(names[d], sizes[d]) for d in order]

    def begin(self, block: int) -> list[str]:
        """Statements that find out what this thread computes: n, c (its first channel), p0, ... (its first output)."""
        last = self.rank - 1
        return [
            f"const unsigned t = blockIdx.x * {block}u + threadIdx.x;",
            f"if (t >= {self.threads}u) return;",
            *split_index("t", self._dimensions()),
            f"const int c = cv * {self.lanes};",
            f"const int p{last} = tile * {self.pixels};",
        ]

    @property
    def wide(self) -> bool:
        """Whether the window is too wide to write every column into the text: then each thread makes one output."""
        return self.window.kernel[-1] > _MOST_COLUMNS

    def columns(self) -> dict[str, list[tuple[int, str]]]:
        """Input columns, relative to the first tap of the first output, each with the (output, tap) that read it."""
        if self.wide:
            return {f"column * {self.window.dilations[-1]}": [(0, "column")]}
        stride, dilation = self.window.strides[-1], self.window.dilations[-1]
        readers: dict[int, list[tuple[int, str]]] = {}
        for pixel in range(self.pixels):
            for tap in range(self.window.kernel[-1]):
                readers.setdefault(pixel * stride + tap * dilation, []).append((pixel, str(tap)))
        return {str(column): readers[column] for column in sorted(readers)}

    def row(self, body: Sequence[str]) -> list[str]:
        """What is done in one row of taps: a loop over its columns where the window is wide."""
        if not self.wide:
            return list(body)
        return ["#pragma unroll 4", f"for (int column = 0; column < {self.window.kernel[-1]}; ++column) {{", *body, "}"]

    def rows(self, body: Sequence[str]) -> list[str]:
        """Loops over the taps of all but the last dimension, around a body that may use `row_there`, s0, k0, ..."""
        window = self.window
        head: list[str] = []
        for d in range(self.rank - 1):
            head.append("#pragma unroll" if window.taps <= _MOST_TAPS else "#pragma unroll 1")
            head.append(f"for (int k{d} = 0; k{d} < {window.kernel[d]}; ++k{d}) {{")
            head.append(
                f"const int s{d} = p{d} * {window.strides[d]} - {window.begins[d]} + k{d} * {window.dilations[d]};"
            )
        sizes = self.x.layout.shape[2:-1]
        inside = " && ".join(f"(unsigned)s{d} < {size}u" for d, size in enumerate(sizes)) or "true"
        return [*head, f"const bool row_there = {inside};", *body, *("}" for _ in range(self.rank - 1))]

    def first_column(self) -> str:
        """The statement that names the input column of the first tap of the first output."""
        last = self.rank - 1
        return f"const int first = p{last} * {self.window.strides[-1]} - {self.window.begins[-1]};"

    def load_column(
        self, variable: str, column: str, before: Fused, pointers: Sequence[str], neutral: str
    ) -> list[str]:
        """Statements that load one input column of this row into `variable`, neutral where it does not exist.

        Args:
            variable: What to name it; "VARIABLE_there" says whether it exists.
            column: Relative to `first`.
            before: What happens to the elements first.
            pointers: Of x, then of what `before` reads.
            neutral: What stands for an element outside.
        """
        width = self.x.layout.shape[-1]
        there = f"{variable}_there"
        kind = value_type(self.x.layout.dtype)
        lines = [f"const bool {there} = row_there && (unsigned)(first + {column}) < {width}u;"]
        at = {d + 2: f"s{d}" for d in range(self.rank - 1)} | {self.rank + 1: f"(first + {column})"}
        plain = not before.chain.body
        own = self._access(self.x, pointers[0], at, there, neutral if plain else "0")
        loads, text = own.load(variable if plain else f"{variable}_0")
        lines.extend(loads)
        if plain:
            return lines
        values = {before.value: text}
        for position, (name, region) in enumerate(before.reads):
            access = self._access(region, pointers[1 + position], at, there, "0")
            loads, values[name] = access.load(f"{variable}_{position + 1}")
            lines.extend(loads)
        statements, known = before.chain.emit(values, "q")
        lines.append(f"{kind} {variable}[{self.lanes}];")
        result = f"{variable}[l] = {there} ? {known[before.result]} : ({kind})({neutral});"
        return [*lines, *each_lane(self.lanes, [*statements, result])]

    def _access(self, region: Region, pointer: str, at: Mapping[int, str], there: str, otherwise: str) -> Access:
        """Access to an operand with the shape of x, at input coordinates."""
        stride = region.layout.strides[1]
        channel = "c" if self.multiplier == 1 else f"(c / {self.multiplier})"
        where = {0: "n", 1: channel, **at}
        return Access(
            pointer=f"{pointer} + {place(region.layout, where)}",
            dtype=region.layout.dtype,
            stride=stride if self.lanes > 1 else 1,
            lanes=self.lanes,
            limit=self._input_limit(region.layout) if stride else "",
            there=there,
            otherwise=otherwise,
        )

    def _input_limit(self, layout: Layout) -> str:
        if self.multiplier == 1:
            return self._limit(layout)
        readable = layout.channels if layout.channels_last else layout.shape[1]
        return "" if (self.channels - 1) // self.multiplier < readable else f"{readable} - c / {self.multiplier}"

    def _limit(self, layout: Layout) -> str:
        """Lanes that may be touched, where not all may."""
        readable = layout.channels if layout.channels_last else layout.shape[1]
        return "" if readable >= self.channels else f"{readable} - c"

    def vector_access(self, pointer: str, region: Region, channel: str = "c") -> Access:
        """Access to parameters per output channel: a vector, at least as long as the channels are padded."""
        return Access(f"{pointer} + {channel}", region.layout.dtype, 1, self.lanes)

    def finish(self, pixel: int, value: str, after: Fused, pointers: Sequence[str]) -> list[str]:
        """Statements that apply the epilogue to the results of one output and store them.

        Args:
            pixel: Which of the thread's outputs.
            value: The expression of its lane `l`.
            after: The epilogue.
            pointers: Of y, then of what `after` reads.
        """
        last = self.rank - 1
        at = {d + 2: f"p{d}" for d in range(last)} | {self.rank + 1: f"(p{last} + {pixel})"}
        kind = value_type(self.y.layout.dtype)
        lines: list[str] = []
        values = {after.value: value}
        for position, (name, region) in enumerate(after.reads):
            loads, values[name] = self._output(region, pointers[1 + position], at).load(f"e{pixel}_{position}")
            lines.extend(loads)
        statements, known = after.chain.emit(values, "w")
        result = known[after.result]
        if self.padded:
            result = f"c + l < {self.y.layout.shape[1]} ? {result} : ({kind})(0)"
        lines.append(f"{kind} r{pixel}[{self.lanes}];")
        lines.extend(each_lane(self.lanes, [*statements, f"r{pixel}[l] = {result};"]))
        lines.extend(self._output(self.y, pointers[0], at).store(f"r{pixel}"))
        width = self.y.layout.shape[-1]
        guard = f"if (p{last} + {pixel} < {width}) " if width % self.pixels and pixel else ""
        return [f"{guard}{{", *lines, "}"]

    def _output(self, region: Region, pointer: str, at: Mapping[int, str]) -> Access:
        """Access to an operand with the shape of y, at output coordinates."""
        stride = region.layout.strides[1]
        return Access(
            pointer=f"{pointer} + {place(region.layout, {0: 'n', 1: 'c', **at})}",
            dtype=region.layout.dtype,
            stride=stride if self.lanes > 1 else 1,
            lanes=self.lanes,
            limit=self._limit(region.layout) if stride else "",
        )


def place(layout: Layout, at: Mapping[int, str]) -> str:
    """The C++ expression of the offset at coordinates given by dimension."""
    reach = sum(abs(stride) * max(0, size - 1) for stride, size in zip(layout.strides, layout.shape, strict=True))
    wide = reach >= 2**30
    terms = []
    for dimension, text in at.items():
        stride = layout.strides[dimension]
        if stride and (layout.shape[dimension] > 1 or dimension == 1):
            variable = f"(long long){text}" if wide else text
            terms.append(variable if stride == 1 else f"{variable} * {stride}")
    return "(" + (" + ".join(terms) or "0") + ")"


def channel_lanes(x: Region, y: Region, operands: Sequence[Region]) -> int:
    """Channels that a thread computes: a vector of 16 bytes where channels are innermost and aligned."""
    multiplier = y.layout.shape[1] // x.layout.shape[1]
    if multiplier != 1 or x.layout.strides[1] != 1 or y.layout.strides[1] != 1:
        return 1
    channels = y.layout.channels if y.layout.channels_last else y.layout.shape[1]
    lanes = VECTOR_BYTES // max(x.layout.dtype.itemsize, y.layout.dtype.itemsize)
    while lanes > 1 and (channels % lanes or not all(_aligned(region, lanes) for region in (x, y, *operands))):
        lanes //= 2
    return lanes


def _aligned(region: Region, lanes: int) -> bool:
    layout = region.layout
    if layout.strides[1] != 1:
        return True
    unit = min(lanes, VECTOR_BYTES // layout.dtype.itemsize)
    others = (stride for d, stride in enumerate(layout.strides) if d != 1 and layout.shape[d] > 1)
    return region.offset % unit == 0 and all(stride % unit == 0 for stride in others)
