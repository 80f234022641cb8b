"""Turns the options of a request, which may come from anywhere, into checked values."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from warploom.device.profiling import ProfileOptions
from warploom.errors import CommandError
from warploom.graph import UNIFORM, Precision, PrecisionPlan
from warploom.graph.precision_plan import AUTO, CHOICES
from warploom.schedule.modes import MODES
from warploom.schedule.search import SearchLimits
from warploom.worker.messages import OptimizeOptions

if TYPE_CHECKING:
    from warploom.precision.choose import Choice


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
        choice: How the precision of every operator is to be decided; None where `precision` is for all.
        plan: What was decided.
    """

    mode: str
    limits: SearchLimits
    precision: Precision
    repeats: int
    schedule: Path | None = None
    profile: ProfileOptions = field(default_factory=ProfileOptions)
    choice: Choice | None = None
    plan: PrecisionPlan | None = None


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
    precision, choice = _precision(options)
    if not 1 <= options.repeats <= 1_000_000:
        raise CommandError(f"{options.repeats} measurements were asked for: choose 1 to 1,000,000.")
    if options.batch is not None and options.batch < 1:
        raise CommandError(f"The batch size is {options.batch}: it has to be 1 or more.")
    counters = tuple(dict.fromkeys(options.counters))
    profile = ProfileOptions(options.sample_interval_ns, counters, traced=options.profile)
    profile.check()
    limits = SearchLimits(options.max_group_operators, options.max_stage_groups, seconds=options.search_seconds)
    schedule = None if options.schedule is None else Path(options.schedule)
    return JobSettings(options.mode, limits, precision, options.repeats, schedule, profile, choice)


def _precision(options: OptimizeOptions) -> tuple[Precision, Choice | None]:
    """The precision asked for, and what is to be decided about it."""
    if options.precision not in CHOICES:
        raise CommandError(f"There is no precision {options.precision!r}; there are {', '.join(CHOICES)}.")
    budget = options.error_budget
    if budget is not None and not 0.0 < budget < 1.0:
        raise CommandError(f"The error budget is {budget}: it has to be between 0 and 1, such as 0.002.")
    if budget is not None and options.precision != AUTO:
        raise CommandError(f"An error budget decides between precisions: it goes with {AUTO}, not {options.precision}.")
    if options.calibrate is not None and options.precision in UNIFORM:
        raise CommandError(f"{options.precision} needs no calibration: it goes with {Precision.INT8} and {AUTO}.")
    if options.precision in UNIFORM:
        return Precision(options.precision), None
    from warploom.precision.choose import Choice
    from warploom.precision.histogram import CalibrationMethod

    if options.calibration_method not in tuple(CalibrationMethod):
        methods = ", ".join(CalibrationMethod)
        raise CommandError(f"There is no calibration method {options.calibration_method!r}; there are {methods}.")
    choice = Choice(
        integers=options.precision == Precision.INT8,
        calibrate=None if options.calibrate is None else Path(options.calibrate),
        method=CalibrationMethod(options.calibration_method),
    )
    if budget is not None:
        choice = dataclasses.replace(choice, budget=budget)
    return (Precision.INT8 if choice.integers else Precision.MIXED), choice
