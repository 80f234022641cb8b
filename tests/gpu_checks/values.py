"""Random values of the kinds that cases ask for, all exact in every precision, so that rounding them costs nothing."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]

_FRACTION = 8.0


def draw(kind: str, shape: tuple[int, ...], dtype: str, key: str, seed: int) -> Array:
    """Values of one kind; the same key and seed give the same ones.

    Args:
        kind: A key of `KINDS`, or "index:N" for integers in [0, N).
        shape: Of the array.
        dtype: NumPy name.
        key: What they are for.
        seed: Another seed gives other values.
    """
    generator = np.random.default_rng((seed, zlib.crc32(key.encode())))
    name, _, bound = kind.partition(":")
    if name == "index":
        return generator.integers(0, int(bound), shape).astype(dtype)
    values = KINDS[name](generator, shape)
    return np.asarray(exact(values) if values.dtype == np.float32 else values).astype(dtype)


def exact(values: Array) -> Array:
    """Float32 values cut to the eight significant bits that bfloat16 has."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32).reshape(np.shape(values))


def _normal(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return generator.standard_normal(shape, np.float32)


def _uniform(low: float, high: float) -> _Draw:
    return lambda generator, shape: generator.uniform(low, high, shape).astype(np.float32)


def _grid(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Multiples of 1/8 in [-4, 4]: comparisons and roundings come out the same in every precision."""
    return (generator.integers(-32, 33, shape) / _FRACTION).astype(np.float32)


def _distinct(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """No two equal along the longest axis while it has at most 255 elements: an order without ties."""
    axis = int(np.argmax(shape)) if shape else 0
    ranks = np.argsort(generator.random(shape), axis=axis) if shape else np.zeros(shape)
    return ((ranks % 255 - 127) / 32).astype(np.float32)


def _bits(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return generator.integers(0, 2, shape)


def _special(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Normal values among infinities and NaNs."""
    choices = np.array([np.nan, np.inf, -np.inf, 0.5, -2.0], np.float32)
    return choices[generator.integers(0, len(choices), shape)]


KINDS: Mapping[str, _Draw] = {
    "normal": _normal,
    "unit": _uniform(-0.95, 0.95),
    "positive": _uniform(0.25, 3.0),
    "above_one": _uniform(1.25, 4.0),
    "away": lambda generator, shape: np.sign(_normal(generator, shape)) * _uniform(0.5, 2.0)(generator, shape),
    "grid": _grid,
    "distinct": _distinct,
    "bits": _bits,
    "small_integers": lambda generator, shape: generator.integers(-7, 8, shape),
    "positive_integers": lambda generator, shape: generator.integers(1, 9, shape),
    "special": _special,
}
"""How values of each kind are drawn."""
