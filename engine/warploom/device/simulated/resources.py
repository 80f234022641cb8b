"""What an Operator's kernels ask of the simulated GPU when they run alone."""

from __future__ import annotations

from warploom.cost import OperatorResources
from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.load import Load
from warploom.device.simulated.loads import Loads


def resources_of(loads: Loads, gpu: GpuDescription) -> OperatorResources:
    """The resources of an Operator: of its kernels, which run one after another, the largest of each."""
    resident = [min(load.blocks, gpu.sm_count * load.blocks_per_sm) for load in loads]
    pairs = list(zip(loads, resident, strict=True))
    return OperatorResources(
        occupancy=max((count / (gpu.sm_count * load.blocks_per_sm) for load, count in pairs), default=0.0),
        warps=max((count * load.warps for load, count in pairs), default=0),
        compute=max((min(1.0, count * load.sm_share / gpu.sm_count) for load, count in pairs), default=0.0),
        memory=max((_bandwidth(load, count, gpu) for load, count in pairs), default=0.0),
    )


def _bandwidth(load: Load, count: int, gpu: GpuDescription) -> float:
    share = max(load.l2_rate / gpu.l2_bytes_per_us, load.dram_rate / gpu.dram_bytes_per_us)
    return min(1.0, count * share)
