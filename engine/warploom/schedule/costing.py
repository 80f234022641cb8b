"""Asks a CostModel for the stages of a search: in batches, with progress, and until it is cancelled."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from warploom.schedule.schedule import Stage
from warploom.schedule.search import SearchLimits, SearchObserver, SearchUpdate

if TYPE_CHECKING:
    from warploom.cost import CostModel

_UPDATE_SECONDS = 0.1
_BATCH_SECONDS = 0.1  # long enough to fill a device with work, short enough to stop soon after a cancel
_FIRST_BATCH = 64
_LARGEST_BATCH = 8192


class StageCosting:
    """The running figures of one search, and its way to the cost model.

    Attributes:
        states: States visited.
        stages_costed: Stages whose cost was asked.
        block: Blocks finished.
        best_us: Latency of the best complete schedule known.
        cancelled: Whether the observer has cancelled.
        out_of_time: Whether `SearchLimits.seconds` is over.
    """

    def __init__(
        self, name: str, cost_model: CostModel, limits: SearchLimits, observer: SearchObserver, blocks: int
    ) -> None:
        self.states = 0
        self.stages_costed = 0
        self.block = 0
        self.best_us: float | None = None
        self.cancelled = False
        self.out_of_time = False
        self._name = name
        self._cost_model = cost_model
        self._observer = observer
        self._blocks = blocks
        self._batch = _FIRST_BATCH
        self._start = time.perf_counter()
        self._updated = self._start
        self._end = None if limits.seconds is None else self._start + limits.seconds

    @property
    def seconds(self) -> float:
        """Since the search began."""
        return time.perf_counter() - self._start

    def stopped(self) -> bool:
        """Whether the search shall end with the best found so far."""
        self.cancelled = self.cancelled or self._observer.cancelled()
        self.out_of_time = self.out_of_time or (self._end is not None and time.perf_counter() > self._end)
        return self.cancelled or self.out_of_time

    def all_costs(self, stages: Sequence[Stage]) -> list[float]:
        """Latencies in microseconds of stages that the search cannot do without: asked even when it is stopped."""
        self.stages_costed += len(stages)
        return [cost.median_us for cost in self._cost_model.stage_costs(stages)]

    def costs(self, stages: Iterable[Stage]) -> list[float]:
        """Latencies in microseconds of the stages, or of the first of them when the search is stopped meanwhile."""
        result: list[float] = []
        remaining = iter(stages)
        while batch := list(islice(remaining, self._batch)):
            if self.stopped():
                break
            start = time.perf_counter()
            result += self.all_costs(batch)
            self._adapt(time.perf_counter() - start)
            self.report()
        return result

    def report(self, *, now: bool = False) -> None:
        """Tells the observer where the search stands, ten times per second at most unless `now`."""
        time_now = time.perf_counter()
        if now or time_now - self._updated >= _UPDATE_SECONDS:
            self._updated = time_now
            self._observer.update(
                SearchUpdate(self._name, self.block, self._blocks, self.states, self.stages_costed, self.best_us)
            )

    def _adapt(self, seconds: float) -> None:
        if seconds < _BATCH_SECONDS / 2:
            self._batch = min(2 * self._batch, _LARGEST_BATCH)
        elif seconds > _BATCH_SECONDS * 2:
            self._batch = max(self._batch // 2, 1)
