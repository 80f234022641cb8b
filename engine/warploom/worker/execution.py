"""Compiles the candidates, measures and profiles them, and decides which one won."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warploom.graph import Graph, LogEntry, Precision
from warploom.recording.recording import SEQUENTIAL
from warploom.worker.candidates import PlannedCandidate
from warploom.worker.measuring import measure_interleaved

if TYPE_CHECKING:
    from warploom.device import Device, Executable, Measurement
    from warploom.device.profiling import ProfileOptions
    from warploom.timeline import Timeline
    from warploom.worker.context import JobContext
    from warploom.worker.verification import OutputCheck


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a device made of one candidate.

    Attributes:
        measurement: Its latency.
        timeline: What ran when.
    """

    measurement: Measurement
    timeline: Timeline


def execute_candidates(
    planned: Sequence[PlannedCandidate],
    graph: Graph,
    device: Device,
    precision: Precision,
    repeats: int,
    context: JobContext,
    profile: ProfileOptions | None = None,
) -> dict[str, Outcome]:
    """Measures and profiles every candidate.

    Args:
        planned: The candidates; plans with the same launches share one executable.
        graph: That they schedule.
        device: Runs them.
        precision: Arithmetic of float operators.
        repeats: Measurements of each distinct plan.
        context: Of the job.
        profile: How to profile; the defaults where nothing was asked for.

    Returns:
        Outcomes by candidate name, in the order of `planned`.
    """
    with ExitStack() as stack:
        context.phase("measure", f"{len(planned)} schedules on {device.info.name}")
        executables: dict[str, Executable] = {}
        twins = _twins(planned)
        for candidate in planned:
            if twins[candidate.name] == candidate.name:
                executable = device.compile(graph, candidate.plan, precision)
                executables[candidate.name] = stack.enter_context(executable)
        measurements = measure_interleaved(executables, repeats)
        context.phase("profile", f"{len(executables)} distinct schedules")
        timelines = _profiled(executables, device, profile, context)
    return {name: Outcome(measurements[twin], _renamed(timelines[twin], name)) for name, twin in twins.items()}


def _profiled(
    executables: Mapping[str, Executable], device: Device, options: ProfileOptions | None, context: JobContext
) -> dict[str, Timeline]:
    """Timelines by candidate name; a device that profiles all of them together may be stopped meanwhile."""
    from warploom.device.profiling import ProfileOptions, ProfilingDevice

    if not isinstance(device, ProfilingDevice):
        return {name: executable.profile() for name, executable in executables.items()}
    timelines = device.profile_together(list(executables.values()), options or ProfileOptions(), context.cancelled)
    return dict(zip(executables, timelines, strict=True))


def _twins(planned: Sequence[PlannedCandidate]) -> dict[str, str]:
    """For each candidate the first one with the same launches (itself, usually)."""
    first: dict[object, str] = {}
    return {candidate.name: first.setdefault(candidate.launches, candidate.name) for candidate in planned}


def _renamed(timeline: Timeline, name: str) -> Timeline:
    import dataclasses

    return timeline if timeline.name == name else dataclasses.replace(timeline, name=name)


def choose(outcomes: Mapping[str, Outcome], checks: Mapping[str, OutputCheck], context: JobContext) -> str:
    """Name of the fastest measured candidate that may be chosen; the sequential one where nothing is faster.

    Args:
        outcomes: By candidate name, the sequential one among them.
        checks: Outputs of the candidates against the reference, of those that were compared. A candidate that
            failed is never chosen.
        context: Of the job; the decision goes into its log.
    """
    medians = {name: outcome.measurement.median_us for name, outcome in outcomes.items()}
    allowed = [name for name in medians if name not in checks or checks[name].passed]
    best = min(allowed, key=lambda name: medians[name], default=SEQUENTIAL)
    if medians[best] >= medians[SEQUENTIAL]:
        best = SEQUENTIAL
    context.note([_choice_entry(best, medians, len(medians) - len(allowed))])
    return best


def _choice_entry(best: str, medians: Mapping[str, float], rejected: int) -> LogEntry:
    others = ", ".join(f"{name} {median:.1f} us" for name, median in medians.items() if name != best)
    reason = f"fastest of {len(medians)} measured: {medians[best]:.1f} us; {others}"
    if rejected:
        reason += f"; {rejected} with wrong outputs could not be chosen"
    return LogEntry("choose", (best,), "chosen", reason)
