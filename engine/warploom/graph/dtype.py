"""Element types of tensors, named as NumPy and ONNX name them."""

from __future__ import annotations

import enum

import numpy as np


class DType(enum.StrEnum):
    """Element type of a Tensor."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    FLOAT64 = "float64"
    INT64 = "int64"
    INT32 = "int32"
    INT16 = "int16"
    INT8 = "int8"
    UINT64 = "uint64"
    UINT32 = "uint32"
    UINT16 = "uint16"
    UINT8 = "uint8"
    BOOL = "bool"

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return 2 if self is DType.BFLOAT16 else int(np.dtype(self.value).itemsize)

    @property
    def is_float(self) -> bool:
        """Whether a Precision setting changes how values of this type are stored on the device."""
        return self in (DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16, DType.FLOAT64)

    def to_numpy(self) -> np.dtype[np.generic]:
        """The NumPy dtype; bfloat16 has none in NumPy and is held as float32."""
        return np.dtype("float32" if self is DType.BFLOAT16 else self.value)
