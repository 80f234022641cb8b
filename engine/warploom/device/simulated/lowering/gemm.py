"""GEMM kernels: chooses the tile that finishes first alone, as a library does that times its kernels.

A block computes an m x n tile of the output in steps over the depth. A step moves 128 bytes of depth of both operands
from L2 through shared memory, and no step crosses from one tap of a convolution to the next; it cannot be shorter than
the latency of the software pipeline, than the arithmetic of the tile, than what one SM takes from L2, or than what L2
gives to all blocks together. At batch 1 the first of the four decides nearly always: that is why small convolutions
leave a GPU idle. It grows with the part of L2's bandwidth that the blocks use.

From Hopper on, libraries launch one kind of kernel: three groups of four warps, of which one only copies, with all
registers and all shared memory of an SM; at most one block per SM, which computes several tiles one after another. Such
blocks share an SM with nobody, so that concurrency ends where all SMs have one. Convolutions of images (a few channels)
gather their operands element by element instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from warploom.device.simulated.kernel import Kernel
from warploom.device.simulated.load import load_of
from warploom.device.simulated.lowering.context import Lowering
from warploom.device.simulated.lowering.traffic import Traffic
from warploom.device.simulated.simulator import alone_us
from warploom.errors import DeviceError

# What CUDA cores reach of their peak, and what one block alone on an SM reaches of that (it waits for its own loads).
_CORES_EFFICIENCY = 0.7
_ALONE = 0.75
# 128 bytes of a row that does not fill whole sectors of memory lie in five sectors instead of four.
_RAGGED = 1.25
_SECTOR_BYTES = 32
_STEP_BYTES = 128
_VECTOR_BYTES = 16
_PIPELINE_STAGES = (4, 3, 2)
# Libraries split the depth only where the output leaves nearly the whole GPU idle and the depth is long.
_SPLIT_BELOW = 8
_SPLITS = (2, 4, 8)
_STEPS_PER_SPLIT = 8
_GEMV_ROWS = 8
# What an exponential with its division takes of CUDA cores, in the time of so many floating-point operations.
_CURVE_FLOPS = 40
# A kernel that shall leave room may take so much longer alone than the fastest.
_SLOWER_FOR_ROOM = 1.25
# What is no slower than this is as fast, as far as such a model can tell.
_AS_FAST = 1.05


@dataclass(frozen=True, slots=True)
class Gemm:
    """A batched matrix product: `batch` times (rows x depth) by (depth x columns).

    Attributes:
        name: Stem of the kernel's name.
        rows: Rows of the output (pixels of a convolution).
        columns: Columns of the output (its output channels).
        run: Neighbouring elements of an inner product (input channels, padded to whole vectors).
        taps: Runs of an inner product (the window of a convolution).
        batch: Independent products (groups of a convolution).
        gathers: Whether runs are so short that elements are gathered one by one.
    """

    name: str
    rows: int
    columns: int
    run: int
    taps: int
    batch: int
    gathers: bool = False

    @property
    def depth(self) -> int:
        """Length of the inner products."""
        return self.run * self.taps

    def steps(self, elements: int) -> int:
        """Steps over the depth, each of so many elements of one run."""
        return self.taps * -(-self.run // elements)


@dataclass(frozen=True, slots=True)
class Tile:
    """Shape of a block's part of the output, with the threads and registers that it takes."""

    rows: int
    columns: int
    threads: int
    registers: int


@dataclass(frozen=True, slots=True)
class Unit:
    """Arithmetic units with the kernels written for them.

    Attributes:
        name: As kernels are named.
        tiles: Tiles that a library offers.
        depth: Elements of depth per step.
        flops_per_us: What several blocks together reach on one SM.
        tensor_cores: Whether these are tensor cores.
        early: Whether these kernels may start early.
    """

    name: str
    tiles: tuple[Tile, ...]
    depth: int
    flops_per_us: float
    tensor_cores: bool
    early: bool = False


# From Hopper on: of kernels that start early, and of those that do not, for convolutions and for matrices.
_EARLY_SIZES = (
    *((256, 128), (128, 256), (128, 128), (256, 64), (128, 64), (64, 128)),
    *((128, 32), (128, 16)),
)
_PLAIN_SIZES = ((64, 64),)
_MATRIX_SIZES = ((64, 64), (64, 48), (64, 32), (64, 16), (32, 64), (16, 64))
_EARLY_TILES, _PLAIN_TILES, _MATRIX_TILES = (
    tuple(Tile(rows, columns, 384, 168) for rows, columns in sizes)
    for sizes in (_EARLY_SIZES, _PLAIN_SIZES, _MATRIX_SIZES)
)
_GATHERED, _GATHERED_SHARED, _GATHERED_PER_SM = Tile(64, 32, 128, 64), 5120, 8
_TENSOR_TILES = (
    Tile(256, 128, 256, 224),
    Tile(128, 128, 256, 136),
    Tile(128, 64, 128, 136),
    Tile(64, 128, 128, 136),
    Tile(64, 64, 128, 104),
    Tile(64, 32, 64, 104),
    Tile(32, 64, 64, 104),
    Tile(32, 32, 64, 80),
)
_CORE_TILES = (
    Tile(128, 128, 256, 128),
    Tile(128, 64, 128, 128),
    Tile(64, 128, 128, 128),
    Tile(64, 64, 128, 88),
    Tile(64, 32, 64, 88),
)


def gemm_kernels(gemm: Gemm, traffic: Traffic, lowering: Lowering) -> tuple[Kernel, ...]:
    """The kernels for a matrix product: one, or two where the depth is split; the fastest alone.

    Where they shall leave room (`Lowering.roomy`), those of the fewest blocks that are nearly as fast.

    Raises:
        DeviceError: If no tile fits into an SM of this GPU.
    """
    offered = list(_candidates(gemm, traffic, lowering))
    if not offered:
        raise DeviceError(f"No GEMM kernel fits into an SM of the {lowering.gpu.name}.")
    alone = [round(_latency(kernels, lowering), 3) for kernels in offered]
    every = range(len(offered))
    if lowering.roomy:
        near = [i for i in every if alone[i] <= _SLOWER_FOR_ROOM * min(alone)]
        return offered[min(near, key=lambda i: (sum(kernel.blocks for kernel in offered[i]), alone[i]))]
    fast = [i for i in every if alone[i] <= _AS_FAST * min(alone)]
    return offered[min(fast, key=lambda i: (_burden(offered[i], lowering), alone[i]))]


def _latency(kernels: tuple[Kernel, ...], lowering: Lowering) -> float:
    """How long the kernels take one after another, the gap before each included."""
    gpu = lowering.gpu
    alone = sum(alone_us(load_of(kernel, gpu), gpu) for kernel in kernels)
    gained = gpu.early_us if kernels[0].early and lowering.leads else 0.0
    return alone + len(kernels) * gpu.dependency_us - gained


def _burden(kernels: tuple[Kernel, ...], lowering: Lowering) -> float:
    """Decides between equally fast kernels: what moves least; kernels for matrices fill the GPU instead."""
    if lowering.gpu.keeps_operands_in_shared_memory and not kernels[0].early:
        return -kernels[0].blocks
    return sum(kernel.l2_bytes for kernel in kernels)


def _candidates(gemm: Gemm, traffic: Traffic, lowering: Lowering) -> Iterator[tuple[Kernel, ...]]:
    if gemm.gathers:
        yield (_gathering(gemm, traffic, lowering),)
        return
    for unit in _units(gemm.taps, lowering):
        for tile in unit.tiles:
            for splits in (1, *_useful_splits(gemm, unit, lowering)):
                part = _tiled(gemm, tile, unit, traffic, lowering, splits)
                if part is not None and splits == 1:
                    yield (part,)
                elif part is not None:
                    yield part, _split_reduction(gemm, traffic, lowering, splits)
    on_tensor_cores = lowering.gpu.tensor_flops_per_us(lowering.operands) is not None
    if gemm.rows <= _GEMV_ROWS and not (on_tensor_cores and lowering.gpu.keeps_operands_in_shared_memory):
        yield (_gemv(gemm, traffic, lowering),)


def _units(taps: int, lowering: Lowering) -> Iterator[Unit]:
    """The arithmetic units that make this product: tensor cores where the precision has them, else CUDA cores."""
    gpu, itemsize = lowering.gpu, lowering.operand_bytes
    tensor = gpu.tensor_flops_per_us(lowering.operands)
    if tensor is not None:
        name = lowering.operands.value
        unit = Unit(name, _TENSOR_TILES, _STEP_BYTES // itemsize, tensor * gpu.tensor_efficiency, tensor_cores=True)
        if not gpu.keeps_operands_in_shared_memory:
            yield unit
            return
        yield dataclasses.replace(unit, tiles=_EARLY_TILES, early=True)
        yield dataclasses.replace(unit, tiles=_MATRIX_TILES if taps == 1 else _PLAIN_TILES)
    else:
        yield Unit("simt", _CORE_TILES, 64 // itemsize, gpu.fp32_flops_per_us * _CORES_EFFICIENCY, tensor_cores=False)


def _useful_splits(gemm: Gemm, unit: Unit, lowering: Lowering) -> Iterator[int]:
    if unit.tensor_cores and lowering.gpu.keeps_operands_in_shared_memory:
        return  # what such kernels gain by that is lost by the second kernel
    usual_tiles = gemm.batch * -(-gemm.rows // 64) * -(-gemm.columns // 64)
    if usual_tiles * _SPLIT_BELOW <= lowering.gpu.sm_count:
        yield from (splits for splits in _SPLITS if gemm.steps(unit.depth) >= splits * _STEPS_PER_SPLIT)


def _tiled(gemm: Gemm, tile: Tile, unit: Unit, traffic: Traffic, lowering: Lowering, splits: int) -> Kernel | None:
    gpu, itemsize = lowering.gpu, lowering.operand_bytes
    step_bytes = (tile.rows + tile.columns) * unit.depth * itemsize
    stages = next((n for n in _PIPELINE_STAGES if n * step_bytes <= gpu.shared_memory_per_block_bytes), None)
    if stages is None:
        return None
    whole_sm = unit.tensor_cores and gpu.keeps_operands_in_shared_memory
    arithmetic = 2 * tile.rows * tile.columns * unit.depth / unit.flops_per_us
    transfer = step_bytes / gpu.sm_l2_bytes_per_us
    ragged = gemm.run > unit.depth // 4 and gemm.run * itemsize % _SECTOR_BYTES
    tiles = (-(-gemm.rows // tile.rows), -(-gemm.columns // tile.columns), gemm.batch * splits)
    count = tiles[0] * tiles[1] * tiles[2]
    blocks = min(count, gpu.sm_count) if whole_sm else count
    rounds = -(-count // blocks)
    together = min(count, gpu.sm_count) * step_bytes / gpu.l2_bytes_per_us
    slower = 1 + gpu.loaded_latency * min(1.0, together / max(gpu.step_us, transfer))
    step = max(gpu.step_us * slower, arithmetic / _ALONE, transfer, together) * (_RAGGED if ragged else 1.0)
    per_split = -(-gemm.steps(unit.depth) // splits)
    written = traffic.written if splits == 1 else gemm.batch * splits * gemm.rows * gemm.columns * 4
    extra = traffic.extra_read if splits == 1 else 0
    stores = written / gpu.sm_store_bytes_per_us + extra / gpu.sm_l2_bytes_per_us
    epilogue = (stores + traffic.curves * _CURVE_FLOPS / gpu.fp32_flops_per_us) / count
    cold = gpu.cold_latency_us * lowering.weight_misses
    return Kernel(
        name=f"{gemm.name}_{unit.name}_{tile.rows}x{tile.columns}x{unit.depth}"
        + (f"_splitk{splits}" if splits > 1 else ""),
        grid=(blocks, 1, 1) if whole_sm else tiles,
        block=(tile.threads, 1, 1),
        registers=tile.registers,
        shared_memory_bytes=gpu.shared_memory_per_block_bytes if whole_sm else stages * step_bytes,
        flops=traffic.flops,
        bytes_read=traffic.read - traffic.extra_read + extra,
        bytes_written=written,
        l2_bytes=count * per_split * step_bytes + written + extra,
        dram_bytes=traffic.dram,
        latency_us=gpu.block_latency_us
        + cold
        + rounds * (gpu.product_latency_us * slower + per_split * step + epilogue),
        sm_us=rounds * (per_split * max(arithmetic, transfer) + epilogue),
        tensor_cores=unit.tensor_cores,
        early=unit.early,
    )


def _gathering(gemm: Gemm, traffic: Traffic, lowering: Lowering) -> Kernel:
    """A convolution of a few channels: tap by tap, each element by an address of its own."""
    gpu, tile = lowering.gpu, _GATHERED
    grid = (-(-gemm.rows // tile.rows), -(-gemm.columns // tile.columns), gemm.batch)
    blocks = grid[0] * grid[1] * grid[2]
    moved = blocks * gemm.taps * (tile.rows + tile.columns) * gemm.run * lowering.operand_bytes
    together = min(_GATHERED_PER_SM, -(-blocks // gpu.sm_count))
    latency = gpu.block_latency_us + gpu.product_latency_us + gpu.gather_latency_us
    return Kernel(
        name=f"{gemm.name}_gathered_{tile.rows}x{tile.columns}x{gemm.run}",
        grid=grid,
        block=(tile.threads, 1, 1),
        registers=tile.registers,
        shared_memory_bytes=_GATHERED_SHARED,
        flops=traffic.flops,
        bytes_read=traffic.read,
        bytes_written=traffic.written,
        l2_bytes=moved + traffic.written + traffic.extra_read,
        dram_bytes=traffic.dram,
        latency_us=latency + together * gemm.taps * gpu.gather_us,
        sm_us=max(gemm.taps * gpu.gather_us, moved / blocks / gpu.sm_l2_bytes_per_us),
        tensor_cores=gpu.tensor_flops_per_us(lowering.operands) is not None,
    )


def _split_reduction(gemm: Gemm, traffic: Traffic, lowering: Lowering, splits: int) -> Kernel:
    """Adds the partial sums (fp32) of a split product and applies the epilogue."""
    gpu = lowering.gpu
    elements = gemm.batch * gemm.rows * gemm.columns
    read = elements * splits * 4 + traffic.extra_read
    moved = read + traffic.written
    blocks = -(-elements // 1024)
    return Kernel(
        name=f"{gemm.name}_splitk_reduce",
        grid=(blocks, 1, 1),
        block=(256, 1, 1),
        registers=32,
        shared_memory_bytes=0,
        flops=elements * splits,
        bytes_read=read,
        bytes_written=traffic.written,
        l2_bytes=moved,
        dram_bytes=0.0,
        latency_us=gpu.block_latency_us + gpu.step_us,
        sm_us=moved / blocks / gpu.sm_l2_bytes_per_us,
    )


def _gemv(gemm: Gemm, traffic: Traffic, lowering: Lowering) -> Kernel:
    """A few rows: each warp makes one column's inner products; the matrix is streamed once."""
    gpu, itemsize = lowering.gpu, lowering.operand_bytes
    warps = 4
    grid = (-(-gemm.columns // warps), gemm.batch, 1)
    blocks = grid[0] * grid[1]
    loads = -(-gemm.depth * itemsize // (gpu.threads_per_warp * _VECTOR_BYTES))
    per_block = (warps + gemm.rows) * gemm.depth * itemsize
    flops = 2 * warps * gemm.rows * gemm.depth
    return Kernel(
        name=f"{gemm.name.replace('gemm', 'gemv')}_{lowering.operands.value}",
        grid=(grid[0], grid[1], 1),
        block=(warps * gpu.threads_per_warp, 1, 1),
        registers=48,
        shared_memory_bytes=0,
        flops=traffic.flops,
        bytes_read=traffic.read,
        bytes_written=traffic.written,
        l2_bytes=blocks * per_block + traffic.written + traffic.extra_read,
        dram_bytes=traffic.dram,
        latency_us=gpu.block_latency_us + (loads + 3) * gpu.step_us,
        sm_us=max(per_block / gpu.sm_l2_bytes_per_us, flops / (gpu.fp32_flops_per_us * _CORES_EFFICIENCY)),
    )
