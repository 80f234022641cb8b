"""Times library kernels alone: CUDA graphs of a few executions each, replayed, on scratch memory with random values."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import numpy as np

from warploom.device.cuda.errors import cuda_call
from warploom.device.cuda.library.choosing import Timed
from warploom.device.cuda.library.images import conv_tensors
from warploom.device.cuda.library.plan import Kernel, Pointers
from warploom.device.cuda.library.signature import LibraryStep, regions_by_role
from warploom.device.cuda.loading import load_cupy
from warploom.device.cuda.steps import ConvStep
from warploom.graph import DType

_ALIGNMENT = 16
_PATTERN_ELEMENTS = 1 << 16
_FIRST_ROUNDS, _FINAL_ROUNDS = 3, 9
_TARGET_US = 150.0
_FEWEST_EXECUTIONS, _MOST_EXECUTIONS = 2, 20
# What a launch outside of a graph adds to a rough time, at most.
_LAUNCH_US = 20.0
# A candidate this much slower than the best so far needs no exact figure.
_HOPELESS = 4.0


class Scratch:
    """Device memory to time kernels on: reused from signature to signature, given back by `close`."""

    def __init__(self) -> None:
        self._buffers: dict[str, Any] = {}
        self._retired: list[Any] = []

    def pointers(self, step: LibraryStep, bias_dtype: DType | None) -> dict[str, int]:
        """Addresses for all regions of a step: what is read shares random values, the output has its own bytes."""
        regions = regions_by_role(step)
        sizes = {role: _span_bytes(step, role) for role in regions}
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
            buffer = self._buffers[name] = _allocated(size, dtype)
        return int(buffer.data.ptr)


def _allocated(size: int, dtype: DType | None) -> Any:
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


def _span_bytes(step: LibraryStep, role: str) -> int:
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


class GpuBench:
    """Measures kernels on a stream of its own.

    Args:
        stream: CuPy's stream.
    """

    def __init__(self, stream: Any) -> None:
        self._cupy = load_cupy()
        self._stream = stream
        self._scratch = Scratch()
        self._events = (self._cupy.cuda.Event(), self._cupy.cuda.Event())

    def first(self, kernel: Kernel, step: LibraryStep, best_us: float) -> Timed | None:
        """A rough time from outside of a graph, then, unless that is hopeless, some replays of a graph."""
        workspace = self._scratch.workspace(kernel.plan.workspace_bytes)
        pointers = self._scratch.pointers(step, kernel.plan.bias_dtype)
        with cuda_call("timing a library kernel"):
            kernel.enqueue(pointers, workspace, self._stream.ptr)
            rough_us = self._elapsed_us(lambda: kernel.enqueue(pointers, workspace, self._stream.ptr)) - _LAUNCH_US
            if rough_us > _HOPELESS * best_us + _LAUNCH_US:
                return None
            executions = executions_for(rough_us)
            graph = self._captured(kernel, pointers, workspace, executions)
            graph.launch(self._stream)
            times = [self._replay_us(graph, executions) for _ in range(_FIRST_ROUNDS)]
        return Timed(kernel, statistics.median(times), (graph, executions))

    def finals_us(self, timed: Sequence[Timed]) -> list[float]:
        """Median replays; the graphs take turns, so that drifts hit all alike."""
        samples: list[list[float]] = [[] for _ in timed]
        with cuda_call("timing library kernels"):
            for _ in range(_FINAL_ROUNDS):
                for entry, times in zip(timed, samples, strict=True):
                    times.append(self._replay_us(*cast("tuple[Any, int]", entry.again)))
        return [statistics.median(times) for times in samples]

    def next_step(self) -> None:
        """All measurements of this step are done."""
        self._scratch.forget_graphs()

    def close(self) -> None:
        """Frees the scratch memory; may be called again."""
        self._scratch.close()

    def _captured(self, kernel: Kernel, pointers: Pointers, workspace: int, executions: int) -> Any:
        with self._stream:
            self._stream.begin_capture()
            try:
                for _ in range(executions):
                    kernel.enqueue(pointers, workspace, self._stream.ptr)
            finally:
                graph = self._stream.end_capture()
        return graph

    def _replay_us(self, graph: Any, executions: int) -> float:
        return self._elapsed_us(partial(graph.launch, self._stream)) / executions

    def _elapsed_us(self, launch: Callable[[], object]) -> float:
        start, end = self._events
        start.record(self._stream)
        launch()
        end.record(self._stream)
        end.synchronize()
        return float(self._cupy.cuda.get_elapsed_time(start, end)) * 1e3


def executions_for(latency_us: float) -> int:
    """Executions in one graph: enough to measure by, few enough to be done soon."""
    return max(_FEWEST_EXECUTIONS, min(_MOST_EXECUTIONS, int(_TARGET_US / max(latency_us, 1.0))))
