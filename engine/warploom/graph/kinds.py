"""Says which OperatorKind a primitive belongs to: the one table from operator names to what dominates them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warploom.graph.operator import OperatorKind, Primitive
from warploom.graph.tensor import Tensor

_OPS_BY_KIND: Mapping[OperatorKind, tuple[str, ...]] = {
    OperatorKind.CONV: ("Conv", "ConvInteger", "QLinearConv", "DeformConv"),
    OperatorKind.CONV_TRANSPOSE: ("ConvTranspose",),
    OperatorKind.MATMUL: ("Gemm", "MatMul", "MatMulInteger", "QLinearMatMul", "Einsum"),
    OperatorKind.POOL: (
        "MaxPool",
        "AveragePool",
        "LpPool",
        "GlobalAveragePool",
        "GlobalMaxPool",
        "GlobalLpPool",
    ),
    OperatorKind.NORM: (
        "BatchNormalization",
        "InstanceNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "RMSNormalization",
        "LRN",
        "LpNormalization",
        "MeanVarianceNormalization",
    ),
    OperatorKind.SOFTMAX: ("Softmax", "LogSoftmax", "Hardmax"),
    OperatorKind.REDUCE: (
        "ReduceMean",
        "ReduceSum",
        "ReduceMax",
        "ReduceMin",
        "ReduceProd",
        "ReduceL1",
        "ReduceL2",
        "ReduceLogSum",
        "ReduceLogSumExp",
        "ReduceSumSquare",
        "ArgMax",
        "ArgMin",
        "CumSum",
    ),
    OperatorKind.POINTWISE: (
        *("Relu", "LeakyRelu", "PRelu", "ThresholdedRelu", "Elu", "Selu", "Celu", "Gelu", "Mish", "Swish", "Clip"),
        *("Sigmoid", "HardSigmoid", "HardSwish", "Softplus", "Softsign", "Tanh", "Erf", "Shrink"),
        *("Add", "Sub", "Mul", "Div", "Pow", "Mod", "Sum", "Mean", "Max", "Min"),
        *("Abs", "Neg", "Sign", "Ceil", "Floor", "Round", "Exp", "Log", "Sqrt", "Reciprocal"),
        *("Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"),
        *("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor", "Not", "Where"),
        *("BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "BitShift", "IsNaN", "IsInf", "Cast", "CastLike"),
        *("QuantizeLinear", "DequantizeLinear"),
    ),
    OperatorKind.CONCAT: ("Concat",),
    OperatorKind.COPY: (
        *("Split", "Slice", "Pad", "Transpose", "Expand", "Tile", "DepthToSpace", "SpaceToDepth", "Trilu"),
        *("ConstantOfShape", "Range", "EyeLike", "ReverseSequence", "CenterCropPad", "Col2Im"),
    ),
    OperatorKind.VIEW: ("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"),
    OperatorKind.RESIZE: ("Resize", "GridSample"),
    OperatorKind.GATHER: (
        *("Gather", "GatherElements", "GatherND", "Scatter", "ScatterElements", "ScatterND"),
        *("OneHot", "Compress", "RoiAlign", "MaxRoiPool", "MaxUnpool"),
    ),
    OperatorKind.SORT: ("TopK", "Unique", "NonZero", "NonMaxSuppression"),
}

KINDS: Mapping[str, OperatorKind] = {op: kind for kind, ops in _OPS_BY_KIND.items() for op in ops}
"""The kind of every operator name known here; all others are `OperatorKind.OTHER`."""


def kind_of(primitive: Primitive, tensors: Mapping[str, Tensor]) -> OperatorKind:
    """The kind of one primitive.

    Args:
        primitive: In canonical form.
        tensors: The graph's tensors; tells a depthwise convolution (one input channel per group) from a dense one.
    """
    kind = KINDS.get(primitive.op, OperatorKind.OTHER)
    if primitive.op == "Conv" and _is_depthwise(primitive, tensors):
        return OperatorKind.DEPTHWISE
    return kind


def kind_of_body(body: Sequence[Primitive], tensors: Mapping[str, Tensor]) -> OperatorKind:
    """The kind of several primitives fused into one Operator: that of the heaviest (matrix products first)."""
    kinds = [kind_of(primitive, tensors) for primitive in body]
    return min(kinds, key=_WEIGHT.index)


_WEIGHT = (
    OperatorKind.CONV,
    OperatorKind.SEPARABLE,
    OperatorKind.DEPTHWISE,
    OperatorKind.CONV_TRANSPOSE,
    OperatorKind.MATMUL,
    OperatorKind.OTHER,
    OperatorKind.SORT,
    OperatorKind.POOL,
    OperatorKind.NORM,
    OperatorKind.SOFTMAX,
    OperatorKind.REDUCE,
    OperatorKind.RESIZE,
    OperatorKind.GATHER,
    OperatorKind.CONCAT,
    OperatorKind.POINTWISE,
    OperatorKind.COPY,
    OperatorKind.VIEW,
)


def _is_depthwise(primitive: Primitive, tensors: Mapping[str, Tensor]) -> bool:
    weight = tensors.get(primitive.inputs[1])
    groups = primitive.integer("group", 1)
    return groups > 1 and weight is not None and len(weight.shape) > 1 and weight.shape[1] == 1
