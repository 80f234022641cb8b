"""The ending of kernels whose sums are integers: what follows in floats, and the conversion back to 8 bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from warploom.device.cuda.kernels.codegen.chain import Chain
from warploom.device.cuda.kernels.codegen.requantized import Requantized
from warploom.device.cuda.kernels.pointwise import chain_of
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.segment import Segment
from warploom.graph import DType, Primitive

BYTES = (DType.INT8, DType.UINT8)


@dataclass(frozen=True, slots=True)
class Ending:
    """What a kernel does with a result in floats.

    Attributes:
        chain: From the anchor's first output.
        result: The chain's name of what is written or requantized.
        requantized: How that becomes integers; None where it is written as it is.
        divisor: What the anchor's result is to be divided by beforehand.
    """

    chain: Chain
    result: str
    requantized: Requantized | None
    divisor: float


def ending_of(segment: Segment, context: LoweringContext) -> Ending:
    """The ending of a segment. Where only a clamp comes before the conversion, it is done on integer steps."""
    body, value = segment.epilogue, segment.main.outputs[0]
    nothing = Chain((), {value: DType.FLOAT32})
    last = _requantizing(body[-1], context) if body else None
    if last is None:
        return Ending(chain_of(body, context) if body else nothing, segment.writes[0], None, 1.0)
    scale, requantized = last
    limits = _clamp(body[:-1], value)
    if limits is None:
        scaled = replace(requantized, factor=1.0 / scale)
        return Ending(chain_of(body[:-1], context), body[-1].inputs[0], scaled, 1.0)
    low, high = (limit / scale for limit in limits)
    clamped = replace(requantized, low=max(requantized.low, low), high=min(requantized.high, high))
    return Ending(nothing, value, clamped, scale)


def _requantizing(last: Primitive, context: LoweringContext) -> tuple[float, Requantized] | None:
    """The scale of a conversion to 8 bits, and the integers that it gives."""
    dtype = context.tensor(last.outputs[0]).dtype
    if last.op != "QuantizeLinear" or dtype not in BYTES:
        return None
    scalars = [context.scalar(name) for name in last.inputs[1:] if name]
    if None in scalars:
        return None
    zero = int(scalars[1] or 0) if len(scalars) > 1 else 0
    low, high = (-128, 127) if dtype is DType.INT8 else (0, 255)
    return float(scalars[0] or 0.0), Requantized(1.0, zero, float(low - zero), float(high - zero))


def _clamp(body: Sequence[Primitive], value: str) -> tuple[float, float] | None:
    """The limits that a chain of nothing but a clamp keeps a value in; None for any other chain."""
    if not body:
        return -np.inf, np.inf
    first = body[0]
    if len(body) > 1 or first.inputs[0] != value:
        return None
    if first.op == "Relu":
        return 0.0, np.inf
    if first.op == "Clip" and first.has("min") and first.has("max") and not any(first.inputs[1:]):
        return first.number("min"), first.number("max")
    return None
