"""Serving on the simulated GPU: requests are computed on the CPU, their copies and times come from the model."""

from __future__ import annotations

import functools
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from warploom.device.arena import Arena, Buffer, plan_arena
from warploom.device.protocol import Array
from warploom.device.serving import CopyTimes, Frame, FrameTimes, MemoryFacts, RequestMode, Samples
from warploom.errors import DeviceError
from warploom.graph import Graph, Precision, Tensor
from warploom.schedule import StreamPlan
from warploom.timeline import Timeline
from warploom.timeline.copies import Copy, with_copies

if TYPE_CHECKING:
    from warploom.device.simulated.device import SimulatedDevice
    from warploom.device.simulated.executable import SimulatedExecutable


class SimulatedServing:
    """A plan opened for requests (a ServedPlan).

    Args:
        device: Where.
        graph: The Graph that the plan schedules.
        plan: The plan.
        precision: Arithmetic of float operators.
    """

    def __init__(self, device: SimulatedDevice, graph: Graph, plan: StreamPlan, precision: Precision) -> None:
        self._device = device
        self._graph = graph
        self._plan = plan
        self._precision = precision

    def context(self, depth: int = 1) -> SimulatedContext:
        executable = self._device.compile(self._graph, self._plan, self._precision)
        return SimulatedContext(self._device, executable, self._graph, self._precision, depth)

    def close(self) -> None:
        """Holds nothing."""


class SimulatedContext:
    """One context (a ServingContext); the model has no noise, so that all samples of a measurement are alike."""

    def __init__(
        self,
        device: SimulatedDevice,
        executable: SimulatedExecutable,
        graph: Graph,
        precision: Precision,
        depth: int,
    ) -> None:
        self._gpu = device.description
        self._executable = executable
        self._graph = graph
        self._precision = precision
        self._slots = [
            {name: np.zeros(graph.tensors[name].shape, graph.tensors[name].dtype.to_numpy()) for name in graph.inputs}
            for _ in range(depth)
        ]
        self._results: dict[int, dict[str, Array]] = {}

    @functools.cached_property
    def memory(self) -> MemoryFacts:
        graph = self._executable.graph
        boundary = sum(graph.tensors[name].size_bytes for name in (*self._graph.inputs, *self._graph.outputs))
        return MemoryFacts(
            weight_bytes=sum(self._stored_bytes(graph.tensors[name]) for name in graph.constants),
            arena_bytes=self._arena().size,
            workspace_bytes=0,
            boundary_bytes=boundary * len(self._slots),
        )

    def inputs(self, slot: int = 0) -> Frame:
        return self._slots[slot]

    def run(self, inputs: Frame) -> dict[str, Array]:
        return self._executable.run(inputs)

    def submit(self, inputs: Frame, slot: int) -> None:
        if slot in self._results:
            raise DeviceError(f"The request in slot {slot} was not collected yet.")
        self._results[slot] = self.run(inputs)

    def collect(self, slot: int) -> dict[str, Array]:
        if slot not in self._results:
            raise DeviceError(f"There is no request in slot {slot}.")
        return self._results.pop(slot)

    def measure_model(self, repeats: int) -> Samples:
        samples = self._executable.measure(repeats).samples_us
        return Samples(samples, samples)

    def measure_request(self, mode: RequestMode, repeats: int) -> Samples:
        samples = (self.timeline(mode).duration_ns / 1e3,) * repeats
        return Samples(samples, samples)

    def measure_copies(self, repeats: int) -> CopyTimes:
        into, out = self._copies(RequestMode.PINNED)
        return CopyTimes((_total_us(into),) * repeats, (_total_us(out),) * repeats)

    def measure_frames(self, frames: int, depth: int) -> FrameTimes:
        """Three engines in a row (copy in, kernels, copy out), each serving one frame at a time.

        Raises:
            DeviceError: If the context has fewer slots.
        """
        if depth > len(self._slots):
            raise DeviceError(f"A context of depth {len(self._slots)} cannot have {depth} frames in flight.")
        copies = self.measure_copies(1)
        stages = (copies.into_us[0], self._executable.simulation.end_us, copies.out_us[0])
        free = [0.0] * len(stages)
        begun: list[float] = []
        done: list[float] = []
        for frame in range(frames):
            time = done[frame - depth] if frame >= depth else 0.0
            begun.append(time)
            for i, needed in enumerate(stages):
                time = free[i] = max(time, free[i]) + needed
            done.append(time)
        return FrameTimes(depth, tuple(begun), tuple(done))

    def measure_paced(self, frames: int, interval_us: float) -> FrameTimes:
        """Nobody waits for a model: the times are those of a camera, the clock is not."""
        latency = self.timeline(RequestMode.OVERLAPPED).duration_ns / 1e3
        begun = [frame * max(interval_us, latency) for frame in range(frames)]
        return FrameTimes(1, tuple(begun), tuple(time + latency for time in begun))

    def timeline(self, mode: RequestMode) -> Timeline:
        into, out = self._copies(mode)
        plan = self._executable.plan
        overlapped = mode is RequestMode.OVERLAPPED
        return with_copies(self._executable.profile(), plan.streams, into, out, overlapped=overlapped)

    def close(self) -> None:
        self._executable.close()

    def _copies(self, mode: RequestMode) -> tuple[list[Copy], list[Copy]]:
        """Of inputs and of outputs: pinned ones in one block each way, overlapped outputs one per launch."""
        graph = self._graph
        last = len(self._executable.plan.launches) - 1
        writer = {name: self._writer(name) for name in graph.outputs}
        if mode is RequestMode.PAGEABLE:
            into = [self._copy((name,), f"input {name}", 0, pinned=False) for name in graph.inputs]
            out = [self._copy((name,), f"output {name}", last, pinned=False) for name in dict.fromkeys(graph.outputs)]
            return into, out
        into = [self._copy(graph.inputs, _label("input", graph.inputs), 0, pinned=True)] if graph.inputs else []
        groups: dict[int, list[str]] = {}
        for name in dict.fromkeys(graph.outputs):
            groups.setdefault(writer[name] if mode is RequestMode.OVERLAPPED else last, []).append(name)
        out = [self._copy(names, _label("output", names), i, pinned=True) for i, names in groups.items()]
        return into, out

    def _copy(self, names: tuple[str, ...] | list[str], label: str, launch: int, *, pinned: bool) -> Copy:
        size = sum(self._graph.tensors[name].size_bytes for name in names)
        return Copy(label, size, self._gpu.copy_us(size, pinned=pinned), max(launch, 0))

    def _writer(self, output: str) -> int:
        """The launch that computes an output; the executed graph has one Operator per launch."""
        return self._executable.graph.producer.get(output, 0)

    def _arena(self) -> Arena:
        """Memory for every tensor between Operators, planned as for a real GPU."""
        graph, plan = self._executable.graph, self._executable.plan
        uses: dict[str, int] = {}
        for i, operator in enumerate(graph.operators):
            for name in (*operator.inputs, *operator.outputs):
                uses[name] = uses.get(name, 0) | 1 << i
        buffers = [
            Buffer(name, self._stored_bytes(graph.tensors[name]), i, uses[name], keep=name in graph.outputs)
            for i, operator in enumerate(graph.operators)
            for name in operator.outputs
        ]
        return plan_arena(buffers, plan.dependencies())

    def _stored_bytes(self, tensor: Tensor) -> int:
        return tensor.elements * self._precision.stored_itemsize(tensor.dtype)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _total_us(copies: list[Copy]) -> float:
    return sum(copy.duration_us for copy in copies)


def _label(what: str, names: tuple[str, ...] | list[str]) -> str:
    return f"{what} {names[0]}" if len(names) == 1 else f"{len(names)} {what}s"
