"""Element types as C++ names, and numbers as C++ literals."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from warploom.graph import DType

STORAGE: Mapping[DType, str] = {
    DType.FLOAT32: "float",
    DType.FLOAT64: "double",  # only at the boundary: every precision stores floats in 32 bits or fewer
    DType.FLOAT16: "wl::f16",
    DType.BFLOAT16: "wl::bf16",
    DType.INT64: "long long",
    DType.INT32: "int",
    DType.INT16: "short",
    DType.INT8: "signed char",
    DType.UINT64: "unsigned long long",
    DType.UINT32: "unsigned int",
    DType.UINT16: "unsigned short",
    DType.UINT8: "unsigned char",
    DType.BOOL: "wl::b8",
}
"""How elements lie in memory."""

SHORT: Mapping[DType, str] = {
    DType.FLOAT32: "fp32",
    DType.FLOAT64: "fp64",
    DType.FLOAT16: "fp16",
    DType.BFLOAT16: "bf16",
    **{dtype: dtype.value for dtype in DType if not dtype.is_float},
}
"""Types as kernels' names say them."""

LARGEST: Mapping[DType, str] = {DType.FLOAT16: "65504.0f", DType.BFLOAT16: "3.3895313892515355e38f"}
"""The largest finite value of floats with less range than float32."""


def value_type(dtype: DType) -> str:
    """The C++ type that values are computed in."""
    if dtype.is_float:
        return "float"
    return "bool" if dtype is DType.BOOL else STORAGE[dtype]


def literal(value: float | int | bool, dtype: DType) -> str:
    """A number as a C++ expression of `value_type(dtype)`, exact."""
    if dtype is DType.BOOL:
        return "true" if value else "false"
    if not dtype.is_float:
        return _integer(int(value), dtype)
    return float_literal(float(value))


def float_literal(value: float) -> str:
    """A float32 as a C++ expression."""
    if math.isnan(value):
        return "wl::quiet_nan()"
    with np.errstate(over="ignore"):
        rounded = float(np.float32(value))
    if math.isinf(rounded):
        return "wl::infinity()" if rounded > 0 else "(-wl::infinity())"
    text = f"{rounded!r}f"
    return f"({text})" if text.startswith("-") else text


def _integer(value: int, dtype: DType) -> str:
    suffix = {DType.INT64: "ll", DType.UINT64: "ull", DType.UINT32: "u"}.get(dtype, "")
    if dtype in (DType.INT64, DType.INT32) and value == np.iinfo(dtype.value).min:
        return f"({value + 1}{suffix} - 1)"
    text = f"{value}{suffix}"
    return f"({text})" if value < 0 else text


def lowest(dtype: DType) -> str:
    """The least value of a type as a C++ expression."""
    if dtype.is_float:
        return "-wl::infinity()"
    if dtype is DType.BOOL or dtype.value.startswith("u"):
        return "0"
    return f"(-{2 ** (8 * dtype.itemsize - 1) - 1}ll - 1)"


def greatest(dtype: DType) -> str:
    """The greatest value of a type as a C++ expression."""
    if dtype.is_float:
        return "wl::infinity()"
    if dtype is DType.BOOL:
        return "1"
    bits = 8 * dtype.itemsize
    return f"{2**bits - 1}ull" if dtype.value.startswith("u") else f"{2 ** (bits - 1) - 1}ll"
