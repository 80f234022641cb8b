"""What Operators ask of the GPU, from the kernels that they start, their time alone, and the work that they do."""

from __future__ import annotations

import math
from collections.abc import Sequence

from warploom.cost import OperatorResources
from warploom.device.cuda.graph_nodes import GraphKernel
from warploom.device.cuda.solo import SoloStep
from warploom.device.cuda.timeline import blocks_per_sm, resident_warps
from warploom.device.protocol import DeviceInfo
from warploom.graph import Precision
from warploom.graph.work import Work

_FP32_PER_CLOCK = 256
# Dense tensor-core operations per SM and clock with 16-bit inputs, by major compute capability (a multiply-add is two).
_TENSOR_PER_CLOCK = {7: 1024, 8: 2048, 9: 4096}


def resources_of(steps: Sequence[SoloStep], work: Work, precision: Precision, info: DeviceInfo) -> OperatorResources:
    """The resources of one Operator.

    Args:
        steps: Its steps alone.
        work: Its arithmetic and its bytes in that precision.
        precision: The arithmetic.
        info: The GPU.
    """
    kernels = [kernel for step in steps for kernel in step.kernels]
    seconds = sum(step.latency_us for step in steps) * 1e-6
    if not kernels or not seconds:
        return OperatorResources(0.0, 0, 0.0, 0.0)
    moved = work.bytes_read + work.bytes_written
    return OperatorResources(
        occupancy=max(_occupancy(kernel, info) for kernel in kernels),
        warps=round(max(resident_warps(kernel, info) for kernel in kernels)),
        compute=min(1.0, work.flops / seconds / peak_flops(precision, info)),
        memory=min(1.0, moved / seconds / (info.memory_bandwidth_gb_s * 1e9)),
    )


def peak_flops(precision: Precision, info: DeviceInfo) -> float:
    """Floating-point operations per second that the GPU could do at its highest clock."""
    tensor = _TENSOR_PER_CLOCK.get(info.compute_capability[0], max(_TENSOR_PER_CLOCK.values()))
    per_clock = {Precision.FP32: _FP32_PER_CLOCK, Precision.TF32: tensor // 2}.get(precision, tensor)
    return per_clock * info.sm_count * info.clock_mhz * 1e6


def _occupancy(kernel: GraphKernel, info: DeviceInfo) -> float:
    return min(1.0, math.prod(kernel.grid) / (blocks_per_sm(kernel, info) * info.sm_count))
