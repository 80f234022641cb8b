"""Finds out which operands a library's kernel reads before the kernel in front of it has ended.

On GPUs from Hopper on, libraries launch kernels that may start while their predecessor in the stream still runs
(programmatic dependent launch), and wait inside for what they read. Not all of them do: the residual of some fused
convolutions of cuDNN 9.19 is read at once, so that it may be another kernel's yesterday. Here a predecessor that lets
its successor start at once, but writes the operands late, shows it.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from warploom.device.cuda.errors import cuda_call
from warploom.device.cuda.kernels.codegen.kernel import named_source
from warploom.device.cuda.library.operands import allocated, span_bytes
from warploom.device.cuda.library.plan import Kernel
from warploom.device.cuda.library.signature import LibraryStep, operand_roles
from warploom.device.cuda.loading import load_cupy
from warploom.device.cuda.modules import KernelModules

LATE_WRITER = named_source(
    "warploom_late_writer",
    r"""
extern "C" __global__ void @NAME@(uint4* target, const uint4* values, long long count, int delay_ns) {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;");
#endif
  unsigned long long start, now;
  asm volatile("mov.u64 %0, %globaltimer;" : "=l"(start));
  do { asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now)); } while (now - start < (unsigned long long)delay_ns);
  const long long step = (long long)gridDim.x * blockDim.x;
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < count; i += step) target[i] = values[i];
}
""",
)
"""Lets what follows start at once, waits, and only then copies the values to their place."""

_BLOCKS, _THREADS = 48, 512
_DELAY_NS = 25_000
_TRIES = 3
_POISON = 0xFF  # NaN in every float type
_VECTOR_BYTES = 16
_MOST_BYTES = 1 << 30
_COMPARED_BYTES = 4 << 20


class OvertakingTest:
    """Runs kernels behind a late writer.

    Args:
        modules: Own kernels.
        stream: CuPy's stream.
    """

    def __init__(self, modules: KernelModules, stream: Any) -> None:
        self._runtime = load_cupy().cuda.runtime
        self._driver = load_cupy().cuda.driver
        self._stream = stream
        modules.load([LATE_WRITER])
        self._writer = modules.function(LATE_WRITER)

    def early_operands(self, kernel: Kernel, step: LibraryStep) -> tuple[str, ...]:
        """The operands, by role, that the kernel reads before its predecessor has ended; all where that is unknown.

        Raises:
            CudaError: If the GPU fails.
        """
        sizes = {role: -(-span_bytes(step, role) // _VECTOR_BYTES) * _VECTOR_BYTES for role in operand_roles(step)}
        result_bytes = span_bytes(step, "y")
        if 2 * sum(sizes.values()) + result_bytes > _MOST_BYTES:
            return tuple(sizes)
        storage = step.y.layout.dtype
        values = {role: allocated(size, storage) for role, size in sizes.items()}
        places = {role: allocated(size, None) for role, size in sizes.items()}
        result = allocated(result_bytes, None)
        workspace = allocated(kernel.plan.workspace_bytes, None) if kernel.plan.workspace_bytes else None
        pointers = {role: int(place.data.ptr) for role, place in places.items()} | {"y": int(result.data.ptr)}
        bias = _bias(step, kernel)
        if bias is not None:
            pointers["bias"] = int(bias.data.ptr)

        def outcome(late: str) -> npt.NDArray[np.uint8]:
            """The result where one operand is written late, or none."""
            for role, size in sizes.items():
                if role == late:
                    self._runtime.memset(places[role].data.ptr, _POISON, size)
                else:
                    self._copy(places[role], values[role], size)
            self._runtime.memset(result.data.ptr, _POISON, result_bytes)
            self._runtime.deviceSynchronize()
            if late:
                self._write_late(places[late], values[late], sizes[late])
            kernel.enqueue(pointers, int(workspace.data.ptr) if workspace is not None else 0, self._stream.ptr)
            self._stream.synchronize()
            found = np.empty(min(result_bytes, _COMPARED_BYTES), np.uint8)
            self._runtime.memcpy(found.ctypes.data, result.data.ptr, found.nbytes, self._runtime.memcpyDeviceToHost)
            return found

        with cuda_call("testing whether a library kernel waits for its predecessor"):
            expected = outcome("")
            early = (role for role in sizes for _ in range(_TRIES) if not np.array_equal(outcome(role), expected))
            return tuple(dict.fromkeys(early))

    def _copy(self, place: Any, values: Any, size: int) -> None:
        self._runtime.memcpy(place.data.ptr, values.data.ptr, size, self._runtime.memcpyDeviceToDevice)

    def _write_late(self, place: Any, values: Any, size: int) -> None:
        cells = (
            ctypes.c_void_p(place.data.ptr),
            ctypes.c_void_p(values.data.ptr),
            ctypes.c_longlong(size // _VECTOR_BYTES),
            ctypes.c_int(_DELAY_NS),
        )
        arguments = (ctypes.c_void_p * len(cells))(*map(ctypes.addressof, cells))
        grid, block = (_BLOCKS, 1, 1), (_THREADS, 1, 1)
        self._driver.launchKernel(self._writer.ptr, *grid, *block, 0, self._stream.ptr, ctypes.addressof(arguments), 0)


def _bias(step: LibraryStep, kernel: Kernel) -> Any:
    if step.bias is None or kernel.plan.bias_dtype is None:
        return None
    return allocated(span_bytes(step, "bias"), kernel.plan.bias_dtype)
