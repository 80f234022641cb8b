"""Times launches by events inside the CUDA graph, where CUPTI is missing: not each kernel, but each launch."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from warploom.device.cuda.binding import Enqueue
from warploom.device.cuda.capture import Branch, CapturedGraph
from warploom.device.cuda.loading import load_cupy
from warploom.device.cuda.profiler.activity import Record
from warploom.device.cuda.profiler.record import node_columns, sm_limits
from warploom.device.cuda.profiler.trace import KERNEL, Trace
from warploom.device.cuda.replay import ReplayTimer
from warploom.device.protocol import Array
from warploom.errors import ProfileError

_AS_NODE = 1  # cudaEventRecordExternal: the record becomes a node of the graph that is captured
_WARM_UP = 3


class Stamps:
    """Events before and behind each work of a capture."""

    def __init__(self) -> None:
        self._events: list[tuple[Any, Any]] = []
        try:
            self._record = ctypes.CDLL("libcuda.so.1").cuEventRecordWithFlags
        except (OSError, AttributeError) as error:
            raise ProfileError("the driver is too old to time launches inside a graph") from error

    def around(self, branches: Sequence[Branch]) -> list[Branch]:
        """The work with its events."""
        make = load_cupy().cuda.Event
        self._events = [(make(), make()) for _ in branches]
        return [
            replace(branch, enqueue=(self._stamp(before), *branch.enqueue, self._stamp(behind)))
            for branch, (before, behind) in zip(branches, self._events, strict=True)
        ]

    def times_us(self) -> list[tuple[float, float]]:
        """Start and end of each work in the replay before, in microseconds from the first one's start."""
        elapsed, origin = load_cupy().cuda.get_elapsed_time, self._events[0][0]
        return [(elapsed(origin, before) * 1e3, elapsed(origin, behind) * 1e3) for before, behind in self._events]

    def _stamp(self, event: Any) -> Enqueue:
        def enqueue(stream: int) -> None:
            if self._record(ctypes.c_void_p(event.ptr), ctypes.c_void_p(stream), _AS_NODE):
                raise ProfileError("an event cannot be recorded inside a graph")

        return enqueue


def record_by_events(
    plan: str, stamps: Stamps, replays: int, note: str, graph: CapturedGraph, timer: ReplayTimer
) -> Trace:
    """Replays a plan that was captured with stamps. The kernels of a launch share its time evenly.

    Raises:
        ProfileError: If the driver does not list the graph's nodes.
        CudaError: If the GPU fails.
    """
    kernels = [node for node in graph.nodes if node.kernel is not None]
    if not kernels:
        raise ProfileError("the driver does not list the nodes of a graph")
    timer.spin_up(graph)
    timer.warm_up(graph, _WARM_UP)
    rows = []
    for _ in range(replays):
        timer.warm_up(graph, 1)
        rows.append(_spread([node.branch for node in kernels], stamps.times_us()))
    shapes = [node.kernel for node in kernels if node.kernel is not None]
    records = [
        [
            (node.branch, Record(KERNEL, 0, i + 1, *times, shape.grid, shape.block, shape.shared_memory_bytes))
            for i, (node, shape, times) in enumerate(zip(kernels, shapes, row, strict=True))
        ]
        for row in rows
    ]
    return Trace(
        plan=plan,
        warps_from="events",
        notes=(note,),
        limits=sm_limits(),
        metrics=(),
        sample_start_ns=_none(),
        sample_end_ns=_none(),
        samples=_none().reshape(0, 0),
        **node_columns(kernels, records),
    )


def _spread(branches: Sequence[int], times: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
    """Start and end in ns of each kernel of each work."""
    counts = {branch: branches.count(branch) for branch in set(branches)}
    done: dict[int, int] = {}
    result = []
    for branch in branches:
        start, end = times[branch]
        part = max(0.0, end - start) / counts[branch]
        begin = start + part * done.get(branch, 0)
        done[branch] = done.get(branch, 0) + 1
        result.append((round(begin * 1e3), round((begin + part) * 1e3)))
    return result


def _none() -> Array:
    import numpy as np

    return np.zeros(0, dtype=np.int64)
