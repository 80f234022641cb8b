"""The families of products."""

from __future__ import annotations

from collections.abc import Mapping

from warploom.device.cuda.lowering.products.convolution import (
    convolution_obstacle,
    lower_convolution,
    lower_transposed,
)
from warploom.device.cuda.lowering.products.matmul import lower_matmul, matmul_obstacle
from warploom.device.cuda.lowering.registry import Family

_MATMUL = Family("library: matrix product", lower_matmul, matmul_obstacle, takes_epilogue=True)

FAMILIES: Mapping[str, Family] = {
    "Conv": Family("library: convolution", lower_convolution, convolution_obstacle, takes_epilogue=True),
    "ConvTranspose": Family(
        "library: transposed convolution", lower_transposed, convolution_obstacle, takes_epilogue=True
    ),
    "Gemm": _MATMUL,
    "MatMul": _MATMUL,
}
"""What cuDNN and cuBLASLt compute."""
