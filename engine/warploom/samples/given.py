"""Weights that the caller gives, in a builder that otherwise makes its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from warploom.samples.weights import Float32, Weight


@dataclass(frozen=True, slots=True)
class GivenWeight(Weight):
    """A weight with values of its own: no seed changes them.

    Attributes:
        array: The values, float32.
    """

    array: Float32 = field(default_factory=lambda: np.zeros((), np.float32), compare=False)

    def values(self, seed: tuple[int, ...]) -> Float32:  # noqa: ARG002 - given, not drawn
        return self.array


def given_weight(name: str, array: Float32) -> GivenWeight:
    """The weight of that name with these values."""
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
    return GivenWeight(name, array.shape, low, high, low, array)
