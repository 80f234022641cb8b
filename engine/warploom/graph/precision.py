"""The arithmetic that a device is asked to use for floating-point operators."""

from __future__ import annotations

import enum

from warploom.graph.dtype import DType


class Precision(enum.StrEnum):
    """How float tensors are stored and multiplied on a device.

    FP32 excludes TF32. TF32 stores float32 and multiplies on tensor cores with a 10-bit mantissa. FP16 and BF16
    store 16 bits and accumulate in float32. MIXED stores every float tensor as the Graph says, which differs from
    operator to operator, and multiplies what is stored in 32 bits as FP32 does. INT8 is FP16 for a Graph some of whose
    operators are quantized: those multiply 8-bit integers and accumulate in 32 bits.
    """

    FP32 = "fp32"
    TF32 = "tf32"
    FP16 = "fp16"
    BF16 = "bf16"
    MIXED = "mixed"
    INT8 = "int8"

    @property
    def itemsize(self) -> int:
        """Bytes that one stored float element takes (at most, where that differs from tensor to tensor)."""
        return 2 if self in (Precision.FP16, Precision.BF16, Precision.INT8) else 4

    def stored_itemsize(self, dtype: DType) -> int:
        """Bytes that one stored element of a tensor takes: floats follow the precision, others their own type."""
        if not dtype.is_float:
            return dtype.itemsize
        return min(dtype.itemsize, 4) if self is Precision.MIXED else self.itemsize

    def of_floats(self, dtype: DType) -> Precision:
        """The one arithmetic of an operator whose float results have this element type in the Graph."""
        if self is Precision.MIXED:
            return _BY_TYPE.get(dtype, Precision.FP32)
        return Precision.FP16 if self is Precision.INT8 else self


_BY_TYPE = {DType.FLOAT16: Precision.FP16, DType.BFLOAT16: Precision.BF16}

UNIFORM = (Precision.FP32, Precision.TF32, Precision.FP16, Precision.BF16)
"""The precisions that are the same for all operators of any Graph."""
