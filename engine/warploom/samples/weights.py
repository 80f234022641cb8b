"""The weights of the sample models: seeded, the same bytes on every machine, made only when they are written."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight tensor, described but not made yet: uniform in [low, high).

    Attributes:
        name: Tensor name.
        shape: Its shape.
        low: Smallest value.
        high: Bound of the largest value; equal to `low` for a constant.
        fill: The one value that stands for it in a light model.
    """

    name: str
    shape: tuple[int, ...]
    low: float
    high: float
    fill: float

    @property
    def elements(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes as float32."""
        return 4 * self.elements

    def values(self, seed: tuple[int, ...]) -> Float32:
        """The values for a seed, computed by integer and correctly rounded operations only.

        NumPy guarantees the raw stream of a bit generator over its versions, but not that of its distributions.
        """
        raw = np.random.PCG64(np.random.SeedSequence(seed)).random_raw((self.elements + 1) // 2)
        halves = raw.astype("<u8").view("<u4")[: self.elements]
        unit = (halves >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
        values = np.float32(self.low) + unit * np.float32(self.high - self.low)
        return values.astype(np.float32).reshape(self.shape)


def symmetric(name: str, shape: tuple[int, ...], deviation: float, fill: float) -> Weight:
    """A weight around zero with a given standard deviation."""
    bound = deviation * math.sqrt(3.0)
    return Weight(name, shape, -bound, bound, fill)
