"""Reads a model file into a protobuf message; every way in which that can fail is one sentence."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from warploom.errors import ModelImportError

_ZIP = b"PK\x03\x04"
MAX_MODEL_BYTES = 2**31 - 1
"""The largest message that protobuf (and so ONNX) allows in one file."""


def read_model(path: Path) -> tuple[onnx.ModelProto, str]:
    """Reads and decodes a model file; external data stays where it is.

    Returns:
        The message and the SHA-256 of the file in hexadecimal.

    Raises:
        ModelImportError: If the file is missing, unreadable, too large, or not ONNX.
    """
    data = _read_bytes(path)
    if data.startswith(_ZIP):
        raise ModelImportError(
            f"{path} is no ONNX model but a zip archive, as recordings and plans are: give the .onnx file. "
            "A recording is opened with warploom show."
        )
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        raise ModelImportError(
            f"{path} is not a whole ONNX file (truncated, or of another format): export or download it again."
        ) from None
    if not model.HasField("graph") or not model.opset_import or not model.graph.output:
        raise ModelImportError(f"{path} is not an ONNX model: it has no graph, no operator set or no output.")
    return model, hashlib.sha256(data).hexdigest()


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise ModelImportError(f"{path} is a folder: give the .onnx file inside it.")
        if not path.is_file():
            raise ModelImportError(f"There is no model file {path}.")
        size = path.stat().st_size
        if size == 0:
            raise ModelImportError(f"{path} is empty: export or download it again.")
        if size > MAX_MODEL_BYTES:
            raise ModelImportError(
                f"{path} has {size / 1e9:.1f} GB, more than the 2 GB that ONNX allows in one file: "
                "save its weights as external data."
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise ModelImportError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
