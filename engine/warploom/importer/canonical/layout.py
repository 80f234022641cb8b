"""Canonical form of operators that move or reinterpret data without choosing any of it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from warploom.graph import Primitive
from warploom.importer.canonical.generic import Canonicalizer, axis_of, positive_axis
from warploom.importer.node import Node, Scope


def reshape(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Reshape: `shape` is the output's, with no 0 or -1 left."""
    before, after = scope.shape(node.inputs[0]), scope.shape(node.outputs[0])
    if math.prod(before) != math.prod(after):
        raise node.failure(
            f"cannot reshape {list(before)} to {list(after)}: its shape is fixed in the file for other input sizes; "
            "export the model with a dynamic batch and dynamic sizes, or use those in the file."
        )
    return (node.primitive(inputs=node.inputs[:1], shape=scope.shape(node.outputs[0])),)


def expand(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Expand: `shape` is the output's."""
    return (node.primitive(inputs=node.inputs[:1], shape=scope.shape(node.outputs[0])),)


def flatten(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Flatten: its axis may equal the number of dimensions."""
    rank = scope.rank(node.inputs[0])
    axis = node.integer("axis", 1)
    return (node.primitive(axis=axis + rank if axis < 0 else axis),)


def squeeze(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Squeeze: axes were an attribute before opset 13; without axes every dimension of size 1 goes."""
    shape = scope.shape(node.inputs[0])
    axes = _axes(node, scope)
    if axes is None:
        axes = tuple(axis for axis, size in enumerate(shape) if size == 1)
    axes = tuple(sorted(positive_axis(node, axis, len(shape)) for axis in axes))
    return (node.primitive(inputs=node.inputs[:1], axes=axes),)


def unsqueeze(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Unsqueeze: axes count in the output."""
    rank = scope.rank(node.outputs[0])
    axes = _axes(node, scope) or ()
    axes = tuple(sorted(positive_axis(node, axis, rank) for axis in axes))
    return (node.primitive(inputs=node.inputs[:1], axes=axes),)


def _axes(node: Node, scope: Scope) -> tuple[int, ...] | None:
    axes = node.integers("axes")
    return scope.required_integers(node, 1, "axes") if axes is None and node.input(1) else axes


def transpose(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Transpose: reversed order is the default."""
    rank = scope.rank(node.inputs[0])
    return (node.primitive(perm=node.integers("perm") or tuple(reversed(range(rank)))),)


def tile(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Tile."""
    return (node.primitive(inputs=node.inputs[:1], repeats=scope.required_integers(node, 1, "repeats")),)


def concat(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Concat: empty parts are no inputs."""
    inputs = tuple(name for name in node.inputs if scope.tensors[name].elements)
    return (node.primitive(inputs=inputs, axis=axis_of(node, scope.rank(node.outputs[0]), 0)),)


def depth_to_space(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001
    """DepthToSpace: depth-column-row order is the default."""
    return (node.primitive(blocksize=node.integer("blocksize", 1), mode=node.text("mode", "DCR")),)


def space_to_depth(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001
    """SpaceToDepth."""
    return (node.primitive(blocksize=node.integer("blocksize", 1)),)


CANONICAL: Mapping[str, Canonicalizer] = {
    "Reshape": reshape,
    "Expand": expand,
    "Flatten": flatten,
    "Squeeze": squeeze,
    "Unsqueeze": unsqueeze,
    "Transpose": transpose,
    "Tile": tile,
    "Concat": concat,
    "DepthToSpace": depth_to_space,
    "SpaceToDepth": space_to_depth,
}
