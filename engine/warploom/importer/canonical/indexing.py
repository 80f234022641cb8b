"""Canonical form of operators that choose elements by index or order."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.graph import AttributeValue, Primitive
from warploom.importer.canonical.configuration import CONFIGURATION
from warploom.importer.canonical.generic import Canonicalizer, attribute_value, axis_of
from warploom.importer.node import Node, Scope


def along_axis(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Gather, GatherElements: one axis of the data."""
    return (node.primitive(axis=axis_of(node, scope.rank(node.inputs[0]), 0)),)


def scatter(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """ScatterElements, called Scatter before opset 11; without updates it does nothing."""
    if not scope.tensors[node.inputs[2]].elements:
        return (node.primitive(op="Identity", inputs=node.inputs[:1]),)
    axis = axis_of(node, scope.rank(node.inputs[0]), 0)
    return (node.primitive(op="ScatterElements", axis=axis, reduction=node.text("reduction", "none")),)


def gather_nd(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001 - the signature of every family
    """GatherND."""
    return (node.primitive(batch_dims=node.integer("batch_dims", 0)),)


def scatter_nd(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """ScatterND; without updates it does nothing."""
    if not scope.tensors[node.inputs[2]].elements:
        return (node.primitive(op="Identity", inputs=node.inputs[:1]),)
    return (node.primitive(reduction=node.text("reduction", "none")),)


def top_k(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """TopK: `k` was an attribute before opset 10; indices nobody reads stay (every runtime writes them)."""
    axis = axis_of(node, scope.rank(node.inputs[0]), -1)
    k = node.integer("k", 0) if "k" in node.values else scope.required_integers(node, 1, "k")[0]
    return (
        node.primitive(
            inputs=node.inputs[:1],
            k=k,
            axis=axis,
            largest=node.integer("largest", 1),
            sorted=node.integer("sorted", 1),
        ),
    )


def configured(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Operators whose configuring inputs become attributes where they are constant, and stay inputs where not."""
    attributes: dict[str, AttributeValue] = {name: attribute_value(value) for name, value in node.values.items()}
    inputs = list(node.inputs)
    for name, where in CONFIGURATION[node.op].items():
        values = scope.array(node.input(where.position))
        if values is not None:
            flat = values.reshape(-1).tolist()
            attributes[name] = flat[0] if where.scalar else tuple(flat)
            inputs[where.position] = ""
    return (node.primitive(attributes, inputs=tuple(inputs)),)


CANONICAL: Mapping[str, Canonicalizer] = {
    "Gather": along_axis,
    "GatherElements": along_axis,
    "Scatter": scatter,
    "ScatterElements": scatter,
    "GatherND": gather_nd,
    "ScatterND": scatter_nd,
    "TopK": top_k,
    "CumSum": configured,
    "Trilu": configured,
    "OneHot": configured,
    "NonMaxSuppression": configured,
    "CenterCropPad": configured,
}
