"""Load: a kernel reduced to the figures that the simulator adds up, worked out once per kernel."""

from __future__ import annotations

from dataclasses import dataclass

from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.kernel import Kernel
from warploom.device.simulated.occupancy import footprint


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """What a kernel's blocks ask of the hardware. Compared by identity: one Load per kernel shape.

    Attributes:
        kernel: The kernel.
        blocks: Thread blocks.
        warps: Warps per block.
        registers: Registers that a resident block holds.
        shared_memory_bytes: Shared memory that a resident block holds.
        blocks_per_sm: Blocks that an empty SM holds.
        duration_us: Life of a block on an otherwise idle GPU.
        sm_share: Part of one SM's throughput that a block uses at that pace (at most 1).
        l2_rate: Bytes per microsecond that a block exchanges with L2 at that pace.
        dram_rate: Bytes per microsecond that miss L2 at that pace.
        early: Whether it may start before the kernel before it on its stream has ended.
    """

    kernel: Kernel
    blocks: int
    warps: int
    registers: int
    shared_memory_bytes: int
    blocks_per_sm: int
    duration_us: float
    sm_share: float
    l2_rate: float
    dram_rate: float
    early: bool = False


def load_of(kernel: Kernel, gpu: GpuDescription) -> Load:
    """The Load of a kernel on a GPU.

    Raises:
        DeviceError: If not even one block fits into an SM.
    """
    held = footprint(kernel, gpu)
    duration = max(kernel.latency_us, kernel.sm_us)
    return Load(
        kernel=kernel,
        blocks=kernel.blocks,
        warps=held.warps,
        registers=held.registers,
        shared_memory_bytes=held.shared_memory_bytes,
        blocks_per_sm=held.blocks_per_sm,
        duration_us=duration,
        sm_share=kernel.sm_us / duration,
        l2_rate=kernel.l2_bytes / kernel.blocks / duration,
        dram_rate=kernel.dram_bytes / kernel.blocks / duration,
        early=kernel.early,
    )
