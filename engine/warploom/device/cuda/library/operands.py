"""Scratch memory to run library kernels on alone: operands with random values, as large as a step's regions."""

from __future__ import annotations

from typing import Any

import numpy as np

from warploom.device.cuda.errors import cuda_call
from warploom.device.cuda.library.images import conv_tensors
from warploom.device.cuda.library.signature import LibraryStep, regions_by_role
from warploom.device.cuda.loading import load_cupy
from warploom.device.cuda.steps import ConvStep
from warploom.graph import DType

_ALIGNMENT = 16
_PATTERN_ELEMENTS = 1 << 16


class Scratch:
    """Device memory to time kernels on: reused from signature to signature, given back by `close`."""

    def __init__(self) -> None:
        self._buffers: dict[str, Any] = {}
        self._retired: list[Any] = []

    def pointers(self, step: LibraryStep, bias_dtype: DType | None) -> dict[str, int]:
        """Addresses for all regions of a step: what is read shares random values, the output has its own bytes."""
        regions = regions_by_role(step)
        sizes = {role: span_bytes(step, role) for role in regions}
        storage = step.y.layout.dtype
        read = max(size for role, size in sizes.items() if role not in ("y", "bias"))
        pointers: dict[str, int] = {}
        for role, region in regions.items():
            if role == "y":
                base = self._get("output", sizes["y"] + _ALIGNMENT, None)
            elif role != "bias":
                base = self._get(f"random {storage.value}", read + _ALIGNMENT, storage)
            else:
                pointers["bias"] = self._get(f"random {bias_dtype}", sizes["bias"], bias_dtype)
                continue
            pointers[role] = base + region.offset * storage.itemsize % _ALIGNMENT
        return pointers

    def workspace(self, size: int) -> int:
        """Address of `size` bytes of workspace."""
        return self._get("workspace", size, None) if size else 0

    def forget_graphs(self) -> None:
        """No graph uses addresses given so far any more."""
        self._retired.clear()

    def close(self) -> None:
        """Frees all of it."""
        self._retired.clear()
        self._buffers.clear()

    def _get(self, name: str, size: int, dtype: DType | None) -> int:
        buffer = self._buffers.get(name)
        if buffer is None or buffer.nbytes < size:
            if buffer is not None:
                self._retired.append(buffer)
            buffer = self._buffers[name] = allocated(size, dtype)
        return int(buffer.data.ptr)


def allocated(size: int, dtype: DType | None) -> Any:
    """At least that many bytes (a CuPy array), holding random values of a type, or anything."""
    cupy = load_cupy()
    # Half as much again: sizes tend to grow step by step, and every growth allocates.
    whole = -(-max(size + size // 2, 1 << 20) // 256) * 256
    with cuda_call("allocating scratch memory for timing kernels", whole, cupy.cuda.runtime.memGetInfo()[0]):
        buffer = cupy.empty(whole, cupy.uint8)
        if dtype is not None:
            pattern = cupy.asarray(np.ascontiguousarray(random_pattern(dtype)).view(np.uint8))
            for start in range(0, whole, pattern.size):
                buffer[start : start + pattern.size] = pattern[: whole - start]
        cupy.cuda.runtime.deviceSynchronize()
    return buffer


def span_bytes(step: LibraryStep, role: str) -> int:
    """Bytes from a region's first element to behind its last, padded channels included."""
    if isinstance(step, ConvStep):
        tensor = conv_tensors(step)[role]
        sizes, strides, dtype = tensor.dims, tensor.strides, tensor.dtype
    else:
        layout = regions_by_role(step)[role].layout
        sizes, strides, dtype = layout.shape, layout.strides, layout.dtype
    return (1 + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))) * dtype.itemsize


def random_pattern(dtype: DType) -> np.ndarray[Any, np.dtype[Any]]:
    """Random values of a type, bfloat16 as its bits: real kernels draw the power that real values make them draw."""
    values = np.random.default_rng(0).standard_normal(_PATTERN_ELEMENTS).astype(np.float32) * np.float32(0.5)
    if dtype is DType.BFLOAT16:
        return (values.view(np.uint32) >> 16).astype(np.uint16)
    return values.astype(dtype.to_numpy())


def as_floats(data: np.ndarray[Any, np.dtype[np.uint8]], dtype: DType) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Bytes of a float type as float32, without an incomplete element at the end."""
    whole = data[: data.size // dtype.itemsize * dtype.itemsize]
    if dtype is DType.BFLOAT16:
        return (whole.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    return whole.view(dtype.to_numpy()).astype(np.float32)
