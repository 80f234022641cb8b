"""Tiles worth timing for a product of 8-bit integers: those that a model of a GPU finds best, of every kind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from warploom.device.cuda.kernels.codegen import integer_patch
from warploom.device.cuda.kernels.codegen.integer_product import VECTOR, IntegerProduct
from warploom.device.cuda.kernels.codegen.integer_ring import Tile, integer_step
from warploom.device.cuda.steps import KernelStep

_WARPGROUP_TILES, _WARP_TILES, _PATCHES = 6, 3, 3
"""How many are kept: kernels with warpgroups run on some GPUs only, so others are kept for the rest."""

_SHARED_BYTES = 220 << 10  # of one block, on the GPUs that have warpgroups
_SHARED_ANYWHERE = 48 << 10  # without asking for more, on all GPUs

_DEPTHS = ((64, 4), (64, 6), (128, 4), (128, 6), (128, 10))
_WARP_SHAPES = (
    (128, 128, 64, 4, (2, 4)),
    (128, 96, 64, 4, (2, 2)),
    (128, 64, 64, 4, (2, 2)),
    (128, 64, 128, 3, (4, 2)),
    (128, 32, 64, 4, (4, 1)),
    (64, 96, 64, 4, (2, 2)),
    (64, 64, 64, 4, (2, 2)),
    (64, 64, 128, 4, (2, 2)),
    (64, 32, 64, 4, (2, 2)),
    (64, 32, 128, 4, (2, 2)),
    (32, 64, 128, 4, (2, 2)),
    (32, 32, 64, 4, (2, 2)),
    (32, 32, 128, 6, (2, 2)),
    (32, 32, 128, 10, (2, 2)),
)

# The model's GPU is an H200. Its figures were fitted to the times of 4518 kernels there, which they give to 11 % (one
# standard deviation); what matters is the order of tiles, which is much alike on others.
_MULTIPROCESSORS = 132
_SHARED_OF_MULTIPROCESSOR = 227 << 10
_RESIDENT_THREADS = 568
_BYTES_PER_CLOCK = 24.2
_PRODUCTS_PER_CLOCK = {True: 2535.0, False: 1190.0}
_CLOCKS_PER_STEP = 498.0
_LATENCY_CLOCKS = 310.0
_CLOCKS_PER_TILE, _BUSY_CLOCKS_PER_TILE = 1120.0, 114.0
_CLOCKS_PER_RESULT, _BUSY_CLOCKS_PER_RESULT = 0.025, 0.125
_LESSER_SHARE = 0.143


def fitting_steps(product: IntegerProduct) -> tuple[KernelStep, ...]:
    """Kernels for a product that are worth timing; the last one runs on every GPU."""
    patches = sorted(integer_patch.patch_tiles(product), key=lambda tile: integer_patch.estimated_clocks(product, tile))
    first = tuple(integer_patch.patch_step(product, tile) for tile in patches[:_PATCHES])
    return (*first, *(integer_step(product, tile) for tile in fitting_tiles(product)))


def fitting_tiles(product: IntegerProduct) -> tuple[Tile, ...]:
    """Tiles for a product, with warpgroups first; the last one runs on every GPU."""
    groups = ranked(product, warpgroup_tiles(product))[:_WARPGROUP_TILES]
    warps = ranked(product, warp_tiles(product))
    small = next(tile for tile in warps if tile.stages * tile.stage_bytes <= _SHARED_ANYWHERE)
    kept = [*groups, *_refined(product, groups), *(tile for tile in warps[:_WARP_TILES] if tile is not small)]
    return (*kept, small)


def ranked(product: IntegerProduct, tiles: Iterator[Tile]) -> list[Tile]:
    """Tiles, the one thought fastest first."""
    return sorted(tiles, key=lambda tile: estimated_clocks(product, tile))


def _refined(product: IntegerProduct, tiles: Sequence[Tile]) -> Iterator[Tile]:
    """The best tiles with the first cache, where windows overlap."""
    for tile in tiles[:3]:
        if product.w.layout.shape[1:3] != (1, 1):
            yield dataclasses.replace(tile, cached=True)


def blocks_of(product: IntegerProduct, tile: Tile) -> int:
    """Tiles that make up a product."""
    return -(-product.rows // tile.rows) * -(-product.columns // tile.columns)


def estimated_clocks(product: IntegerProduct, tile: Tile) -> float:
    """Roughly how long a product takes with a tile."""
    pitch = tile.columns + VECTOR
    shared = max(tile.stages * tile.stage_bytes, tile.rows * pitch) + tile.alignment
    resident = max(1, min(_SHARED_OF_MULTIPROCESSOR // shared, _RESIDENT_THREADS // tile.threads, 8))
    steps = -(-product.vectors * VECTOR // tile.depth)
    copied = tile.stage_bytes / _BYTES_PER_CLOCK
    multiplied = tile.rows * tile.columns * tile.depth / _PRODUCTS_PER_CLOCK[tile.warpgroups]
    waited = _LATENCY_CLOCKS / (tile.stages - (2 if tile.warpgroups else 1))
    results = tile.rows * tile.columns
    alone = steps * max(copied, multiplied + _CLOCKS_PER_STEP, waited) + _CLOCKS_PER_TILE + results * _CLOCKS_PER_RESULT
    busy = steps * max(copied, multiplied) + results * _BUSY_CLOCKS_PER_RESULT + _BUSY_CLOCKS_PER_TILE
    per_multiprocessor = -(-blocks_of(product, tile) // _MULTIPROCESSORS)
    times = (-(-per_multiprocessor // resident) * alone, per_multiprocessor * busy)
    return max(times) + _LESSER_SHARE * min(times)


def warpgroup_tiles(product: IntegerProduct) -> Iterator[Tile]:
    """All tiles with warpgroups whose columns fit."""
    widths = {_whole(-(-product.columns // parts), 16) for parts in range(1, 17)} | {64, 128}
    for columns in sorted(width for width in widths if width <= 256 and width < product.columns + 64):
        for rows in (64, 128, 256):
            for depth, stages in _DEPTHS:
                tile = Tile(rows, columns, depth, stages, (rows // 16, 1), warpgroups=True)
                enough = stages == 4 or (stages - 2) * depth <= product.vectors * VECTOR
                if enough and tile.stages * tile.stage_bytes <= _SHARED_BYTES and rows * columns <= 256 * 192:
                    yield tile


def warp_tiles(product: IntegerProduct) -> Iterator[Tile]:
    """All tiles that warps multiply, whose columns fit."""
    for rows, columns, depth, stages, warps in _WARP_SHAPES:
        if columns < product.columns + 64:
            yield Tile(rows, columns, depth, stages, warps)


def _whole(size: int, unit: int) -> int:
    return -(-size // unit) * unit
