"""Recognizes a mean over all spatial axes as the global average pool that it is."""

from __future__ import annotations

import dataclasses

from warploom.graph import Graph, Operator
from warploom.passes.editor import GraphEditor
from warploom.passes.result import PassResult


def recognize_global_pool(graph: Graph) -> PassResult:
    """Rewrites ReduceMean and AveragePool that average whole images as GlobalAveragePool.

    Rules:
        1. ReduceMean over exactly the axes 2, 3, ... that keeps them.
        2. AveragePool whose window is the whole image, without padding.

    Declines when the reduced axes are dropped: the pool would need a Reshape behind it.
    """
    editor = GraphEditor(graph, "recognize_global_pool")
    for operator in editor.operators():
        if len(operator.body) == 1 and _is_global_mean(editor, operator):
            pool = dataclasses.replace(operator.body[0], op="GlobalAveragePool", attributes=())
            editor.rewrite(operator.name, [pool])
            editor.log("recognized", [operator.name], f"{operator.label} averages the whole image")
    return editor.finish()


def _is_global_mean(editor: GraphEditor, operator: Operator) -> bool:
    primitive = operator.body[0]
    if primitive.op not in ("ReduceMean", "AveragePool") or len(primitive.inputs) != 1:
        return False
    shape = editor.tensors[primitive.inputs[0]].shape
    if len(shape) < 3:
        return False
    if primitive.op == "ReduceMean":
        whole = primitive.integers("axes") == tuple(range(2, len(shape)))
        return whole and primitive.integer("keepdims") == 1
    return primitive.integers("kernel_shape") == shape[2:] and not any(primitive.integers("pads"))
