"""Makes the Timeline of a Trace: the median replay shown, clocks aligned, sampled warps split over streams."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from warploom.device.cuda.profiler.counters import ELAPSED, WARPS
from warploom.device.cuda.profiler.trace import Trace
from warploom.device.protocol import Array, DeviceInfo
from warploom.schedule import StreamPlan
from warploom.timeline.alignment import find_lag, residual_ns, shifted
from warploom.timeline.attribution import (
    Replay,
    attribute,
    calibrate,
    modelled_steps,
    modelled_warps,
    running_streams,
    uncalibrated,
)
from warploom.timeline.copies import COPY_IN
from warploom.timeline.residency import Launches, granted, launches_of
from warploom.timeline.timeline import UNATTRIBUTED, Counters, Profile, Spans, Timeline, WarpSeries

INPUTS_LANE = COPY_IN
"""Where the kernels are shown that convert the inputs: they belong to no launch of the plan."""

_MARGIN_NS = 5000
_MISSING = "samples of the shown replay are missing: choose a longer interval with --sample-interval-ns"


@dataclass(frozen=True, slots=True, eq=False)
class _Warps:
    """Where the warps came from and how far they can be trusted."""

    series: WarpSeries
    counters: Counters | None = None
    interval_ns: int | None = None
    residual_ns: float | None = None
    error: float | None = None
    unattributed: float | None = None
    notes: tuple[str, ...] = ()


def measured_timeline(trace: Trace, plan: StreamPlan, info: DeviceInfo, unprofiled_us: float | None) -> Timeline:
    """The Timeline of the median replay.

    Args:
        trace: Of the plan.
        plan: What ran.
        info: The device.
        unprofiled_us: Median latency without a profiler; None where nobody measured it.
    """
    lengths = trace.end_ns.max(axis=1) - trace.start_ns.min(axis=1)
    shown = int(np.argsort(lengths, kind="stable")[(len(lengths) - 1) // 2])
    origin, duration = int(trace.start_ns[shown].min()), int(lengths[shown])
    streams = _streams(trace, plan)
    launches = launches_of(
        trace.grid, trace.block, trace.registers, trace.shared_memory_bytes, trace.limits, trace.cluster_blocks
    )
    # Copies and fills have no blocks: they hold no warps.
    launches = replace(launches, warps=np.where(trace.grid.any(axis=1), launches.warps, 0))
    warps = _warps(trace, launches, streams, shown, origin, duration)
    starts, ends = _launch_times(trace, len(plan.launches))
    profile = Profile(
        replay_ns=lengths.astype(np.int64),
        shown=shown,
        launch_start_ns=starts,
        launch_end_ns=ends,
        unprofiled_us=unprofiled_us,
        interval_ns=warps.interval_ns,
        alignment_residual_ns=warps.residual_ns,
        attribution_error=warps.error,
        unattributed=warps.unattributed,
        skewed_launches=first_fork(plan) if trace.warps_from != "events" else (),
        warps_from=trace.warps_from,
        note="; ".join((*trace.notes, *warps.notes)),
    )
    lanes = ((plan.streams, INPUTS_LANE),) if (trace.launch < 0).any() else ()
    return Timeline(
        name=plan.name,
        device=info.name,
        simulated=False,
        duration_ns=duration,
        launch_names=tuple(launch.name for launch in plan.launches),
        kernel_names=trace.names,
        spans=_spans(trace, streams, shown, origin),
        warps=warps.series,
        counters=warps.counters,
        max_warps=info.max_warps,
        profile=profile,
        lane_names=lanes,
    )


def estimated_instead(timeline: Timeline, reason: str, unprofiled_us: float | None) -> Timeline:
    """An estimated Timeline that says why it is no measured one."""
    launches = len(timeline.launch_names)
    starts, ends = np.full((1, launches), -1, dtype=np.int64), np.full((1, launches), -1, dtype=np.int64)
    spans = timeline.spans
    for i in range(len(spans)):
        launch = int(spans.launch[i])
        starts[0, launch] = spans.start_ns[i] if starts[0, launch] < 0 else min(starts[0, launch], spans.start_ns[i])
        ends[0, launch] = max(ends[0, launch], spans.end_ns[i])
    profile = Profile(
        replay_ns=np.array([timeline.duration_ns], dtype=np.int64),
        shown=0,
        launch_start_ns=starts,
        launch_end_ns=ends,
        unprofiled_us=unprofiled_us,
        warps_from="model",
        note=f"estimated, because {reason.rstrip('.')}",
    )
    return replace(timeline, profile=profile)


def first_fork(plan: StreamPlan) -> tuple[int, ...]:
    """Launches that begin the branches of the plan's first fork: tracing delays their starts."""
    followers: dict[int, list[int]] = {}
    for i, before in enumerate(plan.dependencies()):
        for earlier in before or (-1,):
            followers.setdefault(earlier, []).append(i)
    for earlier in sorted(followers):
        heads = followers[earlier]
        if len({plan.launches[i].stream for i in heads}) > 1:
            return tuple(heads)
    return ()


def _streams(trace: Trace, plan: StreamPlan) -> Array:
    """int32 (n,), stream of the plan that each node ran on; that of the inputs' lane where it is of no launch."""
    of_launch = np.array([*(launch.stream for launch in plan.launches), plan.streams], dtype=np.int32)
    return of_launch[trace.launch]  # -1, no launch, is the last


def _spans(trace: Trace, streams: Array, shown: int, origin: int) -> Spans:
    order = np.lexsort((np.arange(len(streams)), trace.start_ns[shown]))
    start = trace.start_ns[shown][order] - origin
    return Spans(
        launch=np.maximum(trace.launch[order], 0).astype(np.int32),
        stream=streams[order],
        kernel=trace.kernel[order],
        start_ns=start,
        end_ns=np.maximum(trace.end_ns[shown][order] - origin, start),
        grid=trace.grid[order],
        block=trace.block[order],
        registers=trace.registers[order],
        shared_memory_bytes=trace.shared_memory_bytes[order],
        copy_bytes=trace.copy_bytes[order],
    )


def _launch_times(trace: Trace, launches: int) -> tuple[Array, Array]:
    """int64 (r, launches) starts and ends, relative to each replay's start; -1 where a launch ran nothing."""
    own = trace.launch >= 0
    origin = trace.start_ns.min(axis=1, keepdims=True)
    never = np.iinfo(np.int64).max
    starts = np.full((len(trace.start_ns), launches), never, dtype=np.int64)
    ends = np.full((len(trace.start_ns), launches), -1, dtype=np.int64)
    for row, (begin, end) in enumerate(zip(trace.start_ns - origin, trace.end_ns - origin, strict=True)):
        np.minimum.at(starts[row], trace.launch[own], begin[own])
        np.maximum.at(ends[row], trace.launch[own], end[own])
    return np.where(starts == never, -1, starts), ends


def _warps(trace: Trace, launches: Launches, streams: Array, shown: int, origin: int, duration: int) -> _Warps:
    rows = int(streams.max(initial=0)) + 1
    share = granted(trace.start_ns[shown], trace.end_ns[shown], streams, launches)
    replays = [_replay(trace, row) for row in range(len(trace.start_ns))] if len(trace.metrics) else []
    if not replays or not len(replays[shown].warps):
        notes = (_MISSING,) if replays else ()
        return _Warps(_modelled(trace, launches, share, streams, rows, shown, duration), notes=notes)
    others = [one for i, one in enumerate(replays) if i != shown and len(one.warps)]
    calibration = calibrate(launches, others, share)
    lags = [find_lag(launches, one, calibration) for one in (replays[shown], *others)]
    lag = round(float(np.median(lags)))
    calibration = calibrate(launches, [shifted(one, lag) for one in others], share)
    one = shifted(replays[shown], lag)
    split = attribute(
        one, modelled_warps(launches, one, calibration, streams, rows), running_streams(one, streams, rows)
    )
    table = np.vstack((split.warps, split.unattributed[np.newaxis]))
    names = np.append(np.arange(rows, dtype=np.int32), np.int32(UNATTRIBUTED))
    kept = np.ones(len(names), dtype=bool)
    kept[-1] = bool(split.unattributed.any())
    complete = _is_complete(one, duration)
    return _Warps(
        series=_series(one, names[kept], table[kept], duration),
        counters=_counters(trace, shown, origin, lag),
        interval_ns=int(np.median(one.sample_end_ns - one.sample_start_ns)),
        residual_ns=residual_ns(lags),
        error=split.error,
        unattributed=split.unattributed_share,
        notes=() if complete else (_MISSING,),
    )


def _window(trace: Trace, row: int) -> slice:
    """The samples around a replay."""
    first = np.searchsorted(trace.sample_end_ns, trace.start_ns[row].min() - _MARGIN_NS, side="right")
    last = np.searchsorted(trace.sample_start_ns, trace.end_ns[row].max() + _MARGIN_NS, side="left")
    return slice(int(first), int(last))


def _replay(trace: Trace, row: int) -> Replay:
    """A replay relative to its start, with the samples around it."""
    window, origin = _window(trace, row), int(trace.start_ns[row].min())
    warps = trace.samples[trace.metrics.index(WARPS), window]
    cycles = np.maximum(trace.samples[trace.metrics.index(ELAPSED), window], 1.0)
    return Replay(
        start_ns=trace.start_ns[row] - origin,
        end_ns=trace.end_ns[row] - origin,
        sample_start_ns=trace.sample_start_ns[window] - origin,
        sample_end_ns=trace.sample_end_ns[window] - origin,
        warps=warps / cycles,
    )


def _is_complete(one: Replay, duration: int) -> bool:
    """Whether samples cover the replay from end to end without a gap."""
    starts, ends = one.sample_start_ns, one.sample_end_ns
    inside = (ends > 0) & (starts < duration)
    joined = bool((starts[inside][1:] == ends[inside][:-1]).all())
    return joined and bool(inside.any()) and int(starts[inside][0]) <= 0 and int(ends[inside][-1]) >= duration


def _series(one: Replay, names: Array, table: Array, duration: int) -> WarpSeries:
    """Samples as steps from 0 to the end; what lies outside is cut off, and gaps hold no warps."""
    inside = (one.sample_end_ns > 0) & (one.sample_start_ns < duration)
    starts = np.clip(one.sample_start_ns[inside], 0, duration)
    ends = np.clip(one.sample_end_ns[inside], 0, duration)
    edges = np.unique(np.concatenate((starts, ends, np.array([0, duration], dtype=np.int64))))
    warps = np.zeros((len(names), len(edges) - 1))
    warps[:, np.searchsorted(edges, starts)] = table[:, inside]
    return WarpSeries(names, edges, warps)


def _counters(trace: Trace, shown: int, origin: int, lag: int) -> Counters:
    """The samples that touch the shown replay; the first may begin before it."""
    starts, ends = trace.sample_start_ns - origin + lag, trace.sample_end_ns - origin + lag
    duration = int(trace.end_ns[shown].max()) - origin
    inside = (ends > 0) & (starts < duration)
    return Counters(trace.metrics, starts[inside], ends[inside], trace.samples[:, inside])


def _modelled(
    trace: Trace, launches: Launches, share: Array, streams: Array, rows: int, shown: int, duration: int
) -> WarpSeries:
    """Warps as the spans and launch configurations alone let expect them."""
    origin = int(trace.start_ns[shown].min())
    begin, end = trace.start_ns[shown] - origin, trace.end_ns[shown] - origin
    steps = modelled_steps(launches, begin, end, streams, rows, uncalibrated(launches, share))
    scale = np.minimum(1.0, trace.limits.max_warps / np.maximum(steps.total, 1.0))
    edges = np.unique(np.clip(np.append(steps.edges_ns, [0, duration]), 0, duration))
    at = np.searchsorted(steps.edges_ns, edges[:-1], side="right") - 1
    inside = (at >= 0) & (at < steps.warps.shape[1])
    warps = np.where(inside, (steps.warps * scale)[:, np.clip(at, 0, max(steps.warps.shape[1] - 1, 0))], 0.0)
    return WarpSeries(np.arange(rows, dtype=np.int32), edges, warps)


def describe(profile: Profile) -> str:
    """One line about a profile, for the build log."""
    parts = [f"{len(profile.replay_ns)} replays, warps from {profile.warps_from}"]
    if profile.overhead is not None:
        parts.append(f"kernels took {profile.overhead:.2f} of the latency without a profiler")
    if profile.interval_ns is not None:
        parts.append(f"a sample each {profile.interval_ns} ns")
    if profile.alignment_residual_ns is not None:
        parts.append(f"clocks agree within {profile.alignment_residual_ns:.0f} ns")
    if profile.attribution_error is not None:
        parts.append(f"modelled warps miss the sampled ones by {profile.attribution_error:.1%}")
    return "; ".join((*parts, *((profile.note,) if profile.note else ())))
