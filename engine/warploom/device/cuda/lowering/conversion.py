"""Converts weights to their storage type on the host."""

from __future__ import annotations

import numpy as np

from warploom.graph import DType
from warploom.graph.constant import Array

_HALF_MAX = float(np.finfo(np.float16).max)
# The largest bfloat16 as a float32: what is above would round to infinity.
_BFLOAT16_MAX = float(np.uint32(0x7F7F0000).view(np.float32))


def stored(values: Array, dtype: DType) -> Array:
    """Values in a storage type: contiguous, rounded to nearest even; bfloat16 as the uint16 of its bits.

    Finite values beyond the type's range become its largest finite value: masks of -3.4e38 stay finite, and their
    products with zero stay zero.
    """
    if dtype is DType.FLOAT16:
        return np.ascontiguousarray(_saturated(values, _HALF_MAX).astype(np.float16))
    if dtype is DType.BFLOAT16:
        return _bfloat16_bits(np.ascontiguousarray(_saturated(values, _BFLOAT16_MAX), dtype=np.float32))
    if dtype is DType.FLOAT32 and values.dtype == np.float64:
        return np.ascontiguousarray(_saturated(values, float(np.finfo(np.float32).max)), dtype=np.float32)
    return np.ascontiguousarray(values, dtype=dtype.to_numpy())


def _saturated(values: Array, largest: float) -> Array:
    if not values.size:
        return values
    if np.fmax.reduce(values, axis=None) <= largest and np.fmin.reduce(values, axis=None) >= -largest:
        return values
    return np.where(np.isfinite(values), np.clip(values, -largest, largest), values)


def _bfloat16_bits(values: Array) -> Array:
    bits = values.view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    nan = np.isnan(values)
    return np.where(nan, np.uint16(0x7FC0), rounded.astype(np.uint16)) if nan.any() else rounded.astype(np.uint16)
