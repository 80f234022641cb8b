"""Kernels over rows that lie side by side: each thread takes a few neighbouring rows."""

from __future__ import annotations

import math
from collections.abc import Mapping

from warploom.device.cuda.kernels.codegen.access import each_lane
from warploom.device.cuda.kernels.codegen.nest import split_index
from warploom.device.cuda.kernels.codegen.rows.body import FEW_BLOCKS, MOST_THREADS, RowsBody
from warploom.device.cuda.kernels.codegen.rows.form import Form
from warploom.device.cuda.kernels.codegen.rows.passes import Pass, Rows
from warploom.device.cuda.kernels.codegen.types import value_type


class Across(RowsBody):
    """Each thread takes `lanes` neighbouring rows; totals are arrays, one per lane."""

    total_lane = "[l]"

    def __init__(self, rows: Rows, form: Form) -> None:
        super().__init__(rows, form)
        outer = math.prod(axis.size for axis in form.kept[:-1])

        def blocks() -> int:
            return outer * -(-form.kept[-1].size // (self.wide * self.lanes))

        # Blocks first: narrow accesses cost less than idle multiprocessors.
        self.wide = 32
        while self.wide > 2 and (self.wide * self.lanes >= 2 * form.kept[-1].size or blocks() < FEW_BLOCKS):
            self.wide //= 2
        while self.lanes > 2 and blocks() < FEW_BLOCKS:
            self.lanes //= 2
        self.columns = form.kept[-1].size // self.lanes
        wanted = 1 << max(0, -(-self.vectors // 2) - 1).bit_length()
        most = MOST_THREADS if blocks() < FEW_BLOCKS else MOST_THREADS // 2
        self.sharing = min(max(1, most // self.wide), wanted)
        self.threads = self.wide * self.sharing
        self.column_blocks = -(-self.columns // self.wide)
        self.blocks = outer * self.column_blocks

    def begin(self) -> tuple[list[str], str]:
        last = self.kept_names[-1]
        sizes = [*(axis.size for axis in self.form.kept[:-1]), self.column_blocks]
        lines = [
            f"const int column = (int)threadIdx.x % {self.wide};",
            f"const int member = (int)threadIdx.x / {self.wide};",
            "const unsigned b = blockIdx.x;",
            *split_index("b", list(zip([*self.kept_names[:-1], "column_block"], sizes, strict=True))),
        ]
        there = ""
        if self.columns % self.wide:
            there = "row_there"
            lines.append(f"const bool row_there = column_block * {self.wide} + column < {self.columns};")
            lines.append(f"const int {last} = row_there ? column_block * {self.wide} + column : {self.columns - 1};")
        else:
            lines.append(f"const int {last} = column_block * {self.wide} + column;")
        return lines, there

    def one_pass(self, one: Pass, number: int) -> list[str]:
        names = self.names()
        lines = [f"{total.kind} {total.name}[{self.lanes}];" for total in one.totals]
        lines.extend(each_lane(self.lanes, [f"{total.name}[l] = {total.first};" for total in one.totals]))
        loads, values = self.operands(one.reads)
        updates = [line.format(x="u[l]", index=self.index(), **names, **values) for line in one.update]
        lines.extend(self.over_row([*loads, *each_lane(self.lanes, updates)], first=number == 0))
        if self.sharing > 1:
            lines.extend(self._combine(one, number, names))
        for name, kind, _ in one.finish:
            lines.append(f"{kind} {name}[{self.lanes}];")
        finish = [f"{name}[l] = {template.format(**names)};" for name, _, template in one.finish]
        return [*lines, *(each_lane(self.lanes, finish) if finish else [])]

    def _combine(self, one: Pass, number: int, names: Mapping[str, str]) -> list[str]:
        """A tree in shared memory over the threads of a column."""
        width = self.wide * self.lanes
        lines = [f"__shared__ {t.kind} part{number}_{t.name}[{self.sharing}][{width}];" for t in one.totals]
        place = f"[column * {self.lanes} + l]"
        mine = [f"part{number}_{t.name}[member]{place} = {t.name}[l];" for t in one.totals]
        others = {f"other_{t.name}": f"part{number}_{t.name}[member + h]{place}" for t in one.totals}
        add = [line.format(**names, **others) for line in one.combine]
        final = [f"{t.name}[l] = part{number}_{t.name}[0]{place};" for t in one.totals]
        return [
            *lines,
            *each_lane(self.lanes, mine),
            "__syncthreads();",
            "#pragma unroll",
            f"for (int h = {self.sharing // 2}; h > 0; h /= 2) {{",
            "if (member < h) {",
            *each_lane(self.lanes, [*add, *mine]),
            "}",
            "__syncthreads();",
            "}",
            *each_lane(self.lanes, final),
        ]

    def result_stores(self, names: Mapping[str, str]) -> list[str]:
        lines: list[str] = []
        for position, (template, region) in enumerate(self.rows.results):
            kind = value_type(region.layout.dtype)
            text = f"({kind})({template.format(**names)})"
            if self.inner.padded:
                text = f"{self.valid()} ? {text} : ({kind})(0)"
            lines.append(f"{kind} t{position}[{self.lanes}];")
            lines.extend(each_lane(self.lanes, [f"t{position}[l] = {text};"]))
            lines.extend(self.access(1 + position, f"y{position}", per_row=True).store(f"t{position}"))
        return lines
