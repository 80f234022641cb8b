"""Divides the difference between two timelines into what side-by-side work, kernel times and gaps add to it."""

from __future__ import annotations

from dataclasses import dataclass

from warploom.timeline.statistics import TimelineStatistics, timeline_statistics
from warploom.timeline.timeline import Timeline
from warploom.units import time_text

_NOTHING_US = 0.05


@dataclass(frozen=True, slots=True)
class Account:
    """Where the time of the second timeline went; the three parts add up to `saved_us` exactly.

    A timeline lasts as long as its streams are busy, summed up, less what they do at the same time, plus the time in
    which nothing runs. So does the difference between two timelines.

    Attributes:
        saved_us: First duration less the second; negative where the second takes longer.
        side_by_side_us: Gained by running at the same time.
        kernels_us: Gained by kernels that take less time (merged ones, mostly); negative where company slows them.
        gaps_us: Gained by fewer and shorter gaps in which nothing runs.
    """

    saved_us: float
    side_by_side_us: float
    kernels_us: float
    gaps_us: float


def account(before: Timeline, after: Timeline) -> Account:
    """The account of two timelines."""
    return account_of(timeline_statistics(before), timeline_statistics(after))


def account_of(before: TimelineStatistics, after: TimelineStatistics) -> Account:
    """The account of two timelines whose statistics are known."""
    hidden = [one.work_ns - one.busy_ns for one in (before, after)]
    # The ends of both timelines are measured by the same rule: what is not busy is a gap, even after the last span.
    gaps = [one.duration_ns - one.busy_ns for one in (before, after)]
    return Account(
        saved_us=(before.duration_ns - after.duration_ns) / 1000,
        side_by_side_us=(hidden[1] - hidden[0]) / 1000,
        kernels_us=(before.work_ns - after.work_ns) / 1000,
        gaps_us=(gaps[0] - gaps[1]) / 1000,
    )


def account_text(found: Account, before: str, after: str) -> str:
    """The account in one sentence, which begins with `after`; parts that round to nothing are left out."""
    if abs(found.saved_us) < _NOTHING_US:
        return f"{after} takes as long as {before}."
    verb = "saves" if found.saved_us >= 0 else "loses"
    parts = [
        _part(found.side_by_side_us, "from work side by side", "because less runs side by side"),
        _part(found.kernels_us, "from kernels that take less time", "to kernels that take longer in company"),
        _part(found.gaps_us, "from fewer gaps", "to more gaps"),
    ]
    said = ", ".join(part for part in parts if part)
    head = f"{after} {verb} {time_text(abs(found.saved_us))} against {before}"
    return f"{head}: {said}." if said else f"{head}."


def _part(value_us: float, gained: str, lost: str) -> str:
    if abs(value_us) < _NOTHING_US:
        return ""
    return f"{'+' if value_us > 0 else '−'}{time_text(abs(value_us))} {gained if value_us > 0 else lost}"
