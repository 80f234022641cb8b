"""Turns the updates of a schedule search into progress events, no faster than anyone can look at them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warploom.worker.messages import Event, SearchProgress

if TYPE_CHECKING:
    from warploom.schedule.search import SearchUpdate

Emit = Callable[[Event], None]
Cancelled = Callable[[], bool]


@dataclass(slots=True)
class SearchReporter:
    """A SearchObserver that emits `SearchProgress` for one scheduler of one job.

    Attributes:
        job: The request that the search belongs to.
        scheduler: Name of the scheduler.
        emit: Takes the events.
        is_cancelled: Whether the user has cancelled.
        interval_s: Shortest time between two events of the same block.
    """

    job: int
    scheduler: str
    emit: Emit
    is_cancelled: Cancelled
    interval_s: float = 0.05
    _started: float = field(default_factory=time.perf_counter)
    _last_event: float = -1.0
    _last_block: int = -1

    def update(self, update: SearchUpdate) -> None:
        """Tells where the search stands, unless it was told a moment ago."""
        now = time.perf_counter()
        finished = update.block >= update.blocks
        if update.block == self._last_block and not finished and now - self._last_event < self.interval_s:
            return
        self._last_event, self._last_block = now, update.block
        self.emit(
            SearchProgress(
                job=self.job,
                scheduler=self.scheduler,
                block=update.block,
                blocks=update.blocks,
                states=update.states,
                stages_costed=update.stages_costed,
                best_us=update.best_us,
                elapsed_s=now - self._started,
            )
        )

    def cancelled(self) -> bool:
        """Whether the search should stop with what it has."""
        return self.is_cancelled()
