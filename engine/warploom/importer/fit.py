"""Checks what ONNX's shape inference does not look at: whether weights and indices fit the tensor they are used on.

Files are right when they are written; another input shape (`--shape`) can make them wrong, and a GPU would read beyond
the end of a buffer where a runtime on the CPU refuses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from warploom.importer.node import Node, Scope

_Shape = tuple[int, ...]


def check_fit(node: Node, scope: Scope) -> None:
    """Refuses a node whose inputs do not fit each other.

    Raises:
        ModelImportError: Naming the node.
    """
    if check := _CHECKS.get(node.op):
        check(node, scope)


def _broadcasts(shape: _Shape, onto: _Shape) -> bool:
    """Whether a tensor of the first shape can be repeated to the second one, which stays as it is."""
    if len(shape) > len(onto):
        return math.prod(shape) == 1
    return all(one in (1, other) for one, other in zip(reversed(shape), reversed(onto), strict=False))


def _require(node: Node, scope: Scope, position: int, onto: _Shape, what: str) -> None:
    name = node.input(position)
    if name and not _broadcasts(shape := scope.shape(name), onto):
        raise node.failure(
            f"has a {what} of the shape {list(shape)}, which does not fit {list(onto)}: check the shapes of the "
            "model's inputs."
        )


def _gemm(node: Node, scope: Scope) -> None:
    _require(node, scope, 2, scope.shape(node.outputs[0]), "bias")


def _prelu(node: Node, scope: Scope) -> None:
    _require(node, scope, 1, scope.shape(node.inputs[0]), "slope")


def _trailing(node: Node, scope: Scope) -> None:
    """LayerNormalization and RMSNormalization: scale and bias of what is normalized together."""
    shape = scope.shape(node.inputs[0])
    axis = node.integer("axis", -1) % len(shape)
    for position, what in ((1, "scale"), (2, "bias")):
        _require(node, scope, position, shape[axis:], what)


def _per_channel(node: Node, scope: Scope) -> None:
    channels = scope.shape(node.inputs[0])[1]
    for position, what in ((1, "scale"), (2, "bias")):
        if (shape := scope.shape(node.inputs[position])) != (channels,):
            raise node.failure(
                f"has a {what} of the shape {list(shape)} for {channels} channels: check the shapes of the model's "
                "inputs."
            )


def _gather(node: Node, scope: Scope) -> None:
    """Indices that are known."""
    shape, indices = scope.shape(node.inputs[0]), scope.array(node.inputs[1])
    if indices is None or not indices.size:
        return
    size = shape[node.integer("axis", 0)]
    wrong = indices[(indices < -size) | (indices >= size)]
    if wrong.size:
        raise node.failure(
            f"takes the element {int(np.ravel(wrong)[0])} of an axis of {size}: check the shapes of the model's inputs."
        )


def _depth_to_space(node: Node, scope: Scope) -> None:
    channels, block = scope.shape(node.inputs[0])[1], node.integer("blocksize", 1)
    if block < 1 or channels % (block * block):
        raise node.failure(f"cannot make blocks of {block} x {block} from {channels} channels.")


_CHECKS: Mapping[str, Callable[[Node, Scope], None]] = {
    "DepthToSpace": _depth_to_space,
    "Gather": _gather,
    "Gemm": _gemm,
    "InstanceNormalization": _per_channel,
    "LayerNormalization": _trailing,
    "PRelu": _prelu,
    "RMSNormalization": _trailing,
}
