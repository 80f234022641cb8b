"""The families of products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warploom.device.cuda.lowering.products.convolution import (
    convolution_obstacle,
    lower_convolution,
    lower_transposed,
)
from warploom.device.cuda.lowering.products.matmul import lower_matmul, matmul_obstacle
from warploom.device.cuda.lowering.registry import Family, FamilyLowering, Obstacle
from warploom.graph import Primitive


def _is_dequantizing(chain: Sequence[Primitive]) -> bool:
    """Whether a chain ends in floats made of integers, which may be multiplied instead."""
    return chain[-1].op == "DequantizeLinear"


def _product(name: str, lower: FamilyLowering, obstacle: Obstacle) -> Family:
    return Family(name, lower, obstacle, takes_prologue=True, takes_epilogue=True, prologue_fits=_is_dequantizing)


_MATMUL = _product("library: matrix product", lower_matmul, matmul_obstacle)

FAMILIES: Mapping[str, Family] = {
    "Conv": _product("library: convolution", lower_convolution, convolution_obstacle),
    "ConvTranspose": Family(
        "library: transposed convolution", lower_transposed, convolution_obstacle, takes_epilogue=True
    ),
    "Gemm": _MATMUL,
    "MatMul": _MATMUL,
}
"""What cuDNN and cuBLASLt compute, and own kernels where integers are multiplied."""
