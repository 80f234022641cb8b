"""Device and pinned host memory, with what is missing named in bytes when there is too little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from warploom.device.arena import ALIGNMENT_BYTES
from warploom.device.cuda.errors import DeviceMemoryError, cuda_call
from warploom.device.cuda.loading import load_cupy
from warploom.device.protocol import Array


class DeviceMemory:
    """Bytes on the device, freed when nothing refers to them any more.

    Args:
        size: Bytes.
        purpose: What for, as in "allocating the arena".
        fill: Value of every byte, or None to leave them as they are.
    """

    def __init__(self, size: int, purpose: str, fill: int | None = 0) -> None:
        self.size = size
        self._memory = _allocate(max(size, ALIGNMENT_BYTES), purpose)
        self.address = int(self._memory.ptr)
        if fill is not None:
            self.fill(fill)

    def fill(self, value: int, size: int | None = None, offset: int = 0) -> None:
        """Sets every byte, or `size` of them from `offset` on, and waits for it."""
        runtime = load_cupy().cuda.runtime
        with cuda_call("filling device memory"):
            runtime.memset(self.address + offset, value, max(self.size if size is None else size, 1))
            runtime.deviceSynchronize()

    def put(self, values: Array, offset: int = 0) -> None:
        """Copies a contiguous array into it, and waits for it."""
        runtime = load_cupy().cuda.runtime
        with cuda_call("copying to the device"):
            runtime.memcpy(self.address + offset, values.ctypes.data, values.nbytes, runtime.memcpyHostToDevice)


def pinned_array(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """An array in page-locked host memory, which the GPU copies from and to by itself."""
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    with cuda_call("allocating page-locked memory", size):
        memory = load_cupy().cuda.alloc_pinned_memory(max(size, 1))
    array: Array = np.frombuffer(memory, dtype, size // dtype.itemsize).reshape(shape)
    return array


def spread(sizes: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Offsets that give each buffer bytes of its own, and the bytes of them all."""
    offsets: dict[str, int] = {}
    end = 0
    for name, size in sizes.items():
        offsets[name] = end
        end += -(-size // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
    return offsets, end


def _allocate(size: int, purpose: str) -> Any:
    """Device memory; what the pool keeps for later is given back before it is said that there is none."""
    cupy = load_cupy()
    for last in (False, True):
        try:
            with cuda_call(purpose, size, int(cupy.cuda.runtime.memGetInfo()[0])):
                return cupy.cuda.alloc(size)
        except DeviceMemoryError:
            if last:
                raise
            cupy.get_default_memory_pool().free_all_blocks()
    raise AssertionError
