"""Plan: a plan file opened on a device, called like a function; contexts of it run side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

import numpy as np

from warploom.device.protocol import Array, Measurement
from warploom.device.serving import (
    MemoryFacts,
    PlacedWeights,
    RequestMode,
    Samples,
    ServedPlan,
    ServingContext,
    ServingDevice,
)
from warploom.errors import PlanError
from warploom.graph import Graph
from warploom.serving.contents import PlanContents, PlanFacts, Port, ShapeFacts
from warploom.serving.file import write_plan
from warploom.serving.inputs import check_finite, check_types, named_inputs
from warploom.serving.picking import padded, pick_shape
from warploom.timeline import Timeline

Inputs = Mapping[str, Array] | Array

MOST_IN_FLIGHT = 64
"""Requests of one context: each has pinned buffers of its own, and a few keep every engine of a GPU busy."""


class Plan:
    """A plan ready to answer requests; made by `load_plan`, `build` or `open_contents`. A context manager.

    Calling it is safe from several threads, one request at a time; `context` gives requests that run side by side.

    Attributes:
        facts: What it is: model, precision, device, shapes.
        device: Where it runs.
    """

    def __init__(self, contents: PlanContents, device: ServingDevice, *, check_nan: bool = True) -> None:
        self.facts: PlanFacts = contents.facts
        self.device = device
        self._contents = contents
        self._check_nan = check_nan
        self._lock = Lock()
        self._served: dict[int, ServedPlan] = {}
        self._block: object = None
        self._uploaded = False
        self._default: PlanContext | None = None
        self._closed = False

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Inputs of the first shape."""
        return self.facts.shapes[0].inputs

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Outputs of the first shape."""
        return self.facts.shapes[0].outputs

    @property
    def shapes(self) -> tuple[ShapeFacts, ...]:
        """Every shape that it answers."""
        return self.facts.shapes

    def __call__(self, inputs: Inputs) -> dict[str, Array]:
        """Answers one request.

        Args:
            inputs: Arrays by input name, or the array of a plan with one input.

        Returns:
            Arrays by output name, the caller's own.

        Raises:
            PlanError: If an input does not fit, or holds NaN.
            DeviceError: If the device fails.
        """
        return self._default_context()(inputs)

    def context(self, depth: int = 1) -> PlanContext:
        """Another context: it shares the weights, has activations and streams of its own, and runs beside others.

        Args:
            depth: Requests that it can have in flight, each with buffers of its own: 64 at most.

        Raises:
            PlanError: If it is to have room for none, or too many.
        """
        if not 1 <= depth <= MOST_IN_FLIGHT:
            raise PlanError(f"A context has to have room for 1 to {MOST_IN_FLIGHT} requests, not {depth}.")
        self._check_open()
        return PlanContext(self, depth, check_nan=self._check_nan)

    def stream(self, frames: Iterable[Inputs], depth: int = 2) -> Iterator[dict[str, Array]]:
        """Answers a stream of frames in order, `depth` of them in flight: copies overlap the kernels of others.

        Raises:
            PlanError: If a frame does not fit.
        """
        with self.context(depth) as context:
            yield from context.stream(frames)

    def measure(self, repeats: int = 50) -> Measurement:
        """Latency of the plan alone, each time from idle, in the first shape; copies are not in it."""
        return Measurement(self._default_context().serving().measure_model(repeats).events_us)

    def timeline(self, mode: RequestMode = RequestMode.OVERLAPPED) -> Timeline:
        """What ran when in one request of the first shape, copies included."""
        return self._default_context().serving().timeline(mode)

    def measure_requests(self, mode: RequestMode = RequestMode.OVERLAPPED, repeats: int = 50) -> Samples:
        """Whole requests of the first shape, each from idle, on what its buffers hold."""
        return self._default_context().serving().measure_request(mode, repeats)

    def graph(self, shape: int = 0) -> Graph:
        """The Graph of a shape, weights included."""
        return self._contents.shapes[shape].graph()

    def example(self, *, seed: int = 0, shape: int = 0) -> dict[str, Array]:
        """Random inputs that fit: normal values, or integers that are valid where they are used as indices."""
        from warploom.importer.reference import random_inputs

        return random_inputs(self.graph(shape), seed)

    @property
    def memory(self) -> MemoryFacts:
        """What the first shape takes on the device."""
        return self._default_context().serving().memory

    def save(self, path: str | Path) -> None:
        """Writes it to a file, as it is: kernels that were chosen anew included.

        Raises:
            PlanError: If the file cannot be written.
        """
        write_plan(self._contents, Path(path))

    def served(self, shape: int) -> ServedPlan:
        """A shape opened on the device, its weights uploaded; opened once."""
        self._check_open()
        with self._lock:
            if shape not in self._served:
                if not self._uploaded:
                    self._block, self._uploaded = self.device.upload(self._contents.weights()), True
                parts, facts = self._contents.shapes[shape], self.facts.shapes[shape]
                weights = PlacedWeights(self._block, parts.offsets())
                self._served[shape] = self.device.serve(
                    parts.document(), weights, facts.plan, self.facts.precision, parts.graph
                )
            return self._served[shape]

    def close(self) -> None:
        """Gives back what it holds; contexts that are still open go on. May be called again."""
        self._closed = True
        if self._default is not None:
            self._default.close()
        for served in self._served.values():
            served.close()
        self._served.clear()
        self._block = None

    def _default_context(self) -> PlanContext:
        self._check_open()
        with self._lock:
            if self._default is None:
                self._default = PlanContext(self, 1, check_nan=self._check_nan)
            return self._default

    def _check_open(self) -> None:
        if self._closed:
            raise PlanError(f"The plan of {self.facts.model.name!r} was closed: load it again.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class PlanContext:
    """Requests of one plan, one after another; use each context from one thread at a time. A context manager.

    Args:
        plan: Whose requests.
        depth: Requests in flight.
        check_nan: Whether inputs are searched for NaN.
    """

    def __init__(self, plan: Plan, depth: int, *, check_nan: bool) -> None:
        self._plan = plan
        self._depth = depth
        self._check_nan = check_nan
        self._contexts: dict[int, ServingContext] = {}
        self._lock = Lock()

    def serving(self, shape: int = 0) -> ServingContext:
        """The device's context of a shape; opened once."""
        if shape not in self._contexts:
            self._contexts[shape] = self._plan.served(shape).context(self._depth)
        return self._contexts[shape]

    def buffers(self, shape: int = 0) -> Mapping[str, Array]:
        """Page-locked input arrays: fill them and call the context with them, and nothing is copied on the host."""
        return self.serving(shape).inputs()

    def __call__(self, inputs: Inputs) -> dict[str, Array]:
        """Answers one request, as `Plan.__call__`."""
        named, shape, batch = self._checked(inputs)
        with self._lock:
            outputs = self.serving(shape).run(named)
        return outputs if batch is None else {name: array[:batch].copy() for name, array in outputs.items()}

    def stream(self, frames: Iterable[Inputs]) -> Iterator[dict[str, Array]]:
        """Answers frames in order, as many in flight as the context is deep; all of one shape.

        Raises:
            PlanError: If a frame does not fit, or has another shape than the first.
        """
        waiting: deque[tuple[ServingContext, int, int | None]] = deque()
        first: int | None = None
        try:
            for number, frame in enumerate(frames):
                named, shape, batch = self._checked(frame)
                first = shape if first is None else first
                if shape != first:
                    raise PlanError(f"Frame {number} has another shape than the first: stream each shape by itself.")
                if len(waiting) == self._depth:
                    yield _collected(*waiting.popleft())
                context, slot = self.serving(shape), number % self._depth
                context.submit(named, slot)
                waiting.append((context, slot, batch))
            while waiting:
                yield _collected(*waiting.popleft())
        finally:
            for context, slot, _ in waiting:  # whoever stops early leaves no request behind
                context.collect(slot)

    def close(self) -> None:
        """Gives back activations and streams; may be called again."""
        for context in self._contexts.values():
            context.close()
        self._contexts.clear()

    def _checked(self, inputs: Inputs) -> tuple[dict[str, Array], int, int | None]:
        """Inputs by name that fit a shape, the shape, and the rows to keep where rows were filled up."""
        shapes = self._plan.shapes
        named = named_inputs(inputs, shapes[0].inputs)
        check_types(named, shapes[0].inputs)
        pick = pick_shape(shapes, {name: array.shape for name, array in named.items()})
        if self._check_nan:
            check_finite(named)
        if pick.batch is not None:
            return padded(named, shapes[pick.index]), pick.index, pick.batch
        return named, pick.index, None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _collected(context: ServingContext, slot: int, batch: int | None) -> dict[str, Array]:
    outputs = context.collect(slot)
    return outputs if batch is None else {name: np.array(array[:batch]) for name, array in outputs.items()}
