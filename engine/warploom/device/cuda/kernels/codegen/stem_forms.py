"""The forms of convolutions of few channels that are worth timing on a GPU."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.stem_layer import FewChannels, Form, fits


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A family of forms: pixels of a block, tiles of pixels per warp, and the most tiles and warps along filters."""

    pixels: int
    rows: int
    columns: int
    along: int
    passes: int = 1


# Of some fifty forms for each of six networks' first convolutions, batch 1 and 16, fp16 and tf32, measured on an H200,
# one of these was the fastest or within a few per cent of it.
_PATTERNS: tuple[_Pattern, ...] = (
    _Pattern(64, 2, 4, 4),
    _Pattern(64, 2, 2, 4),
    _Pattern(64, 2, 1, 4),
    _Pattern(64, 2, 6, 1),
    _Pattern(64, 1, 12, 1),
    _Pattern(32, 2, 6, 2),
    _Pattern(32, 2, 2, 4),
    _Pattern(32, 1, 12, 1),
    _Pattern(128, 2, 4, 1),
)
_FOR_MANY_TILES = (_Pattern(64, 2, 4, 4, 3), _Pattern(64, 1, 12, 1, 3), _Pattern(128, 2, 4, 1, 3))
_MANY_TILES = 8 * 132
_WIDTHS = (8, 16, 32, 64)
_SPARED = 32  # the part of the output that is worth sparing
_WIDER = 1.5


def forms(layer: FewChannels) -> Sequence[Form]:
    """The forms to be timed."""
    patterns = _PATTERNS
    if layer.y.layout.shape[0] * math.prod(layer.y.layout.shape[2:]) >= _MANY_TILES * 64:
        patterns += _FOR_MANY_TILES
    found = (_form(layer, pattern) for pattern in patterns)
    return tuple(dict.fromkeys(form for form in found if form is not None))


def _form(layer: FewChannels, pattern: _Pattern) -> Form | None:
    """The largest form of a pattern that fits: blocks for whole numbers of filters, none of them idle."""
    even = 1 if layer.dtype.itemsize == 4 else 2
    total = -(-layer.y.layout.channels // (8 * even)) * even
    warps = pattern.pixels // (16 * pattern.rows)
    tile = _tile(layer, pattern.pixels)
    for columns in (d for d in range(min(pattern.columns, total), 0, -1) if total % d == 0 and d % even == 0):
        for along in (d for d in range(pattern.along, 0, -1) if total // columns % d == 0):
            form = Form(tile, (warps, along), pattern.rows, columns, pattern.passes)
            if fits(layer, form):
                return form
    return None


def _tile(layer: FewChannels, pixels: int) -> tuple[int, int]:
    """The tile of so many pixels that covers the output with little to spare, about three times as wide as high."""
    _, _, height, width = layer.y.layout.shape

    def waste(tile: tuple[int, int]) -> tuple[int, float]:
        covered = -(-height // tile[0]) * -(-width // tile[1]) * pixels
        return covered * _SPARED // (height * width), abs(math.log2(tile[1] / tile[0]) - _WIDER)

    widths = {min(size, pixels) for size in (*_WIDTHS, width) if size <= pixels}
    return min(((max(1, min(pixels // size, height)), size) for size in widths), key=waste)
