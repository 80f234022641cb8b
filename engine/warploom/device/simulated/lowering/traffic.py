"""Traffic: what a segment must move when every tensor is touched once, and the arithmetic that it must do."""

from __future__ import annotations

from dataclasses import dataclass

from warploom.device.simulated.lowering.context import Lowering
from warploom.device.simulated.lowering.segments import Segment
from warploom.graph.work import primitive_flops

_CURVES = frozenset(("Sigmoid", "Tanh", "Gelu", "Erf", "Softplus", "Swish", "Elu", "Mish", "Exp"))


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes and FLOPs of one segment.

    Attributes:
        flops: Arithmetic of all its primitives.
        read: Bytes read, weights included.
        written: Bytes written.
        dram: Bytes that miss L2.
        extra_read: The part of `read` that the anchor does not read: residual addends and the like.
        curves: Elements of activations that are made of exponentials.
    """

    flops: int
    read: int
    written: int
    dram: float
    extra_read: int
    curves: int = 0


def traffic_of(segment: Segment, lowering: Lowering) -> Traffic:
    """The traffic of a segment."""
    own = set(segment.anchor.inputs) if segment.anchor else set()
    sizes = {name: lowering.bytes_of(name) for name in segment.reads}
    return Traffic(
        flops=sum(primitive_flops(primitive, lowering.tensors) for primitive in segment.body),
        read=sum(sizes.values()),
        written=sum(lowering.bytes_of(name) for name in segment.writes),
        dram=lowering.dram_bytes((*segment.reads, *segment.writes)),
        extra_read=sum(size for name, size in sizes.items() if name not in own),
        curves=sum(
            lowering.tensors[primitive.outputs[0]].elements for primitive in segment.body if primitive.op in _CURVES
        ),
    )
