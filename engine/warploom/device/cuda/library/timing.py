"""Times library kernels alone: CUDA graphs of a few executions each, replayed, on scratch memory with random values."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from warploom.device.cuda.errors import cuda_call
from warploom.device.cuda.library.images import conv_tensors
from warploom.device.cuda.library.plan import Kernel, Pointers
from warploom.device.cuda.library.signature import LibraryStep, regions_by_role
from warploom.device.cuda.loading import load_cupy
from warploom.device.cuda.steps import ConvStep
from warploom.graph import DType

_ALIGNMENT = 16
_PATTERN_ELEMENTS = 1 << 16
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


class Timer:
    """Measures kernels on a stream of its own."""

    def __init__(self, stream: Any) -> None:
        self._cupy = load_cupy()
        self._stream = stream
        self._events = (self._cupy.cuda.Event(), self._cupy.cuda.Event())

    def estimate_us(self, kernel: Kernel, pointers: Pointers, workspace: int) -> float:
        """One execution timed roughly, launch overhead included, after one that warms up."""
        kernel.enqueue(pointers, workspace, self._stream.ptr)
        return self._elapsed_us(lambda: kernel.enqueue(pointers, workspace, self._stream.ptr))

    def graph(self, kernel: Kernel, pointers: Pointers, workspace: int, estimate_us: float) -> TimedGraph:
        """A CUDA graph of several executions, replayed once to warm up."""
        execution_us = max(estimate_us - _LAUNCH_US, 1.0)
        executions = max(_FEWEST_EXECUTIONS, min(_MOST_EXECUTIONS, int(_TARGET_US / execution_us)))
        with self._stream:
            self._stream.begin_capture()
            try:
                for _ in range(executions):
                    kernel.enqueue(pointers, workspace, self._stream.ptr)
            finally:
                graph = self._stream.end_capture()
        graph.launch(self._stream)
        return TimedGraph(graph, executions)

    def rounds_us(self, graphs: Sequence[TimedGraph], rounds: int) -> list[float]:
        """Median time of one execution in each graph; the graphs take turns, so that drifts hit all alike."""
        samples: list[list[float]] = [[] for _ in graphs]
        for _ in range(rounds):
            for timed, times in zip(graphs, samples, strict=True):
                times.append(self._elapsed_us(partial(timed.graph.launch, self._stream)) / timed.executions)
        return [statistics.median(times) for times in samples]

    def _elapsed_us(self, launch: Callable[[], object]) -> float:
        start, end = self._events
        start.record(self._stream)
        launch()
        end.record(self._stream)
        end.synchronize()
        return float(self._cupy.cuda.get_elapsed_time(start, end)) * 1e3


class TimedGraph:
    """A CUDA graph of some executions of one kernel."""

    __slots__ = ("executions", "graph")

    def __init__(self, graph: Any, executions: int) -> None:
        self.graph = graph
        self.executions = executions


def hopeless(estimate_us: float, best_us: float) -> bool:
    """Whether a kernel of which only the rough time is known cannot become the best."""
    return estimate_us - 2 * _LAUNCH_US > _HOPELESS * best_us
