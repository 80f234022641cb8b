"""What is fused around a window: a pointwise chain on its input, or on its results."""

from __future__ import annotations

from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.chain import IDENTITY, Chain
from warploom.device.cuda.steps import Region
from warploom.graph import DType


@dataclass(frozen=True, slots=True)
class Fused:
    """A pointwise chain before or after the window.

    Attributes:
        chain: The chain.
        value: The name of what goes through it: the window's own input or result.
        result: The name of what comes out.
        reads: Its other operands, of the same logical shape as the value (stride 0 where they repeat).
    """

    chain: Chain = IDENTITY
    value: str = "x"
    result: str = "x"
    reads: tuple[tuple[str, Region], ...] = ()

    def result_type(self, value: DType) -> DType:
        """The type behind the chain of values that are stored in some type: it may make floats of integers."""
        if not self.chain.body:
            return value
        result = self.chain.types[self.result]
        return value if result.is_float == value.is_float else result


NOTHING = Fused()
