"""Kernel: one launch on the simulated GPU, described by what it needs of the hardware."""

from __future__ import annotations

import math
from dataclasses import dataclass

Dim3 = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Kernel:
    """One kernel as lowered from an Operator.

    Attributes:
        name: As a profiler would show it.
        grid: Thread blocks.
        block: Threads per block.
        registers: Per thread.
        shared_memory_bytes: Per block.
        flops: Floating-point operations that the result needs (padding of tiles not counted).
        bytes_read: Bytes read when every tensor is read once.
        bytes_written: Bytes written.
        l2_bytes: Bytes that its blocks exchange with L2, re-reads of tiles included.
        dram_bytes: Bytes that miss L2.
        latency_us: Life of one block when nothing but its own chain of dependent steps limits it.
        sm_us: Time that one block takes of an SM's throughput (arithmetic, or its port to L2).
        tensor_cores: Whether its arithmetic runs on tensor cores.
        early: Whether it may start before the kernel before it has ended, to wait for that one's results inside.
    """

    name: str
    grid: Dim3
    block: Dim3
    registers: int
    shared_memory_bytes: int
    flops: float
    bytes_read: float
    bytes_written: float
    l2_bytes: float
    dram_bytes: float
    latency_us: float
    sm_us: float
    tensor_cores: bool = False
    early: bool = False

    @property
    def blocks(self) -> int:
        """Thread blocks of the grid."""
        return math.prod(self.grid)

    @property
    def threads(self) -> int:
        """Threads per block."""
        return math.prod(self.block)
