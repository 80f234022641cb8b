"""Occupancy: how many blocks of a kernel one SM holds (NVIDIA, CUDA C++ Best Practices Guide, "Occupancy")."""

from __future__ import annotations

from dataclasses import dataclass

from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.kernel import Kernel
from warploom.errors import DeviceError

# An SM has four schedulers, each with a quarter of the registers: warps get registers in fours.
_WARP_ALLOCATION = 4


@dataclass(frozen=True, slots=True)
class Footprint:
    """What one resident block takes of an SM.

    Attributes:
        warps: Warps per block.
        registers: Registers per block, allocation granularity included.
        shared_memory_bytes: Shared memory per block, granularity and the system's share included.
        blocks_per_sm: Blocks that an otherwise empty SM holds.
    """

    warps: int
    registers: int
    shared_memory_bytes: int
    blocks_per_sm: int


def footprint(kernel: Kernel, gpu: GpuDescription) -> Footprint:
    """The footprint of a kernel's blocks.

    Raises:
        DeviceError: If not even one block fits into an SM.
    """
    warps = -(-kernel.threads // gpu.threads_per_warp)
    per_warp = _round_up(kernel.registers * gpu.threads_per_warp, gpu.register_allocation_unit)
    shared = kernel.shared_memory_bytes + gpu.shared_memory_reserved_bytes
    shared = _round_up(shared, gpu.shared_memory_allocation_unit) if shared else 0
    blocks = min(gpu.blocks_per_sm, gpu.warps_per_sm // warps)
    if per_warp:
        blocks = min(blocks, gpu.registers_per_sm // per_warp // _WARP_ALLOCATION * _WARP_ALLOCATION // warps)
    if shared:
        blocks = min(blocks, gpu.shared_memory_per_sm_bytes // shared)
    if blocks < 1 or not _block_is_legal(kernel, gpu):
        raise DeviceError(f"A block of {kernel.name} does not fit into an SM of the {gpu.name}.")
    return Footprint(warps, warps * per_warp, shared, blocks)


def _block_is_legal(kernel: Kernel, gpu: GpuDescription) -> bool:
    return (
        kernel.threads <= gpu.max_threads_per_block
        and kernel.registers <= gpu.registers_per_thread
        and kernel.shared_memory_bytes <= gpu.shared_memory_per_block_bytes
    )


def _round_up(value: int, unit: int) -> int:
    return -(-value // unit) * unit
