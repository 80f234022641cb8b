"""How many blocks of a kernel a GPU holds at once, and how that changes while the kernel runs. Pure NumPy.

A kernel of more blocks than the GPU holds runs in waves; what the last wave leaves over fills the GPU in part only
(the "tail effect" of NVIDIA's CUDA C++ Best Practices Guide, "Occupancy").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warploom.timeline.timeline import FloatArray, IntArray

_WARP = 32
_REGISTER_UNIT = 256  # registers are given to a warp in such multiples
_WARP_UNIT = 4  # an SM has four schedulers, each with a quarter of the registers
_SHARED_UNIT = 128


@dataclass(frozen=True, slots=True)
class SmLimits:
    """What a GPU's streaming multiprocessors hold.

    Attributes:
        sm_count: How many there are.
        warps: Resident warps of one.
        blocks: Resident thread blocks of one.
        registers: Of one.
        shared_memory_bytes: Of one.
        reserved_bytes: Shared memory that the system keeps for each resident block.
    """

    sm_count: int
    warps: int
    blocks: int = 32
    registers: int = 65536
    shared_memory_bytes: int = 233472
    reserved_bytes: int = 1024

    @property
    def max_warps(self) -> int:
        """Warps that all of them hold."""
        return self.sm_count * self.warps


@dataclass(frozen=True, slots=True, eq=False)
class Launches:
    """Configurations of kernels, columns of length n.

    Attributes:
        blocks: int64, thread blocks of the grid.
        warps: int64, warps per block.
        room: int64, blocks of it that an otherwise empty GPU holds at once; at least 1.
    """

    blocks: IntArray
    warps: IntArray
    room: IntArray

    def __len__(self) -> int:
        return len(self.blocks)

    @property
    def waves(self) -> IntArray:
        """int64 (n,), how often the GPU has to be filled."""
        return np.asarray(-(-self.blocks // self.room))


def launches_of(
    grid: IntArray,
    block: IntArray,
    registers: IntArray,
    shared_memory_bytes: IntArray,
    limits: SmLimits,
    cluster_blocks: IntArray | None = None,
) -> Launches:
    """The launches of kernels on a GPU.

    Args:
        grid: (n, 3) thread blocks.
        block: (n, 3) threads per block.
        registers: (n,) per thread.
        shared_memory_bytes: (n,) per block.
        limits: Of the GPU.
        cluster_blocks: (n,) blocks that fit at once because clusters have to lie within one part of the GPU; 0 where
            the kernel has no clusters.
    """
    blocks = np.maximum(np.prod(grid.astype(np.int64), axis=1), 1)
    warps = np.maximum(-(-np.prod(block.astype(np.int64), axis=1) // _WARP), 1)
    room = _blocks_per_sm(warps, registers, shared_memory_bytes, limits) * limits.sm_count
    if cluster_blocks is not None:
        room = np.where(cluster_blocks > 0, np.minimum(room, cluster_blocks), room)
    return Launches(blocks, warps, np.maximum(room, 1))


def _blocks_per_sm(warps: IntArray, registers: IntArray, shared: IntArray, limits: SmLimits) -> IntArray:
    """At least one: the kernel ran."""
    per_warp = np.maximum(_rounded(registers.astype(np.int64) * _WARP, _REGISTER_UNIT), 1)
    by_registers = limits.registers // per_warp // _WARP_UNIT * _WARP_UNIT // warps
    per_block = np.maximum(_rounded(shared.astype(np.int64) + limits.reserved_bytes, _SHARED_UNIT), 1)
    fitting = np.minimum(limits.warps // warps, limits.blocks)
    fitting = np.minimum(fitting, np.minimum(by_registers, limits.shared_memory_bytes // per_block))
    return np.asarray(np.maximum(fitting, 1))


def _rounded(values: IntArray, unit: int) -> IntArray:
    return np.asarray(-(-values // unit) * unit)


def phases(launches: Launches) -> tuple[FloatArray, FloatArray, FloatArray]:
    """For each kernel (share of its time in full waves, warps then, warps of the last wave), alone on the GPU."""
    waves = launches.waves
    full = (waves - 1) / waves
    tail = launches.blocks - (waves - 1) * launches.room
    return full, (launches.room * launches.warps).astype(np.float64), (tail * launches.warps).astype(np.float64)


def granted(start_ns: IntArray, end_ns: IntArray, stream: IntArray, launches: Launches) -> FloatArray:
    """The share of its residency alone that each kernel gets beside the others, float64 (n,) in (0, 1].

    SMs are given out by start: a kernel that started earlier keeps its blocks, later ones get what is left, and at
    least a hundredth of what they want, since they run.
    """
    count = len(start_ns)
    if not count:
        return np.zeros(0)
    rows = np.unique(stream, return_inverse=True)[1]
    want = launches.blocks / (launches.waves * launches.room)  # mean share of the GPU that it fills
    edges = np.unique(np.concatenate((start_ns, end_ns)))
    first, last = np.searchsorted(edges, start_ns), np.searchsorted(edges, end_ns)
    wanted, began = np.zeros((rows.max() + 1, len(edges))), np.zeros((rows.max() + 1, len(edges)))
    for table, value in ((wanted, want), (began, start_ns - start_ns.min() + 1.0)):
        np.add.at(table, (rows, first), value)
        np.add.at(table, (rows, last), -value)
    wanted, began = np.cumsum(wanted, axis=1), np.cumsum(began, axis=1)
    order = np.argsort(began, axis=0, kind="stable")
    sorted_wants = np.take_along_axis(wanted, order, axis=0)
    free = np.clip(1.0 - (np.cumsum(sorted_wants, axis=0) - sorted_wants), 0.0, None)
    given = np.empty_like(wanted)
    np.put_along_axis(given, order, np.minimum(sorted_wants, free), axis=0)
    lengths = np.append(np.diff(edges), 0)
    got = np.concatenate((np.zeros((len(given), 1)), np.cumsum(given * lengths, axis=1)), axis=1)
    asked = want * np.maximum(end_ns - start_ns, 1)
    share = (got[rows, last] - got[rows, first]) / asked
    return np.clip(np.where(end_ns > start_ns, share, 1.0), 0.01, 1.0)
