"""MinMaxPyramid: the smallest and largest of many values in any stretch of them, from summaries made once.

Each level holds the extremes of 16 values of the level below. A stretch is answered exactly: its middle from the
coarsest level that fits, its ends from the finer ones, so that a pixel that covers a million samples costs a few dozen
look-ups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_FACTOR = 16

Values = npt.NDArray[np.float32]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class MinMaxPyramid:
    """Levels of minima and maxima, finest first (the values themselves, both times).

    Attributes:
        low: Minima.
        high: Maxima.
    """

    low: tuple[Values, ...]
    high: tuple[Values, ...]

    @staticmethod
    def of(values: npt.NDArray[np.floating]) -> MinMaxPyramid:
        """Summarizes values (n,); none of them NaN."""
        finest = np.ascontiguousarray(values, dtype=np.float32)
        low, high = [finest], [finest]
        while len(low[-1]) > _FACTOR:
            starts = np.arange(0, len(low[-1]), _FACTOR)
            low.append(np.minimum.reduceat(low[-1], starts))
            high.append(np.maximum.reduceat(high[-1], starts))
        return MinMaxPyramid(tuple(low), tuple(high))

    def extremes(self, first: Positions, last: Positions) -> tuple[Values, Values]:
        """Minimum and maximum of values[first[i]:last[i]]; +inf and -inf where that is empty."""
        return _reduced(self.low, np.minimum, np.inf, first, last), _reduced(
            self.high, np.maximum, -np.inf, first, last
        )


def _reduced(levels: tuple[Values, ...], reduce: np.ufunc, empty: float, first: Positions, last: Positions) -> Values:
    result = np.full(len(first), empty, dtype=np.float32)
    for depth, level in enumerate(levels):
        inner_first, inner_last = -(-first // _FACTOR), last // _FACTOR
        coarser = (inner_last > inner_first) & (depth + 1 < len(levels))
        # Where a coarser level can answer the middle, this one answers the two ends; elsewhere the whole rest.
        left_end = np.where(coarser, inner_first * _FACTOR, last)
        right_start = np.where(coarser, inner_last * _FACTOR, last)
        _take(result, level, reduce, first, left_end)
        _take(result, level, reduce, right_start, last)
        if not coarser.any():
            break
        first, last = np.where(coarser, inner_first, 0), np.where(coarser, inner_last, 0)
    return result


def _take(result: Values, level: Values, reduce: np.ufunc, first: Positions, last: Positions) -> None:
    """Takes level[first[i]:last[i]] into result[i]; empty stretches leave it as it is."""
    chosen = np.flatnonzero(last > first)
    if not len(chosen):
        return
    ends = np.minimum(last[chosen], len(level))
    # reduceat wants ends that are positions: the last stretch may run to the end, which an extra value makes one.
    bounds = np.column_stack((first[chosen], ends)).ravel()
    padded = np.append(level, level[-1]) if ends.max() >= len(level) else level
    result[chosen] = reduce(result[chosen], reduce.reduceat(padded, bounds)[::2])
