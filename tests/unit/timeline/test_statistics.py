"""Figures of a timeline, against ones worked out by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warploom.errors import ProfileError
from warploom.timeline import Spans, Timeline, WarpSeries
from warploom.timeline.check import check_timeline
from warploom.timeline.statistics import (
    busy_between,
    critical_path,
    launch_windows,
    timeline_statistics,
    warp_statistics,
    warps_between,
)

Row = tuple[int, int, int, int]  # launch, stream, start, end


def timeline_of(rows: Sequence[Row], *, duration: int = 100, launches: int | None = None) -> Timeline:
    """A timeline of spans with 8 warps each."""
    rows = sorted(rows, key=lambda row: row[2])
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    count = len(table)
    streams = np.unique(table[:, 1])
    edges = np.unique(table[:, 2:])
    steps = np.zeros((len(streams), max(len(edges) - 1, 0)))
    for _, stream, start, end in rows:
        steps[np.searchsorted(streams, stream)] += 8.0 * ((edges[:-1] >= start) & (edges[1:] <= end))
    ones = np.ones((count, 3), dtype=np.int32)
    spans = Spans(
        launch=table[:, 0].astype(np.int32),
        stream=table[:, 1].astype(np.int32),
        kernel=np.zeros(count, dtype=np.int32),
        start_ns=table[:, 2].copy(),
        end_ns=table[:, 3].copy(),
        grid=ones,
        block=ones,
        registers=ones[:, 0],
        shared_memory_bytes=ones[:, 0],
        copy_bytes=0 * table[:, 0],
    )
    names = tuple(f"l{i}" for i in range(launches or int(table[:, 0].max(initial=-1)) + 1))
    warps = WarpSeries(streams.astype(np.int32), edges, steps)
    return Timeline("plan", "device", True, duration, names, ("k",), spans, warps, None, 64)


def test_that_spans_on_a_lane_are_no_work_of_the_launch_that_they_name() -> None:
    timeline = timeline_of([(0, 1, 0, 50), (0, 0, 100, 200)], duration=200)
    lane = dataclasses.replace(timeline, lane_names=((1, "copy in"),))
    assert launch_windows(timeline)[0].tolist() == [0]
    assert launch_windows(lane)[0].tolist() == [100]


def test_that_busy_idle_and_overlap_follow_from_the_spans() -> None:
    # stream 0: 10..30 and 40..60, stream 1: 20..50; nothing before 10 and after 60
    found = timeline_statistics(timeline_of([(0, 0, 10, 30), (1, 1, 20, 50), (2, 0, 40, 60)]))
    assert (found.busy_ns, found.idle_ns) == (50, 50)
    assert found.overlap_ns == 10 + 10
    assert found.stream_busy_ns == ((0, 40), (1, 30))
    assert (found.spans, found.launches, found.streams) == (3, 3, 2)


def test_that_overlap_counts_streams_not_spans() -> None:
    found = timeline_statistics(timeline_of([(0, 0, 10, 30), (1, 0, 20, 40)]))
    assert found.overlap_ns == 0
    assert found.stream_busy_ns == ((0, 30),)


def test_that_warps_are_weighted_by_time_and_gaps_count() -> None:
    found = timeline_statistics(timeline_of([(0, 0, 10, 30), (1, 1, 20, 50), (2, 0, 40, 60)])).warps
    assert found.integral_warp_us == pytest.approx(8 * (20 + 30 + 20) / 1000)
    assert found.mean == pytest.approx(8 * 70 / 100)
    assert found.peak == 16.0
    assert found.occupancy == pytest.approx(5.6 / 64)


def test_that_a_timeline_without_spans_has_no_figures_and_no_error() -> None:
    empty = timeline_of([], launches=2)
    found = timeline_statistics(empty)
    assert (found.busy_ns, found.idle_ns, found.overlap_ns, found.spans) == (0, 100, 0, 0)
    assert found.warps.mean == found.warps.peak == 0.0
    assert critical_path(empty, [(), (0,)]) == ()


def test_that_spans_of_no_length_are_counted_but_take_no_time() -> None:
    found = timeline_statistics(timeline_of([(0, 0, 10, 10), (1, 1, 10, 10), (2, 0, 10, 20)]))
    assert (found.spans, found.busy_ns, found.overlap_ns) == (3, 10, 0)


def test_that_a_plan_of_duration_zero_divides_by_nothing() -> None:
    series = WarpSeries(np.array([0]), np.array([0, 0]), np.array([[5.0]]))
    found = warp_statistics(series, 0, 0)
    assert (found.mean, found.peak, found.occupancy) == (0.0, 0.0, 0.0)


def test_that_warps_of_windows_are_means_over_them() -> None:
    series = timeline_of([(0, 0, 10, 30), (1, 1, 20, 50)]).warps
    found = warps_between(series, np.array([0, 10, 20, 15, 40, 30]), np.array([10, 20, 30, 25, 60, 30]))
    assert found.tolist() == pytest.approx([0.0, 8.0, 16.0, 12.0, 4.0, 0.0])


def test_that_launch_windows_reach_from_the_first_to_the_last_span() -> None:
    start, end = launch_windows(timeline_of([(0, 0, 10, 20), (0, 0, 25, 40), (2, 1, 5, 6)], launches=3))
    assert start.tolist() == [10, -1, 5]
    assert end.tolist() == [40, -1, 6]


def test_that_the_critical_path_follows_what_ended_last() -> None:
    # 0 -> 1 (long) and 0 -> 2 (short), 3 waits for both
    timeline = timeline_of([(0, 0, 5, 10), (1, 0, 12, 40), (2, 1, 12, 20), (3, 0, 44, 60)])
    path = critical_path(timeline, [(), (0,), (0,), (1, 2)])
    assert [step.launch for step in path] == [0, 1, 3]
    assert [step.gap_ns for step in path] == [5, 2, 4]


def test_that_the_critical_path_looks_through_launches_without_spans() -> None:
    timeline = timeline_of([(0, 0, 5, 10), (2, 0, 12, 40)], launches=3)
    path = critical_path(timeline, [(), (0,), (1,)])
    assert [step.launch for step in path] == [0, 2]


rows = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 60), st.integers(0, 30)), min_size=1, max_size=12
).map(lambda items: [(launch, stream, start, start + length) for launch, stream, start, length in items])


@given(rows=rows)
def test_that_figures_agree_with_a_count_of_every_nanosecond(rows: list[Row]) -> None:
    timeline = timeline_of(rows)
    busy = [{stream for _, stream, start, end in rows if start <= t < end} for t in range(100)]
    found = timeline_statistics(timeline)
    assert found.busy_ns == sum(bool(streams) for streams in busy)
    assert found.overlap_ns == sum(len(streams) > 1 for streams in busy)
    windows = np.arange(0, 91, 10)
    expected = [sum(bool(streams) for streams in busy[t : t + 10]) for t in windows]
    assert busy_between(timeline.spans, windows, windows + 10).tolist() == pytest.approx(expected)
    check_timeline(timeline)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("launch", [9], "outside"),
        ("kernel", [-1], "outside"),
        ("stream", [-1], "negative"),
        ("start_ns", [-5], "before"),
        ("end_ns", [1], "ends before"),
        ("end_ns", [20.0], "integers"),
        ("grid", [1], "shape"),
        ("registers", [1, 2], "shape"),
    ],
)
def test_that_a_wrong_column_is_named(column: str, value: list[float], words: str) -> None:
    timeline = timeline_of([(0, 0, 10, 20)])
    spans = dataclasses.replace(timeline.spans, **{column: np.array(value)})
    with pytest.raises(ProfileError, match=words):
        check_timeline(dataclasses.replace(timeline, spans=spans))


@pytest.mark.parametrize(
    ("edges", "warps"),
    [([10, 20, 30], [[1.0]]), ([20, 10], [[1.0]]), ([10, 20], [[-1.0]]), ([10, 20], [[np.nan]]), ([10, 20], [1.0])],
)
def test_that_warps_that_make_no_sense_are_refused(edges: list[int], warps: list[list[float]]) -> None:
    timeline = timeline_of([(0, 0, 10, 20)])
    series = WarpSeries(np.array([0]), np.array(edges), np.array(warps))
    with pytest.raises(ProfileError):
        check_timeline(dataclasses.replace(timeline, warps=series))
