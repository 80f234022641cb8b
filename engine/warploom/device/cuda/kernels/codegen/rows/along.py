"""Kernels over rows of neighbouring elements: groups of threads share rows."""

from __future__ import annotations

import math
from collections.abc import Mapping

from warploom.device.cuda.kernels.codegen.access import each_lane
from warploom.device.cuda.kernels.codegen.nest import split_index
from warploom.device.cuda.kernels.codegen.rows.body import FEW_BLOCKS, MOST_THREADS, RowsBody
from warploom.device.cuda.kernels.codegen.rows.form import Form
from warploom.device.cuda.kernels.codegen.rows.passes import Pass, Rows
from warploom.device.cuda.kernels.codegen.types import value_type

_SMALL_BLOCK = 128


class Along(RowsBody):
    """Groups of threads share rows; totals are scalars."""

    def __init__(self, rows: Rows, form: Form) -> None:
        super().__init__(rows, form)
        self.count = math.prod(axis.size for axis in form.kept)
        self.sharing = self._group()
        self.threads = max(self.sharing, _SMALL_BLOCK) if self.sharing <= 32 else self.sharing
        self.per_block = self.threads // self.sharing
        self.blocks = -(-self.count // self.per_block)

    def _group(self) -> int:
        """Threads per row: enough that each takes one vector where rows are few, four where they are many."""
        each = 4 if self.count * self.vectors > FEW_BLOCKS * 2048 else 1
        wanted = -(-self.vectors // each)
        return min(MOST_THREADS, max(4, 1 << max(0, wanted - 1).bit_length()))

    def begin(self) -> tuple[list[str], str]:
        group = self.sharing
        lines = [
            f"const int member = (int)threadIdx.x % {group};",
            f"const unsigned row = blockIdx.x * {self.per_block}u + threadIdx.x / {group}u;",
        ]
        ragged = bool(self.count % self.per_block)
        if ragged:
            lines.append(f"const bool row_there = row < {self.count}u;")
            lines.append(f"const unsigned safe_row = row_there ? row : {self.count - 1}u;")
        sizes = [axis.size for axis in self.form.kept]
        lines.extend(split_index("safe_row" if ragged else "row", list(zip(self.kept_names, sizes, strict=True))))
        return lines, "row_there" if ragged else ""

    def one_pass(self, one: Pass, number: int) -> list[str]:
        names = self.names()
        lines = [f"{total.kind} {total.name} = {total.first};" for total in one.totals]
        loads, values = self.operands(one.reads)
        updates = [line.format(x="u[l]", index=self.index(), **names, **values) for line in one.update]
        if self.inner.padded:
            updates = [f"if ({self.valid()}) {{", *updates, "}"]
        lines.extend(self.over_row([*loads, *each_lane(self.lanes, updates)], first=number == 0))
        lines.extend(self._combine(one, number, names))
        for name, kind, template in one.finish:
            lines.append(f"const {kind} {name} = {template.format(**names)};")
        return lines

    def _combine(self, one: Pass, number: int, names: Mapping[str, str]) -> list[str]:
        others = {f"other_{total.name}": f"other_{total.name}" for total in one.totals}
        add = [line.format(**names, **others) for line in one.combine]
        lines = ["#pragma unroll", f"for (int m = {min(self.sharing, 32) // 2}; m > 0; m /= 2) {{"]
        lines.extend(f"const {t.kind} other_{t.name} = wl::shuffle_xor({t.name}, m);" for t in one.totals)
        lines.extend((*add, "}"))
        warps = self.sharing // 32
        if warps <= 1:
            return lines
        lines.extend(f"__shared__ {t.kind} part{number}_{t.name}[{warps}];" for t in one.totals)
        lines.append("if (threadIdx.x % 32 == 0) {")
        lines.extend(f"part{number}_{t.name}[threadIdx.x / 32] = {t.name};" for t in one.totals)
        lines.extend(("}", "__syncthreads();"))
        lines.extend(f"{t.name} = part{number}_{t.name}[0];" for t in one.totals)
        lines.extend(("#pragma unroll", f"for (int w = 1; w < {warps}; ++w) {{"))
        lines.extend(f"const {t.kind} other_{t.name} = part{number}_{t.name}[w];" for t in one.totals)
        return [*lines, *add, "}"]

    def result_stores(self, names: Mapping[str, str]) -> list[str]:
        lines: list[str] = []
        for position, (template, region) in enumerate(self.rows.results):
            kind = value_type(region.layout.dtype)
            lines.append(f"const {kind} t{position}[1] = {{({kind})({template.format(**names)})}};")
            lines.extend(self.access(1 + position, f"y{position}", per_row=True).store(f"t{position}"))
        return lines
