"""Signal-to-noise ratios: how much of a result is left of a rounded computation."""

from __future__ import annotations

import math

import numpy as np

from warploom.device.protocol import Array


class Ratio:
    """Accumulates the power of a signal and of its noise over several samples."""

    __slots__ = ("noise", "signal")

    def __init__(self) -> None:
        self.signal = 0.0
        self.noise = 0.0

    def add(self, exact: Array, rounded: Array) -> None:
        """Another pair of results of one shape; values that are infinite or NaN on one side only count as all noise."""
        left, right = exact.astype(np.float64, copy=False).ravel(), rounded.astype(np.float64, copy=False).ravel()
        finite = np.isfinite(left)
        self.signal += float(np.dot(left[finite], left[finite]))
        difference = left[finite] - right[finite]
        self.noise += float(np.dot(difference, difference)) if np.isfinite(difference).all() else math.inf

    @property
    def relative(self) -> float:
        """|noise| / |signal|; 0 without any noise."""
        if self.noise == 0.0:
            return 0.0
        return math.sqrt(self.noise / self.signal) if self.signal > 0.0 else math.inf

    @property
    def decibels(self) -> float:
        """10 log10 of signal power over noise power; infinite without noise."""
        return (
            math.inf
            if self.relative == 0.0
            else -20.0 * math.log10(self.relative)
            if self.relative < math.inf
            else -math.inf
        )
