"""Steps: step functions over time with running integrals, so that the mean of any stretch is two look-ups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Rows of values that share their steps.

    Attributes:
        start_ns: (m,) ascending starts of the steps.
        length_ns: (m,) lengths; gaps between steps count as 0.
        values: float32 (rows, m).
        integral: (rows, m + 1), value times ns up to the start of each step, and at last of all of them.
    """

    start_ns: Floats
    length_ns: Floats
    values: npt.NDArray[np.float32]
    integral: Floats

    @staticmethod
    def of(start_ns: npt.NDArray[np.generic], end_ns: npt.NDArray[np.generic], values: Floats) -> Steps:
        """Prepares steps; `values` is (rows, m)."""
        start = start_ns.astype(np.float64)
        length = np.maximum(end_ns.astype(np.float64) - start, 0.0)
        integral = np.zeros((values.shape[0], len(start) + 1))
        np.cumsum(values * length, axis=1, out=integral[:, 1:])
        return Steps(start, length, values.astype(np.float32), integral)

    def __len__(self) -> int:
        return len(self.start_ns)

    def areas(self, edges_ns: Floats) -> Floats:
        """(rows, columns): value times ns between neighbouring edges."""
        if not len(self):
            return np.zeros((self.values.shape[0], len(edges_ns) - 1))
        step = np.maximum(np.searchsorted(self.start_ns, edges_ns, "right") - 1, 0)
        inside = np.clip(edges_ns - self.start_ns[step], 0.0, self.length_ns[step])
        return np.diff(self.integral[:, step] + self.values[:, step] * inside, axis=1)

    def touched(self, edges_ns: Floats) -> tuple[Ints, Ints]:
        """First and one past the last step that touches each interval between neighbouring edges."""
        if not len(self):
            return np.zeros(len(edges_ns) - 1, dtype=np.int64), np.zeros(len(edges_ns) - 1, dtype=np.int64)
        first = np.maximum(np.searchsorted(self.start_ns, edges_ns[:-1], "right") - 1, 0)
        over = self.start_ns[first] + self.length_ns[first] <= edges_ns[:-1]
        return first + over, np.searchsorted(self.start_ns, edges_ns[1:], "left")

    def at(self, time_ns: float) -> int | None:
        """The step at a time."""
        step = int(np.searchsorted(self.start_ns, time_ns, "right")) - 1
        return step if step >= 0 and time_ns < self.start_ns[step] + self.length_ns[step] else None
