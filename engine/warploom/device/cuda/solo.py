"""How long each step takes alone, and which kernels it starts: measured once per structure, kept in the database."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from warploom.cost.database import CostDatabase
from warploom.device.cuda.capture import ORIGIN, Branch, StreamPool, capture
from warploom.device.cuda.graph_nodes import GraphKernel
from warploom.device.cuda.replay import ReplayTimer
from warploom.device.cuda.resolve import StepResolver
from warploom.device.cuda.scratch import ScratchMemory
from warploom.device.cuda.steps import PlainStep
from warploom.device.cuda.structure import digest, step_key
from warploom.graph import Precision

_KIND = "step-alone"
_REPEATS_IN_GRAPH = 12
_REPLAYS = 5


@dataclass(frozen=True, slots=True)
class SoloStep:
    """One step alone.

    Attributes:
        latency_us: From its start to the start of the same step after it.
        kernels: What it starts, in order.
    """

    latency_us: float
    kernels: tuple[GraphKernel, ...]


class SoloTimes:
    """Measured steps of one GPU.

    Args:
        resolver: Binds steps.
        streams: For capturing.
        database: Keeps what was measured.
    """

    def __init__(self, resolver: StepResolver, streams: StreamPool, database: CostDatabase) -> None:
        self._resolver = resolver
        self._streams = streams
        self._database = database
        self._timer = ReplayTimer(streams)
        self._known: dict[str, SoloStep] = {}

    def of(self, steps: Sequence[PlainStep], precision: Precision) -> list[SoloStep]:
        """Each step alone.

        Raises:
            CudaError: If the GPU fails.
        """
        keys = [step_key(step, precision) for step in steps]
        self._recall(keys)
        scratch = ScratchMemory()
        for key, step in zip(keys, steps, strict=True):
            if key not in self._known:
                self._known[key] = measured = self._measure(step, precision, scratch)
                self._database.put(_KIND, {digest(key): msgspec.msgpack.encode(measured)})
        return [self._known[key] for key in keys]

    def _recall(self, keys: list[str]) -> None:
        unknown = {digest(key): key for key in set(keys) if key not in self._known}
        for short, data in self._database.get(_KIND, unknown).items():
            try:
                self._known[unknown[short]] = msgspec.msgpack.decode(data, type=SoloStep)
            except msgspec.DecodeError:
                continue

    def _measure(self, step: PlainStep, precision: Precision, scratch: ScratchMemory) -> SoloStep:
        work = self._resolver.as_work((step,), precision)
        bound = self._resolver.bind(work, scratch.addresses([work]), precision)
        once = capture([Branch(ORIGIN, (), bound.enqueue)], self._streams, list_nodes=True)
        once.close()
        graph = capture([Branch(ORIGIN, (), list(bound.enqueue) * _REPEATS_IN_GRAPH)], self._streams)
        try:
            self._timer.warm_up(graph, 2)
            latency = statistics.median(self._timer.samples_us(graph, _REPLAYS)) / _REPEATS_IN_GRAPH
        finally:
            graph.close()
        return SoloStep(latency, once.kernels)
