"""Families: which kernel model each primitive has; the one table behind `supports` and `warploom ops`."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from warploom.device.protocol import Support
from warploom.graph.kinds import KINDS
from warploom.graph.operator import OperatorKind


class Family(enum.StrEnum):
    """Kernel models. The value is what the user is told about how the primitive runs."""

    CONVOLUTION = "implicit GEMM or depthwise kernel"
    TRANSPOSED = "implicit GEMM, transposed"
    MATRIX = "GEMM or GEMV"
    POOL = "pooling kernel"
    REDUCE = "reduction kernel"
    ROWS = "row-wise normalisation kernel"
    LOCAL = "local response kernel"
    POINTWISE = "pointwise kernel, fused with its neighbours"
    COPY = "copy kernel"
    TRANSPOSE = "transposing copy kernel"
    GATHER = "gather kernel"
    RESIZE = "interpolation kernel"
    SORT = "sorting kernel"
    SCAN = "running sum kernel"
    VIEW = "no kernel: a view of the same bytes"


_BY_KIND: Mapping[OperatorKind, Family] = {
    OperatorKind.MATMUL: Family.MATRIX,
    OperatorKind.POOL: Family.POOL,
    OperatorKind.SOFTMAX: Family.ROWS,
    OperatorKind.NORM: Family.ROWS,
    OperatorKind.REDUCE: Family.REDUCE,
    OperatorKind.POINTWISE: Family.POINTWISE,
    OperatorKind.CONCAT: Family.COPY,
    OperatorKind.COPY: Family.COPY,
    OperatorKind.VIEW: Family.VIEW,
    OperatorKind.RESIZE: Family.RESIZE,
    OperatorKind.GATHER: Family.GATHER,
    OperatorKind.SORT: Family.SORT,
    OperatorKind.CONV: Family.CONVOLUTION,
    OperatorKind.CONV_TRANSPOSE: Family.TRANSPOSED,
}

_OF_THEIR_OWN: Mapping[str, Family] = {
    "GlobalAveragePool": Family.REDUCE,
    "GlobalMaxPool": Family.REDUCE,
    "GlobalLpPool": Family.REDUCE,
    "BatchNormalization": Family.POINTWISE,
    "LRN": Family.LOCAL,
    "Transpose": Family.TRANSPOSE,
    "DepthToSpace": Family.TRANSPOSE,
    "SpaceToDepth": Family.TRANSPOSE,
    "CumSum": Family.SCAN,
}

# Known operators that have no kernel model: sizes that depend on values, integer arithmetic of their own, rarities.
_WITHOUT_KERNEL: Mapping[str, str] = {
    **dict.fromkeys(("Unique", "NonZero", "NonMaxSuppression", "Compress"), "the size of its output depends on values"),
    **dict.fromkeys(
        ("ConvInteger", "QLinearConv", "MatMulInteger", "QLinearMatMul"),
        "quantized models are simulated with QuantizeLinear and DequantizeLinear only",
    ),
    **dict.fromkeys(
        ("DeformConv", "Einsum", "RoiAlign", "MaxRoiPool", "MaxUnpool", "Scatter"),
        "it has no kernel model",
    ),
    **dict.fromkeys(("Col2Im", "CenterCropPad", "ReverseSequence"), "it has no kernel model"),
    **dict.fromkeys(("ConstantOfShape", "Range", "EyeLike"), "it should have been folded into a constant"),
}

FAMILIES: Mapping[str, Family] = {
    **{op: _BY_KIND[kind] for op, kind in KINDS.items() if op not in _WITHOUT_KERNEL},
    **_OF_THEIR_OWN,
}
"""The family of every primitive that the simulated GPU runs."""


def supported_ops() -> Mapping[str, Support]:
    """Support of every operator that is known by name, in alphabetical order; all others are unsupported."""
    support = {op: Support(supported=True, reason=family.value) for op, family in FAMILIES.items()}
    support.update({op: Support(supported=False, reason=reason) for op, reason in _WITHOUT_KERNEL.items()})
    return dict(sorted(support.items()))


def support_of(op: str) -> Support:
    """Support of one primitive by name."""
    if op in FAMILIES:
        return Support(supported=True, reason=FAMILIES[op].value)
    why = _WITHOUT_KERNEL.get(op, "no device knows it")
    return Support(supported=False, reason=f"the simulated GPU has no kernel for {op}: {why}")
