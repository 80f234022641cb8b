"""Times library kernels alone: CUDA graphs of a few executions each, replayed, on scratch memory with random values."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from warploom.device.cuda.errors import cuda_call
from warploom.device.cuda.library.choosing import Timed
from warploom.device.cuda.library.operands import Scratch, as_floats, span_bytes
from warploom.device.cuda.library.overtaking import OvertakingTest
from warploom.device.cuda.library.plan import Kernel, Pointers
from warploom.device.cuda.library.signature import LibraryStep, operand_roles
from warploom.device.cuda.loading import load_cupy

_FIRST_ROUNDS, _FINAL_ROUNDS = 3, 9
_TARGET_US = 150.0
_COMPARED_BYTES = 1 << 20
_FEWEST_EXECUTIONS, _MOST_EXECUTIONS = 2, 20
# What a launch outside of a graph adds to a rough time, at most.
_LAUNCH_US = 20.0
# A candidate this much slower than the best so far needs no exact figure.
_HOPELESS = 4.0


class GpuBench:
    """Measures kernels on a stream of its own.

    Args:
        stream: CuPy's stream.
        overtaking: Finds operands that are read too early; without it all of them count as such.
    """

    def __init__(self, stream: Any, overtaking: OvertakingTest | None = None) -> None:
        self._cupy = load_cupy()
        self._stream = stream
        self._overtaking = overtaking
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

    def differences(self, kernels: Sequence[Kernel], step: LibraryStep) -> list[float]:
        """How far each kernel's result is from what most of them compute: |result - median| / |median|."""
        runtime = self._cupy.cuda.runtime
        results: list[npt.NDArray[np.float32]] = []
        size = min(span_bytes(step, "y"), _COMPARED_BYTES)
        for kernel in kernels:
            pointers = self._scratch.pointers(step, kernel.plan.bias_dtype)
            found = np.empty(size, np.uint8)
            with cuda_call("comparing library kernels"):
                runtime.memset(pointers["y"], 0, span_bytes(step, "y"))
                runtime.deviceSynchronize()
                kernel.enqueue(pointers, self._scratch.workspace(kernel.plan.workspace_bytes), self._stream.ptr)
                self._stream.synchronize()
                runtime.memcpy(found.ctypes.data, pointers["y"], size, runtime.memcpyDeviceToHost)
            results.append(as_floats(found, step.y.layout.dtype))
        middle = np.median(np.stack(results), axis=0)
        norm = max(float(np.linalg.norm(middle)), 1e-30)
        return [float(np.linalg.norm(result - middle)) / norm for result in results]

    def early_operands(self, kernel: Kernel, step: LibraryStep) -> tuple[str, ...]:
        """Operands, by role, that the kernel may read before its predecessor in the stream has ended."""
        if self._overtaking is None:
            return operand_roles(step)
        return self._overtaking.early_operands(kernel, step)

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
