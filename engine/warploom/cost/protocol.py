"""CostModel: the only thing that a scheduler knows about a device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from warploom.schedule import Stage


@dataclass(frozen=True, slots=True)
class Cost:
    """Latency of a stage in microseconds: the median, and the quartiles of the samples behind it.

    A model without noise has p25 = median = p75. An impossible stage (a merge that no kernel can run) costs infinity.
    """

    median_us: float
    p25_us: float
    p75_us: float

    @staticmethod
    def exactly(latency_us: float) -> Cost:
        """A cost without spread."""
        return Cost(latency_us, latency_us, latency_us)


class CostModel(Protocol):
    """Latency of stages on a device; a batch at a time, so that a measuring model can fill a GPU with work."""

    def stage_costs(self, stages: Sequence[Stage]) -> Sequence[Cost]:
        """The cost of each stage, alone, its closing barrier included."""
        ...
