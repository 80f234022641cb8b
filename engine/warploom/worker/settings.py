"""Turns the options of a request, which may come from anywhere, into checked values."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path

from warploom.device.profiling import ProfileOptions
from warploom.errors import CommandError
from warploom.graph import Precision
from warploom.schedule.modes import MODES
from warploom.schedule.search import SearchLimits
from warploom.worker.messages import OptimizeOptions


@dataclass(frozen=True, slots=True)
class JobSettings:
    """Checked settings of the main job.

    Attributes:
        mode: One of `MODES`.
        limits: Limits of the search; its time is that of all schedulers together.
        precision: Arithmetic of float operators.
        repeats: Measurements of each candidate.
        schedule: File of a saved schedule that is run instead of a search.
        profile: How plans are profiled.
    """

    mode: str
    limits: SearchLimits
    precision: Precision
    repeats: int
    schedule: Path | None = None
    profile: ProfileOptions = field(default_factory=ProfileOptions)


_MEASURED_EXHAUSTIVELY = 64


def measured_limits(limits: SearchLimits) -> SearchLimits:
    """Limits for a device that takes milliseconds to cost a stage: most stages are left to a prediction."""
    return dataclasses.replace(limits, costed_exhaustively=_MEASURED_EXHAUSTIVELY)


def check_settings(options: OptimizeOptions) -> JobSettings:
    """Checks what a user may have typed.

    Raises:
        CommandError: Naming the option that is out of range, and its range.
        ScheduleError: If the limits of the search are out of range.
        ProfileError: If the sample interval is out of range or there are no such counters.
    """
    if options.mode not in MODES:
        raise CommandError(f"There is no search mode {options.mode!r}; there are {', '.join(MODES)}.")
    if options.precision not in tuple(Precision):
        raise CommandError(f"There is no precision {options.precision!r}; there are {', '.join(Precision)}.")
    if not 1 <= options.repeats <= 1_000_000:
        raise CommandError(f"{options.repeats} measurements were asked for: choose 1 to 1,000,000.")
    if options.batch is not None and options.batch < 1:
        raise CommandError(f"The batch size is {options.batch}: it has to be 1 or more.")
    profile = ProfileOptions(options.sample_interval_ns, tuple(dict.fromkeys(options.counters)))
    profile.check()
    limits = SearchLimits(options.max_group_operators, options.max_stage_groups, seconds=options.search_seconds)
    schedule = None if options.schedule is None else Path(options.schedule)
    return JobSettings(options.mode, limits, Precision(options.precision), options.repeats, schedule, profile)
