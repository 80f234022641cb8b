"""Canonical form of pointwise operators: defaults spelled out, Clip's bounds as attributes."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.graph import AttributeValue, DType, Primitive
from warploom.importer.canonical.generic import Canonicalizer, plain
from warploom.importer.element_types import dtype_of
from warploom.importer.node import Node, Scope

_DEFAULTS: Mapping[str, Mapping[str, float]] = {
    "LeakyRelu": {"alpha": 0.01},
    "Elu": {"alpha": 1.0},
    "Celu": {"alpha": 1.0},
    "Selu": {"alpha": 1.6732631921768188, "gamma": 1.0507010221481323},
    "HardSigmoid": {"alpha": 0.2, "beta": 0.5},
    "ThresholdedRelu": {"alpha": 1.0},
    "Shrink": {"bias": 0.0, "lambd": 0.5},
    "Swish": {"alpha": 1.0},
}


def with_defaults(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001 - the signature of every family
    """Activations with float parameters."""
    attributes = {name: node.number(name, default) for name, default in _DEFAULTS[node.op].items()}
    return (node.primitive(attributes),)


def gelu(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001
    """Gelu: exact or by tanh."""
    return (node.primitive(approximate=node.text("approximate", "none")),)


def clip(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Clip: bounds that are constant (attributes before opset 11, inputs since) become attributes `min` and `max`."""
    inputs = [node.inputs[0], "", ""]
    attributes: dict[str, AttributeValue] = {}
    for position, name in ((1, "min"), (2, "max")):
        bound = scope.array(node.input(position))
        if name in node.values:
            attributes[name] = float(node.values[name])
        elif bound is not None:
            attributes[name] = bound.reshape(-1)[0].item()
        else:
            inputs[position] = node.input(position)
    return (node.primitive(attributes, inputs=tuple(inputs)),)


def cast(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001
    """Cast: `to` is the name of the element type."""
    to = dtype_of(node.integer("to", 0), f"The output of the node {node.name!r} (Cast)")
    return (node.primitive(to=str(to)),)


def cast_like(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """CastLike: the other tensor only tells the type, so it is a Cast."""
    to: DType = scope.tensors[node.inputs[1]].dtype
    return (node.primitive(op="Cast", inputs=node.inputs[:1], to=str(to)),)


def dropout(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Dropout does nothing in inference; its mask is dropped when nobody reads it."""
    training = scope.array(node.input(2))
    if training is not None and training.any():
        raise node.failure("is in training mode: export the model for inference.")
    outputs = tuple(name for i, name in enumerate(node.outputs) if i == 0 or name in scope.read)
    return (node.primitive(inputs=node.inputs[:1], outputs=outputs),)


def modulo(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001
    """Mod."""
    return (node.primitive(fmod=node.integer("fmod", 0)),)


_PLAIN = (
    *("Relu", "PRelu", "Sigmoid", "HardSwish", "Softplus", "Softsign", "Tanh", "Erf", "Mish", "Identity"),
    *("Add", "Sub", "Mul", "Div", "Pow", "Sum", "Mean", "Max", "Min", "Where"),
    *("Abs", "Neg", "Sign", "Ceil", "Floor", "Round", "Exp", "Log", "Sqrt", "Reciprocal", "IsNaN"),
    *("Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"),
    *("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor", "Not"),
)

CANONICAL: Mapping[str, Canonicalizer] = {
    **dict.fromkeys(_DEFAULTS, with_defaults),
    **dict.fromkeys(_PLAIN, plain),
    "Gelu": gelu,
    "Clip": clip,
    "Cast": cast,
    "CastLike": cast_like,
    "Dropout": dropout,
    "Mod": modulo,
}
