"""Checks that a Timeline's columns agree, for timelines that come from outside: a file, a profiler."""

from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from warploom.errors import ProfileError
from warploom.timeline.timeline import UNATTRIBUTED, Profile, Timeline, WarpsFrom

_SPAN_COLUMNS = ("launch", "stream", "kernel", "start_ns", "end_ns", "registers", "shared_memory_bytes", "copy_bytes")
_AMOUNTS = ("unprofiled_us", "interval_ns", "alignment_residual_ns", "attribution_error", "unattributed")


def check_timeline(timeline: Timeline) -> None:
    """Checks lengths, kinds of numbers, indices and the order of times.

    Raises:
        ProfileError: Naming the first column that is wrong.
    """
    _check_spans(timeline)
    _check_warps(timeline)
    _check_counters(timeline)
    if timeline.profile is not None:
        _check_profile(timeline, timeline.profile)
    _check_lanes(timeline)
    _require(timeline.duration_ns >= 0 and timeline.max_warps >= 0, timeline, "duration or warp limit is negative")


def _check_spans(timeline: Timeline) -> None:
    spans = timeline.spans
    count = len(spans.start_ns) if spans.start_ns.ndim == 1 else -1
    for name in _SPAN_COLUMNS:
        _check_integers(timeline, name, getattr(spans, name), (count,))
    for name in ("grid", "block"):
        _check_integers(timeline, name, getattr(spans, name), (count, 3))
    _check_index(timeline, "launch", spans.launch, len(timeline.launch_names))
    _check_index(timeline, "kernel", spans.kernel, len(timeline.kernel_names))
    for name in ("stream", "copy_bytes"):
        _require(bool((getattr(spans, name) >= 0).all()), timeline, f"the column {name} has negative values")
    _require(bool((spans.start_ns >= 0).all()), timeline, "a span starts before the timeline")
    _require(bool((spans.end_ns >= spans.start_ns).all()), timeline, "a span ends before it starts")


def _check_warps(timeline: Timeline) -> None:
    series = timeline.warps
    _require(series.streams.ndim == 1 and series.warps.ndim == 2, timeline, "the warps have another number of axes")
    rows, steps = series.warps.shape
    edges = 0 if not steps and not len(series.edges_ns) else steps + 1
    _check_integers(timeline, "warp streams", series.streams, (rows,))
    _check_integers(timeline, "warp edges", series.edges_ns, (edges,))
    _check_floats(timeline, "warps", series.warps)
    known = bool((series.streams >= UNATTRIBUTED).all()) and len(np.unique(series.streams)) == rows
    _require(known, timeline, "the warp streams are negative or name one twice")
    _require(bool((np.diff(series.edges_ns) >= 0).all()), timeline, "the warp edges do not ascend")
    _require(bool((series.warps >= 0).all()), timeline, "the warps have negative values")


def _check_counters(timeline: Timeline) -> None:
    counters = timeline.counters
    if counters is None:
        return
    count = len(counters.start_ns) if counters.start_ns.ndim == 1 else -1
    _check_integers(timeline, "counter start", counters.start_ns, (count,))
    _check_integers(timeline, "counter end", counters.end_ns, (count,))
    _require(counters.values.shape == (len(counters.names), count), timeline, "the counter values have another shape")
    _require(counters.values.dtype.kind == "f", timeline, "the counter values are not floats")


def _check_profile(timeline: Timeline, profile: Profile) -> None:
    replays, launches = len(profile.replay_ns), len(timeline.launch_names)
    _check_integers(timeline, "replay_ns", profile.replay_ns, (replays,))
    for name in ("launch_start_ns", "launch_end_ns"):
        _check_integers(timeline, name, getattr(profile, name), (replays, launches))
    _require(0 <= profile.shown < replays, timeline, f"it shows replay {profile.shown} of {replays}")
    _require(bool((profile.replay_ns >= 0).all()), timeline, "a replay has a negative length")
    ordered = bool((profile.launch_end_ns >= profile.launch_start_ns).all() and (profile.launch_start_ns >= -1).all())
    _require(ordered, timeline, "a launch ends before it starts in one of the replays")
    _require(all(0 <= i < launches for i in profile.skewed_launches), timeline, "it marks launches that are not there")
    _require(profile.warps_from in get_args(WarpsFrom), timeline, f"its warps come from {profile.warps_from!r}")
    for name in _AMOUNTS:
        amount = getattr(profile, name)
        _require(amount is None or (math.isfinite(amount) and amount >= 0), timeline, f"{name} is {amount}")


def _check_lanes(timeline: Timeline) -> None:
    lanes = [stream for stream, _ in timeline.lane_names]
    _require(
        min(lanes, default=0) >= 0 and len(set(lanes)) == len(lanes), timeline, "its lanes have impossible numbers"
    )


def _check_integers(timeline: Timeline, name: str, column: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
    _require(column.dtype.kind in "iu", timeline, f"the column {name} holds no integers")
    _require(column.shape == shape, timeline, f"the column {name} has the shape {column.shape}, not {shape}")


def _check_floats(timeline: Timeline, name: str, column: npt.NDArray[Any]) -> None:
    _require(column.dtype.kind == "f", timeline, f"the column {name} holds no floats")
    _require(bool(np.isfinite(column).all()), timeline, f"the column {name} holds values that are not finite")


def _check_index(timeline: Timeline, name: str, column: npt.NDArray[Any], limit: int) -> None:
    inside = bool(((column >= 0) & (column < limit)).all())
    _require(inside, timeline, f"the column {name} points outside its {limit} names")


def _require(holds: bool, timeline: Timeline, fault: str) -> None:
    if not holds:
        raise ProfileError(f"The timeline {timeline.name!r} is inconsistent: {fault}.")
