"""The operator grid: all families of cases, and the operators that a device must run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gpu_checks import (
    grid_conv,
    grid_copy,
    grid_fused,
    grid_matrix,
    grid_pointwise,
    grid_pool,
    grid_reduce,
)
from gpu_checks.cases import OPSET, Case


@dataclass(frozen=True, slots=True)
class Family:
    """Cases that belong together.

    Attributes:
        cases: Makes them.
        own_kernels: Whether most of them run on kernels of this project (and not of a library).
        opset: Version of the ONNX operator set.
    """

    cases: Callable[[], list[Case]]
    own_kernels: bool
    opset: int = OPSET


FAMILIES: Mapping[str, Family] = {
    "conv": Family(grid_conv.dense, own_kernels=False),
    "conv_grouped": Family(grid_conv.grouped, own_kernels=False),
    "conv_transposed": Family(grid_conv.transposed, own_kernels=False),
    "conv_ranks": Family(grid_conv.other_ranks, own_kernels=False),
    "depthwise": Family(grid_conv.depthwise, own_kernels=True),
    "pool": Family(grid_pool.windows, own_kernels=True),
    "pool_global": Family(grid_pool.everything, own_kernels=True),
    "gemm": Family(grid_matrix.gemms, own_kernels=False),
    "matmul": Family(grid_matrix.matmuls, own_kernels=False),
    "unary": Family(grid_pointwise.unary, own_kernels=True),
    "binary": Family(grid_pointwise.binary, own_kernels=True),
    "logic": Family(grid_pointwise.logic, own_kernels=True),
    "integers": Family(grid_pointwise.integers, own_kernels=True),
    "casts": Family(grid_pointwise.casts, own_kernels=True),
    "chains": Family(grid_pointwise.chains, own_kernels=True),
    "reduce": Family(grid_reduce.reductions, own_kernels=True),
    "positions": Family(grid_reduce.positions, own_kernels=True),
    "softmax": Family(grid_reduce.softmaxes, own_kernels=True),
    "norm": Family(grid_reduce.norms, own_kernels=True),
    "norm_newer": Family(grid_reduce.newer_norms, own_kernels=True, opset=23),
    "transpose": Family(grid_copy.transposes, own_kernels=True),
    "slice": Family(grid_copy.slices, own_kernels=True),
    "join": Family(grid_copy.joins, own_kernels=True),
    "view": Family(grid_copy.views, own_kernels=True),
    "gather": Family(grid_copy.gathers, own_kernels=True),
    "resize": Family(grid_copy.resizes, own_kernels=True),
    "epilogue": Family(grid_fused.epilogues, own_kernels=False),
    "separable": Family(grid_fused.separables, own_kernels=True),
    "absorb": Family(grid_fused.absorbed, own_kernels=True),
    "merge": Family(grid_fused.merges, own_kernels=False),
}
"""Every family by name."""

REQUIRED = frozenset(
    (
        *("Conv", "ConvTranspose", "BatchNormalization", "Gemm", "MatMul", "MaxPool", "AveragePool"),
        *("GlobalAveragePool", "GlobalMaxPool", "LRN", "Softmax", "LayerNormalization", "InstanceNormalization"),
        *("Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Gelu", "HardSwish", "HardSigmoid", "Sigmoid", "Tanh", "Clip"),
        *("Softplus", "Erf", "Exp", "Log", "Sqrt", "Abs", "Neg", "Floor", "Ceil", "Reciprocal", "Pow"),
        *("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "Equal", "Greater", "Less", "GreaterOrEqual"),
        *("LessOrEqual", "And", "Or", "Not", "Where", "Cast", "Concat", "Split", "Slice", "Pad", "Reshape"),
        *("Flatten", "Squeeze", "Unsqueeze", "Transpose", "Expand", "Tile", "Gather", "GatherElements"),
        *("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "Resize", "DepthToSpace", "ArgMax", "TopK"),
    )
)
"""Operators that every device has to run; of all others it may say that it does not."""
