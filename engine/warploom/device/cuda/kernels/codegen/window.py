"""Sliding windows over channels-first or channels-last tensors: what depthwise convolution and pooling share.

A thread computes `lines` x `pixels` neighbouring outputs for `lanes` neighbouring channels, and reads each input
element that any of them needs once.
Taps are unrolled; those outside the input load a neutral value under a predicate, so that loads need not wait for
branches.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.chain import IDENTITY, Chain
from warploom.device.cuda.kernels.codegen.nest import VECTOR_BYTES, split_index
from warploom.device.cuda.kernels.codegen.types import STORAGE, lowest, value_type
from warploom.device.cuda.layout import Layout
from warploom.device.cuda.steps import Region
from warploom.graph import DType

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

    def result_type(self, value: DType) -> DType:
        """The type behind the chain of values that are stored in some type: it may make floats of integers."""
        if not self.chain.body:
            return value
        result = self.chain.types[self.result]
        return value if result.is_float == value.is_float else result


NOTHING = Fused()


@dataclass(frozen=True, slots=True)
class Tap:
    """One place of the window.

    Attributes:
        name: Unique among the taps that are alive together.
        index: C++ expression of its number, row by row.
        there: C++ condition under which it exists; "" if it always does.
    """

    name: str
    index: str
    there: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One element of the input (of every lane) that a thread reads.

    Attributes:
        variable: The array of its values.
        there: The variable that says whether it exists.
        place: C++ expressions of its spatial coordinates.
        readers: Outputs that read it, each as (line, pixel), with the tap that they read it by.
    """

    variable: str
    there: str
    place: tuple[str, ...]
    readers: tuple[tuple[tuple[int, int], Tap], ...]

    def of_line(self, line: int) -> Cell:
        """The same with the readers of one line only."""
        return replace(self, readers=tuple(reader for reader in self.readers if reader[0][0] == line))


@dataclass(frozen=True, slots=True)
class Sliding:
    """Geometry of one kernel.

    Attributes:
        window: The window.
        x: Input (N, C, spatial...).
        y: Output (N, K, spatial...), where K is a multiple of C (`multiplier`).
        lanes: Channels per thread.
        pixels: Outputs along the last dimension per thread.
        lines: Outputs along the last dimension but one per thread.
        unroll: Rows of taps written into the text together; the rest is a loop (0: no loop while the window is small).
    """

    window: Window
    x: Region
    y: Region
    lanes: int
    pixels: int
    lines: int = 1
    unroll: int = 0

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

    @property
    def outputs(self) -> list[tuple[int, int]]:
        """What a thread computes, as (line, pixel)."""
        return [(line, pixel) for line in range(self.lines) for pixel in range(self.pixels)]

    def _dimensions(self) -> list[tuple[str, int]]:
        layout = self.y.layout
        names = ["n", "cv", *(f"t{d}" for d in range(self.rank))]
        sizes = list(layout.shape)
        sizes[1] = self.channels // self.lanes
        sizes[-1] = -(-sizes[-1] // self.pixels)
        if self.rank > 1:
            sizes[-2] = -(-sizes[-2] // self.lines)
        order = sorted(range(len(sizes)), key=lambda d: layout.strides[d], reverse=True)
        return [(names[d], sizes[d]) for d in order]

    def begin(self, block: int) -> list[str]:
        """Statements that find out what this thread computes: n, c (its first channel), p0, ... (its first output)."""
        steps = [1] * self.rank
        steps[-1] = self.pixels
        if self.rank > 1:
            steps[-2] = self.lines
        return [
            f"const unsigned t = blockIdx.x * {block}u + threadIdx.x;",
            f"if (t >= {self.threads}u) return;",
            *split_index("t", self._dimensions()),
            f"const int c = cv * {self.lanes};",
            *(f"const int p{d} = t{d} * {step};" for d, step in enumerate(steps)),
            f"const int first = {self._coordinate(self.rank - 1, '0')};",
        ]

    def _coordinate(self, d: int, tap: str) -> str:
        """The input coordinate of a tap of the first output."""
        return f"p{d} * {self.window.strides[d]} - {self.window.begins[d]} + {tap}"

    @property
    def looped(self) -> bool:
        """Whether rows of taps are a loop, and not all written into the text."""
        return self.unroll > 0 or self.window.taps > _MOST_TAPS or self.wide

    @property
    def wide(self) -> bool:
        """Whether the window is too wide to write every column into the text."""
        return self.window.kernel[-1] > _MOST_COLUMNS

    def walk(
        self,
        before: Fused,
        pointers: Sequence[str],
        use: Callable[[Cell], list[str]],
        need: Callable[[Sequence[Tap]], list[str]] | None = None,
        *,
        lowest_outside: bool = False,
    ) -> list[str]:
        """Statements that read every element of the thread's windows once.

        Args:
            before: What happens to the elements first.
            pointers: Of x, then of what `before` reads.
            use: Statements that use an element.
            need: Statements that provide for taps, before elements are used by them.
            lowest_outside: What stands for an element outside: the smallest value, or zero.
        """
        outer = self.rank - 1 if self.looped else max(0, self.rank - 2)
        body: list[str] = []
        alive: set[str] = set()
        for row, readers in self._rows(outer).items():
            cells = self._cells(row, readers)
            taps = [tap for _, cell in cells for _, tap in cell.readers if tap.name not in alive]
            new = list({tap.name: tap for tap in taps}.values())
            alive.update(tap.name for tap in new)
            provide = need(new) if need is not None and new else []
            body.extend(self._row(row, cells, before, pointers, use, provide, lowest_outside))
        return [*self._loops(outer), *body, *("}" for _ in range(outer))]

    def _loops(self, outer: int) -> list[str]:
        """Heads of the loops over rows of taps; the innermost one runs over the input rows of all lines."""
        lines: list[str] = []
        for d in range(outer):
            rows = self.window.kernel[d]
            dilation = self.window.dilations[d]
            if d == self.rank - 2 and self.lines > 1:
                rows, dilation = rows + (self.lines - 1) * self.window.strides[d], 1
            lines.append(f"#pragma unroll {max(1, self.unroll)}" if self.looped else "#pragma unroll")
            lines.append(f"for (int k{d} = 0; k{d} < {rows}; ++k{d}) {{")
            lines.append(f"const int s{d} = {self._coordinate(d, f'k{d} * {dilation}')};")
        return lines

    def _rows(self, outer: int) -> dict[int, list[tuple[int, str]]]:
        """Input rows, relative to the first tap, each with the (line, tap) that read it; a single one in a loop."""
        if self.rank == 1:
            return {0: [(0, "0")]}
        if outer == self.rank - 1:
            d = self.rank - 2
            shift = [line * self.window.strides[d] for line in range(self.lines)]
            return {0: [(line, f"(k{d} - {by})" if by else f"k{d}") for line, by in enumerate(shift)]}
        stride, dilation = self.window.strides[-2], self.window.dilations[-2]
        rows = _readers(self.lines, self.window.kernel[-2], stride, dilation)
        return {row: [(line, str(tap)) for line, tap in found] for row, found in rows.items()}

    def _cells(self, row: int, rows: list[tuple[int, str]]) -> list[tuple[str, Cell]]:
        """The elements of one row, each with its column relative to `first`."""
        width = self.window.kernel[-1]
        columns: dict[str, list[tuple[int, str]]] = {}
        if self.wide:
            columns[f"column * {self.window.dilations[-1]}"] = [(0, "column")]
        else:
            stride, dilation = self.window.strides[-1], self.window.dilations[-1]
            for column_, found in _readers(self.pixels, width, stride, dilation).items():
                columns[str(column_)] = [(pixel, str(tap)) for pixel, tap in found]
        coordinates = [f"s{d}" for d in range(self.rank - 1)]
        cells = []
        for number, (column, pixels) in enumerate(columns.items()):
            readers = []
            for line, k in rows:
                above = self._row_of_taps(k)
                for pixel, tap in pixels:
                    name = f"{line}_{tap}" if self.looped else f"{k}_{tap}"
                    there = f"line{line}" if self.looped and self.lines > 1 else ""
                    readers.append(((line, pixel), Tap(name, f"({above} * {width} + {tap})", there)))
            variable = f"u{row}_{number}"
            place_ = (*coordinates, f"(first + {column})")
            cells.append((column, Cell(variable, f"{variable}_there", place_, tuple(readers))))
        return cells

    def _row_of_taps(self, k: str) -> str:
        """The number of a row of taps, of which the last coordinate is `k`."""
        above = ""
        for d in range(self.rank - 1):
            tap = k if d == self.rank - 2 else f"k{d}"
            above = f"({above} * {self.window.kernel[d]} + {tap})" if above else tap
        return above or "0"

    def _row(
        self,
        row: int,
        cells: Sequence[tuple[str, Cell]],
        before: Fused,
        pointers: Sequence[str],
        use: Callable[[Cell], list[str]],
        provide: Sequence[str],
        lowest_outside: bool,
    ) -> list[str]:
        """What is done for one input row."""
        loop = ["#pragma unroll 4", f"for (int column = 0; column < {self.window.kernel[-1]}; ++column)", "{"]
        above = self.rank - 2
        guards: list[str] = []
        if self.looped and self.lines > 1:
            guards = [f"line{line}" for line in range(self.lines)]
            stride, rows = self.window.strides[above], self.window.kernel[above]
            for line, name in enumerate(guards):
                loop.append(f"const bool {name} = (unsigned)(k{above} - {line * stride}) < {rows}u;")
        lines = [*loop, *provide] if self.wide else [*loop[3:], *provide, "{"]
        if self.rank > 1 and not self.looped:
            lines.append(f"const int s{above} = {self._coordinate(above, str(row))};")
        sizes = self.x.layout.shape[2:-1]
        inside = " && ".join(f"(unsigned)s{d} < {size}u" for d, size in enumerate(sizes)) or "true"
        lines.append(f"const bool row_there = {inside};")
        bases: list[str] = []
        at = {d + 2: f"s{d}" for d in range(self.rank - 1)} | {self.rank + 1: "first"}
        channel = "c" if self.multiplier == 1 else f"(c / {self.multiplier})"
        for number, (region, pointer) in enumerate(zip(self._inputs(before), pointers, strict=True)):
            bases.append(f"row{number}")
            where = place(region.layout, {0: "n", 1: channel, **at})
            lines.append(f"const {STORAGE[region.layout.dtype]}* row{number} = {pointer} + {where};")
        finishes: list[str] = []
        for column, cell in cells:
            begin, end = self._load(column, cell, before, bases, lowest_outside)
            lines.extend(begin)
            finishes.extend((*end, *([] if guards else use(cell))))
        for line, name in enumerate(guards):
            uses = [text for _, cell in cells for text in use(cell.of_line(line))]
            finishes.extend((f"if ({name}) {{", *uses, "}"))
        return [*lines, *finishes, "}"]

    def _inputs(self, before: Fused) -> list[Region]:
        return [self.x, *(region for _, region in before.reads)]

    def _load(
        self, column: str, cell: Cell, before: Fused, bases: Sequence[str], lowest_outside: bool
    ) -> tuple[list[str], list[str]]:
        """Statements that begin and that end the load of one element."""
        width = self.x.layout.shape[-1]
        dtype = before.result_type(self.x.layout.dtype)
        kind = value_type(dtype)
        fetches = [f"const bool {cell.there} = row_there && (unsigned){cell.place[-1]} < {width}u;"]
        plain = not before.chain.body
        lines: list[str] = []
        texts: list[str] = []
        for number, (region, base) in enumerate(zip(self._inputs(before), bases, strict=True)):
            named = cell.variable if plain else f"{cell.variable}_{number}"
            access = self._access(region, base, column, cell.there, lowest_outside and plain)
            fetches.extend(access.fetch(named))
            unpacked, text = access.unpack(named)
            lines.extend(unpacked)
            texts.append(text)
        if plain:
            return fetches, lines
        names = [before.value, *(name for name, _ in before.reads)]
        statements, known = before.chain.emit(dict(zip(names, texts, strict=True)), "q")
        lines.append(f"{kind} {cell.variable}[{self.lanes}];")
        result = known[before.result]
        if lowest_outside or not before.chain.keeps_zero:
            outside = f"({kind})({lowest(dtype) if lowest_outside else 0})"
            result = f"{cell.there} ? {result} : {outside}"
        return fetches, [*lines, *each_lane(self.lanes, [*statements, f"{cell.variable}[l] = {result};"])]

    def _access(self, region: Region, base: str, column: str, there: str, lowest_outside: bool) -> Access:
        """Access to an operand with the shape of x, at a column of the current row."""
        stride = region.layout.strides[1]
        along = region.layout.strides[-1] if region.layout.shape[-1] > 1 else 0
        return Access(
            pointer=f"{base} + {column} * {along}" if along else base,
            dtype=region.layout.dtype,
            stride=stride if self.lanes > 1 else 1,
            lanes=self.lanes,
            limit=self._input_limit(region.layout) if stride else "",
            there=there,
            lowest=lowest_outside,
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

    def finish(self, output: tuple[int, int], value: str, after: Fused, pointers: Sequence[str]) -> list[str]:
        """Statements that apply the epilogue to the results of one output and store them.

        Args:
            output: Which of the thread's outputs.
            value: The expression of its lane `l`.
            after: The epilogue.
            pointers: Of y, then of what `after` reads.
        """
        at = {d + 2: text for d, text in enumerate(self.output_place(output))}
        kind = value_type(self.y.layout.dtype)
        lines: list[str] = []
        values = {after.value: value}
        for position, (name, region) in enumerate(after.reads):
            loads, values[name] = self._output(region, pointers[1 + position], at).load(f"e{position}")
            lines.extend(loads)
        statements, known = after.chain.emit(values, "w")
        result = known[after.result]
        if self.padded:
            result = f"c + l < {self.y.layout.shape[1]} ? {result} : ({kind})(0)"
        lines.append(f"{kind} r[{self.lanes}];")
        lines.extend(each_lane(self.lanes, [*statements, f"r[l] = {result};"]))
        lines.extend(self._output(self.y, pointers[0], at).store("r"))
        return [f"{self.guard(output)}{{", *lines, "}"]

    def output_place(self, output: tuple[int, int]) -> list[str]:
        """C++ expressions of the spatial coordinates of one output."""
        texts = [f"p{d}" for d in range(self.rank)]
        texts[-1] = f"(p{self.rank - 1} + {output[1]})"
        if self.rank > 1:
            texts[-2] = f"(p{self.rank - 2} + {output[0]})"
        return texts

    def guard(self, output: tuple[int, int]) -> str:
        """Begins a statement with "if" where this output may lie outside the tensor; else nothing."""
        tests = []
        texts = self.output_place(output)
        for back, (number, step) in enumerate(((output[1], self.pixels), (output[0], self.lines)), 1):
            if back <= self.rank and number and self.y.layout.shape[-back] % step:
                tests.append(f"{texts[-back]} < {self.y.layout.shape[-back]}")
        return f"if ({' && '.join(tests)}) " if tests else ""

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


def _readers(outputs: int, taps: int, stride: int, dilation: int) -> dict[int, list[tuple[int, int]]]:
    """Input coordinates along one dimension, ascending, each with the (output, tap) that read it."""
    readers: dict[int, list[tuple[int, int]]] = {}
    for output in range(outputs):
        for tap in range(taps):
            readers.setdefault(output * stride + tap * dilation, []).append((output, tap))
    return {coordinate: readers[coordinate] for coordinate in sorted(readers)}


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
