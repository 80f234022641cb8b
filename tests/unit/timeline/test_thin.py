"""Thinned timelines keep what can be seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from warploom.recording.recording import Recording
from warploom.timeline.statistics import warp_statistics
from warploom.timeline.thin import thin_spans, thin_warps


@pytest.fixture(scope="module")
def recording(make_recording: Callable[..., Recording]) -> Recording:
    return make_recording(3, spans_per_launch=50)


def test_that_joined_spans_cover_every_span_and_no_gap_that_is_seen(recording: Recording) -> None:
    spans = recording.optimized.timeline.spans
    lane, start, end = thin_spans(spans, 100)
    assert len(lane) < len(spans) / 20
    for stream in np.unique(spans.stream):
        mine = lane == stream
        inside = spans.stream == stream
        box = np.searchsorted(start[mine], spans.start_ns[inside], side="right") - 1
        assert (spans.end_ns[inside] <= end[mine][box]).all()
        assert (np.diff(np.stack((start[mine], end[mine]), axis=1).ravel())[1::2] > 100).all()


def test_that_thinning_nothing_gives_nothing(recording: Recording) -> None:
    spans = recording.optimized.timeline.spans
    empty = type(spans)(*(getattr(spans, name)[:0] for name in spans.__slots__))
    assert [len(column) for column in thin_spans(empty, 100)] == [0, 0, 0]


def test_that_thinned_warps_keep_the_area(recording: Recording) -> None:
    timeline = recording.optimized.timeline
    thin = thin_warps(timeline.warps, 64)
    assert thin.warps.shape[1] == 64
    before = warp_statistics(timeline.warps, timeline.duration_ns, timeline.max_warps)
    after = warp_statistics(thin, timeline.duration_ns, timeline.max_warps)
    assert after.integral_warp_us == pytest.approx(before.integral_warp_us, rel=1e-9)
    assert after.peak <= before.peak + 1e-9


def test_that_few_steps_stay_as_they_are(recording: Recording) -> None:
    series = recording.sequential.timeline.warps
    assert thin_warps(series, 10_000_000) is series
