"""WarpArea: active warps stacked stream on stream, ready to be drawn at any zoom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from warploom.timeline import UNATTRIBUTED, WarpSeries
from warploom_app.presenters.pyramid import MinMaxPyramid
from warploom_app.presenters.steps import Floats, Steps


@dataclass(frozen=True, slots=True, eq=False)
class WarpArea:
    """Active warps stacked stream on stream.

    Attributes:
        streams: Stream of each row, from the bottom; those that no stream can be given lie on top.
        steps: Upper boundary of each row of the stack; the last row is the total.
        extremes: Of the total.
        peak: Largest total.
        aside: Those of the streams that are none of the plan (copies).
    """

    streams: tuple[int, ...]
    steps: Steps
    extremes: MinMaxPyramid
    peak: float
    aside: frozenset[int] = frozenset()

    def means(self, edges_ns: Floats) -> Floats:
        """(rows, columns): mean upper boundary between neighbouring edges; 0 outside the timeline."""
        return np.asarray(self.steps.areas(edges_ns) / np.maximum(np.diff(edges_ns), 1e-9), dtype=np.float64)

    def peaks(self, edges_ns: Floats) -> Floats:
        """Largest total in each interval between neighbouring edges."""
        _, high = self.extremes.extremes(*self.steps.touched(edges_ns))
        return np.where(np.isfinite(high), high, 0.0).astype(np.float64)

    def at(self, time_ns: float) -> Floats:
        """Active warps of each stream at a time."""
        step = self.steps.at(time_ns)
        if step is None:
            return np.zeros(len(self.streams))
        return np.diff(self.steps.values[:, step].astype(np.float64), prepend=0.0)

    def mean(self, start_ns: float, end_ns: float) -> Floats:
        """Mean active warps of each stream over a stretch of time."""
        if not self.streams or end_ns <= start_ns:
            return np.zeros(len(self.streams))
        return np.diff(self.means(np.array([start_ns, end_ns]))[:, 0], prepend=0.0)


def make_warp_area(series: WarpSeries, aside: Iterable[int] = ()) -> WarpArea:
    """Prepares a series for drawing; `aside` are streams that are none of the plan."""
    empty = not series.warps.size
    order = np.lexsort((series.streams, series.streams == UNATTRIBUTED)) if not empty else np.zeros(0, dtype=np.int64)
    edges = series.edges_ns if not empty else np.zeros(1)
    stacked = np.cumsum(series.warps[order].astype(np.float64), axis=0) if not empty else np.zeros((0, 0))
    steps = Steps.of(edges[:-1], edges[1:], stacked)
    total = stacked[-1] if not empty else np.zeros(0)
    return WarpArea(
        streams=tuple(int(stream) for stream in series.streams[order]) if not empty else (),
        steps=steps,
        extremes=MinMaxPyramid.of(total),
        peak=float(total.max(initial=0.0)),
        aside=frozenset(aside),
    )
