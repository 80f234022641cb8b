"""Rows: kernels that combine the elements of each row of a tensor (reductions, softmax, normalizations).

A row is whatever the reduced dimensions span. There are two forms:

- along: neighbouring elements belong to one row; a group of threads (part of a warp, a warp or a block) shares a row;
- across: neighbouring elements belong to neighbouring rows; a thread takes a few rows, threads of a column share them.

A kernel makes passes over its rows. Each pass combines all elements into a few totals that every thread then knows; at
the end totals are stored per row, or results per element. Elements are kept in registers between passes if they fit.
The order of all additions is fixed, so results are the same in every run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.kernel import kernel_step
from warploom.device.cuda.kernels.codegen.nest import VECTOR_BYTES, Axis, merged, offset, split_index
from warploom.device.cuda.kernels.codegen.types import SHORT, value_type
from warploom.device.cuda.steps import KernelStep, Region

_MOST_REGISTERS = 32
_MOST_THREADS = 512
_FEW_BLOCKS = 132
_SMALL_BLOCK = 128
_MOST_STEPS = 32


@dataclass(frozen=True, slots=True)
class Total:
    """Something that a pass accumulates for every row.

    Attributes:
        name: Its variable.
        kind: Its C++ type.
        first: Its value for no elements.
    """

    name: str
    kind: str
    first: str


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over every row.

    Templates name variables in braces: totals of this and earlier passes, and what earlier passes finished.

    Attributes:
        totals: What is accumulated.
        update: Statements per element, with {x} and {index} (the element's place in its row).
        combine: Statements that add to the totals those of another thread, named {other_NAME}.
        finish: Name, type and value of what follows from the totals.
        reads: Names of further operands that `update` uses.
    """

    totals: tuple[Total, ...]
    update: tuple[str, ...]
    combine: tuple[str, ...]
    finish: tuple[tuple[str, str, str], ...] = ()
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """What a kernel computes.

    Attributes:
        stem: For its name.
        x: The tensor.
        reduced: Dimensions that a row spans.
        passes: Passes.
        results: What is stored per row: a template and where it goes (shape of x, stride 0 along rows).
        elements: What is stored per element: a template, with {x}, {index} and names of `reads`; and where it goes.
        reads: Further operands by name, in the shape of x.
    """

    stem: str
    x: Region
    reduced: frozenset[int]
    passes: tuple[Pass, ...]
    results: tuple[tuple[str, Region], ...] = ()
    elements: tuple[tuple[str, Region], ...] = ()
    reads: tuple[tuple[str, Region], ...] = ()


def rows_step(rows: Rows) -> KernelStep:
    """The kernel."""
    form = _Form.of(rows)
    body = _Along(rows, form) if form.along else _Across(rows, form)
    writes = [region for _, region in (*rows.results, *rows.elements)]
    reads = [rows.x, *(region for _, region in rows.reads)]
    stem = f"{rows.stem}_{SHORT[rows.x.layout.dtype]}"
    return kernel_step(stem, body.lines(), writes, reads, grid=(body.blocks, 1, 1), block=(body.threads, 1, 1))


def is_overlong(rows: Rows) -> bool:
    """Whether few threads would have much to do each: then rows are better split."""
    form = _Form.of(rows)
    body = _Along(rows, form) if form.along else _Across(rows, form)
    return body.blocks <= _FEW_BLOCKS // 2 and body.steps > _MOST_STEPS


def covers_padding(rows: Rows, write: Region) -> bool:
    """Whether the kernel writes the padded channels of one of its results."""
    layout = write.layout
    if not layout.channels_last or layout.channels <= layout.shape[1]:
        return True
    form = _Form.of(rows)
    inner = (form.reduced if form.along else form.kept)[-1]
    per_element = any(region is write for _, region in rows.elements)
    return inner.size >= layout.channels and (per_element or not form.along) and inner.padded


@dataclass(frozen=True, slots=True)
class _Form:
    """Dimensions of the kept and the reduced part, each outermost first; operands are x, results, elements, reads."""

    kept: tuple[Axis, ...]
    reduced: tuple[Axis, ...]
    operands: tuple[Region, ...]
    along: bool
    lanes: int

    @staticmethod
    def of(rows: Rows) -> _Form:
        operands = (rows.x, *(region for _, region in (*rows.results, *rows.elements, *rows.reads)))
        layout = rows.x.layout
        kept: list[Axis] = []
        reduced: list[Axis] = []
        for d, size in enumerate(layout.shape):
            full = layout.channels if d == 1 and layout.channels_last else size
            if full > 1:
                axis = Axis(full, size, tuple(region.layout.strides[d] for region in operands))
                (reduced if d in rows.reduced else kept).append(axis)
        none = Axis(1, 1, (0,) * len(operands))
        parts = [tuple(merged(sorted(axes, key=_distance, reverse=True))) or (none,) for axes in (kept, reduced)]
        along = _distance(parts[1][-1]) < _distance(parts[0][-1])
        inner = parts[1][-1] if along else parts[0][-1]
        return _Form(parts[0], parts[1], operands, along, _vector(inner, (*parts[0], *parts[1]), operands))


def _distance(axis: Axis) -> float:
    """How far neighbours lie apart in x; repeated elements count as far."""
    return abs(axis.strides[0]) or math.inf


def _vector(inner: Axis, axes: Sequence[Axis], operands: Sequence[Region]) -> int:
    contiguous = [i for i in range(len(operands)) if inner.strides[i] == 1]
    if 0 not in contiguous:
        return 1
    lanes = VECTOR_BYTES // max(operands[i].layout.dtype.itemsize for i in contiguous)
    while lanes > 1 and (inner.size % lanes or not all(_aligned(i, lanes, inner, axes, operands) for i in contiguous)):
        lanes //= 2
    return lanes


def _aligned(operand: int, lanes: int, inner: Axis, axes: Sequence[Axis], operands: Sequence[Region]) -> bool:
    region = operands[operand]
    unit = min(lanes, VECTOR_BYTES // region.layout.dtype.itemsize)
    others = (axis.strides[operand] for axis in axes if axis is not inner and axis.size > 1)
    return region.offset % unit == 0 and all(stride % unit == 0 for stride in others)


class _Kernel:
    """What both forms share."""

    def __init__(self, rows: Rows, form: _Form) -> None:
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
        limit = f"{readable} - {self.first_lane()}" if limited and lanes > 0 and stride else ""
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

    def names(self, lane: str) -> dict[str, str]:
        """Expressions of totals and what followed from them; `lane` is appended where every lane has its own."""
        found: dict[str, str] = {}
        for one in self.rows.passes:
            for total in one.totals:
                found[total.name] = total.name + lane
            for name, _, _ in one.finish:
                found[name] = name + lane
        return found

    def over_row(self, body: Sequence[str], *, first: bool) -> list[str]:
        """A loop over this thread's vectors of the row, around statements that use `u` (the values).

        Args:
            body: The statements; `e` is the vector's number, `at` its number among this thread's.
            first: Whether this is the first loop, which loads what is kept in registers.
        """
        head = [
            f"for (int at = 0; at < {self.steps}; ++at) {{",
            f"const int e = at * {self.sharing} + {self.member()};",
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

    def member(self) -> str:
        """The expression of this thread's number among those that share its row."""
        raise NotImplementedError

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


class _Along(_Kernel):
    """Groups of threads share rows; totals are scalars."""

    def __init__(self, rows: Rows, form: _Form) -> None:
        super().__init__(rows, form)
        self.count = math.prod(axis.size for axis in form.kept)
        self.sharing = self._group()
        self.threads = max(self.sharing, _SMALL_BLOCK) if self.sharing <= 32 else self.sharing
        self.per_block = self.threads // self.sharing
        self.blocks = -(-self.count // self.per_block)

    def _group(self) -> int:
        """Threads per row: enough that each takes one vector where rows are few, four where they are many."""
        each = 4 if self.count * self.vectors > _FEW_BLOCKS * 2048 else 1
        wanted = -(-self.vectors // each)
        return min(_MOST_THREADS, max(4, 1 << max(0, wanted - 1).bit_length()))

    def member(self) -> str:
        return "member"

    def lines(self) -> list[str]:
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
        lines.extend(self.declare())
        for number, one in enumerate(self.rows.passes):
            lines.extend(self._pass(one, number))
        lines.extend(self._finish("row_there" if ragged else ""))
        return lines

    def _pass(self, one: Pass, number: int) -> list[str]:
        names = self.names("")
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

    def _finish(self, there: str) -> list[str]:
        names = self.names("")
        lines: list[str] = []
        if self.rows.elements:
            body = self.over_row(self.element_stores(names), first=False)
            lines.extend([f"if ({there}) {{", *body, "}"] if there else body)
        if self.rows.results:
            guard = " && ".join(part for part in (there, "member == 0") if part)
            lines.append(f"if ({guard}) {{")
            for position, (template, region) in enumerate(self.rows.results):
                kind = value_type(region.layout.dtype)
                lines.append(f"const {kind} t{position}[1] = {{({kind})({template.format(**names)})}};")
                lines.extend(self.access(1 + position, f"y{position}", per_row=True).store(f"t{position}"))
            lines.append("}")
        return lines


class _Across(_Kernel):
    """Each thread takes `lanes` neighbouring rows; totals are arrays, one per lane."""

    def __init__(self, rows: Rows, form: _Form) -> None:
        super().__init__(rows, form)
        outer = math.prod(axis.size for axis in form.kept[:-1])

        def blocks() -> int:
            return outer * -(-form.kept[-1].size // (self.wide * self.lanes))

        # Blocks first: narrow accesses cost less than idle multiprocessors.
        self.wide = 32
        while self.wide > 2 and (self.wide * self.lanes >= 2 * form.kept[-1].size or blocks() < _FEW_BLOCKS):
            self.wide //= 2
        while self.lanes > 2 and blocks() < _FEW_BLOCKS:
            self.lanes //= 2
        self.columns = form.kept[-1].size // self.lanes
        wanted = 1 << max(0, -(-self.vectors // 2) - 1).bit_length()
        most = _MOST_THREADS if blocks() < _FEW_BLOCKS else _MOST_THREADS // 2
        self.sharing = min(max(1, most // self.wide), wanted)
        self.threads = self.wide * self.sharing
        self.column_blocks = -(-self.columns // self.wide)
        self.blocks = outer * self.column_blocks

    def member(self) -> str:
        return "member"

    def lines(self) -> list[str]:
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
        lines.extend(self.declare())
        for number, one in enumerate(self.rows.passes):
            lines.extend(self._pass(one, number))
        lines.extend(self._finish(there))
        return lines

    def _pass(self, one: Pass, number: int) -> list[str]:
        names = self.names("[l]")
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

    def _finish(self, there: str) -> list[str]:
        names = self.names("[l]")
        lines: list[str] = []
        if self.rows.elements:
            body = self.over_row(self.element_stores(names), first=False)
            lines.extend([f"if ({there}) {{", *body, "}"] if there else body)
        if self.rows.results:
            guard = " && ".join(part for part in (there, "member == 0" if self.sharing > 1 else "") if part)
            lines.append(f"if ({guard or 'true'}) {{")
            for position, (template, region) in enumerate(self.rows.results):
                kind = value_type(region.layout.dtype)
                text = f"({kind})({template.format(**names)})"
                if self.inner.padded:
                    text = f"{self.valid()} ? {text} : ({kind})(0)"
                lines.append(f"{kind} t{position}[{self.lanes}];")
                lines.extend(each_lane(self.lanes, [f"t{position}[l] = {text};"]))
                lines.extend(self.access(1 + position, f"y{position}", per_row=True).store(f"t{position}"))
            lines.append("}")
        return lines
