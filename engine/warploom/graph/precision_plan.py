"""PrecisionPlan: how every operator of a Graph computes, as a value that recordings keep and that is applied again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warploom.graph.precision import UNIFORM, Precision

AUTO = "auto"
"""What users ask for when the precision of every operator is to be decided."""

CHOICES = (*(precision.value for precision in UNIFORM), Precision.INT8.value, AUTO)
"""What users may ask for."""

ERROR_BUDGET = 2e-3
"""Of the relative L2 error of every output with AUTO, where the user names none."""


@dataclass(frozen=True, slots=True)
class PrecisionPlan:
    """What was decided for a model; `warploom.passes.apply_precision` rewrites its fused Graph so.

    Attributes:
        precision: What devices are asked for: MIXED (floats as the Graph says), or INT8 (other floats in 16 bits).
        operators: Precision of operators by name. With MIXED those that are not named stay in float32; with INT8 those
            named are quantized and the others are not.
        scales: Value of one step of 8-bit integers, by the tensor (of the Graph before it was rewritten) that they
            stand for.
    """

    precision: Precision
    operators: tuple[tuple[str, Precision], ...]
    scales: tuple[tuple[str, float], ...] = ()

    @property
    def by_operator(self) -> Mapping[str, Precision]:
        """`operators` as a mapping."""
        return dict(self.operators)
