"""Finds out which operands a library's kernel reads before the kernel in front of it has ended.

On GPUs from Hopper on, libraries launch kernels that may start while their predecessor in the stream still runs
(programmatic dependent launch), and wait inside for what they read. Not all of them do: the residual of some fused
convolutions of cuDNN 9.19 is read at once, so that it may be another kernel's yesterday. Here a predecessor that lets
its successor start at once, but writes the operands late, shows it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
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

_KNOWN = ("residual",)  # whatever a trial says: beside other programs on the GPU it may see nothing
_BLOCKS, _THREADS = 48, 512
_DELAY_NS = 25_000
_TRIES = 3
_POISON = 0xFF  # NaN in every float type
_VECTOR_BYTES = 16
_MOST_BYTES = 1 << 30
_COMPARED_BYTES = 1 << 20
_PLACE_BYTES = 256


class OvertakingTest:
    """Runs kernels behind a late writer.

    Args:
        modules: Own kernels.
        stream: CuPy's stream, on which everything runs.
    """

    def __init__(self, modules: KernelModules, stream: Any) -> None:
        self.stream = stream
        modules.load([LATE_WRITER])
        self._writer = modules.function(LATE_WRITER)

    def early_operands(self, kernel: Kernel, step: LibraryStep) -> tuple[str, ...]:
        """The operands, by role, that the kernel reads before its predecessor has ended; all where that is unknown.

        Raises:
            CudaError: If the GPU fails.
        """
        known = tuple(role for role in _KNOWN if role in operand_roles(step))
        return tuple(dict.fromkeys((*known, *self._found(kernel, step))))

    def _found(self, kernel: Kernel, step: LibraryStep) -> tuple[str, ...]:
        """The operands that are read early in a trial."""
        offsets, size = _placed({role: span_bytes(step, role) for role in operand_roles(step)})
        result_bytes = span_bytes(step, "y")
        if 2 * size + result_bytes > _MOST_BYTES:
            return tuple(offsets)
        trial = _Trial(self, kernel, step, offsets, size)
        with cuda_call("testing whether a library kernel waits for its predecessor"):
            expected = trial.outcome()
            if not trial.differs((0, size), expected):
                return ()
            ends = [*list(offsets.values())[1:], size]
            parts = zip(offsets.items(), ends, strict=True)
            early = tuple(role for (role, start), end in parts if trial.differs((start, end), expected))
            return early or tuple(offsets)

    def write_late(self, target: int, values: int, size: int) -> object:
        """Starts a kernel that copies whole vectors after a while, and lets its successor start before.

        Returns:
            What has to live until the launch was captured.
        """
        cells = (
            ctypes.c_void_p(target),
            ctypes.c_void_p(values),
            ctypes.c_longlong(size // _VECTOR_BYTES),
            ctypes.c_int(_DELAY_NS),
        )
        arguments = (ctypes.c_void_p * len(cells))(*map(ctypes.addressof, cells))
        launch, grid, block = load_cupy().cuda.driver.launchKernel, (_BLOCKS, 1, 1), (_THREADS, 1, 1)
        launch(self._writer.ptr, *grid, *block, 0, self.stream.ptr, ctypes.addressof(arguments), 0)
        return cells, arguments


class _Trial:
    """One kernel with memory to run on: operands side by side in one block, their values in another."""

    def __init__(
        self, test: OvertakingTest, kernel: Kernel, step: LibraryStep, offsets: Mapping[str, int], size: int
    ) -> None:
        self._test = test
        self._kernel = kernel
        self._size = size
        self._result_bytes = span_bytes(step, "y")
        workspace_bytes = kernel.plan.workspace_bytes
        self._values = allocated(size, step.y.layout.dtype)
        self._block = allocated(size, None)
        self._result = allocated(self._result_bytes, None)
        self._workspace = allocated(workspace_bytes, None) if workspace_bytes else None
        self._bias = _bias(step, kernel)
        base = int(self._block.data.ptr)
        self._pointers = {role: base + offset for role, offset in offsets.items()} | {"y": int(self._result.data.ptr)}
        if self._bias is not None:
            self._pointers["bias"] = int(self._bias.data.ptr)

    def differs(self, late: tuple[int, int], expected: npt.NDArray[np.uint8]) -> bool:
        """Whether the result is another one where a part of the operands' bytes is written late.

        Both kernels are captured into one graph: enqueued one by one, the second could come when the first has ended.
        """
        stream = self._test.stream
        start, end = late
        with stream:
            stream.begin_capture()
            try:
                keeps = self._test.write_late(self._at(self._block, start), self._at(self._values, start), end - start)
                self._enqueue()
            finally:
                graph = stream.end_capture()
        found = [self.outcome(graph, late) for _ in range(_TRIES)]
        del keeps
        return any(not np.array_equal(one, expected) for one in found)

    def outcome(self, graph: Any = None, late: tuple[int, int] | None = None) -> npt.NDArray[np.uint8]:
        """The result of the kernel alone, or of a graph before which some operands are poisoned."""
        runtime, stream = load_cupy().cuda.runtime, self._test.stream
        runtime.memcpy(self._at(self._block), self._at(self._values), self._size, runtime.memcpyDeviceToDevice)
        runtime.memset(self._at(self._result), _POISON, self._result_bytes)
        if late is not None:
            runtime.memset(self._at(self._block, late[0]), _POISON, late[1] - late[0])
        runtime.deviceSynchronize()
        if graph is None:
            self._enqueue()
        else:
            graph.launch(stream)
        stream.synchronize()
        found = np.empty(min(self._result_bytes, _COMPARED_BYTES), np.uint8)
        runtime.memcpy(found.ctypes.data, self._at(self._result), found.nbytes, runtime.memcpyDeviceToHost)
        return found

    def _enqueue(self) -> None:
        workspace = self._at(self._workspace) if self._workspace is not None else 0
        self._kernel.enqueue(self._pointers, workspace, self._test.stream.ptr)

    @staticmethod
    def _at(array: Any, offset: int = 0) -> int:
        return int(array.data.ptr) + offset


def _placed(sizes: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Offsets of operands side by side, and where they end."""
    offsets: dict[str, int] = {}
    end = 0
    for role, size in sizes.items():
        offsets[role] = end
        end += -(-size // _PLACE_BYTES) * _PLACE_BYTES
    return offsets, end


def _bias(step: LibraryStep, kernel: Kernel) -> Any:
    if step.bias is None or kernel.plan.bias_dtype is None:
        return None
    return allocated(span_bytes(step, "bias"), kernel.plan.bias_dtype)
