"""A Device that runs lowered Graphs on the CPU: own kernels from their generated text, library products in NumPy."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np

from cuda_host import Array, HostKernels, Memory, from_storage, to_storage
from cuda_interpreter import run_conv, run_matmul
from warploom.cost import CostModel
from warploom.device.cuda.kernels.direct import direct_step
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.lowering.lowered import LoweredGraph
from warploom.device.cuda.lowering.registry import default_registry
from warploom.device.cuda.lowering.support import support_of
from warploom.device.cuda.steps import Choice, ConvStep, KernelStep, MatmulStep, PlainStep, Region, Step
from warploom.device.protocol import DeviceInfo, Measurement, Support
from warploom.graph import Graph, Operator, Precision
from warploom.passes.merge import lower_merges
from warploom.schedule import StreamPlan
from warploom.timeline import Timeline


class HostDevice:
    """Stands in for a CUDA device in tests of what is computed.

    Args:
        libraries: Whether there are libraries for products; otherwise own kernels compute them.
    """

    info = DeviceInfo("host:0", "Host", simulated=False, compute_capability=(0, 0), sm_count=1, warps_per_sm=1,
                      clock_mhz=1.0, memory_bytes=1, memory_bandwidth_gb_s=1.0)  # fmt: skip

    def __init__(self, *, libraries: bool = True) -> None:
        self._libraries = libraries

    def supports(self, graph: Graph, operator: Operator, precision: Precision) -> Support:
        return support_of(graph, operator, precision, default_registry())

    def compile(self, graph: Graph, plan: StreamPlan, precision: Precision) -> HostExecutable:
        return HostExecutable(lower_graph(lower_merges(graph, plan), precision), libraries=self._libraries)

    def cost_model(self, graph: Graph, precision: Precision) -> CostModel:
        raise NotImplementedError


class HostExecutable:
    """A lowered Graph with its own memory."""

    def __init__(self, lowered: LoweredGraph, *, libraries: bool) -> None:
        self._lowered = lowered
        self._steps = [
            part for program in (lowered.entry, *lowered.programs) for step in program.steps for part in _parts(step)
        ]
        if not libraries:
            self._steps = [step if isinstance(step, KernelStep) else direct_step(step) for step in self._steps]
        self._kernels = HostKernels(step.kernel for step in self._steps if isinstance(step, KernelStep))
        sizes = dict(lowered.buffers)
        for program in (lowered.entry, *lowered.programs):
            sizes |= program.temporaries
        for region in (*lowered.inputs.values(), *lowered.outputs.values()):
            sizes[region.buffer] = region.layout.size_bytes
        self._memory = {name: Memory(size) for name, size in sizes.items()}
        for name, weight in lowered.weights.items():
            values = weight.values()
            self._memory[name] = Memory(values.nbytes)
            self._memory[name].fill(values)

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        for name, values in inputs.items():
            region = self._lowered.inputs[name]
            self._memory[region.buffer].view(region.layout)[...] = to_storage(values, region.layout.dtype)
        for step in self._steps:
            self._run(step)
        for memory in self._memory.values():
            memory.check_guards()
        self._check_lanes()
        return {name: self.read(region) for name, region in self._lowered.outputs.items()}

    def _run(self, step: PlainStep) -> None:
        plain: Any = self
        match step:
            case KernelStep():
                self._kernels.run([step], self._memory)
            case ConvStep():
                run_conv(plain, dataclasses.replace(step, bias_stored=None))
            case MatmulStep():
                run_matmul(plain, dataclasses.replace(step, bias_stored=None))

    def _check_lanes(self) -> None:
        """Padded channels of every tensor are finite."""
        for name, region in self._lowered.placements.items():
            if region.layout.channels_last and region.layout.channels > region.layout.shape[1]:
                assert np.isfinite(self.read(region, physical=True)[:, region.layout.shape[1] :]).all(), name

    def read(self, region: Region, *, physical: bool = False) -> Array:
        """A copy of a region's elements, 16-bit floats as float32."""
        view = self._memory[region.buffer].view(region.layout, region.offset, lanes=physical)
        return from_storage(view.copy(), region.layout.dtype)

    def write(self, region: Region, values: Array) -> None:
        """Writes a region's elements; padded channels become 0."""
        layout = region.layout
        target = self._memory[region.buffer].view(layout, region.offset, lanes=True)
        if layout.channels > values.shape[1]:
            target[...] = 0
        target[:, : values.shape[1]] = to_storage(values, layout.dtype)

    def poison(self) -> None:
        """Nothing was run yet: memory begins poisoned."""

    def measure(self, repeats: int) -> Measurement:
        raise NotImplementedError

    def profile(self) -> Timeline:
        raise NotImplementedError

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _parts(step: Step) -> Iterable[PlainStep]:
    """The steps of a choice that ask least of a library."""
    return step.alternatives[-1] if isinstance(step, Choice) else (step,)
