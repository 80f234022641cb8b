"""What is drawn of a timeline: exact shares and means at any zoom, round ticks, and the figures as text."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from warploom.timeline import Counters, Spans, Timeline, WarpSeries
from warploom_app.presenters.counter_series import make_counter
from warploom_app.presenters.names import named, short_name
from warploom_app.presenters.time_axis import TimeAxis, full_axis, nice_step
from warploom_app.presenters.track import Track, make_track
from warploom_app.presenters.track_layout import LANE_MIN, WARPS_MIN, canvas_layout
from warploom_app.presenters.track_tip import counter_tip
from warploom_app.presenters.track_walk import Place, neighbour
from warploom_app.presenters.units import duration, scaled


def timeline(
    rows: list[tuple[int, int, int]], edges: list[int] | None = None, warps: list[list[float]] | None = None
) -> Timeline:
    """`rows`: (stream, start, end), one launch each, ordered by start."""
    count = len(rows)
    column = np.array(rows, dtype=np.int64).reshape(count, 3)
    spans = Spans(
        launch=np.arange(count),
        stream=column[:, 0],
        kernel=np.zeros(count, dtype=np.int32),
        start_ns=column[:, 1],
        end_ns=column[:, 2],
        grid=np.ones((count, 3), dtype=np.int32),
        block=np.ones((count, 3), dtype=np.int32),
        registers=np.zeros(count, dtype=np.int32),
        shared_memory_bytes=np.zeros(count, dtype=np.int32),
        copy_bytes=np.zeros(count, dtype=np.int64),
    )
    steps = np.array(warps or [[0.0]])
    series = WarpSeries(np.arange(len(steps)), np.array(edges or [0, 1000]), steps)
    end = int(column[:, 2].max(initial=1))
    names = tuple(f"op{i}" for i in range(count))
    return Timeline("plan", "GPU", True, end, names, ("kernel",), spans, series, None, 8448)


def track(rows: list[tuple[int, int, int]], **more: list) -> Track:
    made = timeline(rows, **more)
    return make_track("plan", "Plan", made, [(name,) for name in made.launch_names], made.launch_names)


def test_that_coverage_is_the_exact_busy_share_of_each_column() -> None:
    (lane,) = track([(0, 0, 10), (0, 20, 40), (0, 40, 45)]).lanes
    edges = np.array([0.0, 10.0, 20.0, 30.0, 50.0, 90.0])
    assert lane.coverage(edges) == pytest.approx([1.0, 0.0, 1.0, 0.75, 0.0])


def test_that_kernels_that_overlap_on_a_stream_count_once() -> None:
    (lane,) = track([(0, 0, 30), (0, 10, 20), (0, 25, 40)]).lanes
    assert lane.coverage(np.array([0.0, 40.0, 50.0])) == pytest.approx([1.0, 0.0])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(1, 60)), min_size=1, max_size=40),
    st.sampled_from([1, 2, 3, 5, 8, 10, 25, 60, 90]),
)
def test_that_coverage_agrees_with_counting(pieces: list[tuple[int, int]], columns: int) -> None:
    rows = [(0, start, start + length) for start, length in sorted(pieces)]
    (lane,) = track(rows).lanes
    busy = np.zeros(600 * 90)
    for _, start, end in rows:
        busy[start * 90 : end * 90] = 1.0
    expected = busy.reshape(columns, -1).mean(axis=1)
    assert lane.coverage(np.linspace(0, 600, columns + 1)) == pytest.approx(expected, abs=1e-6)


def test_that_warps_are_means_that_keep_the_area_and_peaks_that_keep_the_top() -> None:
    area = track([(0, 0, 100)], edges=[0, 10, 20, 100], warps=[[10.0, 90.0, 10.0], [0.0, 10.0, 0.0]]).warps
    edges = np.array([0.0, 50.0, 100.0, 150.0])
    assert area.means(edges)[-1] == pytest.approx([(100 + 1000 + 300) / 50, 10.0, 0.0])
    assert area.means(edges)[0] == pytest.approx([(100 + 900 + 300) / 50, 10.0, 0.0])
    assert area.peaks(edges).tolist() == [100.0, 10.0, 0.0]
    assert area.peak == 100.0
    assert [area.at(time).sum() for time in (5, 15, 99, 100, -1)] == [10.0, 100.0, 10.0, 0.0, 0.0]


def test_that_a_peak_narrower_than_a_column_is_found_in_that_column_only() -> None:
    warps = [[1.0, 500.0, 1.0]]
    area = track([(0, 0, 1000)], edges=[0, 501, 502, 1000], warps=warps).warps
    peaks = area.peaks(np.linspace(0, 1000, 11))
    assert peaks.tolist() == [1.0] * 5 + [500.0] + [1.0] * 4


def test_that_the_span_under_a_time_is_found_with_a_little_slack() -> None:
    (lane,) = track([(0, 100, 200), (0, 210, 300)]).lanes
    assert lane.at(150) == 0
    assert lane.at(205) is None
    assert lane.at(206, slack_ns=5) == 1
    assert lane.at(204, slack_ns=5) == 0
    assert lane.at(95, slack_ns=5) == 0
    assert lane.at(400, slack_ns=50) is None


def test_that_a_timeline_without_spans_is_drawn_empty() -> None:
    empty = track([])
    assert empty.lanes == ()
    assert empty.launches(frozenset({"op0"})).tolist() == []


def test_that_ticks_are_round_and_apart_at_every_zoom() -> None:
    axis = full_axis(749_700).placed_at(120, 1100)
    for _ in range(40):
        ticks = axis.ticks()
        assert all(later.x - earlier.x >= 72 for earlier, later in itertools.pairwise(ticks))
        assert len({tick.text for tick in ticks}) == len(ticks)
        axis = axis.zoomed(0.7, 400_000)


def test_that_the_unit_never_changes_while_zooming() -> None:
    axis = full_axis(2_400_000).placed_at(0, 1000)
    assert axis.unit.name == axis.zoomed(0.001, 1000).unit.name == "ms"
    assert axis.ticks()[1].text == "0.2"


def test_that_a_moment_is_told_as_exactly_as_a_pixel_tells_it() -> None:
    axis = full_axis(500_000).placed_at(0, 1000)
    assert axis.moment(244_731) == "244.7 µs"
    assert axis.zoomed(0.02, 244_731).moment(244_731) == "244.73 µs"
    assert axis.zoomed(1e-6, 244_731).moment(244_731) == "244.731 µs"


def test_that_zoom_and_pan_stay_inside_what_there_is() -> None:
    axis = full_axis(10_000).placed_at(100, 1000)
    zoomed = axis.zoomed(0.1, 5000)
    assert zoomed.time_ns(zoomed.x(5000)) == pytest.approx(5000)
    assert zoomed.panned(-1e9).start_ns == 0
    assert zoomed.panned(1e9).end_ns == pytest.approx(axis.end_ns)
    assert axis.zoomed(100, 3000) == axis
    assert axis.zoomed(1e-9, 3000).span_ns == pytest.approx(20)
    shown = zoomed.showing(9000, 9100)
    assert shown.start_ns <= 9000 <= 9100 <= shown.end_ns
    assert shown.span_ns == pytest.approx(zoomed.span_ns)
    assert zoomed.showing(5000, 5010) is zoomed


@pytest.mark.parametrize(("value", "step"), [(0.7, 1), (1, 1), (1.1, 2), (3, 5), (6, 10), (23, 50), (0.03, 0.05)])
def test_that_steps_are_round(value: float, step: float) -> None:
    assert nice_step(value) == pytest.approx(step)


def test_that_lanes_shrink_before_they_need_a_scroll_bar() -> None:
    tracks = [track([(0, 0, 10)]), track([(stream, 0, 10) for stream in range(8)])]
    roomy, tight = canvas_layout(tracks, 120, 900, 700), canvas_layout(tracks, 120, 900, 100)
    assert roomy.height <= 700
    assert tight.height > 100
    assert tight.tracks[1].lanes[0].height() == LANE_MIN - 4
    assert tight.tracks[0].warps.height() == WARPS_MIN
    lane = tight.tracks[1].lanes[5]
    assert tight.find(lane.center().y()) == (1, 5)
    assert tight.find(tight.tracks[0].header.center().y()) == (0, -1)
    assert tight.find(1e6) is None


def test_that_walking_stops_at_the_ends() -> None:
    tracks = [track([(0, 0, 10), (0, 20, 30)]), track([(0, 0, 5), (1, 6, 30)])]
    assert neighbour([], None, Qt.Key.Key_Right) is None
    first = neighbour(tracks, None, Qt.Key.Key_Right)
    assert first == Place(0, 0, 0)
    assert neighbour(tracks, Place(0, 0, 1), Qt.Key.Key_Right) == Place(0, 0, 1)
    assert neighbour(tracks, Place(0, 0, 1), Qt.Key.Key_Down) == Place(1, 0, 0)
    assert neighbour(tracks, Place(1, 0, 0), Qt.Key.Key_Down) == Place(1, 1, 0)
    assert neighbour(tracks, Place(1, 1, 0), Qt.Key.Key_Down) == Place(1, 1, 0)
    assert neighbour(tracks, Place(0, 0, 0), Qt.Key.Key_Up) == Place(0, 0, 0)


def test_that_figures_are_written_with_suitable_units() -> None:
    assert scaled(1_210_000_000, "FLOP") == "1.21 GFLOP"
    assert scaled(16384, "B", 1024) == "16.0 kB"
    assert scaled(0, "B") == "0 B"
    assert [duration(value) for value in (0.44, 12.4, 125)] == ["0.4 s", "12 s", "2 min 5 s"]


def test_that_names_in_sentences_are_replaced_whole() -> None:
    names = {"node_Conv_13": "stem", "node_Conv_138": "Mixed_5b.branch1x1"}
    text = "2 groups side by side (node_Conv_13, node_Conv_138); node_Conv_138 takes longer"
    assert (
        named(text, names, names) == "2 groups side by side (stem, Mixed_5b.branch1x1); Mixed_5b.branch1x1 takes longer"
    )
    assert short_name("/features/features.3/squeeze/Conv") == "squeeze/Conv"
    assert short_name("node_conv2d_7") == "conv2d_7"


def test_that_an_axis_of_no_width_does_no_harm() -> None:
    axis = TimeAxis(0.0, 100.0, 100.0, 120.0, 100.0).placed_at(120, -5)
    assert axis.width == 1.0
    assert axis.ticks()


def test_that_counters_are_called_by_what_they_mean_with_nvidias_name_beside() -> None:
    known, other = "dram__throughput.avg.pct_of_peak_sustained_elapsed", "sm__anything.sum"
    values = np.array([[12.5], [3.0]], dtype=np.float32)
    counters = Counters((known, other), np.array([0]), np.array([1000]), values)
    assert counter_tip(make_counter(counters, known), 500) == ("DRAM throughput", "12.5%", known)
    assert counter_tip(make_counter(counters, other), 500) == (other, "0.003 per ns")
