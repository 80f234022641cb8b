"""Generated kernels for convolutions and matrix products of 8-bit integers on tensor cores, as implicit products.

Rows are pixels of the result, columns its channels, and the depth runs over the window and the channels of the input,
16 bytes at a time. Blocks copy tiles of both operands into a ring in shared memory while tensor cores multiply earlier
ones. The epilogue runs on the sums in registers; results leave through shared memory, in whole vectors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.chain import Chain
from warploom.device.cuda.kernels.codegen.integer_cores import INTEGER_CORES, WARPGROUPS, warpgroup_product
from warploom.device.cuda.kernels.codegen.integer_text import (
    AFTER_RESULTS,
    BEFORE_RESULTS,
    LOAD,
    SETUP,
    STORES,
    WARP_LOOP,
    WARPGROUP_LOOP,
)
from warploom.device.cuda.kernels.codegen.kernel import named_source
from warploom.device.cuda.kernels.codegen.requantized import Requantized
from warploom.device.cuda.kernels.codegen.types import STORAGE, value_type
from warploom.device.cuda.steps import KernelStep, Region

VECTOR = 16
"""Bytes that are copied at a time; channels of the input come in whole vectors."""

_WARP = 32


@dataclass(frozen=True, slots=True)
class IntegerProduct:
    """One convolution (or matrix product: pixels in one row, a window of one).

    Attributes:
        x: (N, C, H, W) of int8 or uint8, channels innermost in whole vectors.
        w: Dense (K, rows, columns, C padded) of int8, rows of whole vectors.
        y: (N, K, P, Q), channels innermost; padded channels are written.
        scale: float32, at least K + 256 of them: multiplies the sum of each channel.
        bias: float32, as many: is added then.
        pads: (top, left).
        strides: (vertical, horizontal).
        dilations: (vertical, horizontal).
        chain: From the biased product to what is written, or to what is requantized.
        value: The chain's name of the biased product.
        result: The chain's name of its result.
        reads: What else the chain reads, broadcast to the shape of y.
        requantized: How the result becomes integers; None where the chain's result is written as it is.
        zero: The integer of the data that means zero, which surrounds images.
        correction: int32, as many as there are scales and four more: what `zero` adds to the sum of each channel; the
            last 16 bytes are all `zero`. None where that is 0.
    """

    x: Region
    w: Region
    y: Region
    scale: Region
    bias: Region
    pads: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    chain: Chain
    value: str
    result: str
    reads: tuple[tuple[str, Region], ...] = ()
    requantized: Requantized | None = None
    zero: int = 0
    correction: Region | None = None

    @property
    def operands(self) -> tuple[Region, ...]:
        """What the kernel reads, in the order of its parameters."""
        corrections = () if self.correction is None else (self.correction,)
        return (self.x, self.w, self.scale, self.bias, *corrections, *(region for _, region in self.reads))

    @property
    def rows(self) -> int:
        """Pixels of the result."""
        n, _, p, q = self.y.layout.shape
        return n * p * q

    @property
    def columns(self) -> int:
        """Channels that are written."""
        return self.y.layout.channels or self.y.layout.shape[1]

    @property
    def vectors(self) -> int:
        """Depth in vectors."""
        _, rows, columns, channels = self.w.layout.shape
        return rows * columns * channels // VECTOR


@dataclass(frozen=True, slots=True)
class Tile:
    """What one block computes, and how.

    Attributes:
        rows: Of the result.
        columns: Of the result.
        depth: Bytes of depth per step: 64 or 128.
        stages: Steps that shared memory holds.
        warps: How warps share the tile (down, along); for warpgroups they all lie below each other.
        warpgroups: Whether whole warpgroups multiply (wgmma), 64 rows each.
        cached: Whether copies go through the first cache: windows overlap, and blocks share filters.
    """

    rows: int
    columns: int
    depth: int
    stages: int
    warps: tuple[int, int]
    warpgroups: bool = False
    cached: bool = False

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return self.warps[0] * self.warps[1] * _WARP

    @property
    def stage_bytes(self) -> int:
        """Shared memory of one step."""
        return (self.rows + self.columns) * self.depth

    @property
    def label(self) -> str:
        """For the kernel's name."""
        kind = "wgmma" if self.warpgroups else "mma"
        return f"{kind}_{self.rows}x{self.columns}x{self.depth}_{self.stages}stages{'_cached' if self.cached else ''}"

    @property
    def alignment(self) -> int:
        """Of the ring in shared memory: whole patterns of the swizzle."""
        return 1024


def integer_step(product: IntegerProduct, tile: Tile) -> KernelStep:
    """The kernel of a product with a tile."""
    writer = _Text(product, tile)
    across = -(-product.columns // tile.columns)
    down = -(-product.rows // tile.rows)
    source = named_source(
        f"int8_{'conv' if product.w.layout.shape[1:3] != (1, 1) else 'product'}_{tile.label}", writer.text()
    )
    return KernelStep(
        replace(source, needs=WARPGROUPS) if tile.warpgroups else source,
        (across * down, 1, 1),
        (tile.threads, 1, 1),
        (product.y,),
        product.operands,
        shared_bytes=writer.shared_bytes + tile.alignment,
    )


class _Text:
    """Writes one kernel."""

    def __init__(self, product: IntegerProduct, tile: Tile) -> None:
        self._p = product
        self._t = tile
        self._out = product.y.layout.dtype
        self._pitch = _odd_vectors(tile.columns * self._out.itemsize)

    @property
    def shared_bytes(self) -> int:
        """Of the ring, or of results, which take its place."""
        return max(self._t.stages * self._t.stage_bytes, self._t.rows * self._pitch)

    def text(self) -> str:
        p, t = self._p, self._t
        unsigned = p.x.layout.dtype.value == "uint8"
        own = warpgroup_product(t.columns, unsigned) if t.warpgroups else ""
        load = LOAD.replace("@SURROUNDING@", "0" if p.correction is None else "surrounding")
        pieces = [self._head(), self._constants(), SETUP, load, self._products(unsigned), self._results()]
        return f"{INTEGER_CORES}{own}{''.join(pieces)}}}\n"

    def _head(self) -> str:
        t = self._t
        parameters = [
            f"{STORAGE[self._out]}* __restrict__ y0",
            *(f"const {STORAGE[r.layout.dtype]}* __restrict__ x{i}" for i, r in enumerate(self._p.operands)),
        ]
        return (
            f'extern "C" __global__ void __launch_bounds__({t.threads}) @NAME@({", ".join(parameters)}) {{\n'
            f"  WL_SHARED_BYTES(memory, {self.shared_bytes + t.alignment});\n"
        )

    def _constants(self) -> str:
        p, t = self._p, self._t
        _, kernel_rows, kernel_columns, channels = p.w.layout.shape
        height, width = p.x.layout.shape[2:]
        xs = p.x.layout.strides
        _, _, result_rows, result_columns = p.y.layout.shape
        reach = sum((size - 1) * stride for size, stride in zip(p.x.layout.shape, xs, strict=True))
        values = {
            "BM": t.rows, "BN": t.columns, "BK": t.depth, "STAGES": t.stages, "THREADS": t.threads,
            "VEC": t.depth // VECTOR, "STEP": t.threads * VECTOR // t.depth,
            "M": p.rows, "N": p.columns, "FILTERS": p.w.layout.shape[0], "KV": p.vectors, "CV": channels // VECTOR,
            "COLS": kernel_columns, "ROWS": kernel_rows, "H": height, "W": width, "P": result_rows, "Q": result_columns,
            "XN": xs[0], "XH": xs[2], "XW": xs[3], "SH": p.strides[0], "SW": p.strides[1], "PT": p.pads[0],
            "PL": p.pads[1], "DH": p.dilations[0], "DW": p.dilations[1],
            "ACROSS": -(-p.columns // t.columns), "STEPS": -(-p.vectors * VECTOR // t.depth),
            "STAGE": t.stage_bytes, "A_BYTES": t.rows * t.depth, "PITCH": self._pitch,
        }  # fmt: skip
        lines = [f"  constexpr int {', '.join(f'{name} = {value}' for name, value in values.items())};"]
        lines.append(f"  constexpr bool PADDED = {'true' if self._is_padded() else 'false'};")
        lines.append(f"  constexpr bool SHIFTED = {'false' if p.correction is None else 'true'};")
        if p.correction is not None:
            lines.append(f"  const int* const surrounding = x4 + {p.correction.layout.shape[0] - 4};")
        lines.append(f"  constexpr bool CACHED = {'true' if t.cached else 'false'};")
        lines.append(f"  typedef {'long long' if reach >= 2**31 - 2**20 else 'int'} Offset;")
        return "\n".join(lines) + "\n"

    def _is_padded(self) -> bool:
        """Whether the window leaves the image anywhere."""
        p = self._p
        for axis in (0, 1):
            size, result = p.x.layout.shape[axis + 2], p.y.layout.shape[axis + 2]
            taps = p.w.layout.shape[axis + 1]
            last = (result - 1) * p.strides[axis] - p.pads[axis] + (taps - 1) * p.dilations[axis]
            if p.pads[axis] > 0 or last >= size:
                return True
        return False

    def _products(self, unsigned: bool) -> str:
        t = self._t
        if t.warpgroups:
            return WARPGROUP_LOOP.replace("@KIND@", "u8" if unsigned else "s8")
        down, along = t.warps
        sizes = f"ALONG = {along}, WM = {t.rows // down}, WN = {t.columns // along}, MT = WM / 16, NT = WN / 8"
        return f"  constexpr int {sizes};\n" + WARP_LOOP.replace("@UNSIGNED@", "true" if unsigned else "false")

    def _results(self) -> str:
        shifts = ["0", "0"] if self._p.correction is None else ["x4[n]", "x4[n + 1]"]
        before = BEFORE_RESULTS.replace("@FIRST@", shifts[0]).replace("@SECOND@", shifts[1])
        lines = [before, *(f"      {line}\n" for line in self._epilogue()), AFTER_RESULTS]
        return "".join(lines) + self._stores()

    def _epilogue(self) -> list[str]:
        """Statements that make two neighbours of `value` what is written, and put them into shared memory at `at`."""
        p = self._p
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
        layout = self._p.y.layout
        return layout.channels > layout.shape[1]

    def _staged(self) -> list[str]:
        q = self._p.requantized
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
            f"{readable} - n" if stride and readable < -(-self._p.columns // self._t.columns) * self._t.columns else ""
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
        (_, _, rows, columns), (batch, _, down, along) = self._p.y.layout.shape, region.layout.strides
        sizes = (self._p.y.layout.shape[0], rows, columns)
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
        p = self._p
        size = self._out.itemsize
        unit = VECTOR
        moves = [p.y.offset, self._p.columns, *(s for d, s in enumerate(p.y.layout.strides) if d != 1)]
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


def _odd_vectors(size: int) -> int:
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
