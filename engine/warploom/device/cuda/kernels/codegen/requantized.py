"""Requantized: how generated kernels turn floats into integers of 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.types import float_literal


@dataclass(frozen=True, slots=True)
class Requantized:
    """How a result becomes 8-bit integers: rounded to the nearest (even), saturated.

    Attributes:
        factor: Multiplies it first.
        zero: Is added to the integer.
        low: The product is at least that, before it is rounded.
        high: It is at most that.
    """

    factor: float
    zero: int
    low: float
    high: float

    def word(self, value: str) -> str:
        """The C++ expression of a word whose low byte is the integer; `wl::float_bits` has to be known.

        Adding 1.5 * 2^23 leaves the nearest integer in the low bits, as one instruction; conversions are slower.
        """
        scaled = value if self.factor == 1.0 else f"{value} * {float_literal(self.factor)}"
        clamped = f"fminf(fmaxf({scaled}, {float_literal(self.low)}), {float_literal(self.high)})"
        return f"wl::float_bits({clamped} + {float_literal(12582912.0 + self.zero)})"
