"""The text of kernels for convolutions of few channels on tensor cores (see `stem_layer`)."""

from __future__ import annotations

import math

from warploom.device.cuda.kernels.codegen.access import Access, each_lane
from warploom.device.cuda.kernels.codegen.stem_input import TileInput
from warploom.device.cuda.kernels.codegen.stem_layer import (
    COLUMNS,
    ROWS,
    SLOTS,
    FewChannels,
    Form,
    column_groups,
    input_tile,
    tiles,
    weight_bytes,
)
from warploom.device.cuda.kernels.codegen.types import LARGEST, value_type
from warploom.device.cuda.steps import Region
from warploom.graph import DType

_MOST_UNROLLED = 16


class Text:
    """Writes the kernel: x0 is the input, x1 the weights, then the bias, then what the epilogue reads."""

    def __init__(self, layer: FewChannels, form: Form) -> None:
        self._layer = layer
        self._form = form
        self._wide = layer.dtype is DType.FLOAT32
        self._cell = "uint4" if self._wide else "uint2"
        self._tag = {DType.FLOAT16: "f16", DType.BFLOAT16: "bf16"}.get(layer.dtype, "tf32")
        self._input = TileInput(layer, form)
        _, self._width = input_tile(layer, form)
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
            f"__shared__ {self._cell} tile[{self._input.cells}];",
            f"__shared__ int places[{layer.steps * SLOTS}];",
            "const int thread = threadIdx.x, lane = thread & 31, g = lane >> 2, t = lane & 3;",
            f"const int pixels0 = (thread >> 5) % {form.warps[0]} * {form.rows * ROWS};",
            f"const int warp_column = (thread >> 5) / {form.warps[0]};",
            f"const int filter0 = blockIdx.y * {form.filters} + warp_column * {form.columns * COLUMNS};",
            f"{self._input.raw_type} raw[{self._input.together}];",
            *(self._one_tile() if form.passes == 1 else self._many_tiles()),
        ]

    def _one_tile(self) -> list[str]:
        """A block that computes one tile of the output."""
        return [
            "const unsigned work = blockIdx.x;",
            *self._locate(),
            *self._input.loads("0"),
            *self._weights_in(),
            *self._places(),
            *self._input.stores("0"),
            *self._input.rest(),
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
            *self._input.loads("0"),
            "}",
            *self._weights_in(),
            *self._places(),
            *self._windows(),
            "for (;;) {",
            *self._locate(),
            *self._input.stores("0"),
            *self._input.rest(),
            *self._start(),
            "wl::wait_for_copies();",
            "__syncthreads();",
            "const unsigned next = work + gridDim.x;",
            f"if (next < {count}u) {{",
            "const unsigned work = next;",
            *self._locate(),
            *self._input.loads("0"),
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
            f"  const int p = pixels0 + i / 2 * {ROWS} + i % 2 * 8 + g;",
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
            pointer = f"x2 + filter0 + {first * COLUMNS} + t * {lanes}"
            exists = f"filter0 + {first * COLUMNS} + t * {lanes} < {self._layer.y.layout.channels}"
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
            f"const int p = pixels0 + i / 2 * {ROWS} + i % 2 * 8 + g;",
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
        start = f"const int c = filter0 + {first * COLUMNS} + t * {lanes};"
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
