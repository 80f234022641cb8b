"""Tensor: the name, static shape and element type of a value that flows between Operators."""

from __future__ import annotations

import math
from dataclasses import dataclass

from warploom.graph.dtype import DType


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value of the Graph; its shape is static (every dimension a known integer >= 0), () for a scalar."""

    name: str
    shape: tuple[int, ...]
    dtype: DType

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes in the tensor's own element type (a device's Precision may store floats in fewer)."""
        return self.elements * self.dtype.itemsize
