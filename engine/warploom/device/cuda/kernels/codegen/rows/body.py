"""The text of a kernel over rows, as far as it is the same in both forms.

Elements are kept in registers between passes if they fit. The order of all additions is fixed, so results are the same
in every run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.nest import offset, split_index
from warploom.device.cuda.kernels.codegen.rows.form import Form
from warploom.device.cuda.kernels.codegen.rows.passes import Pass, Rows
from warploom.device.cuda.kernels.codegen.types import value_type

MOST_THREADS = 512
FEW_BLOCKS = 132
_MOST_REGISTERS = 32


class RowsBody:
    """One kernel; the two forms say how threads are laid over rows, and how they put their totals together.

    Attributes:
        rows: What is computed.
        form: Its dimensions.
        lanes: Elements (along) or rows (across) of a vector.
        value: The C++ type of the elements of x.
        inner: The dimension that vectors lie along.
        vectors: Vectors of a row.
        blocks: Blocks of the launch.
        threads: Threads per block.
        sharing: Threads per row.
        total_lane: What is appended to the name of a total to get that of lane `l`: "" where all lanes share it.
    """

    total_lane = ""

    def __init__(self, rows: Rows, form: Form) -> None:
        self.rows = rows
        self.form = form
        self.lanes = form.lanes
        self.value = value_type(rows.x.layout.dtype)
        self.inner = form.reduced[-1] if form.along else form.kept[-1]
        self.kept_names = [f"k{i}" for i in range(len(form.kept))]
        self.reduced_names = [f"r{i}" for i in range(len(form.reduced))]
        self.vectors = math.prod(axis.size for axis in form.reduced) // (form.lanes if form.along else 1)
        self.blocks = 1
        self.threads = 1
        self.sharing = 1

    @property
    def steps(self) -> int:
        """Vectors that one thread takes of a row."""
        return -(-self.vectors // self.sharing)

    @property
    def cached(self) -> bool:
        """Whether a thread keeps its part of the rows in registers."""
        return self.steps * self.lanes <= _MOST_REGISTERS

    def lines(self) -> list[str]:
        """The statements of the kernel."""
        lines, there = self.begin()
        lines.extend(self.declare())
        for number, one in enumerate(self.rows.passes):
            lines.extend(self.one_pass(one, number))
        return [*lines, *self._finish(there)]

    def begin(self) -> tuple[list[str], str]:
        """Statements that say where this thread is, and the condition under which its rows exist ("": they do).

        They define coordinates of the row, and `member`: the thread's number among those that share the row.
        """
        raise NotImplementedError

    def one_pass(self, one: Pass, number: int) -> list[str]:
        """Statements of one pass."""
        raise NotImplementedError

    def result_stores(self, names: Mapping[str, str]) -> list[str]:
        """Statements that compute and store what is stored per row."""
        raise NotImplementedError

    def _finish(self, there: str) -> list[str]:
        names = self.names()
        lines: list[str] = []
        if self.rows.elements:
            body = self.over_row(self.element_stores(names), first=False)
            lines.extend([f"if ({there}) {{", *body, "}"] if there else body)
        if self.rows.results:
            guard = " && ".join(part for part in (there, "member == 0" if self.sharing > 1 else "") if part)
            lines.extend((f"if ({guard or 'true'}) {{", *self.result_stores(names), "}"))
        return lines

    def reduced_split(self) -> list[str]:
        """Coordinates of the vector `e` in its row."""
        sizes = [axis.size for axis in self.form.reduced]
        if self.form.along:
            sizes[-1] //= self.lanes
        return split_index("(unsigned)e", list(zip(self.reduced_names, sizes, strict=True)))

    def access(self, operand: int, pointer: str, *, per_row: bool = False) -> Access:
        """Access to an operand at the current row and, unless `per_row`, the current element."""
        region = self.form.operands[operand]
        kept_lanes, reduced_lanes = (1, self.lanes) if self.form.along else (self.lanes, 1)
        kind = self._index_type(operand)
        terms = [offset(self.form.kept, operand, self.kept_names, kind, lanes=kept_lanes)]
        if not per_row:
            terms.append(offset(self.form.reduced, operand, self.reduced_names, kind, lanes=reduced_lanes))
        readable = region.layout.channels if region.layout.channels_last else self.inner.valid
        limited = self.inner.padded and readable < self.inner.size
        lanes = 1 if per_row and self.form.along else self.lanes
        stride = self.inner.strides[operand] if self.inner.size > 1 and not (per_row and self.form.along) else 0
        limit = f"{readable} - {self.first_lane()}" if limited and stride else ""
        return Access(f"{pointer} + {' + '.join(terms)}", region.layout.dtype, stride, lanes, limit)

    def _index_type(self, operand: int) -> str:
        axes = (*self.form.kept, *self.form.reduced)
        reach = sum(abs(axis.strides[operand]) * (axis.size - 1) for axis in axes)
        return "int" if reach < 2**30 else "long long"

    def first_lane(self) -> str:
        """The expression of the inner coordinate of lane 0."""
        name = self.reduced_names[-1] if self.form.along else self.kept_names[-1]
        return f"{name} * {self.lanes}"

    def load_x(self, variable: str) -> list[str]:
        """Statements that load the current vector of x into an array."""
        access = self.access(0, "x0")
        if access.stride == 0:
            return [f"{self.value} {variable}[{self.lanes}] = {{wl::decode(*({access.pointer}))}};"]
        return access.load(variable)[0]

    def index(self) -> str:
        """The place of lane `l` in its row."""
        return f"(e * {self.lanes} + l)" if self.form.along and self.lanes > 1 else "e"

    def names(self) -> dict[str, str]:
        """Expressions of totals and what followed from them, of lane `l` where every lane has its own."""
        passes = self.rows.passes
        found = [total.name for one in passes for total in one.totals]
        found.extend(name for one in passes for name, _, _ in one.finish)
        return {name: name + self.total_lane for name in found}

    def over_row(self, body: Sequence[str], *, first: bool) -> list[str]:
        """A loop over this thread's vectors of the row, around statements that use `u` (the values).

        Args:
            body: The statements; `e` is the vector's number, `at` its number among this thread's.
            first: Whether this is the first loop, which loads what is kept in registers.
        """
        head = [
            f"for (int at = 0; at < {self.steps}; ++at) {{",
            f"const int e = at * {self.sharing} + member;",
        ]
        guard = [f"if (e < {self.vectors}) {{"] if self.vectors % self.sharing else ["{"]
        if self.cached:
            head = ["#pragma unroll", *head]
            load = self._keep(first=first)
        else:
            head = ["#pragma unroll 4", *head]
            load = self.load_x("u")
        return [*head, *guard, *self.reduced_split(), *load, *body, "}", "}"]

    def _keep(self, *, first: bool) -> list[str]:
        lines = []
        if first:
            lines = ["{", *self.load_x("v"), *each_lane(self.lanes, ["kept[at][l] = v[l];"]), "}"]
        return [*lines, f"{self.value} (&u)[{self.lanes}] = kept[at];"]

    def valid(self) -> str:
        """The condition under which lane `l` is an element that counts; "" if all are."""
        return f"{self.first_lane()} + l < {self.inner.valid}" if self.inner.padded else ""

    def declare(self) -> list[str]:
        """Statements before the first pass."""
        return [f"{self.value} kept[{self.steps}][{self.lanes}];"] if self.cached else []

    def operands(self, wanted: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """Statements that load operands at the current vector, and the expressions of their lane `l` by name."""
        lines: list[str] = []
        values: dict[str, str] = {}
        first = len(self.form.operands) - len(self.rows.reads)
        for position, (name, _) in enumerate(self.rows.reads):
            if name in wanted:
                loads, values[name] = self.access(first + position, f"x{1 + position}").load(f"b{position}")
                lines.extend(loads)
        return lines, values

    def element_stores(self, names: Mapping[str, str]) -> list[str]:
        """Statements that compute and store the results of the current vector."""
        lines, read = self.operands([name for name, _ in self.rows.reads])
        values = {**names, **read}
        for position, (template, region) in enumerate(self.rows.elements):
            kind = value_type(region.layout.dtype)
            text = template.format(x="u[l]", index=self.index(), **values)
            if self.inner.padded:
                text = f"{self.valid()} ? ({kind})({text}) : ({kind})(0)"
            lines.append(f"{kind} s{position}[{self.lanes}];")
            lines.extend(each_lane(self.lanes, [f"s{position}[l] = {text};"]))
            number = len(self.rows.results) + position
            lines.extend(self.access(1 + number, f"y{number}").store(f"s{position}"))
        return lines
