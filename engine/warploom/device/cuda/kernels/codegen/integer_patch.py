"""Generated kernels for convolutions of 8-bit integers over patches: for windows that overlap, and few channels.

A block keeps the filters in shared memory and goes through tiles of the result, rectangles of pixels. Under each lies a
patch of the input, which is copied once, while tensor cores multiply the one before: rows of fragments are read from
the patch where the window puts them. So every pixel is copied once per tile instead of once per tap.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.integer_cores import INTEGER_CORES
from warploom.device.cuda.kernels.codegen.integer_product import VECTOR, IntegerProduct
from warploom.device.cuda.kernels.codegen.integer_text import PATCH_LOOP, PATCH_SETUP
from warploom.device.cuda.kernels.codegen.integer_writer import IntegerWriter, odd_vectors
from warploom.device.cuda.kernels.codegen.kernel import named_source
from warploom.device.cuda.steps import KernelStep

_WARP = 32
_SHARED_BYTES = 160 << 10
_SHARED_OF_MULTIPROCESSOR = 227 << 10
_MULTIPROCESSORS = 132
# Of the model that ranks tiles.
_BYTES_PER_CLOCK, _PRODUCTS_PER_CLOCK = 24.2, 1500.0
_CLOCKS_PER_RESULT, _CLOCKS_PER_TILE, _CLOCKS_PER_BLOCK = 0.125, 800.0, 1500.0

_SIZES = ((256, (8, 1)), (128, (4, 1)), (256, (4, 2)), (128, (2, 2)), (128, (4, 2)))


@dataclass(frozen=True, slots=True)
class PatchTile:
    """What a block computes at a time.

    Attributes:
        pixels: Rows and columns of the result.
        columns: Channels of the result.
        rows: Pixels that its warps compute: at least as many as the rectangle has, in whole fragments.
        warps: How warps share the tile (along pixels, along channels).
        count: Tiles that a block computes one after another.
    """

    pixels: tuple[int, int]
    columns: int
    rows: int
    warps: tuple[int, int]
    count: int

    @property
    def threads(self) -> int:
        """Threads of a block."""
        return self.warps[0] * self.warps[1] * _WARP

    @property
    def label(self) -> str:
        """For the kernel's name."""
        sizes = f"{self.pixels[0]}x{self.pixels[1]}_{self.columns}_{self.warps[0]}x{self.warps[1]}"
        return f"patch_{sizes}_{self.count}tiles"


def patch_step(product: IntegerProduct, tile: PatchTile) -> KernelStep:
    """The kernel of a product with a tile."""
    writer = _Text(product, tile)
    source = named_source(f"int8_conv_{tile.label}", writer.text())
    blocks = -(-tiles_of(product, tile) // tile.count)
    grid = (blocks, -(-product.columns // tile.columns), 1)
    threads = (tile.threads, 1, 1)
    return KernelStep(source, grid, threads, (product.y,), product.operands, shared_bytes=writer.shared_bytes)


def tiles_of(product: IntegerProduct, tile: PatchTile) -> int:
    """Tiles of pixels that make up the result."""
    n, _, rows, columns = product.y.layout.shape
    return int(n * -(-rows // tile.pixels[0]) * -(-columns // tile.pixels[1]))


def patch_bytes(product: IntegerProduct, pixels: tuple[int, int]) -> int:
    """Shared memory of the patch under a rectangle of the result."""
    return math.prod(_patch(product, pixels)) * _pixel_bytes(product)


def _patch(product: IntegerProduct, pixels: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of the input under a rectangle of the result."""
    window = product.w.layout.shape[1:3]
    reach = zip(pixels, product.strides, window, product.dilations, strict=True)
    rows, columns = ((size - 1) * stride + (taps - 1) * dilation + 1 for size, stride, taps, dilation in reach)
    return rows, columns


def _pixel_bytes(product: IntegerProduct) -> int:
    """Bytes from a pixel of a patch to the next: an odd number of vectors, so that neighbours lie in other banks."""
    return odd_vectors(product.w.layout.shape[3])


def patch_tiles(product: IntegerProduct) -> Iterator[PatchTile]:
    """Tiles for a product with a window that overlaps; none for others."""
    _, rows, columns, _ = product.w.layout.shape
    _, _, height, width = product.y.layout.shape
    if rows * columns == 1 or rows * columns * product.x.layout.shape[0] * height * width < 1 << 12:
        return
    for size, warps in _SIZES:
        for channels in _widths(product.columns, warps[1]):
            for pixels in _rectangles(height, width, size):
                tile = PatchTile(pixels, channels, size, warps, 1)
                shared = _Text(product, tile).shared_bytes
                if shared <= _SHARED_BYTES:
                    resident = max(1, min(_SHARED_OF_MULTIPROCESSOR // (shared + 1024), 1024 // tile.threads))
                    blocks = tiles_of(product, tile) * -(-product.columns // channels)
                    count = max(1, -(-blocks // (_MULTIPROCESSORS * resident)))
                    yield PatchTile(pixels, channels, size, warps, count)


def estimated_clocks(product: IntegerProduct, tile: PatchTile) -> float:
    """Roughly how long a product takes with a tile."""
    blocks = -(-tiles_of(product, tile) // tile.count) * -(-product.columns // tile.columns)
    depth = product.vectors * VECTOR
    copied = patch_bytes(product, tile.pixels) / _BYTES_PER_CLOCK
    results = tile.rows * tile.columns
    computed = results * depth / _PRODUCTS_PER_CLOCK + results * _CLOCKS_PER_RESULT
    resident = max(
        1, min(_SHARED_OF_MULTIPROCESSOR // (_Text(product, tile).shared_bytes + 1024), 1024 // tile.threads)
    )
    per_multiprocessor = -(-blocks // _MULTIPROCESSORS)
    begun = tile.columns * depth / _BYTES_PER_CLOCK + _CLOCKS_PER_BLOCK
    alone = tile.count * (max(copied, computed) + _CLOCKS_PER_TILE) + begun
    busy = tile.count * max(copied, computed) + begun
    return max(-(-per_multiprocessor // resident) * alone, per_multiprocessor * busy)


def _widths(channels: int, warps: int) -> Iterator[int]:
    """Numbers of channels of a tile: all, or parts of equal size, that warps have in pairs of fragments."""
    unit = 16 * warps
    found = {math.ceil(channels / (parts * unit)) * unit for parts in (1, 2, 3)}
    return (width for width in sorted(found) if width <= 96)


def _rectangles(height: int, width: int, size: int) -> Iterator[tuple[int, int]]:
    """Rectangles of at most that many pixels that leave least over."""
    found = []
    for parts in range(1, width + 1):
        along = -(-width // parts)
        if along > size or along < min(4, width):
            continue
        down = min(height, size // along)
        down = -(-height // -(-height // down))
        tiles = -(-height // down) * -(-width // along)
        found.append((tiles, down + along, (down, along)))
    yield from (pixels for _, _, pixels in sorted(set(found))[:2])


class _Text(IntegerWriter):
    """Writes one kernel."""

    def __init__(self, product: IntegerProduct, tile: PatchTile) -> None:
        super().__init__(product, tile.rows, tile.columns, tile.threads)
        self._t = tile

    @property
    def _depth(self) -> int:
        """Vectors of depth, in pairs."""
        return self.product.vectors + self.product.vectors % 2

    @property
    def _places(self) -> tuple[int, int, int, int]:
        """Where the filters, the patches and the results begin, and where it all ends."""
        filters = -(-self._depth * 4 // 128) * 128
        patches = filters + self._t.columns * (self._depth + 1) * VECTOR
        results = patches + 2 * patch_bytes(self.product, self._t.pixels)
        return filters, patches, results, results + self.staged_bytes

    @property
    def shared_bytes(self) -> int:
        """All of the block's."""
        return self._places[-1]

    def text(self) -> str:
        """The kernel without its name."""
        t, p = self._t, self.product
        filters, patches, results, _ = self._places
        height, width = _patch(p, t.pixels)
        _, _, rows, columns = p.y.layout.shape
        down, along = t.warps
        constants = self.constants(
            TH=t.pixels[0],
            TW=t.pixels[1],
            PH=height,
            PW=width,
            PIXEL=_pixel_bytes(p),
            DEPTH=self._depth,
            FILTER=(self._depth + 1) * VECTOR,
            FILTERS_AT=filters,
            PATCHES_AT=patches,
            RESULTS_AT=results,
            PATCH=patch_bytes(p, t.pixels),
            TILES=tiles_of(p, t),
            COUNT=t.count,
            TILES_DOWN=-(-rows // t.pixels[0]),
            TILES_ALONG=-(-columns // t.pixels[1]),
            ALONG=along,
            WM=t.rows // down,
            WN=t.columns // along,
            MT=t.rows // down // 16,
            NT=t.columns // along // 8,
        )
        loop = PATCH_LOOP.replace("@UNSIGNED@", "true" if self.is_unsigned else "false")
        pieces = [self.head(self.shared_bytes), constants, self.around(PATCH_SETUP), loop, self.results()]
        return f"{INTEGER_CORES}{''.join(pieces)}  }}\n}}\n"
