"""CounterSeries: one hardware counter over time, ready to be drawn at any zoom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from warploom.timeline import Counters
from warploom_app.presenters.pyramid import MinMaxPyramid
from warploom_app.presenters.steps import Floats, Steps

_WARPS, _ELAPSED = "sm__warps_active.sum", "sm__cycles_elapsed."


@dataclass(frozen=True, slots=True, eq=False)
class CounterSeries:
    """One counter.

    Attributes:
        name: NVIDIA's name of the metric.
        unit: Unit of the values as they are drawn, "" where nobody knows.
        steps: Two rows: the value, and 1 where there is one.
        extremes: Of the values.
        low: Smallest value, or 0 if none is below.
        high: Largest value.
    """

    name: str
    unit: str
    steps: Steps
    extremes: MinMaxPyramid
    low: float
    high: float

    def means(self, edges_ns: Floats) -> Floats:
        """Mean between neighbouring edges, over the time that was sampled; NaN where nothing was."""
        area, covered = self.steps.areas(edges_ns)
        mean = np.divide(area, covered, out=np.full(len(area), np.nan), where=covered > 1e-6)
        return np.asarray(mean, dtype=np.float64)

    def ranges(self, edges_ns: Floats) -> tuple[Floats, Floats]:
        """Smallest and largest value in each interval; NaN where nothing was sampled."""
        low, high = self.extremes.extremes(*self.steps.touched(edges_ns))
        return _known(low), _known(high)

    def value_at(self, time_ns: float) -> float | None:
        """The value at a time; None where nothing was sampled."""
        step = self.steps.at(time_ns)
        return None if step is None or not self.steps.values[1, step] else float(self.steps.values[0, step])


def make_counter(counters: Counters, name: str) -> CounterSeries:
    """Prepares a counter for drawing.

    What is summed over a sample is shown as a rate, since samples may differ in length: bytes as GB/s, cycles as GHz.
    Warps that were active in each cycle are shown as warps, where the cycles that elapsed are known.
    """
    values = counters.values[counters.names.index(name)].astype(np.float64)
    length = np.maximum((counters.end_ns - counters.start_ns).astype(np.float64), 1.0)
    cycles = _row(counters, (f"{_ELAPSED}{kind}" for kind in ("avg", "max", "min"))) if name == _WARPS else None
    if cycles is not None:
        unit, values = "warps", np.divide(values, cycles, out=np.full(len(values), np.nan), where=cycles > 0)
    elif _adds_up(name):
        unit, values = _rate_unit(name), values / length
    else:
        unit = "%" if ".pct" in name or "pct_" in name else ""
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    steps = Steps.of(counters.start_ns, counters.end_ns, np.stack((filled, known)))
    low, high = float(filled.min(initial=0.0)), float(filled.max(initial=0.0))
    return CounterSeries(name, unit, steps, MinMaxPyramid.of(filled), low, high)


def _known(values: npt.NDArray[np.float32]) -> Floats:
    return np.where(np.isfinite(values), values, np.nan).astype(np.float64)


def _row(counters: Counters, names: Iterable[str]) -> Floats | None:
    """The first of some counters that there is."""
    found = [name for name in names if name in counters.names]
    return np.asarray(counters.values[counters.names.index(found[0])], dtype=np.float64) if found else None


def _adds_up(name: str) -> bool:
    """Whether a metric counts something over a sample, rather than telling a state or a share."""
    kind = name.rpartition(".")[2]
    return kind == "sum" or (kind in ("avg", "max", "min") and "cycles" in name)


def _rate_unit(name: str) -> str:
    if "bytes" in name:
        return "GB/s"
    return "GHz" if "cycles" in name else "per ns"
