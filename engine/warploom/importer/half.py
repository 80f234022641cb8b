"""ONNX files for other runtimes: as a protobuf, and with 16-bit floats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx_ir
from onnx import ModelProto, load_model

from warploom.errors import ModelImportError
from warploom.onnx_runtime import load_onnx_runtime


def read_proto(path: Path) -> ModelProto:
    """The file as it is."""
    return load_model(path)


def parse_proto(data: bytes) -> ModelProto:
    """A file that is in memory."""
    model = ModelProto()
    model.ParseFromString(data)
    return model


def half_model(path: Path) -> bytes:
    """The model with float16 weights and arithmetic; inputs and outputs stay float32.

    Raises:
        ModelImportError: If ONNX Runtime's converter is missing or cannot convert the file.
    """
    try:
        load_onnx_runtime()
        from onnxruntime.transformers.float16 import convert_float_to_float16  # type: ignore[import-untyped]
    except ImportError as error:
        raise ModelImportError(f"ONNX Runtime's converter to fp16 is missing ({error}).") from error
    try:
        converted: Any = convert_float_to_float16(load_model(path), keep_io_types=True, disable_shape_infer=True)
    except (ValueError, KeyError, AttributeError) as error:
        raise ModelImportError(f"ONNX Runtime cannot convert {path.name} to fp16: {error}.") from error
    # The converter appends the conversions of inputs; ONNX wants nodes in topological order, and some readers need it.
    model = onnx_ir.from_proto(converted)
    model.graph.sort()
    return bytes(onnx_ir.to_proto(model).SerializeToString())
