"""Splitting sampled warps: sums, doubts, calibration on other replays, and clocks that are apart."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warploom.timeline.alignment import find_lag, residual_ns, shifted
from warploom.timeline.attribution import (
    Calibration,
    Replay,
    attribute,
    calibrate,
    mean_in,
    modelled_steps,
    modelled_warps,
    running_streams,
    uncalibrated,
)
from warploom.timeline.residency import Launches
from warploom.timeline.timeline import WarpSeries

STREAMS = np.array([0, 1, 0, 1])
LAUNCHES = Launches(np.array([40, 60, 300, 20]), np.array([8, 4, 8, 12]), np.array([1056, 2112, 132, 132]))
STARTS, ENDS = np.array([0, 1300, 9_000, 12_500]), np.array([8_000, 7_000, 20_000, 19_000])
TRUTH = Calibration(np.array([0.9, 0.8, 0.7, 1.0]), np.array([1000.0, 1500.0, 500.0, 2000.0]))


def replay(phase: int = 0, calibration: Calibration = TRUTH, lag: int = 0) -> Replay:
    """A replay whose samples, one each microsecond from `phase`, are what the model with `calibration` gives."""
    starts = np.arange(-5000, 26_000, 1000) + phase
    empty = Replay(STARTS, ENDS, starts, starts + 1000, np.zeros(len(starts)))
    warps = modelled_warps(LAUNCHES, empty, calibration, STREAMS, 2).sum(axis=0)
    moved = dataclasses.replace(empty, warps=warps)
    return shifted(moved, -lag)


def test_that_calibration_learns_levels_and_drains_from_other_replays() -> None:
    learned = calibrate(LAUNCHES, [replay(phase) for phase in range(0, 1000, 125)], np.ones(4))
    np.testing.assert_allclose(learned.level, TRUTH.level, atol=0.06)
    np.testing.assert_allclose(learned.drain_ns, TRUTH.drain_ns, atol=260)


def test_that_a_calibrated_model_splits_a_replay_that_it_has_not_seen() -> None:
    learned = calibrate(LAUNCHES, [replay(phase) for phase in range(0, 1000, 125)], np.ones(4))
    shown = replay(60)
    expected = modelled_warps(LAUNCHES, shown, TRUTH, STREAMS, 2)
    running = running_streams(shown, STREAMS, 2)
    split = attribute(shown, modelled_warps(LAUNCHES, shown, learned, STREAMS, 2), running)
    assert split.error < 0.05
    assert np.abs(split.warps - expected).sum() < 0.05 * expected.sum()
    plain = modelled_warps(LAUNCHES, shown, uncalibrated(LAUNCHES, np.ones(4)), STREAMS, 2)
    assert attribute(shown, plain, running).error > 3 * split.error


def test_that_without_replays_the_model_stands_alone() -> None:
    learned = calibrate(LAUNCHES, [], np.array([1.0, 0.5, 1.0, 1.0]))
    np.testing.assert_array_equal(learned.level, [1.0, 0.5, 1.0, 1.0])
    assert not learned.drain_ns.any()


def samples(*warps: float) -> Replay:
    starts = np.arange(len(warps)) * 1000
    return Replay(np.zeros(0), np.zeros(0), starts, starts + 1000, np.array(warps, dtype=float))


def test_that_a_sample_is_split_in_proportion_to_the_model() -> None:
    split = attribute(samples(110), np.array([[75.0], [25.0]]), np.array([[True], [True]]))
    np.testing.assert_allclose(split.warps[:, 0], [82.5, 27.5])
    assert split.error == pytest.approx(10 / 110)
    assert split.unattributed_share == 0


def test_that_warps_far_from_the_model_are_nobodys() -> None:
    split = attribute(samples(200, 100), np.array([[75.0, 50.0], [25.0, 50.0]]), np.ones((2, 2), dtype=bool))
    np.testing.assert_allclose(split.unattributed, [200, 0])
    np.testing.assert_allclose(split.warps[:, 0], 0)
    assert split.unattributed_share == pytest.approx(200 / 300)


def test_that_there_is_no_doubt_where_one_stream_alone_runs() -> None:
    split = attribute(samples(200), np.array([[0.0], [100.0]]), np.array([[False], [True]]))
    np.testing.assert_allclose(split.warps[:, 0], [0, 200])
    assert split.error == pytest.approx(0.5)


def test_that_warps_where_nothing_runs_are_nobodys() -> None:
    split = attribute(samples(50, 0), np.zeros((2, 2)), np.zeros((2, 2), dtype=bool))
    np.testing.assert_allclose(split.unattributed, [50, 0])


def test_that_an_idle_gpu_has_no_error() -> None:
    split = attribute(samples(0, 0), np.zeros((1, 2)), np.zeros((1, 2), dtype=bool))
    assert (split.error, split.unattributed_share) == (0.0, 0.0)


@given(
    st.lists(st.floats(0, 8448), min_size=1, max_size=20),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_that_streams_and_the_rest_always_add_up(warps: list[float], streams: int, random: object) -> None:
    seed = np.random.default_rng(random.randint(0, 2**32 - 1))
    modelled = seed.uniform(0, 4000, (streams, len(warps)))
    split = attribute(samples(*warps), modelled, seed.uniform(size=modelled.shape) < 0.5)
    np.testing.assert_allclose(split.warps.sum(axis=0) + split.unattributed, warps, rtol=1e-9, atol=1e-6)
    assert (split.warps >= 0).all()


def test_that_zero_long_kernels_and_kernels_outside_the_samples_are_no_fault() -> None:
    launches = Launches(np.array([5, 5, 5]), np.array([4, 4, 4]), np.array([132, 132, 132]))
    one = Replay(
        np.array([100, 500, 90_000]), np.array([100, 2500, 95_000]), np.array([0, 1000]), np.array([1000, 2000]),
        np.array([10.0, 20.0]),
    )  # fmt: skip
    learned = calibrate(launches, [one], np.ones(3))
    assert np.isfinite(learned.level).all()
    assert running_streams(one, np.array([0, 1, 1]), 2).tolist() == [[True, False], [True, True]]


@pytest.mark.parametrize("lag", [-1850, -40, 0, 625, 1300])
def test_that_a_lag_between_the_clocks_is_found(lag: int) -> None:
    assert find_lag(LAUNCHES, replay(60, lag=lag), TRUTH) == pytest.approx(lag, abs=30)


def test_that_the_residual_is_the_farthest_lag_from_the_one_used() -> None:
    assert residual_ns([25, 50, 25, -50]) == 75
    assert residual_ns([]) == 0


def test_that_means_count_what_lies_outside_a_series_as_nothing() -> None:
    series = WarpSeries(np.array([0]), np.array([0, 100, 200]), np.array([[10.0, 20.0]]))
    found = mean_in(series, np.array([-100, 0, 50, 150, 300]), np.array([0, 100, 150, 250, 400]))
    np.testing.assert_allclose(found, [[0, 10, 15, 10, 0]])
    empty = WarpSeries(np.array([0]), np.zeros(0, dtype=np.int64), np.zeros((1, 0)))
    np.testing.assert_allclose(mean_in(empty, np.array([0]), np.array([5])), [[0]])


def test_that_modelled_steps_follow_waves_and_drains() -> None:
    steps = modelled_steps(LAUNCHES, STARTS, ENDS, STREAMS, 2, uncalibrated(LAUNCHES, np.ones(4)))
    at = np.searchsorted(steps.edges_ns, [100, 10_000, 19_500], side="right") - 1
    # 300 blocks in rooms of 132: two full waves, then 36 blocks.
    np.testing.assert_allclose(steps.warps[0, at], [320, 1056, 288])


def test_that_kernels_which_always_run_together_keep_the_modelled_ratio() -> None:
    launches = Launches(np.array([24, 48]), np.array([12, 12]), np.array([132, 132]))
    begin, end = np.array([0, 100]), np.array([12_000, 12_100])
    replays = []
    for phase in range(0, 1000, 250):
        starts = np.arange(-3000, 15_000, 1000) + phase
        inside = (starts > 0) & (starts < 10_000)
        replays.append(Replay(begin, end, starts, starts + 1000, np.where(inside, 500.0, 0.0)))
    learned = calibrate(launches, replays, np.ones(2))
    np.testing.assert_allclose(learned.level, [500 / 864, 500 / 864], rtol=0.1)
