"""Histogram of magnitudes that grows with what it sees, and the thresholds that calibration takes from it.

Symmetric quantization to 8 bits has one question: at which magnitude to cut. Cutting at the largest keeps every value
and makes steps coarse; cutting lower clips the few and is finer for the many.
"""

from __future__ import annotations

import enum

import numpy as np
import numpy.typing as npt

from warploom.device.protocol import Array
from warploom.passes.quantize import STEPS

Counts = npt.NDArray[np.float64]

_BINS = 2048
_PERCENTILE = 99.99
_LEVELS = 128
_ENOUGH_PER_BIN = 64
_MOST_AVERAGED = 64


class CalibrationMethod(enum.StrEnum):
    """How the range of a tensor follows from the values seen.

    MSE: the cut with the least squared error, rounding and clipping together. MINMAX: the largest magnitude.
    PERCENTILE: the magnitude that 99.99% of the values stay below. ENTROPY: the cut whose 128 levels lose the least
    information (Kullback-Leibler divergence; S. Migacz, "8-bit inference with TensorRT", GTC 2017).
    """

    MSE = "mse"
    MINMAX = "minmax"
    PERCENTILE = "percentile"
    ENTROPY = "entropy"


class Histogram:
    """Counts of magnitudes in equal bins from zero; the width doubles whenever a larger one comes."""

    __slots__ = ("counts", "largest", "width")

    def __init__(self) -> None:
        self.counts: Counts = np.zeros(_BINS, np.float64)
        self.width = 0.0
        self.largest = 0.0

    def add(self, values: Array) -> None:
        """Counts finite values."""
        magnitudes = np.abs(values.ravel())
        magnitudes = magnitudes[np.isfinite(magnitudes)]
        largest = float(magnitudes.max(initial=0.0))
        if largest == 0.0:
            self.counts[0] += magnitudes.size
            return
        self.largest = max(self.largest, largest)
        if self.width == 0.0:
            self.width = largest / _BINS
        while self.width * _BINS < largest:
            self._double()
        indices = np.minimum((magnitudes / self.width).astype(np.int64), _BINS - 1)
        self.counts += np.bincount(indices, minlength=_BINS)

    def threshold(self, method: CalibrationMethod) -> float:
        """The magnitude that becomes the largest integer; 0 where nothing but zeros was seen."""
        if self.largest == 0.0:
            return 0.0
        if method is CalibrationMethod.PERCENTILE:
            return self._percentile()
        if method is CalibrationMethod.ENTROPY:
            return self._cut(self._divergences())
        if method is CalibrationMethod.MSE:
            return self._cut(self._squared_errors())
        return self.largest

    def _double(self) -> None:
        half = self.counts.reshape(-1, 2).sum(axis=1)
        self.counts = np.concatenate([half, np.zeros(_BINS - half.size)])
        self.width *= 2.0

    def _percentile(self) -> float:
        share = np.cumsum(self.counts) / self.counts.sum()
        return min(self.largest, float(self.width * (1 + np.searchsorted(share, _PERCENTILE / 100.0))))

    def _ends(self) -> range:
        """The cuts that are tried, in bins."""
        return range(_LEVELS, _BINS + 1, 16)

    def _cut(self, losses: Array) -> float:
        best = int(np.argmin(losses))
        return min(self.largest, self.width * self._ends()[best])

    def _squared_errors(self) -> Array:
        middles = (np.arange(_BINS) + 0.5) * self.width
        losses = []
        for end in self._ends():
            step = self.width * end / STEPS
            # Rounding to steps is worse by step^2 / 12 in the mean than by the bins' middles, where these are finer.
            error = np.maximum(middles - self.width * end, 0.0) ** 2 + np.where(
                middles < self.width * end, step**2 / 12, 0
            )
            losses.append(float(np.dot(self.counts[1:], error[1:])))  # zeros are exact
        return np.asarray(losses)

    def _divergences(self) -> Array:
        known = self.counts.copy()
        known[0] = known[1]  # zeros, of which activations have many, are exact whatever the cut
        # Bins that hold a few values differ by chance, which would count as lost information: average neighbours.
        used = int(np.count_nonzero(known))
        span = int(np.clip(_ENOUGH_PER_BIN * used / max(known.sum(), 1.0), 1, _MOST_AVERAGED))
        counts = np.convolve(known, np.full(span, 1.0 / span), mode="same")
        return np.asarray([_divergence(counts, end) for end in self._ends()])


def _divergence(counts: Counts, end: int) -> float:
    """What is lost by cutting at a bin and keeping `_LEVELS` levels below it."""
    inside = counts[:end]
    reference = inside.copy()
    reference[-1] += counts[end:].sum()
    edges = np.linspace(0, end, _LEVELS + 1).astype(np.int64)
    sums, present = np.add.reduceat(inside, edges[:-1]), np.add.reduceat((inside > 0).astype(float), edges[:-1])
    level = np.repeat(np.divide(sums, present, out=np.zeros_like(sums), where=present > 0), np.diff(edges))
    coarse = np.where(inside > 0, level, 0.0)
    p, q = reference / reference.sum(), coarse / max(coarse.sum(), 1e-300)
    both = (p > 0) & (q > 0)
    missing = float(p[(p > 0) & (q == 0)].sum())
    return float(np.sum(p[both] * np.log(p[both] / q[both]))) + missing * 10.0
