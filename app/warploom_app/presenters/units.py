"""Counts, sizes, waiting times and shapes as text; times are written by `warploom.units`."""

from __future__ import annotations

from collections.abc import Iterable


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
    """How much more or less: "+58%"; "" for (nearly) nothing."""
    change = (after / before - 1) * 100 if before > 0 else 0.0
    if abs(change) < 0.5:
        return ""
    return f"{change:+,.0f}%".replace("-", "−")


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
