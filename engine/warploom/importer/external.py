"""Finds the external data of initializers, and refuses data that lies outside the model's folder."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
from onnx import TensorProto, numpy_helper

from warploom.errors import ModelImportError
from warploom.graph.constant import Array


def is_external(tensor: TensorProto) -> bool:
    """Whether the values of a tensor lie in another file."""
    return tensor.HasField("data_location") and tensor.data_location == TensorProto.EXTERNAL


def locate(tensor: TensorProto, model: Path, expected_bytes: int) -> tuple[Path, int]:
    """The file and offset of an external tensor's values, checked before anything is read.

    Args:
        tensor: With external data.
        model: The model's file; the data must lie in its folder or below it.
        expected_bytes: What its shape and element type take.

    Raises:
        ModelImportError: If the file is missing, too short, outside the folder, or the entry makes no sense.
    """
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    where = f"The external data {location!r} of the tensor {tensor.name!r}"
    path = inside(model, location, where)
    try:
        offset = int(entries.get("offset") or 0)
        length = int(entries.get("length") or expected_bytes)
    except ValueError:
        raise ModelImportError(f"{where} has an offset or length that is not a number.") from None
    if length != expected_bytes:
        raise ModelImportError(f"{where} has {length} bytes, but its shape takes {expected_bytes}.")
    if offset < 0 or offset + length > path.stat().st_size:
        raise ModelImportError(f"{where} ends beyond the end of the file: copy the file again.")
    return path, offset


def beside(model: Path, location: str) -> Path:
    """What an external tensor names, as it is called in the model's folder: the file may be a link."""
    return Path(os.path.normpath(model.parent.resolve() / location))


def inside(model: Path, location: str, where: str) -> Path:
    """The file that an external tensor names, links resolved.

    It must lie in the model's folder or below it. Where the model's file is a link itself, as in the caches of model
    hubs, whose files lie in one folder under other names, it may also lie in the folder that this link leads to.

    Args:
        model: The model's file.
        location: As the model says it.
        where: How messages begin.

    Raises:
        ModelImportError: If the file is missing or lies outside the folder.
    """
    try:
        root = model.parent.resolve()
        named, path = beside(model, location), (root / location).resolve()
        allowed = path.is_relative_to(root) or path.is_relative_to(model.resolve().parent)
        if not location or Path(location).is_absolute() or not named.is_relative_to(root) or not allowed:
            raise ModelImportError(
                f"{where} lies outside the model's folder, which is not allowed: put it beside the model."
            )
        if not path.is_file():
            raise ModelImportError(f"{where} is missing: put the file beside the model, in {model.parent}.")
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a loop of links
        raise ModelImportError(f"{where} cannot be read: {error}.") from None
    return path


def read_external(tensor: TensorProto, path: Path, offset: int) -> Array:
    """Reads an external tensor as a memory map (nothing is loaded before it is used)."""
    dtype = np.dtype(_storage_dtype(tensor.data_type))
    shape = tuple(tensor.dims)
    if math.prod(shape) == 0:
        return np.zeros(shape, dtype)
    try:
        values: Array = np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape)
    except (OSError, ValueError) as error:
        raise ModelImportError(f"The external data {path} of {tensor.name!r} cannot be read: {error}.") from None
    if tensor.data_type == TensorProto.BFLOAT16:
        raw = TensorProto(data_type=tensor.data_type, dims=shape, raw_data=values.tobytes())
        return numpy_helper.to_array(raw).astype(np.float32)
    return values


def _storage_dtype(element_type: int) -> str:
    from warploom.importer.element_types import dtype_of

    dtype = dtype_of(element_type, "An external tensor")
    return "<u2" if element_type == TensorProto.BFLOAT16 else np.dtype(dtype.value).newbyteorder("<").str
