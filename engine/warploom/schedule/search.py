"""What every scheduler takes and gives: limits, progress, result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from warploom.errors import ScheduleError
from warploom.graph import Graph, LogEntry
from warploom.schedule.schedule import Schedule

if TYPE_CHECKING:
    from warploom.cost import CostModel

MAX_GROUP_OPERATORS = 16
MAX_STAGE_GROUPS = 64


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """The pruning of the search (Ding et al., MLSys 2021, section 4.3) and its budget.

    Attributes:
        max_group_operators: r, the most operators of one group.
        max_stage_groups: s, the most groups of one stage, and the most operators merged into one.
        original_rule: Whether a group must have exactly one source, as in the original IOS, instead of being any
            connected component of the ending.
        max_states: The most states of a part that is searched exactly; a larger one is searched by beam.
        max_transitions: The most (state, ending) pairs of a part that is searched exactly.
        costed_exhaustively: The most stages of a part that are all costed; of a part with more, only those are that a
            prediction does not rule out. With `original_rule` all are, whatever their number.
        seconds: After how long the search ends with the best found so far; None for no bound.
    """

    max_group_operators: int = 3
    max_stage_groups: int = 8
    original_rule: bool = False
    max_states: int = 20_000
    max_transitions: int = 3_000_000
    costed_exhaustively: int = 5_000
    seconds: float | None = None

    def __post_init__(self) -> None:
        _check_range("operators per group (r)", self.max_group_operators, MAX_GROUP_OPERATORS)
        _check_range("groups per stage (s)", self.max_stage_groups, MAX_STAGE_GROUPS)
        if self.seconds is not None and not self.seconds > 0:  # a NaN is neither
            raise ScheduleError(f"The search needs more than {self.seconds} seconds: give a positive number.")


def _check_range(what: str, value: int, largest: int) -> None:
    if not 1 <= value <= largest:
        raise ScheduleError(f"The limit of {what} is {value}: choose a number from 1 to {largest}.")


@dataclass(frozen=True, slots=True)
class SearchUpdate:
    """Where a search stands.

    Attributes:
        scheduler: The scheduler's name, as in the registry.
        block: Blocks finished.
        blocks: Blocks in all.
        states: States visited so far.
        stages_costed: Different stages whose cost was asked so far.
        best_us: Latency of the best complete schedule known so far; None before there is one.
    """

    scheduler: str
    block: int
    blocks: int
    states: int
    stages_costed: int
    best_us: float | None


class SearchObserver(Protocol):
    """Watches a search and may stop it."""

    def update(self, update: SearchUpdate) -> None:
        """Called a few times per second, and at the end."""
        ...

    def cancelled(self) -> bool:
        """Whether the search shall end with the best found so far; asked often, so it must be cheap."""
        ...


class SilentObserver:
    """Watches nothing and never cancels."""

    def update(self, update: SearchUpdate) -> None:
        """Ignores the update."""

    def cancelled(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a scheduler found.

    Attributes:
        schedule: Complete and valid, also when cancelled.
        latency_us: Sum of its stages' costs.
        states: States visited.
        stages_costed: Different stages whose cost was asked.
        seconds: Wall-clock time of the search.
        cancelled: Whether it was cancelled; the schedule is then the best known at that time.
        log: Decisions with their reasons.
    """

    schedule: Schedule
    latency_us: float
    states: int
    stages_costed: int
    seconds: float
    cancelled: bool = False
    log: tuple[LogEntry, ...] = ()


Scheduler = Callable[[Graph, "CostModel", SearchLimits, SearchObserver], SearchResult]
