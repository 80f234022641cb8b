"""Experiment 3 of IOS: active warps over time on its sample network, sequential against optimized."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from warploom.experiments.laboratory import Laboratory, source_of
from warploom.experiments.published import published_ios
from warploom.experiments.result import ExperimentResult, ResultTable, Steps
from warploom.timeline.statistics import warp_statistics

if TYPE_CHECKING:
    from warploom.recording.recording import Candidate

NETWORK = "sample_network"
SCHEDULES = ("sequential", "ios-parallel")


def run(laboratory: Laboratory) -> ExperimentResult:
    """Mean active warps, and their course."""
    (network,) = laboratory.networks((NETWORK,))[:1]
    recording = laboratory.record(network, profile=True)
    pair = [recording.candidate(name) for name in SCHEDULES]
    first, second = (_mean_warps(candidate) for candidate in pair)
    rows = tuple(
        (candidate.name, mean, candidate.measurement.median_us / 1000, mean / first if first else None)
        for candidate, mean in zip(pair, (first, second), strict=True)
    )
    ios = published_ios()
    published = tuple((name, None, latency, None) for name, latency in ios.sample_network_ms.items())
    columns = ("schedule", "active warps (mean)", "latency in ms", "warps, relative")
    basis = f"{source_of(recording)}, timelines {recording.timeline_basis}"
    tables = (
        ResultTable(f"{network}: active warps", columns, rows, basis),
        ResultTable(f"{NETWORK}: latency, as published", columns, published, f"{ios.source}: {ios.device}"),
    )
    chart = Steps("Active warps", ("time, us", "active warps"), tuple(_course(candidate) for candidate in pair))
    notes = tuple(one.timeline.profile.note for one in pair if one.timeline.profile and one.timeline.profile.note)
    return ExperimentResult("utilization", "Active warps over time", tables, (chart,), tuple(dict.fromkeys(notes)))


def _mean_warps(candidate: Candidate) -> float:
    timeline = candidate.timeline
    return warp_statistics(timeline.warps, timeline.duration_ns, timeline.max_warps).mean


def _course(candidate: Candidate) -> tuple[str, tuple[float, ...], tuple[float, ...]]:
    warps = candidate.timeline.warps
    return candidate.name, tuple((warps.edges_ns / 1000).tolist()), tuple(np.asarray(warps.total).tolist())
