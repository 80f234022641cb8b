"""Figures as text: units follow magnitude, digits are grouped, and a column keeps one unit."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TimeUnit:
    """A unit of time and its length in nanoseconds."""

    text: str
    ns: float

    def of_us(self, microseconds: float, decimals: int | None = None) -> str:
        """A latency in this unit, without the unit's name."""
        value = microseconds * 1e3 / self.ns
        if decimals is None:
            decimals = _decimals(value) if self.ns < 1e6 else 3
        return f"{value:,.{decimals}f}"


MICROSECONDS = TimeUnit("µs", 1e3)
MILLISECONDS = TimeUnit("ms", 1e6)
SECONDS = TimeUnit("s", 1e9)


def time_unit(largest_ns: float) -> TimeUnit:
    """The unit in which a largest value reads best (1 ms and more in ms, 1 µs and more in µs)."""
    for unit in (SECONDS, MILLISECONDS, MICROSECONDS):
        if largest_ns >= unit.ns * 0.9995:
            return unit
    return MICROSECONDS  # nothing here is resolved better than a few nanoseconds


def latency(microseconds: float, unit: TimeUnit | None = None) -> str:
    """A latency with its unit: "336.2 µs", "1.243 ms"."""
    if not math.isfinite(microseconds):
        return "–"
    unit = unit or time_unit(microseconds * 1e3)
    return f"{unit.of_us(microseconds)} {unit.text}"


def column_unit(values_us: Iterable[float]) -> TimeUnit:
    """The one unit of a column of latencies."""
    return time_unit(max((value for value in values_us if math.isfinite(value)), default=0.0) * 1e3)


def _decimals(value: float) -> int:
    """Three or four significant figures of a time in microseconds."""
    magnitude = abs(value)
    return 1 if magnitude >= 100 else 2 if magnitude >= 1 else 3


def scaled(value: float, unit: str, base: float = 1000.0) -> str:
    """A count with a prefix: "1.21 GFLOP", "768 kB"."""
    prefixes = ("", "k", "M", "G", "T", "P")
    power = 0
    while abs(value) >= base * 0.9995 and power < len(prefixes) - 1:
        value, power = value / base, power + 1
    decimals = 0 if power == 0 or abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return f"{value:,.{decimals}f} {prefixes[power]}{unit}"


def count(value: float) -> str:
    """A whole number with grouped digits."""
    return f"{value:,.0f}"


def percent_change(before: float, after: float) -> str:
    """How much more or less: "+58 %"."""
    if before <= 0:
        return ""
    change = (after / before - 1) * 100
    return f"{change:+,.0f} %".replace("-", "−")


def duration(seconds: float) -> str:
    """A waiting time: "0.4 s", "12 s", "2 min 5 s"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def shape(dimensions: Iterable[int]) -> str:
    """A shape: "1 × 768 × 17 × 17"."""
    return " × ".join(str(dimension) for dimension in dimensions) or "scalar"
