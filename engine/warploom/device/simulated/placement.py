"""Placement: how many more blocks of a kernel fit beside the blocks that are resident already.

The hardware gives each block to the SM with most room, so blocks spread evenly. The model keeps only how many blocks
of each kernel are resident and takes them as spread evenly: each SM holds the whole-number part, the rest lies on the
SMs after those that the kernel before it filled up. Whole blocks must fit into what each SM has left.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.load import Load

Resident = tuple[Load, int]


def free_slots(load: Load, wanted: int, residents: Sequence[Resident], gpu: GpuDescription) -> int:
    """Blocks of `load` that can start now, at most `wanted`.

    Args:
        load: The kernel whose blocks wait.
        wanted: How many wait.
        residents: Resident blocks: each kernel once, with how many of its blocks run.
        gpu: The GPU.
    """
    sms = gpu.sm_count
    if not residents:
        return min(wanted, sms * load.blocks_per_sm)
    if wanted + sum(count for _, count in residents) <= sms:
        return wanted
    limit = min(wanted, _room_in_total(load, residents, gpu))
    return min(limit, _room_sm_by_sm(load, residents, gpu)) if limit > 0 else 0


def _room_in_total(load: Load, residents: Sequence[Resident], gpu: GpuDescription) -> int:
    """Upper limit: what the GPU as a whole has left, and the kernel's own occupancy."""
    sms = gpu.sm_count
    warps = sms * gpu.warps_per_sm
    registers = sms * gpu.registers_per_sm
    shared = sms * gpu.shared_memory_per_sm_bytes
    blocks = sms * gpu.blocks_per_sm
    own = sms * load.blocks_per_sm
    for other, count in residents:
        warps -= count * other.warps
        registers -= count * other.registers
        shared -= count * other.shared_memory_bytes
        blocks -= count
        if other is load:
            own -= count
    return min(own, _fitting(load, warps, registers, shared, blocks))


def _room_sm_by_sm(load: Load, residents: Sequence[Resident], gpu: GpuDescription) -> int:
    """Whole blocks that fit, SM by SM, where the residents are spread evenly."""
    sms = gpu.sm_count
    warps, registers = gpu.warps_per_sm, gpu.registers_per_sm
    shared, blocks = gpu.shared_memory_per_sm_bytes, gpu.blocks_per_sm
    spans: list[tuple[int, int, Load]] = []
    position = 0
    for other, count in residents:
        everywhere, rest = divmod(count, sms)
        if everywhere:
            warps -= everywhere * other.warps
            registers -= everywhere * other.registers
            shared -= everywhere * other.shared_memory_bytes
            blocks -= everywhere
        if rest:
            end = position + rest
            spans.append((position, min(end, sms), other))
            if end > sms:
                spans.append((0, end - sms, other))
            position = end % sms
    edges = sorted({0, sms, *(start for start, _, _ in spans), *(end for _, end, _ in spans)})
    room = 0
    for start, end in itertools.pairwise(edges):
        w, r, s, b = warps, registers, shared, blocks
        for first, last, other in spans:
            if first <= start < last:
                w -= other.warps
                r -= other.registers
                s -= other.shared_memory_bytes
                b -= 1
        room += (end - start) * _fitting(load, w, r, s, b)
    return room


def _fitting(load: Load, warps: int, registers: int, shared: int, blocks: int) -> int:
    """Blocks of `load` that fit into so much room."""
    fit = min(warps // load.warps, blocks)
    if load.registers:
        fit = min(fit, registers // load.registers)
    if load.shared_memory_bytes:
        fit = min(fit, shared // load.shared_memory_bytes)
    return max(fit, 0)
