"""The text of convolutions of few channels on tensor cores: how a block's work is cut, and the kernel's statements.

An implicit product: rows are output pixels, columns are filters, and what is summed are slots: a tap of the window with
four channels, which lie side by side in shared memory, so that a lane gets its share of a tile (see `tile_product`)
with one load. A window of 7x7 and three channels has 49 slots; three quarters of the products are real ones, but
nothing is gathered element by element.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.types import LARGEST, STORAGE, value_type
from warploom.device.cuda.kernels.codegen.window import Fused
from warploom.device.cuda.layout import Layout
from warploom.device.cuda.steps import Region
from warploom.graph import DType

QUAD = 4
"""Channels of a slot."""

SLOTS = 4
"""Slots of a step: one for each lane of four."""

SHARED_BYTES = 48 << 10
"""Shared memory that every GPU gives a block without being asked."""

_ROWS, _COLUMNS = 16, 8
_MOST_UNROLLED = 16
_STORED = 16  # bytes that a lane stores at once
_MOST_TOGETHER = 6


@dataclass(frozen=True, slots=True)
class Form:
    """How a block's work is cut.

    Attributes:
        tile: Output rows and columns that a block computes together; at most `pixels` of them.
        warps: Warps along pixels, and along filters.
        rows: Tiles of 16 pixels per warp.
        columns: Tiles of 8 filters per warp.
        passes: Tiles of the output that a block computes one after another with the same weights.
    """

    tile: tuple[int, int]
    warps: tuple[int, int]
    rows: int
    columns: int
    passes: int = 1

    @property
    def pixels(self) -> int:
        """Pixels of a block's tiles."""
        return self.warps[0] * self.rows * _ROWS

    @property
    def filters(self) -> int:
        """Filters of a block."""
        return self.warps[1] * self.columns * _COLUMNS

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return 32 * self.warps[0] * self.warps[1]

    @property
    def label(self) -> str:
        """It all, for names."""
        tile, warps = ("x".join(map(str, pair)) for pair in (self.tile, self.warps))
        return f"{tile}_{warps}_{self.rows}x{self.columns}_{self.passes}"


@dataclass(frozen=True, slots=True)
class FewChannels:
    """A convolution over two dimensions, of one group and few channels.

    Attributes:
        x: Input (N, C, H, W), in any order and float type.
        y: Output (N, K, H, W), channels-last, as library products write it.
        bias: (K padded,) in float32, or None.
        window: Rows and columns of the window.
        begins: Padding before the rows and the columns.
        strides: Per dimension.
        dilations: Per dimension.
        after: The epilogue.
        dtype: The type that factors are kept in; float32 is multiplied as TF32. Results may be stored in 8 bits.
    """

    x: Region
    y: Region
    bias: Region | None
    window: tuple[int, int]
    begins: tuple[int, int]
    strides: tuple[int, int]
    dilations: tuple[int, int]
    after: Fused
    dtype: DType

    @property
    def channels(self) -> int:
        """Of the input."""
        return self.x.layout.shape[1]

    @property
    def quads(self) -> int:
        """Slots per tap."""
        return -(-self.channels // QUAD)

    @property
    def slots(self) -> int:
        """What is summed, in slots."""
        return self.window[0] * self.window[1] * self.quads

    @property
    def steps(self) -> int:
        """Steps of four slots."""
        return -(-self.slots // SLOTS)

    @property
    def cell_bytes(self) -> int:
        """Of a slot's values."""
        return QUAD * self.dtype.itemsize


def weight_bytes(layer: FewChannels, form: Form) -> int:
    """Of a block's weights."""
    return layer.steps * form.warps[1] * form.columns * 32 * layer.cell_bytes


def input_tile(layer: FewChannels, form: Form) -> tuple[int, int]:
    """Rows and columns of the input under a block's tile of the output."""
    reach = zip(form.tile, layer.strides, layer.window, layer.dilations, strict=True)
    rows, columns = ((size - 1) * stride + (taps - 1) * dilation + 1 for size, stride, taps, dilation in reach)
    return rows, columns


def shared_bytes(layer: FewChannels, form: Form) -> int:
    """Shared memory of a block."""
    tile = math.prod(input_tile(layer, form)) * layer.quads * layer.cell_bytes
    return weight_bytes(layer, form) + tile + layer.steps * SLOTS * 4


def column_groups(columns: int, dtype: DType) -> Iterator[tuple[int, int]]:
    """A warp's tiles of filters in groups (first, count) whose results a lane stores at once."""
    widest, first = _STORED // (2 * dtype.itemsize), 0
    while first < columns:
        count = widest
        while count > columns - first:
            count //= 2
        yield first, count
        first += count


def filter_of(column: int, columns: int, dtype: DType) -> int:
    """The filter of a warp that a column of its tiles computes: a lane's results of a group lie side by side."""
    tile, inside = divmod(column, _COLUMNS)
    first, count = next(group for group in column_groups(columns, dtype) if group[0] <= tile < sum(group))
    return first * _COLUMNS + inside // 2 * 2 * count + (tile - first) * 2 + inside % 2


def tiles(layer: FewChannels, form: Form) -> tuple[int, int, int]:
    """Images, and tiles of the output per dimension."""
    count, _, height, width = layer.y.layout.shape
    return count, -(-height // form.tile[0]), -(-width // form.tile[1])


def grid_of(layer: FewChannels, form: Form) -> tuple[int, int, int]:
    """Blocks along tiles, and along filters."""
    filters = -(-layer.y.layout.channels // form.filters)
    return -(-math.prod(tiles(layer, form)) // form.passes), filters, 1


class Text:
    """Writes the kernel: x0 is the input, x1 the weights, then the bias, then what the epilogue reads."""

    def __init__(self, layer: FewChannels, form: Form) -> None:
        self._layer = layer
        self._form = form
        self._wide = layer.dtype is DType.FLOAT32
        self._cell = "uint4" if self._wide else "uint2"
        self._tag = {DType.FLOAT16: "f16", DType.BFLOAT16: "bf16"}.get(layer.dtype, "tf32")
        self._height, self._width = input_tile(layer, form)
        self._weights = weight_bytes(layer, form) // 16

    @property
    def _both(self) -> bool:
        """Whether both halves of what a lane loads of the weights count."""
        return not self._wide or self._layer.channels > 2

    def body(self) -> list[str]:
        """All statements."""
        layer, form = self._layer, self._form
        return [
            f"__shared__ uint4 weights[{self._weights}];",
            f"__shared__ {self._cell} tile[{self._cells}];",
            f"__shared__ int places[{layer.steps * SLOTS}];",
            "const int thread = threadIdx.x, lane = thread & 31, g = lane >> 2, t = lane & 3;",
            f"const int pixels0 = (thread >> 5) % {form.warps[0]} * {form.rows * _ROWS};",
            f"const int warp_column = (thread >> 5) / {form.warps[0]};",
            f"const int filter0 = blockIdx.y * {form.filters} + warp_column * {form.columns * _COLUMNS};",
            f"{self._raw} raw[{self._together}];",
            *(self._one_tile() if form.passes == 1 else self._many_tiles()),
        ]

    def _one_tile(self) -> list[str]:
        """A block that computes one tile of the output."""
        return [
            "const unsigned work = blockIdx.x;",
            *self._locate(),
            *self._loads("0"),
            *self._weights_in(),
            *self._places(),
            *self._stores("0"),
            *self._rest(),
            *self._windows(),
            *self._start(),
            "wl::wait_for_copies();",
            "__syncthreads();",
            *self._products(),
            *self._results(),
        ]

    def _many_tiles(self) -> list[str]:
        """A block that computes several: the input of the next one is on its way while it multiplies."""
        count = math.prod(tiles(self._layer, self._form))
        return [
            "unsigned work = blockIdx.x;",
            "{",
            *self._locate(),
            *self._loads("0"),
            "}",
            *self._weights_in(),
            *self._places(),
            *self._windows(),
            "for (;;) {",
            *self._locate(),
            *self._stores("0"),
            *self._rest(),
            *self._start(),
            "wl::wait_for_copies();",
            "__syncthreads();",
            "const unsigned next = work + gridDim.x;",
            f"if (next < {count}u) {{",
            "const unsigned work = next;",
            *self._locate(),
            *self._loads("0"),
            "}",
            *self._products(),
            *self._results(),
            f"if (next >= {count}u) break;",
            "work = next;",
            "__syncthreads();",
            "}",
        ]

    def _weights_in(self) -> list[str]:
        threads = self._form.threads
        return [
            f"const uint4* const given = reinterpret_cast<const uint4*>(x1) + blockIdx.y * {self._weights};",
            "#pragma unroll 8",
            f"for (int i = thread; i < {self._weights}; i += {threads}) wl::copy_later(&weights[i], given + i);",
        ]

    def _places(self) -> list[str]:
        """Where each slot lies from the first one of a pixel's window; -1 for what fills the last step."""
        layer = self._layer
        quad = f"i % {layer.quads}" if layer.quads > 1 else "0"
        tap = f"i / {layer.quads}" if layer.quads > 1 else "i"
        rows, columns = layer.dilations
        row, column = f"tap / {layer.window[1]} * {rows * self._width}", f"tap % {layer.window[1]} * {columns}"
        place = f"(({row} + {column}) * {layer.quads} + {quad})"
        return [
            f"for (int i = thread; i < {layer.steps * SLOTS}; i += {self._form.threads}) {{",
            f"  const int tap = {tap};",
            f"  places[i] = i < {layer.slots} ? {place} : -1;",
            "}",
        ]

    def _locate(self) -> list[str]:
        layer, form = self._layer, self._form
        _, down, across = tiles(layer, form)
        return [
            f"const int image = work / {down * across}u;",
            f"const int row0 = work / {across}u % {down}u * {form.tile[0]};",
            f"const int column0 = work % {across}u * {form.tile[1]};",
        ]

    @property
    def _cells(self) -> int:
        """Slots of the input under a tile."""
        return self._height * self._width * self._layer.quads

    @property
    def _together(self) -> int:
        """Cells that a thread has on their way at the same time."""
        return min(-(-self._cells // self._form.threads), _MOST_TOGETHER)

    @property
    def _raw(self) -> str:
        """The C++ type of a cell as it is loaded."""
        x = self._layer.x.layout
        return f"wl::Lanes<{STORAGE[x.dtype]}, {QUAD}>"

    def _rest(self) -> list[str]:
        """Brings in what is beyond the first cells of each thread."""
        step = self._together * self._form.threads
        if step >= self._cells:
            return []
        head = f"for (int first = {step}; first < {self._cells}; first += {step}) {{"
        return [head, *self._loads("first"), *self._stores("first"), "}"]

    def _cell_loop(self, first: str, body: Sequence[str]) -> list[str]:
        return [
            "#pragma unroll",
            f"for (int k = 0; k < {self._together}; ++k) {{",
            f"  const int i = {'' if first == '0' else f'{first} + '}thread + k * {self._form.threads};",
            *(f"  {line}" for line in body),
            "}",
        ]

    def _loads(self, first: str) -> list[str]:
        """Begins to load cells of the input, with zeros where there is none."""
        layer, x = self._layer, self._layer.x.layout
        quads = layer.quads
        spot = f"i / {quads}" if quads > 1 else "i"
        row, column = (
            f"row0 * {layer.strides[0]} - {layer.begins[0]}",
            f"column0 * {layer.strides[1]} - {layer.begins[1]}",
        )
        body = [
            f"const int spot = {spot}, down = spot / {self._width};",
            f"const int row = {row} + down, column = {column} + spot - down * {self._width};",
            f"const bool inside = (unsigned)row < {x.shape[2]}u && (unsigned)column < {x.shape[3]}u;",
            f"const bool there = i < {self._cells} && inside;",
            f"const auto* const from = source + (there ? row * {x.strides[2]} + column * {x.strides[3]} : 0);",
            *([f"const int quad = i % {quads};"] if quads > 1 else []),
            *self._load_cell("quad" if quads > 1 else ""),
        ]
        return [f"const auto* const source = x0 + image * {x.strides[0]}ll;", *self._cell_loop(first, body)]

    def _load_cell(self, quad: str) -> list[str]:
        """One slot's values, as they lie."""
        x = self._layer.x.layout
        if self._is_vector(x):
            return [f"raw[k] = wl::fetch_or<{QUAD}>(there, from{f' + {quad} * {QUAD}' if quad else ''}, 0u);"]
        return [f"raw[k].s[{lane}] = {self._load_lane(quad, lane)};" for lane in range(QUAD)]

    def _load_lane(self, quad: str, lane: int) -> str:
        layer, x = self._layer, self._layer.x.layout
        channel = f"({quad} * {QUAD} + {lane})" if quad else str(lane)
        if not quad and lane >= layer.channels:
            return f"{STORAGE[x.dtype]}()"
        exists = f"there && {channel} < {layer.channels}" if quad and layer.channels % QUAD else "there"
        at = f"from + {channel} * {x.strides[1]}"
        if x.dtype is DType.FLOAT32:
            return f"wl::fetch_or<1>({exists}, {at}, 0u).s[0]"
        return f"{exists} ? *({at}) : {STORAGE[x.dtype]}()"

    def _is_vector(self, x: Layout) -> bool:
        """Whether a slot's channels lie side by side and can be read at once."""
        whole = x.channels_last and x.channels % QUAD == 0 and x.strides[1] == 1
        aligned = all(stride % QUAD == 0 for axis, stride in enumerate(x.strides) if axis != 1)
        return whole and aligned and self._layer.x.offset % QUAD == 0 and x.dtype.itemsize <= 4

    def _stores(self, first: str) -> list[str]:
        """Puts what was loaded into shared memory, converted."""
        layer, x = self._layer, self._layer.x.layout.dtype
        if x is layer.dtype and not self._wide:
            convert = ["tile[i] = raw[k].w[0];"]
        else:
            convert = [f"float v[{QUAD}];", f"wl::unpack<{QUAD}>(raw[k], v);", self._pack()]
        return self._cell_loop(first, [f"if (i < {self._cells}) {{", *convert, "}"])

    def _pack(self) -> str:
        x = self._layer.x.layout.dtype
        largest = LARGEST.get(self._layer.dtype)
        if self._wide:
            parts = ", ".join(f"wl::bits_of(wl::rounded_to_tf32(v[{lane}]))" for lane in range(QUAD))
            return f"tile[i] = uint4{{{parts}}};"
        narrows = largest is not None and x is not self._layer.dtype
        texts = [f"wl::saturated(v[{lane}], {largest})" if narrows else f"v[{lane}]" for lane in range(QUAD)]
        pairs = ", ".join(f"wl::{self._tag}_pair_of({texts[i]}, {texts[i + 1]})" for i in (0, 2))
        return f"tile[i] = uint2{{{pairs}}};"

    def _windows(self) -> list[str]:
        """Where each pixel's window begins."""
        layer, form = self._layer, self._form
        clamp = math.prod(form.tile) < form.pixels
        row, column = (
            f"p / {form.tile[1]} * {layer.strides[0] * self._width}",
            f"p % {form.tile[1]} * {layer.strides[1]}",
        )
        return [
            f"int window[{form.rows}][2];",
            "#pragma unroll",
            f"for (int i = 0; i < {form.rows * 2}; ++i) {{",
            f"  const int p = pixels0 + i / 2 * {_ROWS} + i % 2 * 8 + g;",
            f"  const int start = ({row} + {column}) * {layer.quads};",
            f"  window[i / 2][i % 2] = {f'p < {math.prod(form.tile)} ? start : 0' if clamp else 'start'};",
            "}",
        ]

    def _start(self) -> list[str]:
        """The sums: they begin with the bias."""
        lines = [f"float sum[{self._form.rows}][{self._form.columns}][4];"]
        for first, count in column_groups(self._form.columns, self._layer.dtype):
            lines.extend(self._start_group(first, count))
        return lines

    def _start_group(self, first: int, count: int) -> list[str]:
        """The sums of a group of tiles."""
        lanes = 2 * count
        lines: list[str] = []
        text = "0.0f"
        if self._layer.bias is not None:
            pointer = f"x2 + filter0 + {first * _COLUMNS} + t * {lanes}"
            exists = f"filter0 + {first * _COLUMNS} + t * {lanes} < {self._layer.y.layout.channels}"
            lines, text = Access(pointer, DType.FLOAT32, 1, lanes, there=exists).load("bias")
        assign = f"sum[i][{first} + l / 2][l % 2] = sum[i][{first} + l / 2][2 + l % 2] = {text};"
        rows = ["#pragma unroll", f"for (int i = 0; i < {self._form.rows}; ++i)", *each_lane(lanes, [assign])]
        # The pragma of the lanes may not follow a loop's head without braces.
        return ["{", *lines, rows[0], rows[1] + " {", *rows[2:], "}", "}"]

    def _products(self) -> list[str]:
        layer = self._layer
        whole, rest = divmod(layer.slots, SLOTS)
        unroll = "#pragma unroll" if whole <= _MOST_UNROLLED else "#pragma unroll 4"
        lines = (
            [unroll, f"for (int step = 0; step < {whole}; ++step) {{", *self._step(partly=False), "}"] if whole else []
        )
        if rest:
            lines += ["{", f"const int step = {whole};", *self._step(partly=True), "}"]
        return lines

    def _step(self, *, partly: bool) -> list[str]:
        form = self._form
        zero = f"{self._cell}{{{', '.join(['0u'] * (4 if self._wide else 2))}}}"
        loads = [f"tile[window[i][{half}] + place]" for half in (0, 1)]
        if partly:
            loads = [f"(place < 0 ? {zero} : {load})" for load in loads]
        per_load = 1 if self._wide else 2
        start = f"(step * {form.warps[1]} + warp_column) * {form.columns // per_load * 32}"
        return [
            f"const int place = places[step * {SLOTS} + t];",
            f"{self._cell} low[{form.rows}], high[{form.rows}];",
            "#pragma unroll",
            f"for (int i = 0; i < {form.rows}; ++i) {{",
            f"  low[i] = {loads[0]};",
            f"  high[i] = {loads[1]};",
            "}",
            f"const uint4* const w = weights + {start} + lane;",
            "#pragma unroll",
            f"for (int j = 0; j < {form.columns // per_load}; ++j) {{",
            "  const uint4 q = w[j * 32];",
            f"  const unsigned first[2] = {{q.x, q.y}}{', second[2] = {q.z, q.w}' if self._both else ''};",
            "  #pragma unroll",
            f"  for (int i = 0; i < {form.rows}; ++i) {{",
            *(f"    {line}" for line in self._tile_products()),
            "  }",
            "}",
        ]

    def _tile_products(self) -> list[str]:
        call = f"wl::multiply_tile(wl::{self._tag}(), sum[i]"
        a = "const unsigned a[4] = {low[i].x, high[i].x, low[i].y, high[i].y};"
        if not self._wide:
            return [a, f"{call}[2 * j], a, first);", f"{call}[2 * j + 1], a, second);"]
        lines = [a, f"{call}[j], a, first);"]
        if self._both:
            lines += [
                "const unsigned b[4] = {low[i].z, high[i].z, low[i].w, high[i].w};",
                f"{call}[j], b, second);",
            ]
        return lines

    def _results(self) -> list[str]:
        """The epilogue, and the stores."""
        layer, form = self._layer, self._form
        _, _, height, width = layer.y.layout.shape
        size = math.prod(form.tile)
        tests = [f"p < {size}"] if size < form.pixels else []
        tests += [f"row < {height}"] if height % form.tile[0] else []
        tests += [f"column < {width}"] if width % form.tile[1] else []
        lines = [
            "#pragma unroll",
            f"for (int i = 0; i < {form.rows * 2}; ++i) {{",
            f"const int p = pixels0 + i / 2 * {_ROWS} + i % 2 * 8 + g;",
            f"const int row = row0 + p / {form.tile[1]}, column = column0 + p % {form.tile[1]};",
            *([f"if ({' && '.join(tests)}) {{"] if tests else ["{"]),
        ]
        for first, count in column_groups(form.columns, layer.dtype):
            lines.extend(self._result(first, count))
        return [*lines, "}", "}"]

    def _result(self, first: int, count: int) -> list[str]:
        layer = self._layer
        y, after = layer.y.layout, layer.after
        lanes, kind = 2 * count, value_type(y.dtype)
        values = {after.value: f"sum[i / 2][{first} + l / 2][i % 2 * 2 + l % 2]"}
        lines: list[str] = []
        skip = 3 if layer.bias is not None else 2
        for position, (name, region) in enumerate(after.reads):
            loads, values[name] = self._access(region, f"x{skip + position}", lanes).load(f"e{position}")
            lines.extend(loads)
        statements, known = after.chain.emit(values, "w")
        result = known[after.result]
        if after.chain.exceeds_half and y.dtype in LARGEST:
            result = f"wl::saturated({result}, {LARGEST[y.dtype]})"
        if y.shape[1] < y.channels:
            result = f"c + l < {y.shape[1]} ? {result} : ({kind})(0)"
        lines.append(f"{kind} r[{lanes}];")
        lines.extend(each_lane(lanes, [*statements, f"r[l] = {result};"]))
        lines.extend(self._access(layer.y, "y0", lanes).store("r"))
        fits = y.channels % self._form.filters == 0
        start = f"const int c = filter0 + {first * _COLUMNS} + t * {lanes};"
        return ["{", start, f"{'' if fits else f'if (c < {y.channels}) '}{{", *lines, "}", "}"]

    def _access(self, region: Region, pointer: str, lanes: int) -> Access:
        """Access to an operand with the shape of y."""
        layout = region.layout
        terms = [
            f"{name} * {stride}{'ll' if name == 'image' else ''}"
            for name, stride in zip(("image", "row", "column"), (layout.strides[0], *layout.strides[2:]), strict=True)
            if stride
        ]
        stride = layout.strides[1]
        at = " + ".join([*terms, *(["c" if stride == 1 else f"c * {stride}"] if stride else [])]) or "0"
        readable = layout.channels if layout.channels_last else layout.shape[1]
        limit = f"{readable} - c" if stride and readable < self._layer.y.layout.channels else ""
        return Access(f"{pointer} + ({at})", layout.dtype, stride, lanes, limit)


def fits(layer: FewChannels, form: Form) -> bool:
    """Whether a form suits a layer: its loads are whole, and its shared memory is there."""
    even = form.columns % (1 if layer.dtype is DType.FLOAT32 else 2) == 0
    whole = math.prod(form.tile) <= form.pixels and form.threads <= 1024
    return even and whole and shared_bytes(layer, form) <= SHARED_BYTES


def operands(layer: FewChannels, weights: Region) -> Sequence[Region]:
    """What the kernel reads, in order."""
    bias = [layer.bias] if layer.bias is not None else []
    return [layer.x, weights, *bias, *(region for _, region in layer.after.reads)]
