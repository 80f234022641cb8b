"""Quantized operators on libraries for floats: weights become floats once, data does before every product.

A product of 8-bit integers needs no rounding to be written in floats: the integers and the scales are exact, and sums
in float32 are rounded as the epilogue would round them anyhow. In 16 bits a weight (integer times scale) is rounded to
11 bits, which is far finer than its 8. So a quantized Graph computes what its integers say, only not as fast as integer
tensor cores could.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from warploom.graph import ArrayConstant, Constant, DType, Graph, MissingConstant, Operator, Primitive, Tensor
from warploom.graph.build import with_body
from warploom.graph.constant import Array


def fold_dequantized(graph: Graph) -> Graph:
    """The Graph with every DequantizeLinear of a constant computed once, when weights are uploaded."""
    if not any(_is_constant(primitive, graph) for operator in graph.operators for primitive in operator.body):
        return graph
    tensors: dict[str, Tensor] = dict(graph.tensors)
    constants: dict[str, Constant] = dict(graph.constants)
    operators = [_folded(operator, graph, constants) for operator in graph.operators]
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

    return ArrayConstant(shape, DType.FLOAT32, values)


def _along(values: Array, shape: tuple[int, ...], primitive: Primitive) -> Array:
    """Scales or zero points, one per slice along the axis, so that they broadcast."""
    if values.size == 1:
        return values.reshape(())
    wanted = [1] * len(shape)
    wanted[primitive.integer("axis", 1)] = -1
    return values.reshape(wanted)
