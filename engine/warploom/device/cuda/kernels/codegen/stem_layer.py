"""Convolutions of few channels on tensor cores: the layer, the forms that cut a block's work, and their geometry.

An implicit product: rows are output pixels, columns are filters, and what is summed are slots: a tap of the window with
four channels, which lie side by side in shared memory, so that a lane gets its share of a tile (see `tile_product`)
with one load. A window of 7x7 and three channels has 49 slots; three quarters of the products are real ones, but
nothing is gathered element by element.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.window import Fused
from warploom.device.cuda.steps import Region
from warploom.graph import DType

QUAD = 4
"""Channels of a slot."""

SLOTS = 4
"""Slots of a step: one for each lane of four."""

SHARED_BYTES = 48 << 10
"""Shared memory that every GPU gives a block without being asked."""

ROWS, COLUMNS = 16, 8
"""Pixels and filters of a tile that a warp multiplies at once."""

_STORED = 16  # bytes that a lane stores at once


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
        return self.warps[0] * self.rows * ROWS

    @property
    def filters(self) -> int:
        """Filters of a block."""
        return self.warps[1] * self.columns * COLUMNS

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
    tile, inside = divmod(column, COLUMNS)
    first, count = next(group for group in column_groups(columns, dtype) if group[0] <= tile < sum(group))
    return first * COLUMNS + inside // 2 * 2 * count + (tile - first) * 2 + inside % 2


def tiles(layer: FewChannels, form: Form) -> tuple[int, int, int]:
    """Images, and tiles of the output per dimension."""
    count, _, height, width = layer.y.layout.shape
    return count, -(-height // form.tile[0]), -(-width // form.tile[1])


def grid_of(layer: FewChannels, form: Form) -> tuple[int, int, int]:
    """Blocks along tiles, and along filters."""
    filters = -(-layer.y.layout.channels // form.filters)
    return -(-math.prod(tiles(layer, form)) // form.passes), filters, 1


def fits(layer: FewChannels, form: Form) -> bool:
    """Whether a form suits a layer: its loads are whole, and its shared memory is there."""
    even = form.columns % (1 if layer.dtype is DType.FLOAT32 else 2) == 0
    whole = math.prod(form.tile) <= form.pixels and form.threads <= 1024
    return even and whole and shared_bytes(layer, form) <= SHARED_BYTES


def operands(layer: FewChannels, weights: Region) -> Sequence[Region]:
    """What the kernel reads, in order."""
    bias = [layer.bias] if layer.bias is not None else []
    return [layer.x, weights, *bias, *(region for _, region in layer.after.reads)]
