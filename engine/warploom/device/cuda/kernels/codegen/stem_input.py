"""The text that brings the input under a block's tile into shared memory, for convolutions of few channels."""

from __future__ import annotations

from collections.abc import Sequence

from warploom.device.cuda.kernels.codegen.stem_layer import QUAD, FewChannels, Form, input_tile
from warploom.device.cuda.kernels.codegen.types import LARGEST, STORAGE
from warploom.device.cuda.layout import Layout
from warploom.graph import DType

_MOST_TOGETHER = 6


class TileInput:
    """Writes statements that load cells (a slot's values of one pixel) and put them into `tile`, converted.

    They expect x0, `image`, `row0` and `column0` (the tile's place in the output), `thread`, and an array `raw` of
    `together` elements of `raw_type`.
    """

    def __init__(self, layer: FewChannels, form: Form) -> None:
        self._layer = layer
        self._form = form
        self._wide = layer.dtype is DType.FLOAT32
        self._height, self._width = input_tile(layer, form)

    @property
    def cells(self) -> int:
        """Slots of the input under a tile."""
        return self._height * self._width * self._layer.quads

    @property
    def together(self) -> int:
        """Cells that a thread has on their way at the same time."""
        return min(-(-self.cells // self._form.threads), _MOST_TOGETHER)

    @property
    def raw_type(self) -> str:
        """The C++ type of a cell as it is loaded."""
        x = self._layer.x.layout
        return f"wl::Lanes<{STORAGE[x.dtype]}, {QUAD}>"

    def rest(self) -> list[str]:
        """Statements that bring in what is beyond the first cells of each thread."""
        step = self.together * self._form.threads
        if step >= self.cells:
            return []
        head = f"for (int first = {step}; first < {self.cells}; first += {step}) {{"
        return [head, *self.loads("first"), *self.stores("first"), "}"]

    def _cell_loop(self, first: str, body: Sequence[str]) -> list[str]:
        return [
            "#pragma unroll",
            f"for (int k = 0; k < {self.together}; ++k) {{",
            f"  const int i = {'' if first == '0' else f'{first} + '}thread + k * {self._form.threads};",
            *(f"  {line}" for line in body),
            "}",
        ]

    def loads(self, first: str) -> list[str]:
        """Statements that begin to load cells, with zeros where there is no input.

        Args:
            first: C++ expression of the first cell of thread 0.
        """
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
            f"const bool there = i < {self.cells} && inside;",
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

    def stores(self, first: str) -> list[str]:
        """Statements that put what was loaded into shared memory."""
        layer, x = self._layer, self._layer.x.layout.dtype
        if x is layer.dtype and not self._wide:
            convert = ["tile[i] = raw[k].w[0];"]
        else:
            convert = [f"float v[{QUAD}];", f"wl::unpack<{QUAD}>(raw[k], v);", self._pack()]
        return self._cell_loop(first, [f"if (i < {self.cells}) {{", *convert, "}"])

    def _pack(self) -> str:
        x = self._layer.x.layout.dtype
        largest = LARGEST.get(self._layer.dtype)
        if self._wide:
            parts = ", ".join(f"wl::bits_of(wl::rounded_to_tf32(v[{lane}]))" for lane in range(QUAD))
            return f"tile[i] = uint4{{{parts}}};"
        narrows = largest is not None and x is not self._layer.dtype
        texts = [f"wl::saturated(v[{lane}], {largest})" if narrows else f"v[{lane}]" for lane in range(QUAD)]
        tag = "f16" if self._layer.dtype is DType.FLOAT16 else "bf16"
        pairs = ", ".join(f"wl::{tag}_pair_of({texts[i]}, {texts[i + 1]})" for i in (0, 2))
        return f"tile[i] = uint2{{{pairs}}};"
