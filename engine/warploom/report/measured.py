"""How each timeline was made and how far it can be trusted: the same facts in reports, on the terminal and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from warploom.recording.recording import Candidate
from warploom.timeline import Profile, Timeline
from warploom.timeline.spread import ReplaySpread, replay_spread
from warploom.timeline.statistics import TimelineStatistics, critical_path, timeline_statistics
from warploom.units import time_text

PAIRS_SHOWN = 3
NAMES_SHOWN = 4
_WARPS_FROM = {"samples": "hardware samples", "model": "model of the traced kernels", "events": "times of whole stages"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a timeline, as text, with one sentence on what it means."""

    name: str
    text: str
    explanation: str


@dataclass(frozen=True, slots=True)
class FactRow:
    """The same fact of several timelines; "–" where it does not apply."""

    name: str
    texts: tuple[str, ...]
    explanation: str


def fact_rows(timelines: Sequence[Timeline]) -> tuple[FactRow, ...]:
    """The facts of timelines side by side; only those that at least one of them has."""
    every = [{fact.name: fact for fact in timeline_facts(timeline)} for timeline in timelines]
    order = sorted({name for facts in every for name in facts}, key=_ORDER.index)
    return tuple(
        FactRow(
            name,
            tuple(facts[name].text if name in facts else "–" for facts in every),
            next(facts[name].explanation for facts in every if name in facts),
        )
        for name in order
    )


_EXPLANATIONS = {
    "Basis": "Simulated by a model, estimated from each kernel's own time, or measured on hardware.",
    "Active warps from": "What the active warps were made of.",
    "SMs idle": "Share of the SMs' time without a resident warp, by counters; else of time without any kernel.",
    "Streams overlap most": "Time in which both streams of a pair run something, longest first.",
    "Replays profiled": "The median one is shown; all are kept for the spread.",
    "Replay, quartiles": "Lower quartile, median and upper quartile of the profiled replays.",
    "Without profiler": "Median latency in a process that never loaded a profiler.",
    "Profiling overhead": "The replay shown over the latency without a profiler.",
    "Sampling interval": "From one hardware sample to the next.",
    "Clock residual": "What is left between the clocks of kernels and samples after they were aligned.",
    "Attribution error": "How far modelled warps miss the sampled ones before the streams are made to add up to them.",
    "Unattributed warps": "Sampled warps that no stream was given.",
    "Delayed by tracing": "Launches of the first fork, whose starts tracing moves.",
    "Note": "Why this is less than a full measurement.",
}
_ORDER = list(_EXPLANATIONS)


def timeline_facts(timeline: Timeline) -> tuple[Fact, ...]:
    """The facts of one timeline, those that apply."""
    found = timeline_statistics(timeline)
    texts = {"Basis": timeline.basis, "SMs idle": _idle(found), "Streams overlap most": _pairs(timeline, found)}
    if timeline.profile is not None:
        texts |= _profile_texts(timeline, timeline.profile)
    return tuple(Fact(name, texts[name], _EXPLANATIONS[name]) for name in _ORDER if texts.get(name))


def _profile_texts(timeline: Timeline, profile: Profile) -> dict[str, str]:
    spread = replay_spread(profile)
    overhead, interval = profile.overhead, profile.interval_ns
    residual = profile.alignment_residual_ns
    return {
        "Active warps from": _WARPS_FROM.get(profile.warps_from, profile.warps_from),
        "Replays profiled": f"{len(profile.replay_ns):,}",
        "Replay, quartiles": "" if spread is None else _quartiles(spread),
        "Without profiler": "" if profile.unprofiled_us is None else time_text(profile.unprofiled_us),
        "Profiling overhead": "" if overhead is None else f"{overhead:.2f}×",
        "Sampling interval": "" if interval is None else f"{interval / 1000:g} µs",
        "Clock residual": "" if residual is None else f"{residual / 1000:.2f} µs",
        "Attribution error": _percent(profile.attribution_error),
        "Unattributed warps": _percent(profile.unattributed),
        "Delayed by tracing": _skewed(timeline, profile),
        "Note": profile.note,
    }


def _idle(found: TimelineStatistics) -> str:
    how = "by counters" if found.sm_idle.basis == "counters" else "no kernel anywhere"
    return f"{found.sm_idle.share:.1%} ({how})"


def _pairs(timeline: Timeline, found: TimelineStatistics) -> str:
    longest = sorted((pair for pair in found.overlaps if pair.overlap_ns), key=lambda pair: -pair.overlap_ns)
    return "; ".join(
        f"{timeline.stream_name(pair.first)} + {timeline.stream_name(pair.second)}: {time_text(pair.overlap_ns / 1000)}"
        for pair in longest[:PAIRS_SHOWN]
    )


def _quartiles(spread: ReplaySpread) -> str:
    one = spread.replay
    return f"{one.p25_us:,.1f} / {one.median_us:,.1f} / {one.p75_us:,.1f} µs"


def _percent(part: float | None) -> str:
    return "" if part is None else f"{part:.1%}"


def _skewed(timeline: Timeline, profile: Profile) -> str:
    names = [timeline.launch_names[i] for i in profile.skewed_launches]
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def timeline_summary(candidate: Candidate) -> dict[str, Any]:
    """The figures of a candidate's timeline for JSON: every number finite or null, units in the keys."""
    timeline = candidate.timeline
    found = timeline_statistics(timeline)
    path = critical_path(timeline, candidate.plan.dependencies())
    return {
        "basis": timeline.basis,
        "duration_us": found.duration_ns / 1000,
        "spans": found.spans,
        "active_warps": {
            "mean": found.warps.mean,
            "peak": found.warps.peak,
            "integral_warp_us": found.warps.integral_warp_us,
            "occupancy": found.warps.occupancy,
        },
        "sm_idle": {"share": found.sm_idle.share, "basis": found.sm_idle.basis},
        "device_idle_us": found.idle_ns / 1000,
        "overlap_us": found.overlap_ns / 1000,
        "overlaps": [
            {"streams": [pair.first, pair.second], "us": pair.overlap_ns / 1000}
            for pair in found.overlaps
            if pair.overlap_ns
        ],
        "critical_path_us": sum(step.end_ns - step.start_ns for step in path) / 1000,
        "critical_path": [timeline.launch_names[step.launch] for step in path],
        "profile": None if timeline.profile is None else _profile_summary(timeline, timeline.profile),
    }


def _profile_summary(timeline: Timeline, profile: Profile) -> dict[str, Any]:
    spread = replay_spread(profile)
    replay = None
    if spread is not None:
        replay = {"median": spread.replay.median_us, "p25": spread.replay.p25_us, "p75": spread.replay.p75_us}
    return {
        "warps_from": profile.warps_from,
        "replays": len(profile.replay_ns),
        "replay_us": replay,
        "unprofiled_us": _finite(profile.unprofiled_us),
        "overhead": _finite(profile.overhead),
        "interval_ns": profile.interval_ns,
        "alignment_residual_ns": _finite(profile.alignment_residual_ns),
        "attribution_error": _finite(profile.attribution_error),
        "unattributed": _finite(profile.unattributed),
        "skewed": [timeline.launch_names[i] for i in profile.skewed_launches],
        "note": profile.note,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
