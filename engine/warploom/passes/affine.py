"""Reads an operator as a per-channel scale and shift, the form in which it can be folded into weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warploom.graph import Constant, FillConstant, Operator, Primitive
from warploom.passes.derived import elementwise
from warploom.passes.editor import GraphEditor

_SIGNS = {"Add": 1.0, "Sub": -1.0}


@dataclass(frozen=True, slots=True)
class Affine:
    """`y = x * scale + shift` along axis 1.

    Attributes:
        scale: One factor per channel, shape (channels,); None stands for ones.
        shift: One addend per channel, shape (channels,); None stands for zeros.
    """

    scale: Constant | None
    shift: Constant | None


def read_affine(editor: GraphEditor, operator: Operator) -> Affine | None:
    """The operator as a scale and shift of its one computed input's channels (axis 1), if it is one.

    BatchNormalization in inference form is one; so are Add, Sub, Mul and Div with a constant that has one value, or
    one value per channel.
    """
    if len(operator.body) != 1 or len(operator.inputs) != 1 or len(operator.outputs) != 1:
        return None
    primitive = operator.body[0]
    if primitive.op == "BatchNormalization":
        return _read_batch_norm(editor, primitive)
    if primitive.op in ("Add", "Sub", "Mul", "Div"):
        return _read_arithmetic(editor, operator, primitive)
    return None


def compose(first: Affine, second: Affine) -> Affine:
    """`second` after `first`."""
    scale, shift = first.scale, first.shift
    if second.scale is not None:
        scale = second.scale if scale is None else _combine(np.multiply, scale, second.scale)
        shift = None if shift is None else _combine(np.multiply, shift, second.scale)
    if second.shift is not None:
        shift = second.shift if shift is None else _combine(np.add, shift, second.shift)
    return Affine(scale, shift)


def _combine(function: np.ufunc, first: Constant, second: Constant) -> Constant:
    return elementwise(first.shape, first.dtype, function, [(first, first.shape), (second, second.shape)])


def _read_batch_norm(editor: GraphEditor, primitive: Primitive) -> Affine | None:
    data, *names = primitive.inputs
    if editor.is_constant(data) or not all(name in editor.constants for name in names):
        return None
    gamma, beta, mean, variance = (editor.constants[name] for name in names)
    epsilon = primitive.number("epsilon", 1e-5)
    shape, dtype = gamma.shape, gamma.dtype
    scale = elementwise(shape, dtype, lambda g, v: g / np.sqrt(v + epsilon), [(gamma, shape), (variance, shape)])
    shift = elementwise(
        shape,
        dtype,
        lambda g, b, m, v: b - m * g / np.sqrt(v + epsilon),
        [(gamma, shape), (beta, shape), (mean, shape), (variance, shape)],
    )
    return Affine(scale, shift)


def _read_arithmetic(editor: GraphEditor, operator: Operator, primitive: Primitive) -> Affine | None:
    first, second = primitive.inputs
    if not operator.weights or (editor.is_constant(first) and primitive.op in ("Sub", "Div")):
        return None
    data, name = (second, first) if editor.is_constant(first) else (first, second)
    spec = editor.tensors[operator.outputs[0]]
    if editor.tensors[data].shape != spec.shape or len(spec.shape) < 2 or not spec.dtype.is_float:
        return None
    values = per_channel(editor.constants[name], spec.shape)
    if values is None:
        return None
    if primitive.op in _SIGNS:
        sign = _SIGNS[primitive.op]
        return Affine(None, elementwise(values.shape, spec.dtype, lambda x: x * sign, [(values, values.shape)]))
    if primitive.op == "Div":
        values = elementwise(values.shape, spec.dtype, lambda x: 1.0 / x, [(values, values.shape)])
    return Affine(values, None)


def per_channel(constant: Constant, shape: tuple[int, ...]) -> Constant | None:
    """A constant that broadcasts to `shape` as one value per channel (axis 1); None if it varies along another axis."""
    channels = shape[1]
    padded = (1,) * (len(shape) - len(constant.shape)) + constant.shape
    varying = [axis for axis, size in enumerate(padded) if size != 1]
    if len(padded) != len(shape) or varying not in ([], [1]):
        return None
    if isinstance(constant, FillConstant):
        return FillConstant((channels,), constant.dtype, constant.value)
    view = (channels,) if varying == [1] else (1,)
    return elementwise((channels,), constant.dtype, lambda x: x, [(constant, view)])
