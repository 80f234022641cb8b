"""FLOPs and bytes of Primitives and Operators: what a computation needs, whatever device runs it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warploom.graph.graph import Graph
    from warploom.graph.operator import Operator, Primitive
    from warploom.graph.precision import Precision
    from warploom.graph.tensor import Tensor

Tensors = Mapping[str, "Tensor"]


@dataclass(frozen=True, slots=True)
class Work:
    """What one Operator computes and moves when every tensor is read and written once.

    Attributes:
        flops: Floating-point operations; a multiply-add counts as two.
        bytes_read: Bytes of all tensors read from outside, weights included.
        bytes_written: Bytes of the tensors that others read.
        weight_bytes: The part of `bytes_read` that is weights.
    """

    flops: int
    bytes_read: int
    bytes_written: int
    weight_bytes: int

    @property
    def intensity(self) -> float:
        """FLOPs per byte moved (0 when nothing moves)."""
        moved = self.bytes_read + self.bytes_written
        return self.flops / moved if moved else 0.0


def operator_work(graph: Graph, operator: Operator, precision: Precision | None = None) -> Work:
    """The work of an Operator.

    Args:
        graph: Where its tensors are described.
        operator: Any Operator of the graph.
        precision: How a device stores floats; None counts each tensor's own element type.
    """
    tensors = graph.tensors
    weights = sum(stored_bytes(tensors[name], precision) for name in operator.weights)
    return Work(
        flops=sum(primitive_flops(primitive, tensors) for primitive in operator.body),
        bytes_read=weights + sum(stored_bytes(tensors[name], precision) for name in operator.inputs),
        bytes_written=sum(stored_bytes(tensors[name], precision) for name in operator.outputs),
        weight_bytes=weights,
    )


def stored_bytes(tensor: Tensor, precision: Precision | None) -> int:
    """Bytes of a tensor where floats are stored as `precision` says (None: as its element type says)."""
    return tensor.size_bytes if precision is None else tensor.elements * precision.stored_itemsize(tensor.dtype)


def primitive_flops(primitive: Primitive, tensors: Tensors) -> int:
    """Floating-point operations of one primitive (0 for data movement)."""
    counter = _COUNTERS.get(primitive.op)
    if counter is not None:
        return counter(primitive, tensors)
    per_input = _PER_INPUT_ELEMENT.get(primitive.op)
    if per_input is not None:
        return per_input * tensors[primitive.inputs[0]].elements
    return _PER_OUTPUT_ELEMENT.get(primitive.op, 0) * tensors[primitive.outputs[0]].elements


def _convolution(primitive: Primitive, tensors: Tensors) -> int:
    weight = tensors[primitive.inputs[1]]
    output = tensors[primitive.outputs[0]]
    bias = output.elements if len(primitive.inputs) > 2 and primitive.inputs[2] else 0
    return 2 * output.elements * math.prod(weight.shape[1:]) + bias


def _transposed_convolution(primitive: Primitive, tensors: Tensors) -> int:
    weight = tensors[primitive.inputs[1]]
    bias = tensors[primitive.outputs[0]].elements if len(primitive.inputs) > 2 and primitive.inputs[2] else 0
    return 2 * tensors[primitive.inputs[0]].elements * math.prod(weight.shape[1:]) + bias


def _gemm(primitive: Primitive, tensors: Tensors) -> int:
    left = tensors[primitive.inputs[0]].shape
    depth = left[0] if primitive.attribute("transA", 0) else left[1]
    output = tensors[primitive.outputs[0]].elements
    bias = output if len(primitive.inputs) > 2 and primitive.inputs[2] else 0
    return 2 * output * depth + bias


def _matmul(primitive: Primitive, tensors: Tensors) -> int:
    left = tensors[primitive.inputs[0]].shape
    return 2 * tensors[primitive.outputs[0]].elements * (left[-1] if left else 1)


def _pool(primitive: Primitive, tensors: Tensors) -> int:
    return tensors[primitive.outputs[0]].elements * math.prod(primitive.integers("kernel_shape"))


def _sum(primitive: Primitive, tensors: Tensors) -> int:
    return tensors[primitive.outputs[0]].elements * max(0, len(primitive.inputs) - 1)


def _local_response(primitive: Primitive, tensors: Tensors) -> int:
    return tensors[primitive.outputs[0]].elements * (2 * primitive.integer("size") + 4)


def _resize(primitive: Primitive, tensors: Tensors) -> int:
    taps = {"nearest": 0, "linear": 4, "cubic": 16}.get(str(primitive.attribute("mode", "nearest")), 4)
    return 2 * taps * tensors[primitive.outputs[0]].elements


_COUNTERS: Mapping[str, Callable[[Primitive, Tensors], int]] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed_convolution,
    "Gemm": _gemm,
    "MatMul": _matmul,
    "MaxPool": _pool,
    "AveragePool": _pool,
    "LpPool": _pool,
    "Sum": _sum,
    "Mean": _sum,
    "Max": _sum,
    "Min": _sum,
    "LRN": _local_response,
    "Resize": _resize,
}

# Usual counts of the arithmetic in a straightforward implementation; a transcendental function counts as four.
_PER_INPUT_ELEMENT: Mapping[str, int] = {
    "GlobalAveragePool": 1,
    "GlobalMaxPool": 1,
    "ReduceMean": 1,
    "ReduceSum": 1,
    "ReduceMax": 1,
    "ReduceMin": 1,
    "ReduceProd": 1,
    "ReduceL1": 2,
    "ReduceL2": 2,
    "ReduceSumSquare": 2,
    "ReduceLogSum": 1,
    "ReduceLogSumExp": 5,
    "ArgMax": 1,
    "ArgMin": 1,
    "Softmax": 7,
    "LogSoftmax": 7,
    "Hardmax": 1,
    "GlobalLpPool": 2,
    "LayerNormalization": 8,
    "RMSNormalization": 5,
    "InstanceNormalization": 8,
    "GroupNormalization": 8,
    "MeanVarianceNormalization": 7,
    "LpNormalization": 3,
    "CumSum": 1,
}
_PER_OUTPUT_ELEMENT: Mapping[str, int] = {
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Relu", "Abs", "Neg", "PRelu", "LeakyRelu", "Clip", "Mod"), 1),
    **dict.fromkeys(("Floor", "Ceil", "Round", "Sign", "Reciprocal", "Sqrt", "ThresholdedRelu", "Shrink"), 1),
    **dict.fromkeys(("BatchNormalization",), 2),
    **dict.fromkeys(("HardSigmoid", "HardSwish"), 3),
    **dict.fromkeys(("Exp", "Log", "Pow", "Sin", "Cos", "Tan", "Sinh", "Cosh", "Asin", "Acos", "Atan"), 4),
    **dict.fromkeys(("Asinh", "Acosh", "Atanh", "Erf", "Sigmoid", "Tanh", "Softplus", "Softsign"), 4),
    **dict.fromkeys(("Elu", "Selu", "Celu", "QuickGelu"), 5),
    **dict.fromkeys(("Mish", "Gelu", "Swish"), 8),
    "GridSample": 16,
}
