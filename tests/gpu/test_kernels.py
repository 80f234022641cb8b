"""Own kernels launched by themselves on a GPU: forms that the grid, which takes the default ones, does not reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pytest

from cuda_host import Memory
from few_rows_cases import check_few_rows
from kernel_cases import check_depthwise, depthwise_forms
from stem_cases import check_stems, stem_cases
from warploom.device.cuda.kernels.codegen.prelude import module_source
from warploom.device.cuda.steps import KernelSource, KernelStep
from warploom.device.protocol import Device
from warploom.graph import DType


class GpuKernels:
    """Kernels compiled for the GPU, which run on copies of the host's memory."""

    def __init__(self, kernels: Iterable[KernelSource]) -> None:
        import cupy

        sources = list(kernels)
        module = cupy.RawModule(code=module_source(sources), options=("-std=c++17",))
        self._cupy: Any = cupy
        self._functions = {source.name: module.get_function(source.name) for source in sources}

    def run(self, steps: Iterable[KernelStep], memory: Mapping[str, Memory]) -> None:
        """Runs steps in order on buffers by name."""
        there = {name: self._cupy.asarray(one.bytes) for name, one in memory.items()}
        for step in steps:
            regions = (*step.writes, *step.reads)
            pointers = [
                there[region.buffer].data.ptr + memory[region.buffer].pointer(region) - memory[region.buffer].address
                for region in regions
            ]
            self._functions[step.kernel.name](step.grid, step.block, tuple(np.uintp(pointer) for pointer in pointers))
        for name, one in memory.items():
            one.bytes[...] = there[name].get()


def test_that_every_form_of_a_depthwise_kernel_computes_the_same(device: Device) -> None:
    if device.info.simulated:
        pytest.skip("launches kernels by themselves")
    check_depthwise(list(depthwise_forms()), GpuKernels)


def test_that_convolutions_of_few_channels_compute_the_same_in_every_form(device: Device) -> None:
    if device.info.simulated:
        pytest.skip("launches kernels by themselves")
    check_stems(list(stem_cases()), GpuKernels)


@pytest.mark.parametrize("dtype", [DType.FLOAT16, DType.BFLOAT16, DType.FLOAT32])
def test_that_every_share_of_a_product_of_few_rows_computes_the_same(device: Device, dtype: DType) -> None:
    if device.info.simulated:
        pytest.skip("launches kernels by themselves")
    check_few_rows(dtype, GpuKernels)
