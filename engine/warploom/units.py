"""How figures are written everywhere: four digits of a time, one unit per column, an en dash for what is not known."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class TimeUnit:
    """A unit of time: its sign, how many microseconds it has, and the digits shown after the point."""

    name: str
    microseconds: float
    digits: int

    def text(self, value_us: float | None, digits: int | None = None) -> str:
        """A time in this unit, without the unit's sign."""
        shown = self.digits if digits is None else digits
        return number_text(None if value_us is None else value_us / self.microseconds, shown)


MICROSECONDS = TimeUnit("µs", 1.0, 1)
MILLISECONDS = TimeUnit("ms", 1e3, 3)
SECONDS = TimeUnit("s", 1e6, 3)


def time_unit(largest_us: float) -> TimeUnit:
    """The unit, and its digits, for a column whose largest value is this.

    Four digits in all from a millisecond on; below it a tenth of a microsecond, and below ten a hundredth: nothing here
    is resolved better than a few nanoseconds.
    """
    size = abs(largest_us)
    unit = next((one for one in (SECONDS, MILLISECONDS) if size >= one.microseconds * 0.99995), MICROSECONDS)
    value = size / unit.microseconds
    if unit is MICROSECONDS:
        return replace(unit, digits=2 if value < 9.995 else 1)
    return replace(unit, digits=3 if value < 9.9995 else 2 if value < 99.995 else 1)


def column_unit(values_us: Iterable[float]) -> TimeUnit:
    """The one unit of a column of times that differ in size: fine enough for the small ones, too."""
    unit = time_unit(max((abs(value) for value in values_us if math.isfinite(value)), default=0.0))
    return replace(unit, digits=max(unit.digits, 2 if unit.name == MICROSECONDS.name else 3))


def number_text(value: float | None, digits: int) -> str:
    """A number as shown; digits < 0 means scientific notation with two significant digits."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:.1e}" if digits < 0 else f"{value:,.{digits}f}"


def change_text(value: float, digits: int) -> str:
    """A difference with its sign; what rounds to nothing has none."""
    text = f"{value:+,.{digits}f}"
    return text[1:] if not text.strip("+-0.,") else text


def time_text(value_us: float, unit: TimeUnit | None = None) -> str:
    """A single time, in the unit that suits its size if none is given: "3.66 µs", "483.9 µs", "1.930 ms"."""
    if not math.isfinite(value_us):
        return UNKNOWN
    unit = unit or time_unit(value_us)
    return f"{unit.text(value_us)} {unit.name}"
