"""Sharing: how fast resident kernels progress when they want more of an SM, of L2 or of DRAM than there is.

Max-min fair per block (water-filling): whoever wants less than the fair share gets all of it, the others share the
rest evenly. Three limits one after another: the SMs' throughput, L2 bandwidth, DRAM bandwidth.

Before a limit is reached kernels disturb one another already: every access to L2 takes longer while others use it. A
kernel's pace falls by the part of L2's bandwidth that the *other* kernels use; what its own blocks do to one another is
part of its latency already (`lowering.gemm`).
"""

from __future__ import annotations

from collections.abc import Sequence

from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.placement import Resident


def paces(residents: Sequence[Resident], gpu: GpuDescription) -> list[float]:
    """For each resident kernel the pace of its blocks: 1 as on an idle GPU, 0.5 half as fast.

    Args:
        residents: Each kernel once, with how many of its blocks run.
        gpu: The GPU.
    """
    sms = gpu.sm_count
    pace = [1.0] * len(residents)
    total = 0
    sm = l2 = dram = 0.0
    for i, (load, count) in enumerate(residents):
        own = load.sm_share * -(-count // sms)  # on the SM that holds most of them
        if own > 1.0:
            pace[i] = 1.0 / own
        total += count
        sm += count * load.sm_share * pace[i]
        l2 += count * load.l2_rate
        dram += count * load.dram_rate
    if len(residents) > 1:
        for i, (load, count) in enumerate(residents):
            others = min(1.0, (l2 - count * load.l2_rate) / gpu.l2_bytes_per_us)
            pace[i] = min(pace[i], 1.0 / (1.0 + gpu.loaded_latency * others))
    busy = min(sms, total)
    if sm > busy:
        _fill(pace, [(load.sm_share, count) for load, count in residents], busy)
    if l2 > gpu.l2_bytes_per_us:
        _fill(pace, [(load.l2_rate, count) for load, count in residents], gpu.l2_bytes_per_us)
    if dram > gpu.dram_bytes_per_us:
        _fill(pace, [(load.dram_rate, count) for load, count in residents], gpu.dram_bytes_per_us)
    return pace


def _fill(pace: list[float], demands: Sequence[tuple[float, int]], capacity: float) -> None:
    """Lowers paces so that the demands, at those paces, fit into the capacity."""
    wants = [(demand * pace[i], i) for i, (demand, _) in enumerate(demands)]
    wants.sort()
    left = capacity
    sharers = sum(count for _, count in demands)
    for want, i in wants:
        fair = left / sharers
        count = demands[i][1]
        if want > fair:
            pace[i] *= fair / want
            want = fair
        left -= want * count
        sharers -= count
