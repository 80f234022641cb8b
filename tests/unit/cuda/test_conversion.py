"""Weights are rounded to nearest even and stay finite."""

from __future__ import annotations

import numpy as np
import pytest

from warploom.device.cuda.lowering.conversion import stored
from warploom.graph import DType


def _as_float(bits: np.ndarray) -> np.ndarray:
    return (bits.astype(np.uint32) << 16).view(np.float32)


def test_that_bfloat16_is_the_nearest_of_the_two_neighbours() -> None:
    values = np.random.default_rng(0).standard_normal(1000).astype(np.float32) * np.float32(1e3)
    rounded = _as_float(stored(values, DType.BFLOAT16))
    low = (values.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    high = ((values.view(np.uint32) & np.uint32(0xFFFF0000)) + np.uint32(0x10000)).view(np.float32)
    assert np.array_equal(np.abs(rounded - values), np.minimum(np.abs(low - values), np.abs(high - values)))


def test_that_ties_round_to_even_in_bfloat16() -> None:
    ties = np.array([0x3F808000, 0x3F818000], np.uint32).view(np.float32)
    assert stored(ties, DType.BFLOAT16).tolist() == [0x3F80, 0x3F82]


@pytest.mark.parametrize("dtype", [DType.FLOAT16, DType.BFLOAT16])
def test_that_finite_values_stay_finite_and_others_stay_what_they_are(dtype: DType) -> None:
    values = np.array([-3.4028235e38, 3.4028235e38, np.inf, -np.inf, np.nan, 1.0], np.float32)
    converted = stored(values, dtype)
    back = _as_float(converted) if dtype is DType.BFLOAT16 else converted.astype(np.float32)
    assert np.isfinite(back[:2]).all()
    assert back[2:4].tolist() == [np.inf, -np.inf]
    assert np.isnan(back[4])
    assert back[5] == 1.0


def test_that_integers_keep_their_type() -> None:
    assert stored(np.array([1 << 40]), DType.INT64).tolist() == [1 << 40]
