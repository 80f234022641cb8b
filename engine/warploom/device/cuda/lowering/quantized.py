"""Weights of quantized operators: known integers and scales, of which floats are made once where floats multiply.

Own kernels multiply the integers (`products/integer.py`). In a form that they do not know, a library multiplies floats:
the integers and the scales are exact, and in 16 bits a weight (integer times scale) is rounded to 11 bits, which is far
finer than its 8. So the results are the same up to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from warploom.graph import ArrayConstant, Constant, DType, Graph, MissingConstant, Operator, Primitive, Tensor
from warploom.graph.build import with_body
from warploom.graph.constant import Array
from warploom.graph.quantized import PRODUCTS


@dataclass(frozen=True, slots=True, eq=False)
class DequantizedConstant:
    """Floats that are integers times scales.

    Attributes:
        floats: The floats.
        integers: The integers.
        scale: One value, or one per slice along `axis`.
        zero: The integers that mean zero, likewise; None for 0.
        axis: Of the scales.
    """

    floats: ArrayConstant
    integers: Constant
    scale: Constant
    zero: Constant | None
    axis: int

    @property
    def shape(self) -> tuple[int, ...]:
        return self.floats.shape

    @property
    def dtype(self) -> DType:
        return self.floats.dtype

    def numpy(self) -> Array:
        return self.floats.numpy()

    @property
    def is_signed(self) -> bool:
        """Whether, with zero at zero, they are signed integers of 8 bits."""
        if self.integers.dtype is DType.INT8 and (self.zero is None or not self.zero.numpy().any()):
            return True
        if self.integers.dtype not in (DType.INT8, DType.UINT8):
            return False
        shifted = self._shifted()
        return int(shifted.min(initial=0)) >= -128 and int(shifted.max(initial=0)) <= 127

    def signed(self) -> Array:
        """The integers with zero at zero, as int8 (they have to be `is_signed`)."""
        return self._shifted().astype(np.int8)

    def _shifted(self) -> Array:
        integers = self.integers.numpy().astype(np.int16)
        if self.zero is None:
            return integers
        zero = self.zero.numpy().astype(np.int16)
        along = [1] * len(self.shape)
        along[self.axis] = -1
        return integers - (zero.reshape(()) if zero.size == 1 else zero.reshape(along))


def fold_dequantized(graph: Graph) -> Graph:
    """The Graph with every DequantizeLinear of a constant computed once, when weights are uploaded."""
    if not any(_is_constant(primitive, graph) for operator in graph.operators for primitive in operator.body):
        return graph
    tensors: dict[str, Tensor] = dict(graph.tensors)
    constants: dict[str, Constant] = dict(graph.constants)
    operators = [_folded(operator, graph, constants) for operator in graph.operators]
    operators = [_apart(operator, tensors, constants) for operator in operators]
    return graph.replace(operators=operators, tensors=tensors, constants=constants)


def _is_constant(primitive: Primitive, graph: Graph) -> bool:
    return primitive.op == "DequantizeLinear" and all(name in graph.constants for name in primitive.inputs if name)


def _folded(operator: Operator, graph: Graph, constants: dict[str, Constant]) -> Operator:
    known = [primitive for primitive in operator.body if _is_constant(primitive, graph)]
    known = [primitive for primitive in known if primitive.outputs[0] not in operator.outputs]
    if not known:
        return operator
    for primitive in known:
        constants[primitive.outputs[0]] = _dequantized(primitive, graph.constants)
    return with_body(operator, [primitive for primitive in operator.body if primitive not in known], constants)


def _apart(operator: Operator, tensors: dict[str, Tensor], constants: Mapping[str, Constant]) -> Operator:
    """The Operator with floats of their own for a product and for what follows it: integers are multiplied, then."""
    main = operator.main
    data = main.inputs[0] if main.inputs else ""
    made = next((p for p in operator.body if p.op == "DequantizeLinear" and p.outputs == (data,)), None)
    others = [p for p in operator.body if p is not main and data in p.inputs]
    if main.op not in PRODUCTS or made is None or not others or data in operator.outputs:
        return operator
    copy = f"{data}/beside"
    tensors[copy] = replace(tensors[data], name=copy)
    body: list[Primitive] = []
    for primitive in operator.body:
        if primitive in others:
            inputs = tuple(copy if name == data else name for name in primitive.inputs)
            primitive = replace(primitive, inputs=inputs)
        body.append(primitive)
        if primitive is made:
            body.append(replace(made, outputs=(copy,)))
    return with_body(operator, body, constants)


def _dequantized(primitive: Primitive, constants: Mapping[str, Constant]) -> Constant:
    parts = [constants[name] for name in primitive.inputs if name]
    shape = parts[0].shape
    if any(isinstance(part, MissingConstant) for part in parts):
        return MissingConstant(shape, DType.FLOAT32)

    def values() -> Array:
        integers, scale, *zero = (part.numpy() for part in parts)
        along = _along(scale, shape, primitive)
        steps = integers.astype(np.float32) - (_along(zero[0], shape, primitive).astype(np.float32) if zero else 0)
        return (steps * along).astype(np.float32)

    axis = primitive.integer("axis", 1) % max(len(shape), 1)
    zero = parts[2] if len(parts) > 2 else None
    return DequantizedConstant(ArrayConstant(shape, DType.FLOAT32, values), parts[0], parts[1], zero, axis)


def _along(values: Array, shape: tuple[int, ...], primitive: Primitive) -> Array:
    """Scales or zero points, one per slice along the axis, so that they broadcast."""
    if values.size == 1:
        return values.reshape(())
    wanted = [1] * len(shape)
    wanted[primitive.integer("axis", 1)] = -1
    return values.reshape(wanted)
