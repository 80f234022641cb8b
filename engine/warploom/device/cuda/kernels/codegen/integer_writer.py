"""Writes what all kernels for products of 8-bit integers have in common: parameters, geometry, epilogue and stores."""

from __future__ import annotations

import math
from collections.abc import Sequence

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.integer_product import VECTOR, IntegerProduct
from warploom.device.cuda.kernels.codegen.integer_text import AFTER_RESULTS, BEFORE_RESULTS, STORES
from warploom.device.cuda.kernels.codegen.types import STORAGE, value_type
from warploom.device.cuda.steps import Region


class IntegerWriter:
    """Parts of one kernel's text.

    Args:
        product: What it computes.
        rows: Pixels of a block's tile.
        columns: Channels of a block's tile.
        threads: Of a block.
    """

    def __init__(self, product: IntegerProduct, rows: int, columns: int, threads: int) -> None:
        self.product = product
        self._rows = rows
        self._columns = columns
        self._threads = threads
        self._out = product.y.layout.dtype
        self.pitch = odd_vectors(columns * self._out.itemsize)

    @property
    def is_unsigned(self) -> bool:
        """Whether the data is."""
        return self.product.x.layout.dtype.value == "uint8"

    @property
    def staged_bytes(self) -> int:
        """Shared memory for the results of a tile."""
        return self._rows * self.pitch

    def head(self, shared_bytes: int) -> str:
        """The signature, and the shared memory."""
        parameters = [
            f"{STORAGE[self._out]}* __restrict__ y0",
            *(f"const {STORAGE[r.layout.dtype]}* __restrict__ x{i}" for i, r in enumerate(self.product.operands)),
        ]
        return (
            f'extern "C" __global__ void __launch_bounds__({self._threads}) @NAME@({", ".join(parameters)}) {{\n'
            f"  WL_SHARED_BYTES(memory, {shared_bytes});\n"
        )

    def constants(self, **own: int) -> str:
        """The product's geometry as constants, and the kernel's own."""
        p = self.product
        filters, kernel_rows, kernel_columns, channels = p.w.layout.shape
        height, width = p.x.layout.shape[2:]
        xs = p.x.layout.strides
        _, _, result_rows, result_columns = p.y.layout.shape
        reach = sum((size - 1) * stride for size, stride in zip(p.x.layout.shape, xs, strict=True))
        values = {
            "BM": self._rows, "BN": self._columns, "THREADS": self._threads, "PITCH": self.pitch,
            "M": p.rows, "N": p.columns, "FILTERS": filters, "KV": p.vectors, "CV": channels // VECTOR,
            "COLS": kernel_columns, "ROWS": kernel_rows, "H": height, "W": width, "P": result_rows, "Q": result_columns,
            "XN": xs[0], "XH": xs[2], "XW": xs[3], "SH": p.strides[0], "SW": p.strides[1], "PT": p.pads[0],
            "PL": p.pads[1], "DH": p.dilations[0], "DW": p.dilations[1], "ACROSS": -(-p.columns // self._columns),
        }  # fmt: skip
        lines = [f"  constexpr int {', '.join(f'{name} = {value}' for name, value in (values | own).items())};"]
        lines.append(f"  constexpr bool PADDED = {'true' if self._is_padded() else 'false'};")
        lines.append(f"  constexpr bool SHIFTED = {'false' if p.correction is None else 'true'};")
        if p.correction is not None:
            lines.append(f"  const int* const surrounding = x4 + {p.correction.layout.shape[0] - 4};")
        lines.append(f"  typedef {'long long' if reach >= 2**31 - 2**20 else 'int'} Offset;")
        return "\n".join(lines) + "\n"

    def around(self, text: str) -> str:
        """A text with what surrounds images put in."""
        return text.replace("@SURROUNDING@", "0" if self.product.correction is None else "surrounding")

    def _is_padded(self) -> bool:
        """Whether the window leaves the image anywhere."""
        p = self.product
        for axis in (0, 1):
            size, result = p.x.layout.shape[axis + 2], p.y.layout.shape[axis + 2]
            taps = p.w.layout.shape[axis + 1]
            last = (result - 1) * p.strides[axis] - p.pads[axis] + (taps - 1) * p.dilations[axis]
            if p.pads[axis] > 0 or last >= size:
                return True
        return False

    def results(self) -> str:
        """The epilogue on `sum`, by way of shared memory, and the stores; `pixel` and `there` say where rows lie."""
        shifts = ["0", "0"] if self.product.correction is None else ["x4[n]", "x4[n + 1]"]
        before = BEFORE_RESULTS.replace("@FIRST@", shifts[0]).replace("@SECOND@", shifts[1])
        lines = [before, *(f"      {line}\n" for line in self._epilogue()), AFTER_RESULTS]
        return "".join(lines) + self._stores()

    def _epilogue(self) -> list[str]:
        """Statements that make two neighbours of `value` what is written, and put them into shared memory at `at`."""
        p = self.product
        lines: list[str] = []
        operands: dict[str, str] = {}
        first = len(p.operands) - len(p.reads)
        for i, (name, region) in enumerate(p.reads):
            text, lane = self._operand(f"x{i + first}", region, f"e{i}")
            lines += text
            operands[name] = lane
        kind = value_type(p.chain.types.get(p.result, self._out)) if p.chain.body else "float"
        lines.append(f"{kind} r[2];")
        inner, known = p.chain.emit({p.value: "value[l]", **operands}, "c")
        lines += each_lane(2, [*inner, f"r[l] = {known[p.result]};"])
        if self._needs_zeros():
            lines.append(f"if (n >= {p.y.layout.shape[1]}) r[0] = 0;")
            lines.append(f"if (n + 1 >= {p.y.layout.shape[1]}) r[1] = 0;")
        return [*lines, *self._staged()]

    def _needs_zeros(self) -> bool:
        layout = self.product.y.layout
        return layout.channels > layout.shape[1]

    def _staged(self) -> list[str]:
        q = self.product.requantized
        if q is None:
            return [f"wl::store<2>(reinterpret_cast<{STORAGE[self._out]}*>(at), r);"]
        words = [q.word(f"r[{i}]") for i in (0, 1)]
        return [f"*reinterpret_cast<unsigned short*>(at) = (unsigned short)wl::low_bytes({words[0]}, {words[1]});"]

    def _operand(self, pointer: str, region: Region, variable: str) -> tuple[list[str], str]:
        """Statements that load two neighbours of what the chain reads, and the expression of the `l`-th."""
        layout = region.layout
        stride = layout.strides[1]
        readable = layout.channels if layout.channels_last else layout.shape[1]
        limit = (
            f"{readable} - n" if stride and readable < -(-self.product.columns // self._columns) * self._columns else ""
        )
        pointer = f"{pointer} + {self._place(region)}"
        if stride != 1 or self._is_paired(region):
            return Access(pointer, layout.dtype, stride, 2, limit).load(variable)
        kind = value_type(layout.dtype)
        value = f"wl::decode(({pointer})[l])"
        guarded = f"l < {limit} ? {value} : ({kind})(0)" if limit else value
        return [f"{kind} {variable}[2];", *each_lane(2, [f"{variable}[l] = {guarded};"])], f"{variable}[l]"

    def _is_paired(self, region: Region) -> bool:
        """Whether every other element is aligned to two."""
        strides = (s for d, s in enumerate(region.layout.strides) if d != 1 and region.layout.shape[d] > 1)
        return region.offset % 2 == 0 and all(stride % 2 == 0 for stride in strides)

    def _place(self, region: Region) -> str:
        """The offset of the pixel `m` and the channel `n`."""
        channel = region.layout.strides[1]
        terms = [self._pixel(region), f"n * {channel}" if channel else ""]
        return "(" + (" + ".join(term for term in terms if term) or "0") + ")"

    def _pixel(self, region: Region) -> str:
        """The offset of the pixel `m`."""
        (_, _, rows, columns), (batch, _, down, along) = self.product.y.layout.shape, region.layout.strides
        sizes = (self.product.y.layout.shape[0], rows, columns)
        steps = [along, down, batch]
        reach = sum(abs(s) * (n - 1) for s, n in zip((batch, down, along), sizes, strict=True))
        m = "(long long)m" if reach >= 2**31 - 2**20 else "m"
        if not any(step for step, size in zip(steps, reversed(sizes), strict=True) if size > 1):
            return ""
        even = _even_step(sizes, (batch, down, along))
        if even is not None:
            return f"{m} * {even}"
        return f"({m} % Q * {along} + {m} / Q % P * {down} + {m} / (P * Q) * {batch})"

    def _stores(self) -> str:
        p = self.product
        size = self._out.itemsize
        unit = VECTOR
        moves = [p.y.offset, self.product.columns, *(s for d, s in enumerate(p.y.layout.strides) if d != 1)]
        while any(move * size % unit for move in moves):
            unit //= 2
        unit = max(unit, size)
        lines = {
            "@UNIT@": str(unit),
            "@LANES@": str(unit // size),
            "@PLACE@": self._pixel(p.y) or "0",
            "@TYPE@": STORAGE[self._out],
        }
        text = STORES
        for mark, value in lines.items():
            text = text.replace(mark, value)
        return text


def odd_vectors(size: int) -> int:
    """Bytes rounded up to an odd number of vectors: rows then begin at different banks."""
    vectors = -(-size // VECTOR)
    return (vectors + (vectors + 1) % 2) * VECTOR


def _even_step(sizes: Sequence[int], strides: Sequence[int]) -> int | None:
    """The step from a pixel to the next, in row-major order, where it is the same everywhere."""
    wide = [(size, stride) for size, stride in zip(sizes, strides, strict=True) if size > 1]
    if not wide:
        return 0
    step = wide[-1][1]
    for i, (_, stride) in enumerate(wide):
        if stride != step * math.prod(size for size, _ in wide[i + 1 :]):
            return None
    return step
