"""What segments' prologues and epilogues become around a window, and the window of a primitive."""

from __future__ import annotations

from warploom.device.cuda.kernels.codegen.window import NOTHING, Fused, Window
from warploom.device.cuda.kernels.pointwise import chain_of, operand
from warploom.device.cuda.layout import row_major
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import Region
from warploom.graph import Primitive


def window_of(primitive: Primitive, x: Region) -> Window:
    """The window of a convolution or pooling operator on its input."""
    rank = len(x.layout.shape) - 2
    kernel = primitive.integers("kernel_shape")
    ones = (1,) * rank
    strides = primitive.integers("strides", ones)
    return Window(
        kernel, strides, primitive.integers("dilations", ones), primitive.integers("pads", (0,) * 2 * rank)[:rank]
    )


def fused_before(segment: Segment, context: LoweringContext) -> tuple[Region, Fused]:
    """Where a window reads its input, and the prologue: a chain from there to the anchor's first input."""
    if not segment.prologue:
        return context.region(segment.main.inputs[0]), NOTHING
    chain = chain_of(segment.prologue, context)
    result = segment.main.inputs[0]
    shape = context.tensor(result).shape
    like = row_major(shape, context.storage(result))
    whole = [n for n in chain.inputs if context.constant(n) is None and context.tensor(n).shape == shape]
    value = (whole or list(chain.inputs))[0]
    x = context.region(value) if whole else context.operand(value, like)
    reads = tuple((name, operand(name, segment.prologue, x.layout, context)) for name in chain.inputs if name != value)
    return x, Fused(chain, value, result, reads)


def fused_after(segment: Segment, context: LoweringContext) -> Fused:
    """The epilogue: a chain from the anchor's first output to what the segment writes."""
    if not segment.epilogue:
        return NOTHING
    chain = chain_of(segment.epilogue, context)
    value = segment.main.outputs[0]
    like = context.region(segment.writes[0]).layout
    reads = tuple((name, operand(name, segment.epilogue, like, context)) for name in chain.inputs if name != value)
    return Fused(chain, value, segment.writes[0], reads)
