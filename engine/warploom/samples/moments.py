"""Estimates mean and variance of activations, so that the weights of sample models can keep them in a sane range."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_GRID = np.linspace(-6.0, 6.0, 241)
_DENSITY = np.exp(-_GRID * _GRID / 2)
_DENSITY /= _DENSITY.sum()


def _sigmoid(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "Relu": lambda x: np.maximum(x, 0.0),
    "Sigmoid": _sigmoid,
    "SiLU": lambda x: x * _sigmoid(x),
    "HardSigmoid": lambda x: np.clip(x / 6.0 + 0.5, 0.0, 1.0),
    "HardSwish": lambda x: x * np.clip(x / 6.0 + 0.5, 0.0, 1.0),
    "Gelu": lambda x: x * _sigmoid(1.702 * x),
}


def rounded(value: float) -> float:
    """Four significant digits: what is left is the same whatever mathematical library computed it."""
    return float(f"{value:.3e}")


@functools.lru_cache(maxsize=1024)
def after(op: str, mean: float, variance: float) -> tuple[float, float]:
    """Mean and variance of an activation of a normal variable.

    Args:
        op: A key of the table above.
        mean: Of the variable.
        variance: Of the variable.
    """
    values = _FUNCTIONS[op](mean + _GRID * np.sqrt(variance))
    first = float((values * _DENSITY).sum())
    second = float((values * values * _DENSITY).sum())
    return rounded(first), rounded(max(second - first * first, 1e-6))
