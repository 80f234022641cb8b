"""What timelines are drawn from: pyramids, counters, choices of schedules, dependencies, statistics of a stretch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timelines import COUNTERS, counters_of, large_timeline, measured_track, track_of
from warploom.timeline import UNATTRIBUTED, Counters
from warploom_app.presenters.counter_series import make_counter
from warploom_app.presenters.links import Links, through
from warploom_app.presenters.measure import Marks, snapped
from warploom_app.presenters.pyramid import MinMaxPyramid
from warploom_app.presenters.range_statistics import range_statistics
from warploom_app.presenters.steps import Steps
from warploom_app.presenters.time_axis import full_axis
from warploom_app.presenters.timeline_options import TimelineOptions
from warploom_app.presenters.track_choice import TrackChoice
from warploom_app.presenters.track_links import arrows, follow
from warploom_app.presenters.track_tip import gap_tip, span_tip, warps_tip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=700),
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 700)), min_size=1, max_size=20),
)
def test_that_a_pyramid_tells_the_exact_extremes(values: list[float], pairs: list[tuple[int, int]]) -> None:
    array = np.array(values, dtype=np.float32)
    first = np.array([min(a, b, len(array)) for a, b in pairs])
    last = np.array([min(max(a, b), len(array)) for a, b in pairs])
    low, high = MinMaxPyramid.of(array).extremes(first, last)
    for i, (a, b) in enumerate(zip(first, last, strict=True)):
        assert low[i] == (array[a:b].min() if b > a else np.inf)
        assert high[i] == (array[a:b].max() if b > a else -np.inf)


def test_that_a_pyramid_of_nothing_has_no_extremes() -> None:
    low, high = MinMaxPyramid.of(np.zeros(0)).extremes(np.array([0]), np.array([0]))
    assert (low[0], high[0]) == (np.inf, -np.inf)


def test_that_gaps_between_steps_count_as_nothing() -> None:
    steps = Steps.of(np.array([0, 20]), np.array([10, 30]), np.array([[4.0, 6.0]]))
    assert steps.areas(np.array([0.0, 5.0, 15.0, 25.0, 99.0])).tolist() == [[20.0, 20.0, 30.0, 30.0]]
    first, last = steps.touched(np.array([0.0, 10.0, 20.0, 30.0]))
    assert [last[i] - first[i] for i in range(3)] == [1, 0, 1]


def test_that_counters_are_shown_as_rates_and_leave_out_what_was_not_sampled() -> None:
    counters = counters_of(200, 1_000_000)
    edges = np.linspace(0, 1_000_000, 201)
    read = make_counter(counters, "dram__bytes_read.sum")
    assert read.unit == "GB/s"
    expected = counters.values[2] / np.diff(edges)
    assert read.means(edges) == pytest.approx(expected, rel=1e-4)
    warps = make_counter(counters, "sm__warps_active.sum")
    assert warps.unit == "warps"
    assert warps.high == pytest.approx(5000, rel=0.01)
    share = make_counter(counters, COUNTERS[3])
    assert share.unit == "%"
    mean = share.means(edges)
    assert np.isnan(mean[::100]).all()
    assert np.isfinite(mean[1:100]).all()
    assert share.value_at(1.0) is None
    low, high = share.ranges(np.linspace(0, 1_000_000, 5))
    assert (high >= low).all()


def test_that_a_counter_of_no_samples_is_empty() -> None:
    none = np.zeros(0, dtype=np.int64)
    series = make_counter(Counters(("a.sum",), none, none, np.zeros((1, 0))), "a.sum")
    assert np.isnan(series.means(np.array([0.0, 1.0]))).all()
    assert series.value_at(0.5) is None


def test_that_unattributed_warps_lie_on_top_and_are_called_so() -> None:
    track = measured_track()
    assert track.warps.streams == (0, 1, UNATTRIBUTED)
    assert track.warps.at(50_000).tolist() == [2000.0, 3500.0, 400.0]
    assert warps_tip(track, 50_000)[-1] == "unattributed: 400"


def test_that_copies_are_called_by_what_they_copy_and_lanes_by_their_names() -> None:
    track = measured_track()
    assert [lane.name for lane in track.lanes] == ["stream 0", "stream 1", "copy in", "copy out"]
    tip = span_tip(track, track.lanes[2], 0, full_axis(1e5))
    assert tip[2] == "151 kB, 16.7 GB/s"
    assert track.kind(track.lanes[2], 0) == "copy"


def test_that_a_gap_says_how_long_it_is_and_what_was_waited_for() -> None:
    track = measured_track()
    tip = gap_tip(track, track.lanes[0], 81_000)
    assert tip == ("idle for 2.00 µs, stream 0", "join waited for view, which ended 2.00 µs before")
    assert gap_tip(track, track.lanes[0], 20_000) is None
    assert gap_tip(track, track.lanes[0], 5_000) is None


def test_that_tracing_and_trust_are_told_in_facts_and_notes() -> None:
    track = measured_track()
    assert track.facts[:3] == ("3.8% longer than unprofiled", "first fork late", "6.1% of warps in no stream")
    assert any("delays the first fork" in note for note in track.notes)
    assert span_tip(track, track.lanes[1], 0, full_axis(1e5))[-1].startswith("Tracing delayed")


def test_that_arrows_lead_in_and_out_and_through_launches_that_run_nothing() -> None:
    track = measured_track()
    found = {(one.before, one.after) for one in arrows(track, [3])}
    assert found == {(1, 3), (3, 4)}
    assert follow(track, 3, forward=False) == 1
    assert follow(track, 3, forward=True) == 4
    assert follow(track, 0, forward=False) is None
    links = Links.of([(), (0,), (1,)])
    assert through(links.before, 2, np.array([True, False, True])) == (0,)
    assert through(links.after, 0, np.array([True, False, True])) == (2,)
    assert through(links.before, 9, np.array([True])) == ()


def test_that_plan_order_is_told_apart_from_data() -> None:
    track = track_of(
        measured_track().timeline, reads=Links.of([()] * 7), waits=Links.of([(), (0,), (1,), (1,), (3,), (2, 4), (5,)])
    )
    assert {one.data for one in arrows(track, [5])} == {False}


def test_that_statistics_of_a_stretch_count_what_lies_inside_it() -> None:
    track = measured_track()
    found = range_statistics([track], 50_000, 90_000)
    rows = {(row.kind, row.stream): row for row in found.rows}
    assert found.length_ns == 40_000
    assert sum(row.sum_ns for row in found.rows) == 10_000 + 24_000 + 8_000
    on_first = [row for row in found.rows if row.stream == 0]
    assert sum(row.count for row in on_first) == 3
    assert min(row.min_ns for row in on_first) == 0, "a span without any length is counted"
    assert ("copy", 2) not in rows
    (totals,) = found.totals
    assert totals.busy_ns == 24_000 + 8_000
    assert totals.spans == 4
    assert totals.warps == pytest.approx(sum(value for _, value in totals.warps_by_stream))
    assert range_statistics([], 0, 10).rows == ()


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_that_stretches_side_by_side_add_up_to_the_whole(a: float, b: float) -> None:
    track = track_of(large_timeline(80))
    cuts = [0.0, *sorted(round(part * track.duration_ns) for part in (a, b)), float(track.duration_ns)]
    parts = [range_statistics([track], cuts[i], cuts[i + 1]) for i in range(3) if cuts[i + 1] > cuts[i]]
    whole = range_statistics([track], 0, track.duration_ns)
    for value in ("busy_ns",):
        assert sum(getattr(one.totals[0], value) for one in parts) == pytest.approx(getattr(whole.totals[0], value))
    total = sum(row.sum_ns for one in parts for row in one.rows)
    assert total == pytest.approx(sum(row.sum_ns for row in whole.rows))


def test_that_overlapping_kernels_of_a_stream_keep_their_own_ends() -> None:
    from timelines import spans_of
    from warploom.timeline import Timeline, WarpSeries

    rows = np.array([(0, 0, 100), (0, 10, 20), (0, 90, 150)])
    series = WarpSeries(np.zeros(1), np.array([0, 150]), np.zeros((1, 1)))
    made = Timeline("p", "GPU", True, 150, ("a", "b", "c"), ("k",), spans_of(rows), series, None, 1)
    (lane,) = track_of(made).lanes
    assert lane.end_ns.tolist() == [100, 20, 150]
    assert lane.visible(50, 60) == slice(0, 2)
    assert lane.of_launches(np.array([1, 2])).tolist() == [1, 2]


def test_that_a_choice_keeps_its_order_and_what_is_compared() -> None:
    choice = TrackChoice.of(("a", "b")).adding("c").adding("d").adding("a")
    assert choice.shown == ("a", "b", "c", "d")
    assert choice.compared == ("a", "b")
    assert choice.moving("d", -2).shown == ("a", "d", "b", "c")
    assert choice.moving("a", 99).shown == ("b", "c", "d", "a")
    assert choice.moving("x", 1) == choice
    assert choice.comparing(("a", "d")).shown == ("a", "d", "c")
    assert choice.comparing(("a", "e")).shown == ("a", "e", "c", "d")
    fewer = choice.removing("b")
    assert fewer == TrackChoice(("a", "c", "d"), ("a", "d"))
    assert choice.removing("a").compared == ("c", "b")


def test_that_the_last_schedule_stays_and_a_lone_one_is_compared_with_the_next() -> None:
    lone = TrackChoice.of(("a", "b")).removing("b")
    assert lone == TrackChoice(("a",), ("a", "a"))
    assert lone.removing("a") == lone
    assert lone.adding("c") == TrackChoice(("a", "c"), ("a", "c"))


def test_that_marks_come_in_pairs_and_sit_on_edges() -> None:
    marks = Marks().placed(5.0)
    assert marks.stretch is None
    assert marks.placed(2.0).stretch == (2.0, 5.0)
    assert marks.placed(2.0).placed(9.0) == Marks(9.0)
    track = measured_track()
    axis = full_axis(110_000).placed_at(0, 1000)
    assert snapped([track], axis, 40_300) == 40_000
    assert snapped([track], axis, 50_000) == 50_000
    assert snapped([track], axis, -400) == 0


def test_that_counters_are_switched_on_and_off() -> None:
    options = TimelineOptions().with_counter("a", True).with_counter("b", True).with_counter("a", True)
    assert options.counters == ("b", "a")
    assert options.with_counter("b", False).counters == ("a",)


def test_that_the_critical_path_is_kept_by_lane() -> None:
    track = measured_track()
    assert [len(lane) for lane in track.path_lanes] == [4, 0, 0, 0]
    start, end, lane = track.path_steps
    assert start.tolist() == sorted(start.tolist())
    assert lane.tolist() == [0, 0, 0, 0]
    assert end[-1] == 100_000, "copies are no part of the plan"
