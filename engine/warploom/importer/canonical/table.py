"""Picks the function that knows a node's operator; operators that nobody knows keep their attributes as they are."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.errors import ModelImportError
from warploom.graph import Primitive
from warploom.importer.canonical import (
    activation,
    convolution,
    generic,
    indexing,
    layout,
    matrix,
    normalization,
    pooling,
    reduction,
    resize,
    slicing,
)
from warploom.importer.canonical.generic import Canonicalizer
from warploom.importer.node import Node, Scope

_TABLE: Mapping[str, Canonicalizer] = {
    op: function
    for family in (
        activation,
        convolution,
        indexing,
        layout,
        matrix,
        normalization,
        pooling,
        reduction,
        resize,
        slicing,
    )
    for op, function in family.CANONICAL.items()
}


def canonicalize(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """The canonical form of a node: nearly always one Primitive.

    Args:
        node: Any node that computes (not a constant).
        scope: Shapes of its inputs and outputs, constants among its inputs.

    Raises:
        ModelImportError: If its attributes do not fit its operator, or it asks for training.
    """
    try:
        return _TABLE.get(node.op, generic.keep)(node, scope)
    except ModelImportError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise node.failure(f"has inputs or attributes that do not fit its operator ({error}).") from error
