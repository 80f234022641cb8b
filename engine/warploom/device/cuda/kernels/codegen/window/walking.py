"""Walks a thread through its windows: every input element that any of its outputs needs is read once.

Taps are unrolled; those outside the input load a neutral value under a predicate, so that loads need not wait for
branches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.types import STORAGE, lowest, value_type
from warploom.device.cuda.kernels.codegen.window.fused import Fused
from warploom.device.cuda.kernels.codegen.window.places import place
from warploom.device.cuda.kernels.codegen.window.sliding import Sliding
from warploom.device.cuda.kernels.codegen.window.taps import Cell, Tap, Taps
from warploom.device.cuda.steps import Region


@dataclass(frozen=True, slots=True)
class Walk:
    """What is read on the way, and what is done with it.

    Attributes:
        sliding: The geometry.
        before: What happens to the elements first.
        pointers: Of x, then of what `before` reads.
        use: Statements that use an element.
        need: Statements that provide for taps, before elements are used by them.
        lowest_outside: What stands for an element outside: the smallest value, or zero.
    """

    sliding: Sliding
    before: Fused
    pointers: Sequence[str]
    use: Callable[[Cell], list[str]]
    need: Callable[[Sequence[Tap]], list[str]] | None = None
    lowest_outside: bool = False

    def lines(self) -> list[str]:
        """Statements that read every element of the thread's windows once."""
        taps = Taps(self.sliding)
        body: list[str] = []
        alive: set[str] = set()
        for row, readers in taps.rows().items():
            cells = taps.cells(row, readers)
            read = [tap for _, cell in cells for _, tap in cell.readers if tap.name not in alive]
            new = list({tap.name: tap for tap in read}.values())
            alive.update(tap.name for tap in new)
            provide = self.need(new) if self.need is not None and new else []
            body.extend(self._row(row, cells, provide))
        return [*self._loops(taps.loops), *body, *("}" for _ in range(taps.loops))]

    def _loops(self, outer: int) -> list[str]:
        """Heads of the loops over rows of taps; the innermost one runs over the input rows of all lines."""
        shape = self.sliding
        lines: list[str] = []
        for d in range(outer):
            rows = shape.window.kernel[d]
            dilation = shape.window.dilations[d]
            if d == shape.rank - 2 and shape.lines > 1:
                rows, dilation = rows + (shape.lines - 1) * shape.window.strides[d], 1
            lines.append(f"#pragma unroll {max(1, shape.unroll)}" if shape.looped else "#pragma unroll")
            lines.append(f"for (int k{d} = 0; k{d} < {rows}; ++k{d}) {{")
            lines.append(f"const int s{d} = {shape.coordinate(d, f'k{d} * {dilation}')};")
        return lines

    def _row(self, row: int, cells: Sequence[tuple[str, Cell]], provide: Sequence[str]) -> list[str]:
        """What is done for one input row."""
        shape = self.sliding
        guards = self._line_guards()
        lines = [f"const bool {name} = {condition};" for name, condition in guards.items()]
        if shape.wide:
            head = ["#pragma unroll 4", f"for (int column = 0; column < {shape.window.kernel[-1]}; ++column)", "{"]
            lines = [*head, *lines, *provide]
        else:
            lines = [*lines, *provide, "{"]
        lines.extend(self._row_place(row))
        finishes: list[str] = []
        for column, cell in cells:
            begin, end = self._load(column, cell)
            lines.extend(begin)
            finishes.extend((*end, *([] if guards else self.use(cell))))
        for line, name in enumerate(guards):
            uses = [text for _, cell in cells for text in self.use(cell.of_line(line))]
            finishes.extend((f"if ({name}) {{", *uses, "}"))
        return [*lines, *finishes, "}"]

    def _line_guards(self) -> dict[str, str]:
        """Where input rows are a loop: for each line, under which condition it reads the row."""
        shape = self.sliding
        if not shape.looped or shape.lines == 1:
            return {}
        above = shape.rank - 2
        stride, rows = shape.window.strides[above], shape.window.kernel[above]
        return {f"line{line}": f"(unsigned)(k{above} - {line * stride}) < {rows}u" for line in range(shape.lines)}

    def _row_place(self, row: int) -> list[str]:
        """Statements that find an input row: whether it exists, and where each operand has it."""
        shape = self.sliding
        above = shape.rank - 2
        lines: list[str] = []
        if shape.rank > 1 and not shape.looped:
            lines.append(f"const int s{above} = {shape.coordinate(above, str(row))};")
        sizes = shape.x.layout.shape[2:-1]
        inside = " && ".join(f"(unsigned)s{d} < {size}u" for d, size in enumerate(sizes)) or "true"
        lines.append(f"const bool row_there = {inside};")
        at = {d + 2: f"s{d}" for d in range(shape.rank - 1)} | {shape.rank + 1: "first"}
        channel = "c" if shape.multiplier == 1 else f"(c / {shape.multiplier})"
        for number, (region, pointer) in enumerate(zip(self._inputs(), self.pointers, strict=True)):
            where = place(region.layout, {0: "n", 1: channel, **at})
            lines.append(f"const {STORAGE[region.layout.dtype]}* row{number} = {pointer} + {where};")
        return lines

    def _inputs(self) -> list[Region]:
        return [self.sliding.x, *(region for _, region in self.before.reads)]

    def _load(self, column: str, cell: Cell) -> tuple[list[str], list[str]]:
        """Statements that begin and that end the load of one element."""
        width = self.sliding.x.layout.shape[-1]
        fetches = [f"const bool {cell.there} = row_there && (unsigned){cell.place[-1]} < {width}u;"]
        plain = not self.before.chain.body
        lines: list[str] = []
        texts: list[str] = []
        for number, region in enumerate(self._inputs()):
            named = cell.variable if plain else f"{cell.variable}_{number}"
            access = self._access(region, f"row{number}", column, cell.there)
            fetches.extend(access.fetch(named))
            unpacked, text = access.unpack(named)
            lines.extend(unpacked)
            texts.append(text)
        return fetches, lines if plain else [*lines, *self._prologue(cell, texts)]

    def _prologue(self, cell: Cell, texts: Sequence[str]) -> list[str]:
        """Statements that send an element through what happens to it first."""
        before, lanes = self.before, self.sliding.lanes
        dtype = before.result_type(self.sliding.x.layout.dtype)
        kind = value_type(dtype)
        names = [before.value, *(name for name, _ in before.reads)]
        statements, known = before.chain.emit(dict(zip(names, texts, strict=True)), "q")
        result = known[before.result]
        if self.lowest_outside or not before.chain.keeps_zero:
            outside = f"({kind})({lowest(dtype) if self.lowest_outside else 0})"
            result = f"{cell.there} ? {result} : {outside}"
        return [
            f"{kind} {cell.variable}[{lanes}];",
            *each_lane(lanes, [*statements, f"{cell.variable}[l] = {result};"]),
        ]

    def _access(self, region: Region, base: str, column: str, there: str) -> Access:
        """Access to an operand with the shape of x, at a column of the current row."""
        layout = region.layout
        along = layout.strides[-1] if layout.shape[-1] > 1 else 0
        return Access(
            pointer=f"{base} + {column} * {along}" if along else base,
            dtype=layout.dtype,
            stride=layout.strides[1] if self.sliding.lanes > 1 else 1,
            lanes=self.sliding.lanes,
            limit=self.sliding.limit(layout, self.sliding.multiplier) if layout.strides[1] else "",
            there=there,
            lowest=self.lowest_outside and not self.before.chain.body,
        )
