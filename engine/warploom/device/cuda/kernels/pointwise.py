"""Pointwise chains: one generated kernel computes whole chains, several independent ones in one launch."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.device.cuda.kernels.codegen.chain import Chain, Number
from warploom.device.cuda.kernels.codegen.elementwise import Part, elementwise_steps
from warploom.device.cuda.kernels.codegen.functions import FUNCTIONS
from warploom.device.cuda.layout import Layout, row_major
from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.registry import PointwiseFamily
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Graph, Precision, Primitive


def chain_of(body: tuple[Primitive, ...], context: LoweringContext) -> Chain:
    """The chain of some primitives of an Operator; constants of one element go into its text."""
    named = {name for primitive in body for name in (*primitive.inputs, *primitive.outputs) if name}
    numbers: dict[str, Number] = {}
    for name in named:
        value = context.scalar(name)
        if value is not None:
            numbers[name] = value
    return Chain(body, {name: context.tensor(name).dtype for name in named}, numbers)


def operand(name: str, body: tuple[Primitive, ...], like: Layout, context: LoweringContext) -> Region:
    """What a chain reads, broadcast to the shape of what it writes."""
    for primitive in body:
        if name in primitive.inputs[1:] and _is_per_channel(primitive, context):
            return _along(vector_of(name, context), _channel_axis(primitive), like)
    return context.operand(name, like)


def vector_of(name: str, context: LoweringContext) -> Region:
    """A tensor of parameters; constants stay in float32, as they cost nothing and rounding them would."""
    constant = context.constant(name)
    if constant is None or not constant.dtype.is_float:
        return context.region(name)
    return context.prepared(name, "parameters", row_major(constant.shape, DType.FLOAT32), constant.numpy)


def _is_per_channel(primitive: Primitive, context: LoweringContext) -> bool:
    """Whether its parameters are vectors along one axis (and not broadcast from the end)."""
    if primitive.op not in ("BatchNormalization", "QuantizeLinear", "DequantizeLinear"):
        return False
    return len(context.tensor(primitive.inputs[1]).shape) == 1


def _channel_axis(primitive: Primitive) -> int:
    return 1 if primitive.op == "BatchNormalization" else primitive.integer("axis", 1)


def _along(region: Region, axis: int, like: Layout) -> Region:
    """A vector read along one axis of a larger shape."""
    strides = [0] * len(like.shape)
    strides[axis] = region.layout.strides[0]
    return Region(region.buffer, region.offset, Layout(like.shape, tuple(strides), region.layout.dtype))


def lower_pointwise(segments: tuple[Segment, ...], context: LoweringContext) -> tuple[KernelStep, ...]:
    """One launch for all segments."""
    parts = [_part(segment, context) for segment in segments]
    labels = list(dict.fromkeys(part.chain.label for part in parts))
    return elementwise_steps("pointwise_" + "_and_".join(labels), parts)


def _part(segment: Segment, context: LoweringContext) -> Part:
    chain = chain_of(segment.body, context)
    writes = tuple((name, context.region(name)) for name in segment.writes)
    like = writes[0][1].layout
    reads = tuple((name, operand(name, segment.body, like, context)) for name in chain.inputs)
    return Part(chain, writes, reads)


_ONLY_FLOATS = frozenset(
    {
        *("LeakyRelu", "ThresholdedRelu", "Elu", "Selu", "Celu", "Gelu", "Mish", "Swish", "QuickGelu", "Sigmoid"),
        *("HardSigmoid", "HardSwish", "Softplus", "Softsign", "Tanh", "Erf", "Shrink", "Ceil", "Floor", "Round"),
        *("Exp", "Log", "Sqrt", "Reciprocal", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh"),
        *("Asinh", "Acosh", "Atanh", "Mean", "BatchNormalization"),
    }
)


def _obstacle(primitive: Primitive, graph: Graph, precision: Precision) -> str | None:  # noqa: ARG001 - an Obstacle
    dtype = _dtype(primitive.inputs[0], graph.tensors)
    if primitive.op in _ONLY_FLOATS and dtype is not None and not dtype.is_float:
        return f"of {dtype} has no kernel"
    if primitive.op in ("QuantizeLinear", "DequantizeLinear") and primitive.integer("block_size", 0):
        return "in blocks has no kernel"
    if primitive.op == "QuantizeLinear" and graph.tensors[primitive.outputs[0]].dtype not in _QUANTIZED:
        return f"to {graph.tensors[primitive.outputs[0]].dtype} has no kernel"
    return None


_QUANTIZED = (DType.INT8, DType.UINT8, DType.INT16, DType.UINT16)


def _dtype(name: str, tensors: Mapping[str, object]) -> DType | None:
    tensor = tensors.get(name)
    return getattr(tensor, "dtype", None)


POINTWISE = PointwiseFamily(frozenset(FUNCTIONS), lower_pointwise, _obstacle)
