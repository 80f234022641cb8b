"""GEMM kernels: chooses the tile that finishes first alone, as a library does that times its kernels.

A block computes an m x n tile of the output in steps over the depth. A step moves 128 bytes of depth of both operands
from L2 through shared memory; it cannot be shorter than the latency of the software pipeline, than the arithmetic of
the tile, or than what one SM takes from L2. At batch 1 the first of the three decides nearly always: that is why small
convolutions leave a GPU idle, and why they run so well side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from warploom.device.simulated.kernel import Kernel
from warploom.device.simulated.load import load_of
from warploom.device.simulated.lowering.context import Lowering
from warploom.device.simulated.lowering.traffic import Traffic
from warploom.device.simulated.simulator import alone_us
from warploom.errors import DeviceError

# Calibrated on the H200 (docs/simulated-gpu.md): filling the pipeline, and the epilogue through shared memory.
_FILL_AND_EPILOGUE_STEPS = 9
# What CUDA cores reach of their peak, and what one block alone on an SM reaches of that (it waits for its own loads).
_CORES_EFFICIENCY = 0.7
_ALONE = 0.75
# Rows that are not a multiple of 16 bytes cannot be loaded by vectors.
_UNALIGNED = 1.6
_VECTOR_BYTES = 16
_PIPELINE_STAGES = (4, 3, 2)
# Libraries split the depth only where the output leaves nearly the whole GPU idle and the depth is long.
_SPLIT_BELOW = 8
_SPLITS = (2, 4, 8)
_STEPS_PER_SPLIT = 8
_GEMV_ROWS = 8


@dataclass(frozen=True, slots=True)
class Gemm:
    """A batched matrix product: `batch` times (rows x depth) by (depth x columns).

    Attributes:
        name: Stem of the kernel's name.
        rows: Rows of the output (pixels of a convolution).
        columns: Columns of the output (its output channels).
        depth: Length of the inner products.
        batch: Independent products (groups of a convolution).
        contiguous: Elements of the innermost run of the operands (input channels); decides vector loads.
    """

    name: str
    rows: int
    columns: int
    depth: int
    batch: int
    contiguous: int


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
    """

    name: str
    tiles: tuple[Tile, ...]
    depth: int
    flops_per_us: float
    tensor_cores: bool


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

    Raises:
        DeviceError: If no tile fits into an SM of this GPU.
    """
    best: tuple[Kernel, ...] = ()
    best_cost = (float("inf"), float("inf"))
    for kernels in _candidates(gemm, traffic, lowering):
        # Of equally fast kernels the one that moves least disturbs its neighbours least.
        latency = sum(alone_us(load_of(kernel, lowering.gpu), lowering.gpu) for kernel in kernels)
        latency += (len(kernels) - 1) * lowering.gpu.dependency_us
        cost = (round(latency, 3), sum(kernel.l2_bytes for kernel in kernels))
        if cost < best_cost:
            best, best_cost = kernels, cost
    if not best:
        raise DeviceError(f"No GEMM kernel fits into an SM of the {lowering.gpu.name}.")
    return best


def _candidates(gemm: Gemm, traffic: Traffic, lowering: Lowering) -> Iterator[tuple[Kernel, ...]]:
    for unit in _units(lowering):
        for tile in unit.tiles:
            kernel = _tiled(gemm, tile, unit, traffic, lowering, splits=1)
            if kernel is None:
                continue
            yield (kernel,)
            for splits in _useful_splits(gemm, unit, lowering):
                part = _tiled(gemm, tile, unit, traffic, lowering, splits)
                if part is not None:
                    yield part, _split_reduction(gemm, traffic, lowering, splits)
    if gemm.rows <= _GEMV_ROWS:
        yield (_gemv(gemm, traffic, lowering),)


def _units(lowering: Lowering) -> Iterator[Unit]:
    """The arithmetic units that can make this product: tensor cores where the precision has them, CUDA cores always."""
    gpu, itemsize = lowering.gpu, lowering.operand_bytes
    tensor = gpu.tensor_flops_per_us(lowering.operands)
    if tensor is not None:
        name = lowering.operands.value
        yield Unit(name, _TENSOR_TILES, 128 // itemsize, tensor * gpu.tensor_efficiency, tensor_cores=True)
    yield Unit("simt", _CORE_TILES, 64 // itemsize, gpu.fp32_flops_per_us * _CORES_EFFICIENCY, tensor_cores=False)


def _useful_splits(gemm: Gemm, unit: Unit, lowering: Lowering) -> Iterator[int]:
    usual_tiles = gemm.batch * -(-gemm.rows // 64) * -(-gemm.columns // 64)
    steps = -(-gemm.depth // unit.depth)
    if usual_tiles * _SPLIT_BELOW <= lowering.gpu.sm_count:
        yield from (splits for splits in _SPLITS if steps >= splits * _STEPS_PER_SPLIT)


def _tiled(gemm: Gemm, tile: Tile, unit: Unit, traffic: Traffic, lowering: Lowering, splits: int) -> Kernel | None:
    gpu, itemsize = lowering.gpu, lowering.operand_bytes
    step_bytes = (tile.rows + tile.columns) * unit.depth * itemsize
    stages = next((n for n in _PIPELINE_STAGES if n * step_bytes <= gpu.shared_memory_per_block_bytes), None)
    if stages is None:
        return None
    arithmetic = 2 * tile.rows * tile.columns * unit.depth / unit.flops_per_us
    transfer = step_bytes / gpu.sm_l2_bytes_per_us
    unaligned = gemm.contiguous > _VECTOR_BYTES and gemm.contiguous * itemsize % _VECTOR_BYTES
    step = max(gpu.step_us, arithmetic / _ALONE, transfer) * (_UNALIGNED if unaligned else 1.0)
    steps = -(-gemm.depth // unit.depth)
    per_split = -(-steps // splits)
    grid = (-(-gemm.rows // tile.rows), -(-gemm.columns // tile.columns), gemm.batch * splits)
    blocks = grid[0] * grid[1] * grid[2]
    written = traffic.written if splits == 1 else gemm.batch * splits * gemm.rows * gemm.columns * 4
    extra = traffic.extra_read if splits == 1 else 0
    return Kernel(
        name=f"{gemm.name}_{unit.name}_{tile.rows}x{tile.columns}x{unit.depth}"
        + (f"_splitk{splits}" if splits > 1 else ""),
        grid=grid,
        block=(tile.threads, 1, 1),
        registers=tile.registers,
        shared_memory_bytes=stages * step_bytes,
        flops=traffic.flops,
        bytes_read=traffic.read - traffic.extra_read + extra,
        bytes_written=written,
        l2_bytes=blocks * per_split * step_bytes + written + extra,
        dram_bytes=traffic.dram,
        latency_us=gpu.block_latency_us + _FILL_AND_EPILOGUE_STEPS * gpu.step_us + per_split * step,
        sm_us=per_split * max(arithmetic, transfer),
        tensor_cores=unit.tensor_cores,
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
