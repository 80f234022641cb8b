"""The arithmetic that a device is asked to use for floating-point operators."""

from __future__ import annotations

import enum


class Precision(enum.StrEnum):
    """How float tensors are stored and multiplied on a device.

    FP32 excludes TF32. TF32 stores float32 and multiplies on tensor cores with a 10-bit mantissa. FP16 and BF16
    store 16 bits and accumulate in float32.
    """

    FP32 = "fp32"
    TF32 = "tf32"
    FP16 = "fp16"
    BF16 = "bf16"

    @property
    def itemsize(self) -> int:
        """Bytes that one stored float element takes."""
        return 2 if self in (Precision.FP16, Precision.BF16) else 4

    @property
    def uses_tensor_cores(self) -> bool:
        """Whether matrix products run on tensor cores."""
        return self is not Precision.FP32
