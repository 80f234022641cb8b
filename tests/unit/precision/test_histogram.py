from __future__ import annotations

import numpy as np
import pytest

from warploom.precision.histogram import CalibrationMethod, Histogram


def histogram(*parts: np.ndarray) -> Histogram:
    found = Histogram()
    for part in parts:
        found.add(part)
    return found


def error(values: np.ndarray, threshold: float) -> float:
    step = threshold / 127
    return float(np.mean((np.clip(np.rint(values / step), -128, 127) * step - values) ** 2))


def test_that_the_largest_magnitude_is_found_whatever_the_order() -> None:
    parts = [np.array([0.001, -0.002]), np.array([0.0]), np.array([-7.0, 3.0]), np.array([np.nan, np.inf, 0.5])]
    for order in (parts, parts[::-1]):
        found = histogram(*order)
        assert found.threshold(CalibrationMethod.MINMAX) == 7.0
        assert found.counts.sum() == 6


def test_that_widening_keeps_every_count() -> None:
    values = np.random.default_rng(0).standard_normal(1000)
    found = histogram(values * 0.01, values, values * 100)
    assert found.counts.sum() == 3000
    assert found.counts[found.counts.size // 4 :].sum() < 1000


@pytest.mark.parametrize("method", list(CalibrationMethod))
def test_that_zeros_have_no_threshold(method: CalibrationMethod) -> None:
    assert histogram(np.zeros(100)).threshold(method) == 0.0


@pytest.mark.parametrize("method", list(CalibrationMethod))
def test_that_thresholds_lie_within_what_was_seen(method: CalibrationMethod) -> None:
    values = np.random.default_rng(1).standard_normal(100_000)
    assert 0.5 < histogram(values).threshold(method) <= np.abs(values).max()


def test_that_outliers_are_clipped_except_by_the_largest() -> None:
    values = np.concatenate([np.random.default_rng(2).standard_normal(1_000_000), [60.0] * 5])
    found = histogram(values)
    assert found.threshold(CalibrationMethod.MINMAX) == 60.0
    for method in (CalibrationMethod.PERCENTILE, CalibrationMethod.MSE, CalibrationMethod.ENTROPY):
        assert found.threshold(method) < 45.0


@pytest.mark.parametrize("outliers", [0, 3, 300])
def test_that_the_least_squared_error_is_found(outliers: int) -> None:
    values = np.concatenate([np.random.default_rng(3).standard_normal(200_000), np.full(outliers, 25.0)])
    found = histogram(values)
    best = error(values, found.threshold(CalibrationMethod.MSE))
    for threshold in np.linspace(1.0, found.largest, 60):
        assert best <= error(values, float(threshold)) * 1.05
