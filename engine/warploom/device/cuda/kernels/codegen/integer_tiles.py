"""Tiles worth timing for a product of 8-bit integers: those that a rough model finds best, of every kind."""

from __future__ import annotations

from collections.abc import Iterator

from warploom.device.cuda.kernels.codegen.integer_product import VECTOR, IntegerProduct, Tile

_WARPGROUP_TILES, _WARP_TILES = 6, 3
"""How many are kept: kernels with warpgroups run on some GPUs only, so others are kept for the rest."""

_SHARED_BYTES = 200 << 10  # of one block, on the GPUs that have warpgroups
_SHARED_ANYWHERE = 96 << 10  # on all GPUs from compute capability 8.0, two thirds of that on 7.5
_SHARED_OF_MULTIPROCESSOR = 220 << 10

_WARP_SHAPES = (
    (128, 128, 64, 4, (2, 4)),
    (128, 96, 64, 4, (2, 2)),
    (128, 64, 64, 4, (2, 2)),
    (128, 32, 64, 4, (4, 1)),
    (64, 96, 64, 4, (2, 2)),
    (64, 64, 64, 4, (2, 2)),
    (64, 64, 128, 4, (2, 2)),
    (64, 32, 64, 4, (2, 2)),
    (32, 64, 128, 4, (2, 2)),
    (32, 32, 64, 4, (2, 2)),
    (32, 32, 128, 4, (2, 2)),
)

# The model's GPU: an H200 in rough figures. What matters is the order of tiles, which is much alike on others.
_MULTIPROCESSORS = 132
_BYTES_PER_CLOCK = 48.0  # that one multiprocessor copies into shared memory
_PRODUCTS_PER_CLOCK = {True: 4096.0, False: 2048.0}
_CLOCKS_PER_STEP = 60.0
_CLOCKS_PER_TILE = 1500.0
_CLOCKS_PER_RESULT = 0.06


def fitting_tiles(product: IntegerProduct) -> tuple[Tile, ...]:
    """Tiles for a product, with warpgroups first; the last one runs on every GPU."""
    groups = sorted(_warpgroup_tiles(product), key=lambda tile: estimated_clocks(product, tile))
    warps = sorted(_warp_tiles(product), key=lambda tile: estimated_clocks(product, tile))
    small = [tile for tile in warps if tile.stages * tile.stage_bytes <= _SHARED_ANYWHERE // 2]
    kept = [*groups[:_WARPGROUP_TILES], *warps[:_WARP_TILES]]
    return (*(tile for tile in kept if tile is not small[0]), small[0])


def estimated_clocks(product: IntegerProduct, tile: Tile) -> float:
    """Roughly how long a product takes with a tile."""
    blocks = -(-product.rows // tile.rows) * -(-product.columns // tile.columns)
    shared = max(tile.stages * tile.stage_bytes, 1)
    resident = max(1, min(_SHARED_OF_MULTIPROCESSOR // shared, 2048 // tile.threads, 4))
    steps = -(-product.vectors * VECTOR // tile.depth)
    copied = tile.stage_bytes / _BYTES_PER_CLOCK
    multiplied = tile.rows * tile.columns * tile.depth / _PRODUCTS_PER_CLOCK[tile.warpgroups]
    alone = steps * (max(copied, multiplied) + _CLOCKS_PER_STEP) + _CLOCKS_PER_TILE
    together = steps * max(copied, multiplied) + tile.rows * tile.columns * _CLOCKS_PER_RESULT
    per_multiprocessor = -(-blocks // _MULTIPROCESSORS)
    rounds = -(-per_multiprocessor // resident)
    return max(rounds * alone, per_multiprocessor * together)


def _warpgroup_tiles(product: IntegerProduct) -> Iterator[Tile]:
    across = range(1, 17)
    widths = {_whole(-(-product.columns // parts), 16) for parts in across} | {64, 128}
    for columns in sorted(width for width in widths if width <= 256 and width < product.columns + 64):
        for rows in (64, 128):
            for depth, stages in ((128, 4), (64, 4), (64, 6)):
                tile = Tile(rows, columns, depth, stages, (rows // 16, 1), warpgroups=True)
                if tile.stages * tile.stage_bytes <= _SHARED_BYTES:
                    yield tile


def _warp_tiles(product: IntegerProduct) -> Iterator[Tile]:
    for rows, columns, depth, stages, warps in _WARP_SHAPES:
        if columns < product.columns + 64:
            yield Tile(rows, columns, depth, stages, warps)


def _whole(size: int, unit: int) -> int:
    return -(-size // unit) * unit
