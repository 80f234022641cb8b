"""Figures that follow from one Timeline: active warps, idle time, overlap, critical path, operator durations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from warploom.timeline.intervals import BusyStreams, StreamOverlap, covered
from warploom.timeline.sm_idle import SmIdle, sm_idle
from warploom.timeline.timeline import FloatArray, IntArray, Spans, Timeline, WarpSeries


@dataclass(frozen=True, slots=True)
class WarpStatistics:
    """Active warps of the whole device over one execution, weighted by time.

    Attributes:
        mean: Warps, over the whole duration, gaps included.
        peak: Warps, the highest step.
        integral_warp_us: Warps times microseconds: what the kernels kept resident in all.
        occupancy: `mean` as a part of the warps that the device can hold (achieved occupancy, device-wide).
    """

    mean: float
    peak: float
    integral_warp_us: float
    occupancy: float


@dataclass(frozen=True, slots=True)
class PathStep:
    """A launch on the critical path, and the time that the path waits before it."""

    launch: int
    start_ns: int
    end_ns: int
    gap_ns: int


@dataclass(frozen=True, slots=True)
class TimelineStatistics:
    """Figures of one Timeline; times in nanoseconds.

    Attributes:
        duration_ns: From start to end, gaps included.
        spans: Number of kernels and copies.
        launches: Number of launches that have spans.
        streams: Number of streams that have spans.
        warps: Active warps.
        busy_ns: Time with at least one span on the device.
        idle_ns: Time with none: launch gaps and waits.
        overlap_ns: Time with spans on two or more streams.
        stream_busy_ns: (stream, time with a span on it), by stream.
        overlaps: Of every pair of streams.
        sm_idle: Share of the SMs' time without a warp, and where that figure comes from.
    """

    duration_ns: int
    spans: int
    launches: int
    streams: int
    warps: WarpStatistics
    busy_ns: int
    idle_ns: int
    overlap_ns: int
    stream_busy_ns: tuple[tuple[int, int], ...]
    overlaps: tuple[StreamOverlap, ...]
    sm_idle: SmIdle

    @property
    def work_ns(self) -> int:
        """Busy time of all streams together: what would pass if they took turns without gaps."""
        return sum(busy for _, busy in self.stream_busy_ns)


def timeline_statistics(timeline: Timeline) -> TimelineStatistics:
    """All figures that need nothing but the Timeline."""
    spans = timeline.spans
    busy = BusyStreams.of(spans)
    edges, counts = busy.counts()
    lengths = np.diff(edges)
    busy_ns = int(lengths[counts[:-1] >= 1].sum())
    idle_ns = max(timeline.duration_ns - busy_ns, 0)
    return TimelineStatistics(
        duration_ns=timeline.duration_ns,
        spans=len(spans),
        launches=len(np.unique(spans.launch)),
        streams=len(busy.streams),
        warps=warp_statistics(timeline.warps, timeline.duration_ns, timeline.max_warps),
        busy_ns=busy_ns,
        idle_ns=idle_ns,
        overlap_ns=int(lengths[counts[:-1] >= 2].sum()),
        stream_busy_ns=tuple(zip(busy.streams, busy.busy_ns, strict=True)),
        overlaps=busy.overlaps(),
        sm_idle=sm_idle(timeline.counters, idle_ns, timeline.duration_ns),
    )


def warp_statistics(series: WarpSeries, duration_ns: int, max_warps: int) -> WarpStatistics:
    """Mean, peak and integral of the total active warps; time outside the series counts as none."""
    total = series.total
    if not len(total):
        return WarpStatistics(0.0, 0.0, 0.0, 0.0)
    lengths = np.diff(series.edges_ns)
    integral = float(np.dot(total, lengths))
    mean = integral / duration_ns if duration_ns > 0 else 0.0
    peak = float(total[lengths > 0].max(initial=0.0))
    return WarpStatistics(mean, peak, integral / 1000.0, mean / max_warps if max_warps > 0 else 0.0)


def warps_between(series: WarpSeries, start_ns: FloatArray | IntArray, end_ns: FloatArray | IntArray) -> FloatArray:
    """Mean total active warps in each of the windows [start_ns[i], end_ns[i]); 0 for an empty window.

    The step function is integrated once, so that thousands of windows (one per operator) cost one look-up each.
    """
    start, end = np.asarray(start_ns, dtype=np.float64), np.asarray(end_ns, dtype=np.float64)
    if not len(series.total):
        return np.zeros(len(start))
    edges = series.edges_ns.astype(np.float64)
    cumulated = np.concatenate(([0.0], np.cumsum(series.total * np.diff(edges))))
    integral = np.interp(end, edges, cumulated) - np.interp(start, edges, cumulated)
    length = end - start
    return np.divide(integral, length, out=np.zeros_like(integral), where=length > 0)


def busy_between(spans: Spans, start_ns: IntArray, end_ns: IntArray) -> FloatArray:
    """Time in ns in which at least one span runs, in each of the windows [start_ns[i], end_ns[i])."""
    starts, ends = covered(spans.start_ns, spans.end_ns)
    if not len(starts):
        return np.zeros(len(start_ns))
    edges = np.stack((starts, ends), axis=1).ravel()
    run = np.stack((np.zeros(len(starts)), ends - starts), axis=1).ravel()
    cumulated = np.cumsum(run)
    # Of two equal edges (one interval ends where the next begins) both carry the same sum, so either may be taken.
    return np.asarray(np.interp(end_ns, edges, cumulated) - np.interp(start_ns, edges, cumulated), dtype=np.float64)


def launch_windows(timeline: Timeline) -> tuple[IntArray, IntArray]:
    """First start and last end in ns of each launch's spans, (launches,) each; -1 for a launch without spans."""
    count = len(timeline.launch_names)
    start = np.full(count, np.iinfo(np.int64).max, dtype=np.int64)
    end = np.full(count, -1, dtype=np.int64)
    spans, own = timeline.spans, timeline.of_launches
    np.minimum.at(start, spans.launch[own], spans.start_ns[own])
    np.maximum.at(end, spans.launch[own], spans.end_ns[own])
    start[end < 0] = -1
    return start, end


def critical_path(timeline: Timeline, dependencies: Sequence[Sequence[int]]) -> tuple[PathStep, ...]:
    """The chain of launches that the end waited for, first to last.

    Walks back from the launch that ended last: what delayed a launch is the dependency (a wait, or the launch before
    it on its stream) that ended last. Launches without spans (views) are passed through.

    Args:
        timeline: What ran.
        dependencies: For each launch the launches that it starts after (`StreamPlan.dependencies()`).
    """
    start, end = launch_windows(timeline)
    if not len(end) or end.max() < 0:
        return ()
    chain = [int(end.argmax())]
    while (before := _latest(chain[-1], dependencies, end)) is not None:
        chain.append(before)
    steps: list[PathStep] = []
    free_at = 0
    for launch in reversed(chain):
        steps.append(PathStep(launch, int(start[launch]), int(end[launch]), max(int(start[launch]) - free_at, 0)))
        free_at = int(end[launch])
    return tuple(steps)


def _latest(launch: int, dependencies: Sequence[Sequence[int]], end: IntArray) -> int | None:
    """The dependency with spans that ended last, looking through those without."""
    best: int | None = None
    pending, seen = list(dependencies[launch]), set(dependencies[launch])
    while pending:
        before = pending.pop()
        if end[before] >= 0:
            if best is None or end[before] > end[best]:
                best = before
            continue
        fresh = [other for other in dependencies[before] if other not in seen]
        seen.update(fresh)
        pending.extend(fresh)
    return best
