"""CudaContext: an arena, slots and captured graphs of one plan, ready for requests."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from warploom.device.cuda.binding import Enqueue
from warploom.device.cuda.capture import ORIGIN, Branch, CapturedGraph, capture
from warploom.device.cuda.errors import cuda_call
from warploom.device.cuda.loading import load_cupy
from warploom.device.cuda.memory import DeviceMemory
from warploom.device.cuda.serving.document import ARENA, INPUT, OUTPUT, Place
from warploom.device.cuda.serving.meter import Meter
from warploom.device.cuda.serving.slots import Slot
from warploom.device.inputs import given_input
from warploom.device.protocol import Array
from warploom.device.serving import CopyTimes, Frame, FrameTimes, MemoryFacts, RequestMode, Samples
from warploom.errors import DeviceError
from warploom.timeline import Timeline

if TYPE_CHECKING:
    from warploom.device.cuda.serving.served import CudaServing


class CudaContext:
    """One context (a ServingContext).

    Attributes:
        serving: The plan.
        slots: Inputs and outputs of the requests in flight.
        stream: Where plans are replayed.
    """

    def __init__(self, serving: CudaServing, depth: int) -> None:
        self.serving = serving
        with serving.tools.lock:  # clearing memory waits for the device, which ends the captures of other threads
            serving.tools.use()
            self._allocate(depth)
        self._graphs: dict[tuple[str, int], CapturedGraph] = {}
        self._busy: set[int] = set()
        self._closed = False

    def _allocate(self, depth: int) -> None:
        document = self.serving.document
        with cuda_call("opening a context"):
            stream, event = load_cupy().cuda.Stream, load_cupy().cuda.Event
            self.stream, self._stream_in, self._stream_out = (stream(non_blocking=True) for _ in range(3))
            self._arrived, self._computed, self._done = (
                [event(disable_timing=True) for _ in range(depth)] for _ in range(3)
            )
        self._arena: DeviceMemory | None = DeviceMemory(document.arena_bytes, "allocating the arena of a context")
        self.slots = [Slot(document) for _ in range(depth)]

    @property
    def memory(self) -> MemoryFacts:
        document = self.serving.document
        return MemoryFacts(
            weight_bytes=document.weight_bytes,
            arena_bytes=document.arena_bytes,
            workspace_bytes=document.workspace_bytes,
            boundary_bytes=sum(slot.size_bytes for slot in self.slots),
        )

    def inputs(self, slot: int = 0) -> Mapping[str, Array]:
        return self.slots[slot].inputs

    def run(self, inputs: Frame) -> dict[str, Array]:
        """One request, copies and kernels in one CUDA graph.

        Raises:
            DeviceError: If an input is missing or misshapen, or the context is closed.
            CudaError: If the GPU fails.
        """
        self.serving.tools.use()
        slot, graph = self.slots[0], self.whole_graph()
        fill(slot, inputs)
        with cuda_call(f"running the plan {self.serving.plan.name!r}"):
            graph.launch(self.stream)
            self.stream.synchronize()
        return {name: array.copy() for name, array in slot.outputs.items()}

    def submit(self, inputs: Frame, slot: int) -> None:
        """Copies and kernels on three streams, so that frames overlap.

        Raises:
            DeviceError: If the slot's last result was not collected, or an input does not fit.
        """
        if slot in self._busy:
            raise DeviceError(f"The request in slot {slot} was not collected yet.")
        self.serving.tools.use()
        fill(self.slots[slot], inputs)
        self.start(slot)
        self._busy.add(slot)

    def collect(self, slot: int) -> dict[str, Array]:
        """Waits for a slot's outputs.

        Raises:
            DeviceError: If nothing was submitted in it.
        """
        if slot not in self._busy:
            raise DeviceError(f"There is no request in slot {slot}.")
        self.wait(slot)
        self._busy.discard(slot)
        return {name: array.copy() for name, array in self.slots[slot].outputs.items()}

    def start(self, slot: int) -> None:
        """Starts a request on what the slot's buffers hold, behind the requests already started."""
        memory, graph = self.slots[slot], self.compute_graph(slot)
        with cuda_call("starting a request"):
            memory.copy_in(self._stream_in.ptr)
            self._arrived[slot].record(self._stream_in)
            self.stream.wait_event(self._arrived[slot])
            graph.launch(self.stream)
            self._computed[slot].record(self.stream)
            self._stream_out.wait_event(self._computed[slot])
            memory.copy_out(self._stream_out.ptr)
            self._done[slot].record(self._stream_out)

    def wait(self, slot: int) -> None:
        """Waits until a slot's outputs are in host memory."""
        with cuda_call("waiting for a request"):
            self._done[slot].synchronize()

    def measure_model(self, repeats: int) -> Samples:
        return self._meter.model(repeats)

    def measure_request(self, mode: RequestMode, repeats: int) -> Samples:
        return self._meter.request(mode, repeats)

    def measure_copies(self, repeats: int) -> CopyTimes:
        return self._meter.copies(repeats)

    def measure_frames(self, frames: int, depth: int) -> FrameTimes:
        return self._meter.frames(frames, depth)

    def measure_paced(self, frames: int, interval_us: float) -> FrameTimes:
        return self._meter.paced(frames, interval_us)

    def timeline(self, mode: RequestMode) -> Timeline:
        from warploom.device.cuda.serving.request_timeline import request_timeline

        return request_timeline(self, mode)

    def compute_graph(self, slot: int = 0) -> CapturedGraph:
        """The kernels alone, on the buffers of a slot."""
        return self._graph("compute", slot)

    def whole_graph(self, slot: int = 0) -> CapturedGraph:
        """Copies in, kernels, and the copy of each output as soon as it is complete."""
        return self._graph("whole", slot)

    def copies_by_readiness(self, slot: int) -> list[tuple[tuple[int, ...], list[str], list[Enqueue]]]:
        """The copies out, outputs that the same work completes together: (works, names, copies)."""
        groups: dict[tuple[int, ...], list[str]] = {}
        for port in self.serving.document.outputs:
            groups.setdefault(port.works, []).append(port.name)
        return [(works, names, self.slots[slot].copies_out(names)) for works, names in groups.items()]

    def times_of_copies_out(self, repeats: int) -> list[tuple[tuple[int, ...], list[str], float]]:
        """What each of these copies takes alone: (works, names, median microseconds)."""
        return [
            (works, names, float(np.median(self._meter.copies_of(copies, repeats).events_us)))
            for works, names, copies in self.copies_by_readiness(0)
        ]

    def bound(self, work: int) -> list[Enqueue]:
        """What one work starts, on the buffers of slot 0."""
        return self.serving.bind(work, functools.partial(self._address, self.slots[0]))

    def close(self) -> None:
        """Frees graphs, arena and slots; the weights stay as long as another context uses them."""
        if self._closed:
            return
        self._closed = True
        with suppress(Exception):  # after a fault on the GPU there is nothing to wait for
            for stream in (self._stream_in, self.stream, self._stream_out):
                stream.synchronize()
        for graph in self._graphs.values():
            graph.close()
        self._graphs.clear()
        self.slots.clear()
        self._arena = None

    @functools.cached_property
    def _meter(self) -> Meter:
        return Meter(self)

    def _graph(self, what: str, slot: int) -> CapturedGraph:
        if self._closed:
            raise DeviceError("The context was closed: open another one.")
        key = (what, slot)
        if key not in self._graphs:
            with self.serving.tools.lock:
                self.serving.tools.use()
                branches = self._compute(slot) if what == "compute" else self._with_copies(slot)
                graph = capture(branches, self.serving.tools.streams)
            with cuda_call("preparing a request"):
                graph.upload(self.stream)
                self.stream.synchronize()
            self._graphs[key] = graph
        return self._graphs[key]

    def _compute(self, slot: int) -> list[Branch]:
        bind = functools.partial(self.serving.bind, address=functools.partial(self._address, self.slots[slot]))
        launches = (
            Branch(launch.stream, tuple(wait + 1 for wait in launch.waits), bind(i + 1))
            for i, launch in enumerate(self.serving.plan.launches)
        )
        return [Branch(ORIGIN, (), bind(0)), *launches]

    def _with_copies(self, slot: int) -> list[Branch]:
        """Each group of outputs has a branch of its own: whichever is complete first leaves first."""
        entry, *launches = self._compute(slot)
        first = Branch(ORIGIN, (), (self.slots[slot].copy_in, *entry.enqueue))
        free = self.serving.plan.streams or 1
        leaving = [
            Branch(free + i, works, copies) for i, (works, _, copies) in enumerate(self.copies_by_readiness(slot))
        ]
        return [first, *launches, *leaving]

    def _address(self, slot: Slot, place: Place) -> int:
        if place.area == INPUT:
            return slot.input_address(place.name) + place.offset
        if place.area == OUTPUT:
            return slot.output_address(place.name) + place.offset
        if place.area == ARENA and self._arena is not None:
            return self._arena.address + place.offset
        return self.serving.weight_address(place)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:  # a safety net: a context that nobody closed
        with suppress(Exception):
            self.close()


def fill(slot: Slot, inputs: Frame) -> None:
    """Writes a frame into the slot's page-locked inputs, unless it is there already.

    Raises:
        DeviceError: If an input is missing or has another shape.
    """
    for name, pinned in slot.inputs.items():
        given = given_input(inputs, name, pinned.shape)
        if given is not pinned and not _same(given, pinned):
            np.copyto(pinned, given, casting="unsafe")


def _same(given: Array, pinned: Array) -> bool:
    return given.ctypes.data == pinned.ctypes.data and given.strides == pinned.strides and given.dtype == pinned.dtype
