"""Picks what writes a node out as simpler ones; most nodes stay as they are."""

from __future__ import annotations

from collections.abc import Mapping

from onnx import NodeProto

from warploom.errors import ModelImportError
from warploom.importer.expand import (
    control,
    einsum,
    indexing,
    microsoft,
    quantized,
    recurrent,
    sequences,
    spectral,
    vision,
)
from warploom.importer.expand.definition import by_definition, is_defined
from warploom.importer.expand.writer import Expander, Writer, WrittenNode
from warploom.importer.node import Node, Scope

_FAMILIES = (control, einsum, indexing, microsoft, quantized, recurrent, sequences, spectral, vision)
_TABLE: Mapping[str, Expander] = {op: expander for family in _FAMILIES for op, expander in family.EXPANDERS.items()}

EXPANDED = frozenset(_TABLE)
"""Operators that a Graph never holds, since they are written out."""


def expand(proto: NodeProto, node: Node, scope: Scope) -> list[WrittenNode] | None:
    """The simpler nodes that a node stands for; None if it stays.

    Args:
        proto: The node.
        node: The same, decoded.
        scope: What is known of its inputs.

    Raises:
        ModelImportError: If the node has a form that cannot be written out.
    """
    expander = _expander(node, scope)
    if expander is None:
        return by_definition(proto, node, scope) if is_defined(node) else None
    writer = Writer(node, scope)
    if node.op in control.EXPANDERS and not control.is_decided(writer):
        return None
    try:
        expander(writer)
    except ModelImportError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise node.failure(f"has inputs or attributes that do not fit its operator ({error}).") from error
    return writer.parts


def _expander(node: Node, scope: Scope) -> Expander | None:
    if node.op == "Identity" and node.inputs[0] in scope.sequences:
        return sequences.identity
    if node.op == "DequantizeLinear" and node.integer("block_size", 0):
        return quantized.blockwise
    return _TABLE.get(node.op)
