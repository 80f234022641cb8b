"""The profiler on kernels whose grids and lengths are known, and on a whole network."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from gpu_checks import spin_profile
from gpu_checks.devices import device_name
from gpu_checks.networks import model
from gpu_checks.plans import greedy_plan, sequential_plan
from gpu_checks.results import record
from warploom.device.cuda.profiler.assemble import measured_timeline
from warploom.device.cuda.profiler.trace import Trace, decode_traces
from warploom.device.profiling import COUNTER_SETS, ProfileOptions, ProfilingDevice
from warploom.device.protocol import Device
from warploom.graph import Precision
from warploom.timeline import UNATTRIBUTED, Timeline
from warploom.timeline.check import check_timeline

_SHARED = os.environ.get("WARPLOOM_TEST_SHARD", "0/1").split("/")[1] != "1"
pytestmark = [
    pytest.mark.skipif(device_name().startswith("sim:"), reason="the simulated GPU has no counters"),
    pytest.mark.skipif(_SHARED, reason="counters are those of the whole GPU, which other tests use meanwhile"),
]

_TESTS = Path(__file__).resolve().parents[1]


@functools.cache
def spin_trace() -> Trace:
    """Traced by a process of its own: CUPTI would slow down every other test of this one."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.pathsep.join((str(_TESTS), *filter(None, [os.environ.get("PYTHONPATH")])))
        out = Path(folder) / "trace"
        command = [sys.executable, "-m", "gpu_checks.spin_profile", str(out)]
        done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return decode_traces(out.read_bytes())[0]


def spin_timeline(device: Device) -> Timeline:
    timeline = measured_timeline(spin_trace(), spin_profile.spin_plan(), device.info, None)
    check_timeline(timeline)
    return timeline


def interior_mean(timeline: Timeline, stream: int, start: int, end: int) -> float:
    """Mean of a stream's warps over the steps that lie between two times."""
    series = timeline.warps
    inside = (series.edges_ns[:-1] >= start) & (series.edges_ns[1:] <= end)
    row = int(np.flatnonzero(series.streams == stream)[0])
    lengths = np.diff(series.edges_ns)[inside]
    return float((series.warps[row, inside] * lengths).sum() / lengths.sum())


def test_that_attributed_warps_are_those_of_the_known_grids(device: Device) -> None:
    timeline = spin_timeline(device)
    spans, errors = timeline.spans, []
    for i in range(len(spans)):
        if timeline.launch_names[spans.launch[i]].startswith("root"):
            continue
        stream = int(spans.stream[i])
        expected = spin_profile.blocks_of(stream) * spin_profile.WARPS_PER_BLOCK
        found = interior_mean(timeline, stream, int(spans.start_ns[i]) + 2000, int(spans.end_ns[i]) - 3000)
        errors.append(abs(found - expected) / expected)
    profile = timeline.profile
    assert profile is not None
    record(
        "profiler", test="spin", worst=max(errors), error=profile.attribution_error, lag=profile.alignment_residual_ns
    )
    assert len(errors) == spin_profile.FORKS * spin_profile.BRANCHES * spin_profile.KERNELS
    assert max(errors) < 0.1


def test_that_samples_cover_the_replay_without_loss_and_clocks_agree(device: Device) -> None:
    timeline = spin_timeline(device)
    profile, counters = timeline.profile, timeline.counters
    assert profile is not None
    assert counters is not None
    assert profile.note == ""
    assert profile.warps_from == "samples"
    assert profile.interval_ns is not None
    assert abs(profile.interval_ns - 1000) < 50
    assert counters.start_ns[0] <= 0
    assert counters.end_ns[-1] >= timeline.duration_ns
    np.testing.assert_array_equal(counters.start_ns[1:], counters.end_ns[:-1])
    assert profile.alignment_residual_ns is not None
    assert profile.alignment_residual_ns <= 2000


def test_that_streams_add_up_to_the_measurement(device: Device) -> None:
    timeline = spin_timeline(device)
    counters = timeline.counters
    assert counters is not None
    cycles = np.maximum(counters.values[counters.names.index("sm__cycles_elapsed.avg")], 1)
    sampled = counters.values[counters.names.index("sm__warps_active.sum")] / cycles
    np.testing.assert_allclose(timeline.warps.total, sampled, rtol=1e-9, atol=1e-6)


def test_that_a_networks_profile_is_measured_and_keeps_the_order_of_its_plan(device: Device) -> None:
    graph = model("recipe_squeezenet").graph
    plans = (sequential_plan(graph), greedy_plan(graph))
    executables = [device.compile(graph, plan, Precision.FP16) for plan in plans]
    try:
        assert isinstance(device, ProfilingDevice)
        for executable in executables:
            executable.measure(50)
        timelines = device.profile_together(executables, ProfileOptions(counters=COUNTER_SETS), lambda: False)
        for plan, timeline in zip(plans, timelines, strict=True):
            check_timeline(timeline)
            profile = timeline.profile
            assert profile is not None
            record(
                "profiler",
                test=plan.name,
                note=profile.note,
                overhead=profile.overhead,
                error=profile.attribution_error,
                unattributed=profile.unattributed,
                metrics=[] if timeline.counters is None else timeline.counters.names,
            )
            assert timeline.basis == "measured"
            assert profile.warps_from == "samples", profile.note
            assert set(timeline.warps.streams) <= {*range(plan.streams + 1), UNATTRIBUTED}
            starts, ends = profile.launch_start_ns, profile.launch_end_ns
            for i, before in enumerate(plan.dependencies()):
                for earlier in before:
                    ran = (starts[:, i] >= 0) & (ends[:, earlier] >= 0)
                    assert (starts[ran, i] >= starts[ran, earlier]).all()
    finally:
        for executable in executables:
            executable.close()


def test_that_a_cancelled_profile_is_an_estimate_that_says_so(device: Device) -> None:
    graph = model("recipe_squeezenet").graph
    assert isinstance(device, ProfilingDevice)
    with device.compile(graph, sequential_plan(graph), Precision.FP16) as executable:
        (timeline,) = device.profile_together([executable], ProfileOptions(), lambda: True)
    assert timeline.basis == "estimated"
    assert timeline.profile is not None
    assert "cancelled" in timeline.profile.note
