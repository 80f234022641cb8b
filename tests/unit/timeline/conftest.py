"""Timelines made by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from warploom.timeline import Profile, Spans, Timeline, WarpSeries

Row = tuple[int, int, int, int]
"""Launch, stream, start, end."""


def spans_timeline(rows: Sequence[Row], *, duration: int = 100, name: str = "plan") -> Timeline:
    """A measured timeline of these spans, without warps."""
    table = np.array(sorted(rows, key=lambda row: row[2]), dtype=np.int64).reshape(-1, 4)
    ones = np.ones((len(table), 3), dtype=np.int32)
    spans = Spans(
        *(table[:, 0], table[:, 1], np.zeros(len(table), dtype=np.int32), table[:, 2], table[:, 3]),
        *(ones, ones, ones[:, 0], ones[:, 0], np.zeros(len(table), dtype=np.int64)),
    )
    names = tuple(f"l{i}" for i in range(int(table[:, 0].max(initial=-1)) + 1))
    none = np.zeros(0, dtype=np.int64)
    warps = WarpSeries(none, none, np.zeros((0, 0)))
    return Timeline(name, "device", False, duration, names, ("k",), spans, warps, None, 64)


@pytest.fixture(scope="session")
def make_timeline() -> Callable[..., Timeline]:
    """`make_timeline([(launch, stream, start, end), ...], duration=100)`."""
    return spans_timeline


@pytest.fixture
def profile() -> Profile:
    """Three replays of two launches; the second launch ran nothing."""
    start = np.array([[0, -1], [10, -1], [5, -1]], dtype=np.int64)
    end = np.array([[1000, -1], [2010, -1], [3005, -1]], dtype=np.int64)
    return Profile(np.array([1100, 2100, 3100], dtype=np.int64), 1, start, end)


@pytest.fixture
def profiled(profile: Profile) -> Timeline:
    """A timeline with that profile."""
    return dataclasses.replace(spans_timeline([(0, 0, 0, 2000), (1, 0, 2000, 2100)], duration=2100), profile=profile)
