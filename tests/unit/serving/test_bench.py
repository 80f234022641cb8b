"""What is measured of requests: every way of answering, streams at every depth, a camera's pace, and how sure it is."""

from __future__ import annotations

from pathlib import Path

import pytest

import warploom
from warploom.device.serving import FrameTimes
from warploom.errors import PlanError
from warploom.recording.check import check_recording
from warploom.serving.bench import BenchOptions, Quantiles, bench_plan
from warploom.serving.request_recording import request_recording


def test_that_a_report_covers_what_was_asked(plan_path: Path) -> None:
    told: list[str] = []
    with warploom.load_plan(plan_path) as plan:
        report = bench_plan(plan, BenchOptions(repeats=7, depth=2, frames=20, fps=30.0, seconds=1.0), told.append)
        recording = request_recording(plan, report, 3)
    assert [row.name for row in report.latencies] == ["model", "pageable", "pinned", "overlapped"]
    assert all(row.wall.count == 7 for row in report.latencies)
    assert [row.depth for row in report.throughput] == [1, 2]
    assert report.simulated
    assert not report.noisy
    assert report.camera is not None
    assert (report.camera.latency.count, report.camera.late) == (30, 0)
    assert told[-1] == "requests at 30 per second"
    with pytest.raises(PlanError, match="'eager' was not measured"):
        report.latency("eager")
    check_recording(recording)
    assert recording.speedup > 1.0


def test_that_frames_in_flight_bring_the_period_down_to_the_slowest_stage(plan_path: Path) -> None:
    with warploom.load_plan(plan_path) as plan:
        report = bench_plan(plan, BenchOptions(repeats=2, depth=3, frames=50))
    slowest = max(report.latency("model").wall.p50, report.copy_in.p50, report.copy_out.p50)
    periods = [row.period.p50 for row in report.throughput]
    assert periods[0] > periods[1]
    assert periods[-1] == pytest.approx(slowest)
    assert report.throughput[-1].frames_per_s == pytest.approx(2e6 / slowest)


def test_that_a_wide_spread_is_marked() -> None:
    assert Quantiles.of([100.0] * 5 + [150.0] * 5).noisy
    assert not Quantiles.of([100.0] * 99 + [500.0]).noisy
    assert Quantiles.of([100.0] * 99 + [500.0]).p99 > 100.0


def test_that_periods_leave_the_filling_of_the_pipeline_out() -> None:
    times = FrameTimes(2, (0.0, 0.0, 30.0), (30.0, 50.0, 60.0))
    assert times.periods_us == (10.0,)
    assert times.latency_us == (30.0, 50.0, 30.0)


@pytest.mark.parametrize(
    "options", [{"repeats": 0}, {"depth": 0}, {"frames": 3}, {"fps": -1.0}, {"fps": 5.0, "seconds": 0.0}]
)
def test_that_impossible_measurements_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(PlanError):
        BenchOptions(**options)  # type: ignore[arg-type]
