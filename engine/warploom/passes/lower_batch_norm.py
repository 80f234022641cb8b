"""Turns batch normalization that nothing absorbed into a pointwise multiply and add, which chains can take in."""

from __future__ import annotations

from warploom.graph import Constant, Graph, Operator, Primitive
from warploom.passes.affine import Affine, compose, read_affine
from warploom.passes.derived import elementwise
from warploom.passes.editor import GraphEditor
from warploom.passes.result import PassResult


def lower_batch_norm(graph: Graph) -> PassResult:
    """Rewrites BatchNormalization with constant parameters as one pointwise Operator.

    Rules:
        1. `BatchNormalization(x)` becomes `x * scale + shift`, scale and shift of the shape (channels, 1, ...).
        2. Scales and shifts that alone read it (Mul, Add, ... by one value per channel) are composed into it first.

    Declines when its parameters are computed.
    """
    editor = GraphEditor(graph, "lower_batch_norm")
    for operator in editor.operators():
        if len(operator.body) == 1 and operator.body[0].op == "BatchNormalization":
            _try_lower(editor, operator)
    return editor.finish()


def _try_lower(editor: GraphEditor, operator: Operator) -> bool:
    affine = read_affine(editor, operator)
    if affine is None:
        editor.log("kept", [operator.name], "its parameters are computed")
        return False
    parts = [operator]
    while (following := _following(editor, parts[-1])) is not None:
        reader, second = following
        affine = compose(affine, second)
        parts.append(reader)
    names = [part.name for part in parts]
    body = _multiply_add(editor, operator, parts[-1], affine)
    sources = [source for part in parts for source in part.sources]
    editor.replace(names, editor.make(operator.name, body, outputs=parts[-1].outputs, sources=sources))
    editor.log("lowered", names, "no convolution beside it can absorb it, so it is a pointwise scale and shift")
    return True


def _following(editor: GraphEditor, operator: Operator) -> tuple[Operator, Affine] | None:
    """The only reader, if it is a scale and shift too."""
    reader = editor.sole_reader(operator.outputs[0])
    affine = None if reader is None else read_affine(editor, reader)
    return None if reader is None or affine is None else (reader, affine)


def _multiply_add(editor: GraphEditor, first: Operator, last: Operator, affine: Affine) -> list[Primitive]:
    data, target, source = first.inputs[0], last.outputs[0], first.body[0].source
    rank = len(editor.tensors[target].shape)
    body: list[Primitive] = []
    if affine.scale is not None:
        scale = editor.add_constant(f"{first.name}.scale", _spread(affine.scale, rank))
        scaled = target if affine.shift is None else editor.add_tensor(f"{target}.scaled", editor.tensors[target])
        body.append(Primitive("Mul", (data, scale), (scaled,), source=source))
        data = scaled
    if affine.shift is not None:
        shift = editor.add_constant(f"{first.name}.shift", _spread(affine.shift, rank))
        body.append(Primitive("Add", (data, shift), (target,), source=source))
    return body


def _spread(values: Constant, rank: int) -> Constant:
    shape = (*values.shape, *(1,) * (rank - 2))
    return elementwise(shape, values.dtype, lambda x: x, [(values, shape)])
