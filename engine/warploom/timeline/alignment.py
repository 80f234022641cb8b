"""Brings spans and samples onto one clock: finds the lag at which modelled and sampled warps agree best. Pure NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from warploom.timeline.attribution import Calibration, Replay, mean_in, modelled_steps
from warploom.timeline.residency import Launches
from warploom.timeline.timeline import IntArray, WarpSeries

_COARSE_NS = 250
_FINE_NS = 25
_FARTHEST_NS = 4000


def find_lag(launches: Launches, one: Replay, calibration: Calibration) -> float:
    """What has to be added to the samples' times, in ns, so that they agree with the spans of the same replay."""
    rows = np.zeros(len(launches), dtype=np.int64)
    steps = modelled_steps(launches, one.start_ns, one.end_ns, rows, 1, calibration)

    def best(lags: IntArray) -> float:
        return float(min(lags, key=lambda lag: (_mismatch(steps, one, int(lag)), abs(lag))))

    coarse = best(np.arange(-_FARTHEST_NS, _FARTHEST_NS + 1, _COARSE_NS))
    return best(int(coarse) + np.arange(-_COARSE_NS, _COARSE_NS + 1, _FINE_NS))


def residual_ns(lags: Sequence[float]) -> float:
    """How far the lags of single replays lie from the one that is used for all, their median: the largest distance."""
    return float(np.max(np.abs(np.asarray(lags) - np.median(lags)))) if lags else 0.0


def shifted(one: Replay, lag_ns: float) -> Replay:
    """The replay with its samples moved."""
    lag = round(lag_ns)
    return replace(one, sample_start_ns=one.sample_start_ns + lag, sample_end_ns=one.sample_end_ns + lag)


def _mismatch(steps: WarpSeries, one: Replay, lag: int) -> float:
    modelled = mean_in(steps, one.sample_start_ns + lag, one.sample_end_ns + lag)[0]
    return float(np.abs(modelled - one.warps).sum())
