"""Overlap of streams, against a count of every nanosecond."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warploom.timeline import Timeline, intervals
from warploom.timeline.intervals import BusyStreams, StreamOverlap

rows = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 60), st.integers(0, 30)), max_size=12
).map(lambda items: [(launch, stream, start, start + length) for launch, stream, start, length in items])


def busy_at(found: list[tuple[int, int, int, int]]) -> list[set[int]]:
    return [{stream for _, stream, start, end in found if start <= t < end} for t in range(100)]


@given(rows=rows, edges_at_once=st.sampled_from([1, 2, 1000]))
def test_that_pairs_of_streams_overlap_as_counted(
    make_timeline: Callable[..., Timeline], rows: list[tuple[int, int, int, int]], edges_at_once: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intervals, "_EDGES_AT_ONCE", edges_at_once)
        found = BusyStreams.of(make_timeline(rows).spans).overlaps()
    streams = sorted({stream for _, stream, _, _ in rows})
    assert [(pair.first, pair.second) for pair in found] == [(a, b) for a in streams for b in streams if a < b]
    for pair in found:
        assert pair.overlap_ns == sum({pair.first, pair.second} <= busy for busy in busy_at(rows))


@given(rows=rows)
def test_that_company_is_the_time_in_which_two_streams_are_busy(
    make_timeline: Callable[..., Timeline], rows: list[tuple[int, int, int, int]]
) -> None:
    begin = np.arange(0, 91, 7)
    found = BusyStreams.of(make_timeline(rows).spans).company_between(begin, begin + 7)
    expected = [sum(len(busy) > 1 for busy in busy_at(rows)[t : t + 7]) for t in begin]
    assert found.tolist() == pytest.approx(expected)


def test_that_streams_that_only_touch_do_not_overlap(make_timeline: Callable[..., Timeline]) -> None:
    found = BusyStreams.of(make_timeline([(0, 0, 0, 10), (1, 1, 10, 20), (2, 2, 10, 10)]).spans).overlaps()
    assert found == (StreamOverlap(0, 1, 0), StreamOverlap(0, 2, 0), StreamOverlap(1, 2, 0))
