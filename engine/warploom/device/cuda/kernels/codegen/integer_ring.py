"""Generated kernels for products of 8-bit integers, as implicit products: tiles of both operands in a ring.

Rows are pixels of the result, columns its channels, and the depth runs over the window and the channels of the input,
16 bytes at a time. Blocks copy tiles of both operands into a ring in shared memory while tensor cores multiply earlier
ones. The epilogue runs on the sums in registers; results leave through shared memory, in whole vectors.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from warploom.device.cuda.kernels.codegen.integer_cores import INTEGER_CORES, WARPGROUPS, warpgroup_product
from warploom.device.cuda.kernels.codegen.integer_product import VECTOR, IntegerProduct
from warploom.device.cuda.kernels.codegen.integer_text import LAST_STEP, LOAD, SETUP, WARP_LOOP, WARPGROUP_LOOP
from warploom.device.cuda.kernels.codegen.integer_writer import IntegerWriter
from warploom.device.cuda.kernels.codegen.kernel import named_source
from warploom.device.cuda.steps import KernelStep

_WARP = 32


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
        shared_bytes=writer.shared_bytes,
    )


class _Text(IntegerWriter):
    """Writes one kernel."""

    def __init__(self, product: IntegerProduct, tile: Tile) -> None:
        super().__init__(product, tile.rows, tile.columns, tile.threads)
        self._t = tile

    @property
    def shared_bytes(self) -> int:
        """Of the ring, or of results, which take its place."""
        return max(self._t.stages * self._t.stage_bytes, self.staged_bytes) + self._t.alignment

    def text(self) -> str:
        """The kernel without its name."""
        t, vectors = self._t, self.product.vectors
        constants = self.constants(
            BK=t.depth,
            STAGES=t.stages,
            VEC=t.depth // VECTOR,
            STEP=t.threads * VECTOR // t.depth,
            STEPS=-(-vectors * VECTOR // t.depth),
            STAGE=t.stage_bytes,
            A_BYTES=t.rows * t.depth,
            CACHED=int(t.cached),
        )
        own = warpgroup_product(t.columns, self.is_unsigned) if t.warpgroups else ""
        pieces = [self.head(self.shared_bytes), constants, SETUP, self.around(LOAD), self._products(), LAST_STEP]
        return f"{INTEGER_CORES}{own}{''.join(pieces)}{self.results()}}}\n"

    def _products(self) -> str:
        t = self._t
        if t.warpgroups:
            return WARPGROUP_LOOP.replace("@KIND@", "u8" if self.is_unsigned else "s8")
        down, along = t.warps
        sizes = f"ALONG = {along}, WM = {t.rows // down}, WN = {t.columns // along}, MT = WM / 16, NT = WN / 8"
        return f"  constexpr int {sizes};\n" + WARP_LOOP.replace("@UNSIGNED@", "true" if self.is_unsigned else "false")
