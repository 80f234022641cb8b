"""Copies on timelines: inputs first, outputs when they are ready, one copy at a time each way."""

from __future__ import annotations

import numpy as np

from warploom.timeline import Spans, Timeline, WarpSeries
from warploom.timeline.check import check_timeline
from warploom.timeline.copies import COPY_IN, COPY_OUT, Copy, with_copies

INTO = [Copy("input a", 100, 2.0, 0), Copy("input b", 50, 1.0, 0)]
OUT = [Copy("output late", 8, 4.0, 1), Copy("output early", 4, 9.0, 0)]


def timeline() -> Timeline:
    """Launch 0 runs from 1 to 4 us on stream 0, launch 1 from 4 to 10 us on stream 1."""
    count = np.zeros(2, np.int32)
    spans = Spans(
        launch=np.array([0, 1], np.int32),
        stream=np.array([0, 1], np.int32),
        kernel=np.array([0, 0], np.int32),
        start_ns=np.array([1000, 4000]),
        end_ns=np.array([4000, 10000]),
        grid=np.ones((2, 3), np.int32),
        block=np.ones((2, 3), np.int32),
        registers=count,
        shared_memory_bytes=count,
        copy_bytes=np.zeros(2, np.int64),
    )
    warps = WarpSeries(
        np.array([0, 1], np.int32), np.array([0, 1000, 4000, 10000]), np.array([[0.0, 8, 0], [0.0, 0, 16]])
    )
    return Timeline("p", "d", True, 10000, ("x", "y"), ("k",), spans, warps, None, 64)


def placed(drawn: Timeline) -> dict[str, tuple[str, int, int]]:
    spans = drawn.spans
    return {
        drawn.kernel_names[kernel]: (drawn.stream_name(int(stream)), int(start), int(end))
        for kernel, stream, start, end in zip(spans.kernel, spans.stream, spans.start_ns, spans.end_ns, strict=True)
        if kernel
    }


def test_that_outputs_leave_one_by_one_when_they_are_ready() -> None:
    drawn = with_copies(timeline(), 2, INTO, OUT, overlapped=True)
    check_timeline(drawn)
    assert placed(drawn) == {
        "input a": (COPY_IN, 0, 2000),
        "input b": (COPY_IN, 2000, 3000),
        "output early": (COPY_OUT, 7000, 16000),
        "output late": (COPY_OUT, 16000, 20000),
    }
    assert drawn.duration_ns == 20000
    assert drawn.spans.copy_bytes.sum() == 162


def test_that_without_overlap_all_outputs_leave_at_the_end() -> None:
    drawn = with_copies(timeline(), 2, INTO, OUT, overlapped=False)
    assert placed(drawn)["output late"] == (COPY_OUT, 13000, 17000)
    assert placed(drawn)["output early"] == (COPY_OUT, 17000, 26000)


def test_that_warps_move_with_their_kernels() -> None:
    before, drawn = timeline(), with_copies(timeline(), 2, INTO, OUT, overlapped=True)
    areas = [(series.warps * np.diff(series.edges_ns)).sum() for series in (before.warps, drawn.warps)]
    assert areas[0] == areas[1] > 0
    at = np.searchsorted(drawn.warps.edges_ns, 5000, side="right") - 1
    assert drawn.warps.warps[:, at].tolist() == [8.0, 0.0]


def test_that_a_plan_without_inputs_starts_at_once() -> None:
    drawn = with_copies(timeline(), 2, [], [], overlapped=True)
    assert drawn.duration_ns == 10000
    np.testing.assert_array_equal(drawn.spans.start_ns, timeline().spans.start_ns)
