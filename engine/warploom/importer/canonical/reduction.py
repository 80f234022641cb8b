"""Canonical form of reductions: axes as an attribute, counted from the front, never absent."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.graph import Primitive
from warploom.importer.canonical.configuration import REDUCTIONS
from warploom.importer.canonical.generic import Canonicalizer, axis_of, positive_axis
from warploom.importer.node import Node, Scope


def reduce(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Reduce*: axes were an attribute before opset 18 (ReduceSum: 13), no axes means all of them."""
    rank = scope.rank(node.inputs[0])
    axes = node.integers("axes")
    if axes is None and node.input(1):
        axes = scope.required_integers(node, 1, "axes")
    if not axes and node.integer("noop_with_empty_axes", 0):
        return _without_axes(node)
    axes = tuple(sorted({positive_axis(node, axis, rank) for axis in axes})) if axes else tuple(range(rank))
    return (node.primitive(inputs=node.inputs[:1], axes=axes, keepdims=node.integer("keepdims", 1)),)


def _without_axes(node: Node) -> tuple[Primitive, ...]:
    """`noop_with_empty_axes` without axes reduces nothing (but still squares or takes magnitudes)."""
    unchanged = ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceLogSumExp")
    if node.op not in unchanged:
        raise node.failure("reduces no axes, which Warploom does not support.")
    return (node.primitive(op="Identity", inputs=node.inputs[:1]),)


def arg_reduce(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """ArgMax and ArgMin."""
    return (
        node.primitive(
            axis=axis_of(node, scope.rank(node.inputs[0]), 0),
            keepdims=node.integer("keepdims", 1),
            select_last_index=node.integer("select_last_index", 0),
        ),
    )


CANONICAL: Mapping[str, Canonicalizer] = {
    **dict.fromkeys(REDUCTIONS, reduce),
    "ArgMax": arg_reduce,
    "ArgMin": arg_reduce,
}
