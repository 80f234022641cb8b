"""Quantized operators: which Operators multiply 8-bit integers, as their bodies say it.

A quantized Operator has the body that a QDQ model has after fusion: its data and its weight go through a
DequantizeLinear of 8-bit integers each, then come the product and its epilogue in floats, and a QuantizeLinear where
the result is stored in 8 bits. What a device makes of it is the same function: integers multiplied and summed in 32
bits, scaled in the epilogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warploom.graph.operator import Operator, Primitive
from warploom.graph.precision import Precision
from warploom.graph.tensor import Tensor

PRODUCTS = ("Conv", "Gemm", "MatMul")
"""The primitives that are quantized."""

MOVES = frozenset({"Concat", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split", "Identity"})
"""The primitives that only move elements: 8-bit ones like others."""

QUANTIZING = ("QuantizeLinear", "DequantizeLinear")
"""The primitives between floats and integers."""


@dataclass(frozen=True, slots=True)
class QuantizedProduct:
    """A product of integers inside a body.

    Attributes:
        product: The Conv, Gemm or MatMul.
        data: The DequantizeLinear of its first operand.
        weight: The DequantizeLinear of its second operand.
    """

    product: Primitive
    data: Primitive
    weight: Primitive


def quantized_product(operator: Operator) -> QuantizedProduct | None:
    """The product of integers that dominates an Operator; None where it multiplies floats."""
    main = operator.main
    if main.op not in PRODUCTS:
        return None
    writer = {primitive.outputs[0]: primitive for primitive in operator.body}
    data, weight = (writer.get(name) for name in main.inputs[:2])
    if data is None or weight is None or any(part.op != "DequantizeLinear" for part in (data, weight)):
        return None
    if weight.inputs[0] not in operator.weights:
        return None
    return QuantizedProduct(main, data, weight)


def operator_precision(operator: Operator, tensors: Mapping[str, Tensor], precision: Precision) -> Precision:
    """The arithmetic of one Operator: INT8 where it is quantized, else what `precision` means for its floats.

    Args:
        operator: Any Operator.
        tensors: The graph's tensors.
        precision: What devices are asked for.
    """
    if is_quantized(operator):
        return Precision.INT8
    return precision.of_floats(tensors[operator.main.outputs[0]].dtype)


def is_quantized(operator: Operator) -> bool:
    """Whether an Operator multiplies integers."""
    return quantized_product(operator) is not None
