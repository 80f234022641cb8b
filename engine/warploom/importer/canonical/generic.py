"""What all families share, and the canonical form of operators without a family: attributes as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from onnx import GraphProto, TensorProto, numpy_helper

from warploom.graph import AttributeValue, Primitive
from warploom.importer.node import Node, Scope

Canonicalizer = Callable[[Node, Scope], tuple[Primitive, ...]]


def keep(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001 - the signature of every family
    """Keeps inputs, outputs and attributes."""
    attributes = {name: attribute_value(value) for name, value in node.values.items()}
    return (node.primitive(attributes),)


def plain(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001 - the signature of every family
    """For operators without attributes that matter."""
    return (node.primitive(),)


def attribute_value(value: Any) -> AttributeValue:
    """A decoded attribute as a value that a Primitive can hold."""
    if isinstance(value, GraphProto):
        return f"subgraph of {len(value.node)} nodes"
    if isinstance(value, TensorProto):
        return _numbers(numpy_helper.to_array(value))
    if isinstance(value, tuple) and not all(isinstance(item, int | float | str) for item in value):
        return tuple(str(item) for item in value)
    if isinstance(value, int | float | str | tuple):
        return value
    return str(value)


def _numbers(array: np.ndarray[Any, Any]) -> AttributeValue:
    values = np.ravel(array).tolist()
    return tuple(values)


def axis_of(node: Node, rank: int, default: int) -> int:
    """The attribute `axis`, counted from the front.

    Raises:
        ModelImportError: If it is out of range.
    """
    return positive_axis(node, node.integer("axis", default), rank)


def positive_axis(node: Node, axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        ModelImportError: If it is out of range.
    """
    if not -rank <= axis < max(rank, 1):
        raise node.failure(f"has the axis {axis}, but its tensor has {rank} dimensions.")
    return axis + rank if axis < 0 else axis
