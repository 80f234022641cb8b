"""Canonical form of pooling operators."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.graph import AttributeValue, Primitive
from warploom.importer.canonical.generic import Canonicalizer, keep, plain
from warploom.importer.canonical.padding import Window, resolve_pads
from warploom.importer.node import Node, Scope


def max_pool(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """MaxPool; the output of indices is dropped when nobody reads it."""
    outputs = tuple(name for i, name in enumerate(node.outputs) if i == 0 or name in scope.read)
    return (node.primitive(_sliding(node, scope), outputs=outputs, storage_order=node.integer("storage_order", 0)),)


def average_pool(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """AveragePool."""
    return (node.primitive(_sliding(node, scope), count_include_pad=node.integer("count_include_pad", 0)),)


def lp_pool(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """LpPool."""
    return (node.primitive(_sliding(node, scope), p=node.integer("p", 2)),)


def _sliding(node: Node, scope: Scope) -> Mapping[str, AttributeValue]:
    """The attributes that all sliding windows have."""
    window = _window(node)
    return {
        "kernel_shape": window.kernel,
        "strides": window.strides,
        "dilations": window.dilations,
        "pads": resolve_pads(node, window, scope.shape(node.inputs[0])[2:]),
        "ceil_mode": _ceil_mode(node),
    }


def _ceil_mode(node: Node) -> int:
    """SAME says itself how many windows there are."""
    return 0 if node.text("auto_pad", "NOTSET").startswith("SAME") else node.integer("ceil_mode", 0)


def _window(node: Node) -> Window:
    kernel = node.integers("kernel_shape")
    if not kernel:
        raise node.failure("has no kernel_shape.")
    ones = (1,) * len(kernel)
    return Window(kernel, node.integers("strides") or ones, node.integers("dilations") or ones)


CANONICAL: Mapping[str, Canonicalizer] = {
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "LpPool": lp_pool,
    "GlobalAveragePool": plain,
    "GlobalMaxPool": plain,
    "GlobalLpPool": keep,
}
