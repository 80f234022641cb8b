"""Traces and samples replays of one captured plan, in the profiling process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from warploom.device.cuda.capture import CapturedGraph
from warploom.device.cuda.graph_nodes import GraphNode
from warploom.device.cuda.loading import load_cupy
from warploom.device.cuda.profiler.activity import ActivityTracer, Record, match, replays_of
from warploom.device.cuda.profiler.sampling import Sampler
from warploom.device.cuda.profiler.trace import Trace, columns_of
from warploom.device.cuda.replay import ReplayTimer
from warploom.device.protocol import Array
from warploom.errors import ProfileError
from warploom.timeline.residency import SmLimits
from warploom.timeline.timeline import WarpsFrom

_WARM_UP = 3
_SESSIONS_MORE = 3  # because records of a replay may be lost
# Reading counters out costs far more than a replay, whatever was sampled: so many samples are read out together.
_SAMPLES_TOGETHER = 10_000
_BETWEEN_NS = 100_000  # from one replay to the next, roughly


class Recorder:
    """Records plans of one GPU.

    Args:
        tracer: Records what runs.
        sampler: Samples counters; None where that is not possible.
        notes: What is less than it should be.
        replays: How many are kept of each plan.
    """

    def __init__(self, tracer: ActivityTracer, sampler: Sampler | None, notes: Sequence[str], replays: int) -> None:
        self._tracer = tracer
        self._sampler = sampler
        self._notes = list(notes)
        self._replays = replays

    def record(self, plan: str, graph: CapturedGraph, timer: ReplayTimer) -> Trace:
        """Replays a plan and says what was seen.

        Raises:
            ProfileError: If no replay could be traced whole.
            CudaError: If the GPU fails.
        """
        timer.spin_up(graph)
        timer.warm_up(graph, _WARM_UP)
        together = self._together(timer.elapsed_us(lambda: graph.launch(timer.stream)))
        self._tracer.take()
        replays: list[list[tuple[int, Record]]] = []
        samples, lost = [], ""
        for _ in range(-(-self._replays // together) + _SESSIONS_MORE):
            if len(replays) == self._replays:
                break
            samples.append(self._session(graph, timer, min(together, self._replays - len(replays))))
            whole, lost = self._matched(graph.nodes)
            replays += whole
        if not replays:
            raise ProfileError(lost)
        return self._trace(plan, graph.nodes, replays, samples)

    def _together(self, latency_us: float) -> int:
        """How many replays of this latency are sampled in one session."""
        if self._sampler is None:
            return self._replays
        most = _SAMPLES_TOGETHER * self._sampler.interval_ns / (latency_us * 1e3 + _BETWEEN_NS)
        return max(1, min(self._replays, int(most)))

    def _session(self, graph: CapturedGraph, timer: ReplayTimer, replays: int) -> tuple[Array, Array, Array] | None:
        """Replays, each from idle, and their samples where that is possible."""

        def work() -> None:
            for _ in range(replays):
                timer.warm_up(graph, 1)

        if self._sampler is not None:
            try:
                return self._sampler.sampled(work)
            except ProfileError as error:
                self._notes.append(str(error))
                self._sampler.close()
                self._sampler = None
                self._tracer.take()  # whatever ran before that happened
        work()
        return None

    def _matched(self, nodes: Sequence[GraphNode]) -> tuple[list[list[tuple[int, Record]]], str]:
        """The replays since the last session that were traced whole, and what is wrong with the last other one."""
        found, lost = [], "the trace of a session shows no replay"
        for replay in replays_of(self._tracer.take()):
            try:
                found.append(match(nodes, replay))
            except ProfileError as error:
                lost = str(error)
        return found, lost

    def _trace(
        self,
        plan: str,
        nodes: Sequence[GraphNode],
        replays: Sequence[Sequence[tuple[int, Record]]],
        sessions: Sequence[tuple[Array, Array, Array] | None],
    ) -> Trace:
        whole = [replay for replay in replays if len(replay) == len(replays[0])]
        metrics = self._sampler.metrics if self._sampler is not None else ()
        samples = [one for one in sessions if one is not None]
        complete = bool(metrics) and len(samples) == len(sessions)
        warps_from: WarpsFrom = "samples" if complete else "model"
        notes = (*self._notes, *(self._sampler.notes if self._sampler is not None else ()))
        return Trace(
            plan=plan,
            warps_from=warps_from,
            notes=tuple(dict.fromkeys(notes)),
            limits=sm_limits(),
            metrics=metrics if complete else (),
            sample_start_ns=_joined([one[0] for one in samples], np.int64, complete=complete),
            sample_end_ns=_joined([one[1] for one in samples], np.int64, complete=complete),
            samples=np.concatenate([one[2] for one in samples], axis=1) if complete else np.zeros((0, 0)),
            **node_columns(nodes, whole),
        )


def node_columns(nodes: Sequence[GraphNode], replays: Sequence[Sequence[tuple[int, Record]]]) -> dict[str, Any]:
    """The columns of a Trace that describe nodes, from replays that list the same ones."""
    kernels = iter([node.kernel for node in nodes if node.kernel is not None])
    first = [(branch, record, next(kernels) if any(record.grid) else None) for branch, record in replays[0]]
    names = [("copy" if record.copied else "fill") if kernel is None else kernel.name for _, record, kernel in first]
    known = tuple(dict.fromkeys(names))
    index = {name: i for i, name in enumerate(known)}
    columns = columns_of(
        {
            "launch": [branch - 1 for branch, _, _ in first],
            "kind": [record.kind for _, record, _ in first],
            "kernel": [index[name] for name in names],
            "grid": [record.grid for _, record, _ in first],
            "block": [record.block for _, record, _ in first],
            "registers": [0 if kernel is None else kernel.registers for _, _, kernel in first],
            "shared_memory_bytes": [record.shared_memory_bytes for _, record, _ in first],
            "cluster_blocks": [record.cluster_blocks for _, record, _ in first],
            "copy_bytes": [record.copied for _, record, _ in first],
            "start_ns": [[record.start_ns for _, record in replay] for replay in replays],
            "end_ns": [[record.end_ns for _, record in replay] for replay in replays],
        }
    )
    return {"names": known, **columns}


def sm_limits() -> SmLimits:
    """What the SMs of the GPU of this thread hold."""
    runtime = load_cupy().cuda.runtime
    properties = runtime.getDeviceProperties(runtime.getDevice())
    return SmLimits(
        sm_count=int(properties["multiProcessorCount"]),
        warps=int(properties["maxThreadsPerMultiProcessor"]) // int(properties["warpSize"]),
        blocks=int(properties.get("maxBlocksPerMultiProcessor", 32)),
        registers=int(properties["regsPerMultiprocessor"]),
        shared_memory_bytes=int(properties["sharedMemPerMultiprocessor"]),
        reserved_bytes=int(properties.get("reservedSharedMemPerBlock", 1024)),
    )


def _joined(parts: Sequence[Array], kind: type, *, complete: bool) -> Array:
    return np.concatenate(parts) if complete else np.zeros(0, dtype=kind)
