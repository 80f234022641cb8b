"""Splits a product's epilogue: what the library fuses (bias, residual, activation), and what an own kernel computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from warploom.device.cuda.lowering.context import LoweringContext
from warploom.device.cuda.lowering.segment import Segment
from warploom.graph import Precision, Primitive

Activation = tuple[str | float, ...]


@dataclass(frozen=True, slots=True)
class Fusion:
    """The part of an epilogue that the library computes with the product.

    Attributes:
        taken: How many of the epilogue's primitives.
        result: The tensor that the library then writes.
        biases: Constants with one value per output channel, to be summed.
        residual: A computed tensor that is added; "" for none.
        activation: As `ConvStep.activation` says it.
    """

    taken: int
    result: str
    biases: tuple[str, ...] = ()
    residual: str = ""
    activation: Activation = ()


def fusions(
    segment: Segment,
    context: LoweringContext,
    *,
    biases: tuple[str, ...],
    channel_axis: int,
    is_residual: Callable[[str], bool],
) -> tuple[Fusion, ...]:
    """The ways to split the epilogue, most fused first; the last one takes bias and ReLU at most.

    Args:
        segment: Anchored by a product.
        context: The context.
        biases: The product's own biases.
        channel_axis: The axis of the result that biases run along.
        is_residual: Whether the library can add a computed tensor, given where it lies.
    """
    precision = context.arithmetic(segment.main.outputs[0])
    most = _walk(segment, context, biases, channel_axis, is_residual, _ACTIVATIONS[precision])
    plain = _walk(segment, context, biases, channel_axis, _never, ("Relu",))
    return (most,) if most == plain else (most, plain)


# Strict float32 has library plans with bias and ReLU only; clamps in tf32 fall back to kernels of 300 us (cuDNN 9.19).
_SMOOTH = ("Relu", "Sigmoid", "Tanh", "Elu", "Swish", "Gelu", "Softplus")
_ACTIVATIONS: Mapping[Precision, tuple[str, ...]] = {
    Precision.FP32: ("Relu",),
    Precision.TF32: _SMOOTH,
    Precision.FP16: (*_SMOOTH, "Clip", "LeakyRelu"),
    Precision.BF16: (*_SMOOTH, "Clip", "LeakyRelu"),
}


def _never(name: str) -> bool:  # noqa: ARG001 - a predicate
    return False


def _walk(
    segment: Segment,
    context: LoweringContext,
    biases: tuple[str, ...],
    channel_axis: int,
    is_residual: Callable[[str], bool],
    activations: Sequence[str],
) -> Fusion:
    """Takes constant addends, then one residual, then one activation, as far as each comes next."""
    epilogue = segment.epilogue
    fusion = Fusion(0, segment.main.outputs[0], biases)
    for stage in ("bias", "residual", "activation"):
        while fusion.taken < len(epilogue):
            step = _stage(stage, epilogue, fusion, context, channel_axis, is_residual, activations)
            if step is None or _needs_earlier(epilogue, step, fusion):
                break
            fusion = step
            if stage != "bias":
                break
    return fusion


def _stage(
    stage: str,
    epilogue: Sequence[Primitive],
    fusion: Fusion,
    context: LoweringContext,
    channel_axis: int,
    is_residual: Callable[[str], bool],
    activations: Sequence[str],
) -> Fusion | None:
    primitive = epilogue[fusion.taken]
    if stage == "activation":
        found = _activation(epilogue[fusion.taken :], fusion.result)
        if found is None or found[0][0] not in activations:
            return None
        activation, count = found
        last = fusion.taken + count
        return Fusion(last, epilogue[last - 1].outputs[0], fusion.biases, fusion.residual, activation)
    other = _addend(primitive, fusion.result)
    if other is None:
        return None
    if stage == "bias" and _follows_channels(other, primitive.outputs[0], context, channel_axis):
        return Fusion(fusion.taken + 1, primitive.outputs[0], (*fusion.biases, other))
    strict = context.arithmetic(fusion.result) is Precision.FP32
    if stage == "residual" and other in context.placements and not strict and is_residual(other):
        return Fusion(fusion.taken + 1, primitive.outputs[0], fusion.biases, other)
    return None


def _addend(primitive: Primitive, value: str) -> str | None:
    """What an Add of two adds to a value."""
    if primitive.op not in ("Add", "Sum") or len(primitive.inputs) != 2 or primitive.inputs.count(value) != 1:
        return None
    first, second = primitive.inputs
    return second if first == value else first


def _follows_channels(name: str, result: str, context: LoweringContext, axis: int) -> bool:
    if context.constant(name) is None:
        return False
    whole, shape = context.tensor(result).shape, context.tensor(name).shape
    offset = len(whole) - len(shape)
    return all(size == 1 or (position + offset == axis and size == whole[axis]) for position, size in enumerate(shape))


def _needs_earlier(epilogue: Sequence[Primitive], after: Fusion, before: Fusion) -> bool:
    """Whether the rest reads a value from before what the library writes (then it has to stop earlier)."""
    hidden = {before.result, *(name for p in epilogue[before.taken : after.taken] for name in p.outputs)}
    hidden.discard(after.result)
    return any(name in hidden for primitive in epilogue[after.taken :] for name in primitive.inputs)


def _activation(chain: Sequence[Primitive], value: str) -> tuple[Activation, int] | None:
    """An activation of a value at the front of a chain, and of how many primitives it is made."""
    first = chain[0]
    if first.op == "Sigmoid" and len(chain) > 1 and first.inputs == (value,):
        gate = chain[1]
        if gate.op == "Mul" and sorted(gate.inputs) == sorted((value, first.outputs[0])):
            return ("Swish", 1.0), 2
    if first.inputs[0] != value or any(first.inputs[1:]):
        return None
    activation = next(_parameters(first), None)
    return None if activation is None else (activation, 1)


def _parameters(primitive: Primitive) -> Iterator[Activation]:
    match primitive.op:
        case "Relu" | "Sigmoid" | "Tanh" | "Softplus":
            yield (primitive.op,)
        case "Clip" if primitive.has("min") and primitive.has("max"):
            yield ("Clip", primitive.number("min"), primitive.number("max"))
        case "LeakyRelu" | "Elu":
            yield (primitive.op, primitive.number("alpha"))
        case "Swish":
            yield ("Swish", primitive.number("alpha"))
        case "Gelu":
            yield ("Gelu", primitive.text("approximate", "none"))
