"""How figures are written: one unit per column, thousands separated, an en dash for what is not known."""

from __future__ import annotations

import math
from dataclasses import dataclass

UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class TimeUnit:
    """A unit of time: its sign, how many microseconds it has, and the digits shown after the point."""

    name: str
    microseconds: float
    digits: int

    def text(self, value_us: float | None) -> str:
        """A time in this unit, without the unit's sign."""
        return number_text(None if value_us is None else value_us / self.microseconds, self.digits)


MICROSECONDS = TimeUnit("µs", 1.0, 1)
MILLISECONDS = TimeUnit("ms", 1000.0, 3)


def time_unit(largest_us: float) -> TimeUnit:
    """The unit for a column whose largest value is this."""
    return MILLISECONDS if largest_us >= 1000.0 else MICROSECONDS


def number_text(value: float | None, digits: int) -> str:
    """A number as shown; digits < 0 means scientific notation with two significant digits."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:.1e}" if digits < 0 else f"{value:,.{digits}f}"


def change_text(value: float, digits: int) -> str:
    """A difference with its sign; what rounds to nothing has none."""
    text = f"{value:+,.{digits}f}"
    return text[1:] if not text.strip("+-0.,") else text


def time_text(value_us: float) -> str:
    """A single time with the unit that suits its size."""
    unit = time_unit(value_us)
    return f"{unit.text(value_us)} {unit.name}"
