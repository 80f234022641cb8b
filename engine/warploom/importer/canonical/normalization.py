"""Canonical form of normalizations and softmax."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from warploom.graph import Primitive
from warploom.importer.canonical.generic import Canonicalizer, axis_of
from warploom.importer.node import Node, Scope


def batch_normalization(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """BatchNormalization in inference: statistics are inputs, nothing else is written."""
    updated = [name for name in node.outputs[1:] if name in scope.read]
    if node.integer("training_mode", 0) or updated:
        raise node.failure("computes statistics as in training: export the model for inference.")
    if not node.integer("spatial", 1) and scope.rank(node.inputs[1]) != 1:
        raise node.failure("normalizes every element for itself (spatial=0), which Warploom does not support.")
    return (node.primitive(outputs=node.outputs[:1], epsilon=node.number("epsilon", 1e-5)),)


def instance_normalization(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001
    """InstanceNormalization."""
    return (node.primitive(epsilon=node.number("epsilon", 1e-5)),)


def layer_normalization(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """LayerNormalization; mean and deviation are dropped when nobody reads them."""
    outputs = tuple(name if i == 0 or name in scope.read else "" for i, name in enumerate(node.outputs))
    return (
        node.primitive(
            outputs=outputs,
            axis=axis_of(node, scope.rank(node.inputs[0]), -1),
            epsilon=node.number("epsilon", 1e-5),
            stash_type=node.integer("stash_type", 1),
        ),
    )


def rms_normalization(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """RMSNormalization."""
    return (
        node.primitive(
            axis=axis_of(node, scope.rank(node.inputs[0]), -1),
            epsilon=node.number("epsilon", 1e-5),
            stash_type=node.integer("stash_type", 1),
        ),
    )


def group_normalization(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """GroupNormalization with scale and bias per channel (opset 21); those per group (opset 18) are repeated."""
    groups = node.integer("num_groups", 1)
    inputs = node.inputs
    if node.opset < 21:
        channels = scope.shape(inputs[0])[1]
        inputs = (inputs[0], *(_per_channel(node, scope, name, channels // groups) for name in inputs[1:3]))
    return (node.primitive(inputs=inputs, epsilon=node.number("epsilon", 1e-5), num_groups=groups),)


def _per_channel(node: Node, scope: Scope, name: str, repeats: int) -> str:
    values = scope.array(name)
    if values is None:
        raise node.failure("has a scale or bias that is computed while the model runs: export it with opset 21.")
    return scope.add_constant(f"{name}_per_channel", np.repeat(values, repeats), scope.tensors[name].dtype)


def lrn(node: Node, scope: Scope) -> tuple[Primitive, ...]:  # noqa: ARG001
    """LRN: defaults spelled out."""
    return (
        node.primitive(
            alpha=node.number("alpha", 1e-4),
            beta=node.number("beta", 0.75),
            bias=node.number("bias", 1.0),
            size=node.integer("size", 1),
        ),
    )


def lp_normalization(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """LpNormalization."""
    return (node.primitive(axis=axis_of(node, scope.rank(node.inputs[0]), -1), p=node.integer("p", 2)),)


def softmax(node: Node, scope: Scope) -> tuple[Primitive, ...]:
    """Softmax, LogSoftmax, Hardmax along one axis.

    Before opset 13 they flatten everything from `axis` on: where that is more than one dimension of size above 1, a
    Reshape to two dimensions stands before, and one back after.
    """
    shape = scope.shape(node.inputs[0])
    if node.opset >= 13:
        return (node.primitive(axis=axis_of(node, len(shape), -1)),)
    axis = axis_of(node, len(shape), 1)
    wide = [position for position in range(axis, len(shape)) if shape[position] > 1]
    if len(wide) <= 1:
        return (node.primitive(axis=wide[0] if wide else axis),)
    dtype = scope.tensors[node.inputs[0]].dtype
    flat = (math.prod(shape[:axis]), math.prod(shape[axis:]))
    before = scope.add_tensor(f"{node.outputs[0]}_flat_input", flat, dtype)
    after = scope.add_tensor(f"{node.outputs[0]}_flat", flat, dtype)
    return (
        node.primitive(op="Reshape", inputs=node.inputs, outputs=(before,), shape=flat),
        node.primitive(inputs=(before,), outputs=(after,), axis=1),
        node.primitive(op="Reshape", inputs=(after,), outputs=node.outputs, shape=shape),
    )


CANONICAL: Mapping[str, Canonicalizer] = {
    "BatchNormalization": batch_normalization,
    "InstanceNormalization": instance_normalization,
    "LayerNormalization": layer_normalization,
    "RMSNormalization": rms_normalization,
    "GroupNormalization": group_normalization,
    "LRN": lrn,
    "LpNormalization": lp_normalization,
    "Softmax": softmax,
    "LogSoftmax": softmax,
    "Hardmax": softmax,
}
