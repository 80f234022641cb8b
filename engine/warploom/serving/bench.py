"""Measures the requests of a plan: model alone, with copies, streams of frames, and a camera's pace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from warploom.device.serving import CopyTimes, FrameTimes, MemoryFacts, RequestMode, Samples, ServingContext
from warploom.errors import PlanError
from warploom.serving.plan import Plan

MAX_PACED = 1_000_000
"""The most requests at a pace: nine hours of a camera; the times of each are kept."""

NOISY = 0.10
"""A median whose quartiles are further apart than this part of it is marked noisy."""

MODEL = "model"
_ROUNDS = 5
_TITLES = {
    MODEL: "model only",
    RequestMode.PAGEABLE.value: "request, pageable synchronous",
    RequestMode.PINNED.value: "request, pinned asynchronous",
    RequestMode.OVERLAPPED.value: "request, overlapped",
}


@dataclass(frozen=True, slots=True)
class Quantiles:
    """A distribution of microseconds.

    Attributes:
        p25: Lower quartile.
        p50: Median.
        p75: Upper quartile.
        p90: Of ten, nine are faster.
        p99: Of a hundred, ninety-nine are.
        count: Samples.
        noisy: Whether the quartiles are far apart: something else used the machine, or the clocks moved.
    """

    p25: float
    p50: float
    p75: float
    p90: float
    p99: float
    count: int
    noisy: bool

    @staticmethod
    def of(samples: Sequence[float]) -> Quantiles:
        """Of at least one sample."""
        p25, p50, p75, p90, p99 = (float(q) for q in np.percentile(np.asarray(samples), (25, 50, 75, 90, 99)))
        return Quantiles(p25, p50, p75, p90, p99, len(samples), noisy=p75 - p25 > NOISY * p50)


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """One way of answering a request, each from idle.

    Attributes:
        name: "model", "pageable", "pinned" or "overlapped".
        title: For people.
        events: By events on the device, microseconds.
        wall: By the host's clock, microseconds.
    """

    name: str
    title: str
    events: Quantiles
    wall: Quantiles


@dataclass(frozen=True, slots=True)
class ThroughputRow:
    """A stream of frames as fast as it goes.

    Attributes:
        depth: Frames in flight.
        frames_per_s: Frames (of a batch all) over the time from the first result to the last.
        period: From the end of one frame to the end of the next, microseconds.
        latency: Of each frame, microseconds.
    """

    depth: int
    frames_per_s: float
    period: Quantiles
    latency: Quantiles


@dataclass(frozen=True, slots=True)
class CameraRow:
    """Requests paced like a camera's, each finding the device idle.

    Attributes:
        fps: Requests per second.
        latency: Of each, by the host's clock, microseconds.
        late: Requests that began more than a tenth of the interval late.
    """

    fps: float
    latency: Quantiles
    late: int


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What was measured.

    Attributes:
        model: Name of the model.
        device: Name of the device.
        simulated: Whether a model of a device made the figures.
        precision: Arithmetic of float operators.
        shape: Inputs of the shape that was measured.
        batch: Leading dimension of the first input.
        latencies: Ways of answering one request.
        copy_in: All inputs alone, pinned, microseconds.
        copy_out: All outputs alone.
        throughput: Streams at depth 1, 2, ...
        camera: At a camera's pace; None where it was not asked for.
        memory: Bytes on the device.
    """

    model: str
    device: str
    simulated: bool
    precision: str
    shape: tuple[str, ...]
    batch: int
    latencies: tuple[LatencyRow, ...]
    copy_in: Quantiles
    copy_out: Quantiles
    throughput: tuple[ThroughputRow, ...]
    camera: CameraRow | None
    memory: MemoryFacts

    @property
    def noisy(self) -> bool:
        """Whether any latency or period is."""
        rows = [row.wall.noisy for row in self.latencies] + [row.period.noisy for row in self.throughput]
        return any(rows)

    def latency(self, name: str) -> LatencyRow:
        """The row of that name.

        Raises:
            PlanError: If it was not measured.
        """
        for row in self.latencies:
            if row.name == name:
                return row
        raise PlanError(f"{name!r} was not measured.")


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """What to measure.

    Attributes:
        repeats: Requests of each kind.
        depth: The most frames in flight.
        frames: Frames of each stream.
        fps: A camera's pace; None for none.
        seconds: How long at that pace.
    """

    repeats: int = 100
    depth: int = 3
    frames: int = 200
    fps: float | None = None
    seconds: float = 3.0

    def __post_init__(self) -> None:
        if self.repeats < 1 or self.depth < 1 or self.frames <= self.depth:
            raise PlanError("Measure one request at least, at depth 1 at least, and more frames than are in flight.")
        if self.fps is not None and not (self.fps > 0 and self.seconds > 0):
            raise PlanError(f"A pace of {self.fps} frames per second for {self.seconds} seconds cannot be kept.")
        if self.fps is not None and not self.fps * self.seconds <= MAX_PACED:
            raise PlanError(
                f"{self.fps:,g} frames per second for {self.seconds:,g} seconds are more than {MAX_PACED:,} requests: "
                "choose a slower pace or fewer seconds."
            )


def bench_plan(plan: Plan, options: BenchOptions, tell: Callable[[str], None] = lambda _: None) -> BenchReport:
    """Measures the first shape of a plan on random inputs.

    The ways of answering take turns, so that whatever changes on the machine changes all of them.

    Raises:
        DeviceError: If the device fails.
    """
    with plan.context(options.depth) as context:
        serving = context.serving()
        _fill(serving, plan, options.depth)
        tell("requests from idle")
        samples, copies = _interleaved(serving, options.repeats)
        throughput = []
        for depth in range(1, options.depth + 1):
            tell(f"frames, {depth} in flight")
            throughput.append(serving.measure_frames(options.frames, depth))
        camera = None
        if options.fps is not None:
            tell(f"requests at {options.fps:g} per second")
            count = max(1, round(options.fps * options.seconds))
            camera = _camera_row(options.fps, serving.measure_paced(count, 1e6 / options.fps))
        return _report(plan, samples, copies, throughput, camera, serving.memory)


def _fill(serving: ServingContext, plan: Plan, depth: int) -> None:
    """Random values in the buffers of every slot."""
    for slot in range(depth):
        values = plan.example(seed=slot)
        for name, buffer in serving.inputs(slot).items():
            buffer[...] = values[name]


def _interleaved(serving: ServingContext, repeats: int) -> tuple[dict[str, Samples], CopyTimes]:
    ways: dict[str, Callable[[int], Samples]] = {MODEL: serving.measure_model}
    ways |= {mode.value: partial(serving.measure_request, mode) for mode in RequestMode}
    taken: dict[str, list[Samples]] = {name: [] for name in ways}
    copies: list[CopyTimes] = []
    rounds = min(_ROUNDS, repeats)
    for turn in range(rounds):
        count = repeats // rounds + (turn < repeats % rounds)
        for name, measure in ways.items():
            taken[name].append(measure(count))
        copies.append(serving.measure_copies(count))
    into = tuple(us for part in copies for us in part.into_us)
    out = tuple(us for part in copies for us in part.out_us)
    return {name: _joined(parts) for name, parts in taken.items()}, CopyTimes(into, out)


def _joined(parts: Sequence[Samples]) -> Samples:
    events = tuple(us for part in parts for us in part.events_us)
    return Samples(events, tuple(us for part in parts for us in part.wall_us))


def _report(
    plan: Plan,
    samples: dict[str, Samples],
    copies: CopyTimes,
    throughput: Sequence[FrameTimes],
    camera: CameraRow | None,
    memory: MemoryFacts,
) -> BenchReport:
    shape = plan.shapes[0]
    batch = shape.inputs[0].shape[0] if shape.inputs and shape.inputs[0].shape else 1
    info = plan.device.info
    return BenchReport(
        model=plan.facts.model.name,
        device=info.name,
        simulated=info.simulated,
        precision=plan.facts.precision.value,
        shape=tuple(str(port) for port in shape.inputs),
        batch=batch,
        latencies=tuple(
            LatencyRow(name, _TITLES[name], Quantiles.of(found.events_us), Quantiles.of(found.wall_us))
            for name, found in samples.items()
        ),
        copy_in=Quantiles.of(copies.into_us),
        copy_out=Quantiles.of(copies.out_us),
        throughput=tuple(_throughput_row(times, batch) for times in throughput),
        camera=camera,
        memory=memory,
    )


def _throughput_row(times: FrameTimes, batch: int) -> ThroughputRow:
    period, latency = Quantiles.of(times.periods_us), Quantiles.of(times.latency_us)
    span = times.done_us[-1] - times.done_us[times.depth - 1]
    rate = (len(times.done_us) - times.depth) * 1e6 * batch / span if span > 0 else 0.0
    return ThroughputRow(times.depth, rate, period, latency)


def _camera_row(fps: float, times: FrameTimes) -> CameraRow:
    interval = 1e6 / fps
    late = sum(begun > i * interval + interval / 10 for i, begun in enumerate(times.begun_us))
    return CameraRow(fps, Quantiles.of(times.latency_us), late)
