"""TimeAxis: which stretch of time is seen, how it maps to pixels, and where round figures fall."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from warploom.units import TimeUnit, time_text, time_unit

_Times = TypeVar("_Times", float, npt.NDArray[np.float64])

MIN_SPAN_NS = 20.0
"""Closest zoom: a stretch of this length fills the view."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A round figure on the axis."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """A window on time.

    Attributes:
        start_ns: Time at the left edge.
        end_ns: Time at the right edge.
        limit_ns: Time after which there is nothing to see.
        left: Pixels left of the axis.
        width: Pixels that the axis is wide.
    """

    start_ns: float
    end_ns: float
    limit_ns: float
    left: float
    width: float

    @property
    def span_ns(self) -> float:
        """Length of what is seen."""
        return self.end_ns - self.start_ns

    @property
    def pixels_per_ns(self) -> float:
        """Scale."""
        return self.width / self.span_ns

    def x(self, time_ns: float) -> float:
        """Pixel position of a time."""
        return self.left + (time_ns - self.start_ns) * self.pixels_per_ns

    def xs(self, times_ns: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
        """Pixel positions of times."""
        return self.left + (times_ns.astype(np.float64) - self.start_ns) * self.pixels_per_ns

    def time_ns(self, x: float) -> float:
        """Time at a pixel position."""
        return self.start_ns + (x - self.left) / self.pixels_per_ns

    def column_edges_ns(self, columns: int) -> npt.NDArray[np.float64]:
        """Times of the edges of equally wide pixel columns."""
        return np.linspace(self.start_ns, self.end_ns, columns + 1)

    def fitted(self) -> TimeAxis:
        """Everything, with a little air behind the end."""
        return replace(self, start_ns=0.0, end_ns=max(self.limit_ns * 1.02, MIN_SPAN_NS))

    def zoomed(self, factor: float, around_ns: float) -> TimeAxis:
        """Shows `factor` times as long a stretch, the given time staying where it is."""
        full = max(self.limit_ns * 1.02, MIN_SPAN_NS)
        span = min(max(self.span_ns * factor, MIN_SPAN_NS), full)
        start = around_ns - (around_ns - self.start_ns) * span / self.span_ns
        return self._placed(start, span)

    def panned(self, delta_ns: float) -> TimeAxis:
        """Moves the stretch along, not beyond its ends."""
        return self._placed(self.start_ns + delta_ns, self.span_ns)

    def showing(self, start_ns: float, end_ns: float) -> TimeAxis:
        """Moves (and widens if it must) so that a stretch is seen, changing as little as can be."""
        if start_ns >= self.start_ns and end_ns <= self.end_ns:
            return self
        span = max(self.span_ns, (end_ns - start_ns) * 1.2)
        return self._placed((start_ns + end_ns - span) / 2, span)

    def framing(self, start_ns: float, end_ns: float) -> TimeAxis:
        """Zooms so that a stretch fills most of the view."""
        span = max((end_ns - start_ns) * 1.5, MIN_SPAN_NS)
        return self._placed((start_ns + end_ns - span) / 2, span)

    def placed_on(self, other: TimeAxis) -> TimeAxis:
        """The stretch that another axis shows, as far as there is something to see here."""
        return self.placed_at(other.left, other.width)._placed(other.start_ns, other.span_ns)

    def placed_at(self, left: float, width: float) -> TimeAxis:
        """The same stretch on other pixels."""
        return replace(self, left=left, width=max(width, 1.0))

    def _placed(self, start_ns: float, span_ns: float) -> TimeAxis:
        full = max(self.limit_ns * 1.02, MIN_SPAN_NS)
        span = min(span_ns, full)
        start = min(max(start_ns, 0.0), full - span)
        return replace(self, start_ns=start, end_ns=start + span)

    @property
    def unit(self) -> TimeUnit:
        """The unit of the axis: chosen by the whole length, so that panning and zooming never change it."""
        return time_unit(self.limit_ns / 1000)

    def moment(self, time_ns: float) -> str:
        """A time on the axis, with as many digits as a pixel tells apart: "244.7 µs", zoomed in "244.731 µs"."""
        unit = self.unit
        pixel = self.span_ns / max(self.width, 1.0) / (unit.microseconds * 1000)
        finest = round(math.log10(unit.microseconds * 1000))  # a nanosecond
        digits = min(max(math.ceil(-math.log10(pixel) - 1e-9), 0 if pixel >= 1 else unit.digits), finest)
        return time_text(time_ns / 1000, replace(unit, digits=digits))

    def ticks(self, min_gap: float = 72.0) -> tuple[Tick, ...]:
        """Round figures at least `min_gap` pixels apart."""
        step = nice_step(self.span_ns * min_gap / self.width)
        first = math.ceil(self.start_ns / step - 1e-9)
        last = math.floor(self.end_ns / step + 1e-9)
        unit_ns = self.unit.microseconds * 1000
        decimals = max(0, -math.floor(math.log10(step / unit_ns) + 1e-9))
        return tuple(
            Tick(self.x(i * step), f"{i * step / unit_ns:,.{decimals}f}") for i in range(first, last + 1)
        )  # fmt: skip


def nice_step(at_least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50, ... that is not below a figure."""
    power = 10.0 ** math.floor(math.log10(at_least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= at_least * (1 - 1e-9))


def full_axis(limit_ns: float) -> TimeAxis:
    """An axis that shows everything up to a time."""
    return TimeAxis(0.0, 1.0, max(limit_ns, 1.0), 0.0, 1.0).fitted()
