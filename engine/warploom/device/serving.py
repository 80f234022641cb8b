"""Serving: the protocols of plans that are frozen for a file, opened again, and of whole requests with their copies.

A request is what a user waits for: inputs in host memory in, outputs in host memory out. A device that serves gives
contexts; contexts of one served plan share its weights and may be used side by side, each by one thread at a time.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

import numpy as np

from warploom.device.protocol import Array, Device
from warploom.graph import Graph, Precision
from warploom.schedule import StreamPlan
from warploom.timeline import Timeline


class RequestMode(enum.StrEnum):
    """How a request's copies are made.

    PAGEABLE: from and to ordinary memory, tensor by tensor, the host waiting for each. PINNED: from and to page-locked
    memory, queued on the stream of the plan. OVERLAPPED: the copies are nodes of the plan's own CUDA graph, and each
    output leaves when its last kernel has ended, while the rest of the graph goes on.
    """

    PAGEABLE = "pageable"
    PINNED = "pinned"
    OVERLAPPED = "overlapped"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a frozen plan is valid for; plans run only where the stamp is the same.

    Attributes:
        kind: "cuda", or the id of a simulated device.
        name: Of the GPU.
        facts: Driver, libraries and whatever else the kernels depend on, by name.
    """

    kind: str
    name: str
    facts: tuple[tuple[str, str], ...]

    def differences(self, other: Stamp) -> tuple[str, ...]:
        """What differs, each as "driver 580.1 instead of 575.3": this stamp's value instead of the other's."""
        if self.kind != other.kind or self.name != other.name:
            return (f"{self.name} ({self.kind}) instead of {other.name} ({other.kind})",)
        mine, others = dict(self.facts), dict(other.facts)
        return tuple(
            f"{fact} {mine.get(fact, 'missing')} instead of {others.get(fact, 'none')}"
            for fact in sorted({*mine, *others})
            if mine.get(fact) != others.get(fact)
        )


@dataclass(frozen=True, slots=True)
class FrozenPlan:
    """A plan with every decision made, so that opening it again decides, tunes and compiles nothing.

    Attributes:
        document: Everything but the weights, in the device's own format; empty where the Graph and the plan suffice.
        weights: Bytes of each prepared weight by name (uint8, one dimension).
    """

    document: bytes
    weights: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class PlacedWeights:
    """The prepared weights of one frozen plan on a device, in a block that several plans may share.

    Attributes:
        block: What `ServingDevice.upload` gave.
        offsets: Where each weight begins in it, bytes by name.
    """

    block: object
    offsets: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MemoryFacts:
    """Bytes that a context takes on the device.

    Attributes:
        weight_bytes: Shared by all contexts of a plan file.
        arena_bytes: Activations and scratch, library workspaces included.
        workspace_bytes: The largest workspace of one library kernel.
        boundary_bytes: Inputs and outputs, of all slots.
    """

    weight_bytes: int
    arena_bytes: int
    workspace_bytes: int
    boundary_bytes: int


@dataclass(frozen=True, slots=True)
class Samples:
    """Latencies in microseconds in the order taken, by events on the device and by the host's clock."""

    events_us: tuple[float, ...]
    wall_us: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CopyTimes:
    """What the copies of one request take alone, microseconds, pinned."""

    into_us: tuple[float, ...]
    out_us: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """A stream of frames through a pipeline of some depth.

    Attributes:
        depth: Frames in flight.
        begun_us: When each was submitted, microseconds from the first.
        done_us: When its outputs were in host memory.
    """

    depth: int
    begun_us: tuple[float, ...]
    done_us: tuple[float, ...]

    @property
    def latency_us(self) -> tuple[float, ...]:
        """Of each frame."""
        return tuple(done - begun for begun, done in zip(self.begun_us, self.done_us, strict=True))

    @property
    def periods_us(self) -> tuple[float, ...]:
        """Time from one frame's end to the next one's, the filling of the pipeline left out."""
        ends = self.done_us[self.depth - 1 :]
        return tuple(float(period) for period in np.diff(ends))


Frame = Mapping[str, Array]


class ServingContext(Protocol):
    """A plan ready for requests, with activations, buffers and streams of its own. `close()` is idempotent."""

    @property
    def memory(self) -> MemoryFacts:
        """What it takes on the device."""
        ...

    def inputs(self, slot: int = 0) -> Mapping[str, Array]:
        """Page-locked input buffers of a slot: who writes a frame into them saves the copy on the host."""
        ...

    def run(self, inputs: Frame) -> dict[str, Array]:
        """One request, overlapped: outputs by name, the caller's own. An input that is the buffer is not copied."""
        ...

    def submit(self, inputs: Frame, slot: int) -> None:
        """Starts a request in a slot whose last result was collected, behind the requests already started."""
        ...

    def collect(self, slot: int) -> dict[str, Array]:
        """Waits for the request in a slot and returns its outputs."""
        ...

    def measure_model(self, repeats: int) -> Samples:
        """The plan alone, from idle, no copies."""
        ...

    def measure_request(self, mode: RequestMode, repeats: int) -> Samples:
        """Whole requests, each from idle, on what the buffers of slot 0 hold."""
        ...

    def measure_copies(self, repeats: int) -> CopyTimes:
        """The copies alone."""
        ...

    def measure_frames(self, frames: int, depth: int) -> FrameTimes:
        """A stream of frames as fast as it goes, `depth` in flight."""
        ...

    def measure_paced(self, frames: int, interval_us: float) -> FrameTimes:
        """Overlapped requests started one interval apart, as a camera does: each finds the device idle."""
        ...

    def timeline(self, mode: RequestMode) -> Timeline:
        """What ran when in one request; copies are in the lanes "copy in" and "copy out"."""
        ...

    def close(self) -> None:
        """Gives back what it holds; the weights stay as long as another context uses them."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ServedPlan(Protocol):
    """A frozen plan opened on a device; it holds the kernels and refers to the weights."""

    def context(self, depth: int = 1) -> ServingContext:
        """A context with `depth` slots."""
        ...

    def close(self) -> None:
        """Gives back what it holds, contexts not included."""
        ...


@runtime_checkable
class ServingDevice(Device, Protocol):
    """A Device that plans can be frozen for and opened on."""

    def stamp(self) -> Stamp:
        """What plans frozen now are valid for."""
        ...

    def freeze(self, graph: Graph, plan: StreamPlan, precision: Precision) -> FrozenPlan:
        """Compiles a plan as `Device.compile` does and gives what opening it again needs."""
        ...

    def upload(self, block: Array) -> object:
        """Brings a block of prepared weights (uint8) onto the device; it stays as long as anything refers to it."""
        ...

    def serve(
        self,
        document: bytes,
        weights: PlacedWeights,
        plan: StreamPlan,
        precision: Precision,
        graph: Callable[[], Graph],
    ) -> ServedPlan:
        """Opens a frozen plan.

        Args:
            document: Of the FrozenPlan.
            weights: Its weights.
            plan: The plan that was frozen.
            precision: Its precision.
            graph: Reads the Graph that the plan schedules, weights included; asked only where the device needs it.
        """
        ...
