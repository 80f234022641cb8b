"""Translates ONNX element types to DType and back."""

from __future__ import annotations

from onnx import TensorProto

from warploom.errors import ModelImportError
from warploom.graph import DType

_TO_DTYPE: dict[int, DType] = {
    TensorProto.FLOAT: DType.FLOAT32,
    TensorProto.FLOAT16: DType.FLOAT16,
    TensorProto.BFLOAT16: DType.BFLOAT16,
    TensorProto.DOUBLE: DType.FLOAT64,
    TensorProto.INT64: DType.INT64,
    TensorProto.INT32: DType.INT32,
    TensorProto.INT16: DType.INT16,
    TensorProto.INT8: DType.INT8,
    TensorProto.UINT64: DType.UINT64,
    TensorProto.UINT32: DType.UINT32,
    TensorProto.UINT16: DType.UINT16,
    TensorProto.UINT8: DType.UINT8,
    TensorProto.BOOL: DType.BOOL,
}
_TO_ONNX: dict[DType, int] = {dtype: element for element, dtype in _TO_DTYPE.items()}


def dtype_of(element_type: int, where: str) -> DType:
    """The DType of an ONNX element type.

    Args:
        element_type: `TensorProto.DataType` number.
        where: The tensor, as the message should name it ("The tensor 'x'").

    Raises:
        ModelImportError: If Warploom has no such element type (strings, complex numbers, 8-bit and 4-bit floats).
    """
    dtype = _TO_DTYPE.get(element_type)
    if dtype is None:
        raise ModelImportError(
            f"{where} has the element type {element_type_name(element_type)}, which Warploom does not support: "
            "export the model with float, integer or boolean tensors."
        )
    return dtype


def onnx_type(dtype: DType) -> int:
    """The ONNX `TensorProto.DataType` number of a DType."""
    return _TO_ONNX[dtype]


def element_type_name(element_type: int) -> str:
    """The ONNX name of an element type, or its number when ONNX has no such type."""
    try:
        return str(TensorProto.DataType.Name(element_type)).lower()
    except ValueError:
        return f"number {element_type}"
