"""Folds batch normalization (and any other per-channel scale and shift) into the weights next to it."""

from __future__ import annotations

import dataclasses

import numpy as np

from warploom.graph import ArrayConstant, Constant, FillConstant, Graph, Operator, Primitive
from warploom.passes.affine import Affine, read_affine
from warploom.passes.derived import Float, elementwise, is_filled_with
from warploom.passes.editor import GraphEditor
from warploom.passes.result import PassResult

_FOLDABLE = ("Conv", "ConvTranspose", "Gemm")


def fold_batch_norm(graph: Graph) -> PassResult:
    """Folds scales and shifts into Conv, ConvTranspose and Gemm.

    Rules:
        1. BatchNormalization, or Add/Sub/Mul/Div by one value per channel, that alone reads the result of a Conv,
           ConvTranspose or Gemm with constant weights: the weights are scaled, the bias scaled and shifted.
        2. The same before one: a scale and shift whose only reader is an ungrouped Conv without padding, or a Gemm;
           with padding only if it shifts by zero (a padded zero would have to become the shift).

    New weights stay symbolic when all that they come from is; otherwise they are computed when first read.

    Declines (and logs) when the weights are computed, are read transposed by a Gemm with an alpha or beta, or when
    others read the value in between.
    """
    editor = GraphEditor(graph, "fold_batch_norm")
    for operator in editor.operators():
        affine = read_affine(editor, operator)
        if affine is not None and not _try_fold_backwards(editor, operator, affine):
            _try_fold_forwards(editor, operator, affine)
    return editor.finish()


def _output_axis(primitive: Primitive) -> int:
    """The axis of the weight that counts output channels: 0 or 1, input channels are on the other one."""
    if primitive.op == "Gemm":
        return 0 if primitive.integer("transB", 0) else 1
    return 1 if primitive.op == "ConvTranspose" else 0


def _along(axis: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape as which one value per index of `axis` broadcasts against `shape`."""
    return tuple(size if position == axis else 1 for position, size in enumerate(shape))


def _obstacle(editor: GraphEditor, operator: Operator) -> str | None:
    """Why the weights of a Conv, ConvTranspose or Gemm cannot be rewritten; None when they can."""
    primitive = operator.body[0]
    if primitive.op not in _FOLDABLE or len(operator.body) != 1:
        return f"{primitive.op} has no weights to fold into"
    if not all(editor.is_constant(name) for name in primitive.inputs[1:] if name):
        return f"the weights or the bias of {operator.name} are computed"
    if primitive.op == "Gemm" and (primitive.number("alpha", 1.0), primitive.number("beta", 1.0)) != (1.0, 1.0):
        return f"{operator.name} scales its product and its bias itself"
    if primitive.op == "ConvTranspose" and primitive.integer("group", 1) != 1:
        return f"{operator.name} is a grouped transposed convolution"
    return None


def _try_fold_backwards(editor: GraphEditor, operator: Operator, affine: Affine) -> bool:
    target = editor.writer(operator.inputs[0])
    if target is None or target.body[0].op not in _FOLDABLE:
        return False
    reason = _obstacle(editor, target)
    if reason is None and editor.sole_reader(operator.inputs[0]) is None:
        reason = f"the result of {target.name} is also read as it is"
    primitive = target.body[0]
    bias = None if reason else _bias(editor, primitive, editor.tensors[operator.outputs[0]].shape)
    if reason is None and bias is None and _has_bias(primitive):
        reason = f"the bias of {target.name} varies within a channel"
    if reason is not None:
        editor.log("kept apart", [target.name, operator.name], reason)
        return False
    weight = _scaled_weight(editor, primitive, affine.scale)
    shifted = _scaled_bias(editor, operator, bias, affine)
    inputs = (primitive.inputs[0], weight, *((editor.add_constant(f"{target.name}.bias", shifted),) if shifted else ()))
    body = [dataclasses.replace(primitive, inputs=inputs, outputs=operator.body[0].outputs[:1])]
    sources = (*target.sources, *operator.sources)
    editor.replace(
        (target.name, operator.name), editor.make(target.name, body, outputs=operator.outputs, sources=sources)
    )
    editor.log(
        "folded", [target.name, operator.name], f"{operator.label} is a scale and shift of {primitive.op}'s channels"
    )
    return True


def _has_bias(primitive: Primitive) -> bool:
    return len(primitive.inputs) > 2 and bool(primitive.inputs[2])


def _bias(editor: GraphEditor, primitive: Primitive, shape: tuple[int, ...]) -> Constant | None:
    """The bias as one value per output channel; None when there is none or it is not of that form."""
    if not _has_bias(primitive):
        return None
    constant = editor.constants[primitive.inputs[2]]
    if constant.shape == (shape[1],):
        return constant
    if constant.shape in ((), (1,), (1, 1), (1, shape[1])):
        return elementwise((shape[1],), constant.dtype, lambda x: x, [(constant, constant.shape[-1:] or (1,))])
    return None


def _scaled_weight(editor: GraphEditor, primitive: Primitive, scale: Constant | None) -> str:
    name = primitive.inputs[1]
    if scale is None:
        return name
    weight = editor.constants[name]
    view = _along(_output_axis(primitive), weight.shape)
    return editor.add_constant(
        f"{name}.folded", elementwise(weight.shape, weight.dtype, np.multiply, [(weight, weight.shape), (scale, view)])
    )


def _scaled_bias(editor: GraphEditor, operator: Operator, bias: Constant | None, affine: Affine) -> Constant | None:
    spec = editor.tensors[operator.outputs[0]]
    shape = (spec.shape[1],)
    if bias is not None and affine.scale is not None:
        bias = elementwise(shape, spec.dtype, np.multiply, [(bias, shape), (affine.scale, shape)])
    if bias is None or affine.shift is None:
        return bias if affine.shift is None else affine.shift
    return elementwise(shape, spec.dtype, np.add, [(bias, shape), (affine.shift, shape)])


def _try_fold_forwards(editor: GraphEditor, operator: Operator, affine: Affine) -> bool:
    target = editor.sole_reader(operator.outputs[0])
    if target is None or target.body[0].op not in ("Conv", "Gemm") or target.body[0].inputs[0] != operator.outputs[0]:
        return False
    reason = _obstacle(editor, target) or _forward_obstacle(editor, target, affine)
    primitive = target.body[0]
    if reason is not None:
        editor.log("kept apart", [operator.name, target.name], reason)
        return False
    bias = _shifted_bias(editor, target, affine.shift)
    weight = _weight_scaled_by_input(editor, primitive, affine.scale)
    inputs = (operator.inputs[0], weight, *((editor.add_constant(f"{target.name}.bias", bias),) if bias else ()))
    body = [dataclasses.replace(primitive, inputs=inputs)]
    sources = (*operator.sources, *target.sources)
    editor.replace(
        (operator.name, target.name), editor.make(target.name, body, outputs=target.outputs, sources=sources)
    )
    editor.log(
        "folded", [operator.name, target.name], f"{operator.label} is a scale and shift of what {primitive.op} reads"
    )
    return True


def _forward_obstacle(editor: GraphEditor, target: Operator, affine: Affine) -> str | None:
    primitive = target.body[0]
    if primitive.op == "Gemm":
        if primitive.integer("transA", 0):
            return f"{target.name} reads its input transposed"
    elif primitive.integer("group", 1) != 1:
        return f"{target.name} is a grouped convolution"
    elif any(primitive.integers("pads")) and affine.shift is not None and not is_filled_with(affine.shift, 0.0):
        return f"{target.name} pads with zeros, which the shift would have to move"
    if _has_bias(primitive) and _bias(editor, primitive, editor.tensors[target.outputs[0]].shape) is None:
        return f"the bias of {target.name} varies within a channel"
    return None


def _weight_scaled_by_input(editor: GraphEditor, primitive: Primitive, scale: Constant | None) -> str:
    name = primitive.inputs[1]
    if scale is None:
        return name
    weight = editor.constants[name]
    view = _along(1 - _output_axis(primitive), weight.shape)
    return editor.add_constant(
        f"{name}.folded", elementwise(weight.shape, weight.dtype, np.multiply, [(weight, weight.shape), (scale, view)])
    )


def _shifted_bias(editor: GraphEditor, target: Operator, shift: Constant | None) -> Constant | None:
    primitive = target.body[0]
    spec = editor.tensors[target.outputs[0]]
    shape = (spec.shape[1],)
    bias = _bias(editor, primitive, spec.shape)
    if shift is None:
        return bias
    added = _product_with_weight(primitive, editor.constants[primitive.inputs[1]], shift, shape)
    return added if bias is None else elementwise(shape, spec.dtype, np.add, [(bias, shape), (added, shape)])


def _product_with_weight(primitive: Primitive, weight: Constant, shift: Constant, shape: tuple[int, ...]) -> Constant:
    """What a shift of the input adds to every output channel: the weight summed over all but the output channels."""
    axis = _output_axis(primitive)
    summed = tuple(other for other in range(len(weight.shape)) if other != axis)
    if isinstance(weight, FillConstant) and isinstance(shift, FillConstant):
        terms = int(np.prod([weight.shape[axis] for axis in summed]))
        return FillConstant(shape, weight.dtype, float(weight.value) * float(shift.value) * terms)

    def load() -> Float:
        values = weight.numpy().astype(np.float64) * shift.numpy().astype(np.float64).reshape(
            _along(1 - axis, weight.shape)
        )
        return np.asarray(values.sum(axis=summed))

    return ArrayConstant(shape, weight.dtype, load)
