"""Rounding: what storing a float in 16 bits does to its value, on arrays held in float32."""

from __future__ import annotations

import numpy as np

from warploom.device.protocol import Array
from warploom.graph import Precision


def rounded(array: Array, precision: Precision) -> Array:
    """The array as it reads back after it was stored in this precision; only float32 arrays change.

    FP16 and BF16 round to the nearest, ties to even; fp16 overflows to infinity. FP32 and TF32 store 32 bits.
    """
    if array.dtype != np.float32 or precision.itemsize == 4:
        return array
    if precision is Precision.FP16:
        with np.errstate(over="ignore"):
            return array.astype(np.float16).astype(np.float32)
    return _bfloat16(array)


def _bfloat16(array: Array) -> Array:
    bits = np.ascontiguousarray(array).view(np.uint32)
    with np.errstate(over="ignore"):
        up = bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))
    result = (up & np.uint32(0xFFFF0000)).view(np.float32).reshape(array.shape)  # scalars had become (1,)
    return np.where(np.isfinite(array), result, array)
