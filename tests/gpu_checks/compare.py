"""Decides whether an array is right: one figure for all elements, and a bound for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from warploom.graph import Precision
from warploom.worker.errors_of_outputs import TOLERANCES, relative_l2

Array = npt.NDArray[Any]

_PER_ELEMENT = 25.0
"""One element may be off by so many tolerances of a typical one: a wrong border pixel of a large tensor is more."""


def tolerance_of(precision: Precision) -> float:
    """Relative L2 error that one operator may have."""
    return TOLERANCES[precision]


def fault_of(actual: Array | None, expected: Array, tolerance: float) -> tuple[str, float]:
    """What is wrong with an array (empty when nothing is), and its error.

    Args:
        actual: What was computed, None if nothing was.
        expected: The reference.
        tolerance: Largest relative L2 error.
    """
    if actual is None:
        return "it is missing", float("inf")
    if actual.shape != expected.shape or not _has_type_of(actual, expected):
        return f"it is {actual.dtype} {actual.shape}, not {expected.dtype} {expected.shape}", float("inf")
    if expected.dtype.kind != "f":
        wrong = int(np.count_nonzero(actual != expected))
        return (f"{wrong} of {expected.size} elements differ" if wrong else ""), wrong / max(1, expected.size)
    found, wanted = actual.astype(np.float64), expected.astype(np.float64)
    error = relative_l2(found, wanted)
    if error > tolerance:
        missing = int(np.count_nonzero(np.isnan(found) & ~np.isnan(wanted)))
        return f"error {error:.2e} > {tolerance:.1e}{f', {missing} NaN' if missing else ''}", error
    return _worst_element(found, wanted, tolerance), error


def _has_type_of(actual: Array, expected: Array) -> bool:
    """A device may give any float back as float32, whatever the model calls it."""
    return bool(actual.dtype == expected.dtype or (expected.dtype.kind == "f" and actual.dtype == np.float32))


def _worst_element(found: Array, wanted: Array, tolerance: float) -> str:
    finite = np.isfinite(wanted)  # relative_l2 has compared the others
    if not finite.any():
        return ""
    typical = float(np.sqrt(np.mean(wanted[finite] ** 2)))
    bound = np.ones(wanted.shape)
    bound[finite] = _PER_ELEMENT * tolerance * (typical + np.abs(wanted[finite])) + 1e-30
    excess = np.zeros(wanted.shape)
    excess[finite] = np.abs(found[finite] - wanted[finite])
    excess /= bound
    worst = int(np.argmax(excess))
    if excess.flat[worst] <= 1.0:
        return ""
    where = tuple(int(i) for i in np.unravel_index(worst, wanted.shape))
    return f"element {where} is {found.flat[worst]:.6g}, not {wanted.flat[worst]:.6g} (typical {typical:.3g})"
