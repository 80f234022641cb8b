"""Turns batch normalization that nothing absorbed into a pointwise multiply and add, which chains can take in."""

from __future__ import annotations

import dataclasses

from warploom.graph import Constant, Graph, Operator, Primitive
from warploom.passes.affine import read_affine
from warploom.passes.derived import elementwise
from warploom.passes.editor import GraphEditor
from warploom.passes.result import PassResult


def lower_batch_norm(graph: Graph) -> PassResult:
    """Rewrites BatchNormalization with constant statistics as one pointwise Operator `Mul+Add`.

    Rules:
        1. `BatchNormalization(x)` becomes `x * scale + shift`, scale and shift of the shape (channels, 1, ...).

    Declines when its parameters are computed, or when it also returns statistics.
    """
    editor = GraphEditor(graph, "lower_batch_norm")
    for operator in editor.operators():
        if len(operator.body) == 1 and operator.body[0].op == "BatchNormalization":
            _try_lower(editor, operator)
    return editor.finish()


def _try_lower(editor: GraphEditor, operator: Operator) -> bool:
    affine = read_affine(editor, operator)
    if affine is None or affine.scale is None or affine.shift is None:
        editor.log("kept", [operator.name], "its parameters are computed, or it also returns statistics")
        return False
    primitive = operator.body[0]
    scaled = editor.add_tensor(f"{primitive.outputs[0]}.scaled", editor.tensors[primitive.outputs[0]])
    rank = len(editor.tensors[primitive.outputs[0]].shape)
    scale = editor.add_constant(f"{operator.name}.scale", _spread(affine.scale, rank))
    shift = editor.add_constant(f"{operator.name}.shift", _spread(affine.shift, rank))
    body = (
        Primitive("Mul", (primitive.inputs[0], scale), (scaled,), source=primitive.source),
        dataclasses.replace(primitive, op="Add", inputs=(scaled, shift), attributes=()),
    )
    editor.rewrite(operator.name, body)
    editor.log(
        "lowered", [operator.name], "no convolution beside it can absorb it, so it is a pointwise scale and shift"
    )
    return True


def _spread(values: Constant, rank: int) -> Constant:
    shape = (*values.shape, *(1,) * (rank - 2))
    return elementwise(shape, values.dtype, lambda x: x, [(values, shape)])
