"""CudaExecutable: a plan captured into one CUDA graph, with the memory that it works in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np

from warploom.device.cuda.capture import CapturedGraph
from warploom.device.cuda.errors import cuda_call
from warploom.device.cuda.layout import Layout
from warploom.device.cuda.loading import load_cupy
from warploom.device.cuda.lowering.lowered import LoweredGraph
from warploom.device.cuda.memory import DeviceMemory, pinned_array, spread
from warploom.device.cuda.nvml import Clocks
from warploom.device.cuda.replay import ReplayTimer
from warploom.device.cuda.session import GraphSession
from warploom.device.inputs import given_input
from warploom.device.protocol import Array, Measurement
from warploom.errors import DeviceError
from warploom.schedule import StreamPlan
from warploom.timeline import Timeline

_POISON = 0xFF  # NaN in every float type
_WARM_UP = 3
_SHORT = 11
_T = TypeVar("_T")


class Boundary:
    """Where the caller's inputs and outputs lie: on the device, and in page-locked host memory on their way.

    Args:
        lowered: Says which there are.
    """

    def __init__(self, lowered: LoweredGraph) -> None:
        regions = {region.buffer: region.layout for region in (*lowered.inputs.values(), *lowered.outputs.values())}
        self._offsets, size = spread({buffer: layout.size_bytes for buffer, layout in regions.items()})
        self._memory = DeviceMemory(size, "allocating the inputs and outputs")
        self._of_input = {name: region.buffer for name, region in lowered.inputs.items()}
        self._of_output = {name: region.buffer for name, region in lowered.outputs.items()}
        self._staged_inputs = {name: _staged(region.layout) for name, region in lowered.inputs.items()}
        self._staged_outputs = {name: _staged(region.layout) for name, region in lowered.outputs.items()}

    def address(self, buffer: str) -> int:
        """Where a buffer of the boundary lies on the device."""
        return self._memory.address + self._offsets[buffer]

    def send(self, inputs: Mapping[str, Array], stream: Any) -> None:
        """Starts copying the inputs to the device.

        Raises:
            DeviceError: If an input is missing or has another shape.
        """
        for name, staged in self._staged_inputs.items():
            np.copyto(staged, given_input(inputs, name, staged.shape), casting="unsafe")
            self._copy(self.address(self._of_input[name]), staged, stream, to_device=True)

    def fetch(self, stream: Any) -> None:
        """Starts copying the outputs to the host."""
        for name, staged in self._staged_outputs.items():
            self._copy(self.address(self._of_output[name]), staged, stream, to_device=False)

    def outputs(self) -> dict[str, Array]:
        """The outputs that `fetch` brought, once the stream has ended."""
        return {name: staged.copy() for name, staged in self._staged_outputs.items()}

    def poison(self) -> None:
        """Fills the outputs, and the inputs until they are sent, with NaN."""
        self._memory.fill(_POISON)

    @staticmethod
    def _copy(address: int, staged: Array, stream: Any, *, to_device: bool) -> None:
        runtime = load_cupy().cuda.runtime
        host = staged.ctypes.data
        if to_device:
            runtime.memcpyAsync(address, host, staged.nbytes, runtime.memcpyHostToDevice, stream.ptr)
        else:
            runtime.memcpyAsync(host, address, staged.nbytes, runtime.memcpyDeviceToHost, stream.ptr)


def _staged(layout: Layout) -> Array:
    return pinned_array(layout.shape, layout.dtype.to_numpy())


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """Bytes on the device.

    Attributes:
        arena_bytes: Of the plan's arena.
        live_bytes: Of the largest set of buffers that may be live together, which no arena can undercut.
        weight_bytes: Of the prepared weights, which plans of the same Graph share.
    """

    arena_bytes: int
    live_bytes: int
    weight_bytes: int


class CudaExecutable:
    """A plan ready to run (an Executable).

    Attributes:
        plan: The plan.
        session: Of its Graph.
        memory: What it takes on the device.
        clocks: SM clocks before and after the last measurement, where the driver tells.
        tracer: Makes the measured Timeline; None for an executable that only estimates.
    """

    def __init__(
        self,
        plan: StreamPlan,
        session: GraphSession,
        graph: CapturedGraph,
        boundary: Boundary,
        arena: DeviceMemory,
        memory: MemoryUse,
        timer: ReplayTimer,
        read_clocks: Callable[[], Clocks | None],
        draw: Callable[[float], Timeline],
        keeps: tuple[object, ...],
    ) -> None:
        self.plan = plan
        self.session = session
        self.memory = memory
        self.clocks: tuple[Clocks | None, Clocks | None] = (None, None)
        self._graph: CapturedGraph | None = graph
        self._boundary = boundary
        self._arena: DeviceMemory | None = arena
        self._timer = timer
        self._read_clocks = read_clocks
        self._draw = draw
        self._keeps = keeps
        self.tracer: Callable[[CudaExecutable], Timeline] | None = None
        self._warm = False
        self._latest_us: float | None = None

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Executes the plan once.

        Args:
            inputs: By graph input name.

        Returns:
            Outputs by name; every float as float32.

        Raises:
            DeviceError: If an input is missing or misshapen, or the executable is closed.
            CudaError: If the GPU fails.
        """
        graph, stream = self._open(), self._timer.stream
        with cuda_call(f"running the plan {self.plan.name!r}"):
            self._boundary.send(inputs, stream)
            graph.launch(stream)
            self._boundary.fetch(stream)
            stream.synchronize()
        return self._boundary.outputs()

    def measure(self, repeats: int) -> Measurement:
        """Latency of `repeats` replays of the graph, each timed from idle on the GPU.

        Raises:
            DeviceError: If `repeats` is below 1 or the executable is closed.
            CudaError: If the GPU fails.
        """
        graph = self._open()
        if repeats < 1:
            raise DeviceError(f"A measurement needs at least one repeat, not {repeats}.")
        if not self._warm:
            self._timer.spin_up(graph)
            self._warm = True
        self._timer.warm_up(graph, _WARM_UP)
        before = self._read_clocks()
        measured = Measurement(tuple(self._timer.samples_us(graph, repeats)))
        self.clocks = (before, self._read_clocks())
        self._latest_us = measured.median_us
        return measured

    def profile(self) -> Timeline:
        """What runs when, traced and sampled in a process of its own; estimated where that fails (`Profile.note`).

        Raises:
            DeviceError: If the executable is closed.
            CudaError: If the GPU fails.
        """
        self._open()
        return self.estimate() if self.tracer is None else self.tracer(self)

    def estimate(self) -> Timeline:
        """What runs when: kernels measured alone, placed by the plan's order and scaled to the measured latency.

        Raises:
            DeviceError: If the executable is closed.
            CudaError: If the GPU fails.
        """
        return self._draw(self.latency_us())

    def latency_us(self) -> float:
        """Median of the last measurement, or of a short one made now.

        Raises:
            DeviceError: If the executable is closed.
            CudaError: If the GPU fails.
        """
        self._open()
        return self._latest_us if self._latest_us is not None else self.measure(_SHORT).median_us

    def replayed(self, use: Callable[[CapturedGraph, ReplayTimer], _T]) -> _T:
        """What `use` makes of the captured graph and of what times its replays.

        Raises:
            DeviceError: If the executable is closed.
        """
        return use(self._open(), self._timer)

    def poison(self) -> None:
        """Fills arena and outputs with NaN, so that a run after it shows whatever reads before it writes."""
        self._open()
        if self._arena is not None:
            self._arena.fill(_POISON)
        self._boundary.poison()

    def close(self) -> None:
        """Frees the graph and the arena; the weights stay as long as another plan uses them."""
        graph, self._graph = self._graph, None
        if graph is None:
            return
        with suppress(Exception):  # after a fault on the GPU there is nothing to wait for
            self._timer.stream.synchronize()
        graph.close()
        self._arena = None
        self._keeps = ()

    def _open(self) -> CapturedGraph:
        if self._graph is None:
            raise DeviceError(f"The plan {self.plan.name!r} was closed: compile it again.")
        return self._graph

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
