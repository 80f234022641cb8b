"""Times replays of CUDA graphs with events on the GPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from warploom.device.cuda.binding import Enqueue
from warploom.device.cuda.capture import ORIGIN, CapturedGraph, StreamPool
from warploom.device.cuda.errors import cuda_call
from warploom.device.cuda.loading import load_cupy

_SPIN_UP_S = 0.05
_SPIN_UP_LAUNCHES = 16


class ReplayTimer:
    """Replays graphs on the origin stream and times each replay from idle.

    Args:
        streams: The device's streams.
    """

    def __init__(self, streams: StreamPool) -> None:
        self._streams = streams
        with cuda_call("making events"):
            event = load_cupy().cuda.Event
            self._start, self._end = event(), event()

    @property
    def stream(self) -> Any:
        """The stream of the replays."""
        return self._streams.stream(ORIGIN)

    def samples_us(self, graph: CapturedGraph, repeats: int, before: Enqueue | None = None) -> list[float]:
        """Latency of each of `repeats` replays: from idle, or right behind what `before` starts."""
        samples = []
        for _ in range(repeats):
            if before is not None:
                with cuda_call("measuring on the GPU"):
                    before(self.stream.ptr)
            samples.append(self.elapsed_us(lambda: graph.launch(self.stream)))
        return samples

    def warm_up(self, graph: CapturedGraph, replays: int) -> None:
        """Replays that nobody times."""
        with cuda_call("warming up"):
            for _ in range(replays):
                graph.launch(self.stream)
            self.stream.synchronize()

    def spin_up(self, graph: CapturedGraph) -> None:
        """Replays until the clocks have had time to rise."""
        end = time.perf_counter() + _SPIN_UP_S
        while time.perf_counter() < end:
            self.warm_up(graph, _SPIN_UP_LAUNCHES)

    def elapsed_us(self, launch: Callable[[], None]) -> float:
        """Time on the GPU from before to behind what `launch` enqueues on the stream."""
        with cuda_call("measuring on the GPU"):
            self._start.record(self.stream)
            launch()
            self._end.record(self.stream)
            self._end.synchronize()
            return float(load_cupy().cuda.get_elapsed_time(self._start, self._end)) * 1e3
