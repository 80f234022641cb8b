"""Compares two recordings: what is different about them, their latencies, and their operators one by one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from warploom.errors import ReportError
from warploom.recording.recording import Candidate, Recording
from warploom.report.matching import How, match_operators
from warploom.report.naming import places
from warploom.timeline.comparison import OperatorComparison, compare
from warploom.timeline.spread import Spread, replay_spread

CHOSEN = "chosen"
"""Stands for the schedule that won in each recording, whatever its name."""


@dataclass(frozen=True, slots=True)
class LatencyDiff:
    """One schedule's latency in both recordings.

    Attributes:
        name: The schedule; for the chosen ones "chosen", with both names where they differ.
        before: In the first recording.
        after: In the second.
        change: Relative: 0.05 is 5% slower.
        within_noise: Whether the interquartile ranges overlap, so that the difference may be chance.
    """

    name: str
    before: Spread
    after: Spread
    change: float
    within_noise: bool

    @property
    def delta_us(self) -> float:
        """Second less first median."""
        return self.after.median_us - self.before.median_us


@dataclass(frozen=True, slots=True)
class OperatorDiff:
    """One operator in both recordings, or in one (None where the other lacks it); times in microseconds.

    Attributes:
        name: Its name in the first recording, or where it is.
        label: Where it is in the model.
        after_name: Its name in the second; None where the second lacks it.
        how: How it was matched; "only before" and "only after" where it was not.
        before_us: Its duration in the first; of a merged launch its part.
        after_us: Its duration in the second.
        within_noise: Whether replays of both recordings spread over the same time; None where nobody profiled replays.
    """

    name: str
    label: str
    after_name: str | None
    how: How | str
    before_us: float | None
    after_us: float | None
    within_noise: bool | None = None

    @property
    def delta_us(self) -> float:
        """What it adds to the second recording; the whole of it where only one has it."""
        return (self.after_us or 0.0) - (self.before_us or 0.0)

    @property
    def change(self) -> float | None:
        """Relative change; None where only one has it, or it took no time."""
        if not self.before_us or self.after_us is None:
            return None
        return self.after_us / self.before_us - 1


@dataclass(frozen=True, slots=True)
class RecordingDiff:
    """Two recordings compared.

    Attributes:
        differences: What else is different about them, a sentence each: those that make a comparison unfair first.
        latencies: The chosen schedules, then each that both have.
        judged: Which of `latencies` the operators are of, and a limit is held against.
        operators: By what they add to the second recording, most first.
    """

    differences: tuple[str, ...]
    latencies: tuple[LatencyDiff, ...]
    judged: LatencyDiff
    operators: tuple[OperatorDiff, ...]

    def is_regression(self, limit: float) -> bool:
        """Whether the judged latency rose by more than `limit` (0.05 for 5%), and by more than noise explains."""
        return self.judged.change > limit and not self.judged.within_noise


def diff_recordings(before: Recording, after: Recording, schedule: str = CHOSEN) -> RecordingDiff:
    """Compares two recordings.

    Args:
        before: What is compared with.
        after: What is judged.
        schedule: Whose operators and latency to judge: a name that both have, or "chosen".

    Raises:
        ReportError: If they have no operator in common.
        RecordingError: If one of them lacks the schedule.
    """
    pair = _candidates(before, after, schedule)
    judged = _latency(_title(schedule, *pair), *pair)
    operators = _operators(before, after, *pair)
    if all(item.how in ("only before", "only after") for item in operators):
        raise ReportError(
            f"{before.model.name!r} and {after.model.name!r} have no operator in common, so there is nothing to "
            "compare: name two recordings of the same model."
        )
    others = [
        _latency(candidate.name, candidate, after.candidate(candidate.name))
        for candidate in before.candidates
        if any(candidate.name == other.name for other in after.candidates)
    ]
    chosen = _latency(_title(CHOSEN, before.optimized, after.optimized), before.optimized, after.optimized)
    return RecordingDiff(differences(before, after), (chosen, *others), judged, operators)


def differences(before: Recording, after: Recording) -> tuple[str, ...]:
    """What a reader must know before comparing the figures, the gravest first."""
    found: list[str] = []
    if before.simulated != after.simulated:
        kinds = ["simulated" if one.simulated else "measured" for one in (before, after)]
        found.append(f"The first is {kinds[0]}, the second {kinds[1]}: the difference is that of a model to hardware.")
    pairs = (
        ("model", before.model.name, after.model.name),
        ("device", before.device.name, after.device.name),
        ("precision", before.settings.precision.value, after.settings.precision.value),
        ("batch", str(before.settings.batch), str(after.settings.batch)),
        ("input shapes", _shapes(before), _shapes(after)),
        ("search mode", before.settings.mode, after.settings.mode),
        ("Warploom", before.warploom_version, after.warploom_version),
        *_details(before, after),
    )
    found += [f"Different {name}: {first} → {second}." for name, first, second in pairs if first != second]
    if before.model.name == after.model.name and before.model.sha256 != after.model.sha256:
        found.insert(0, f"The model's file changed (SHA-256 {before.model.sha256[:8]} → {after.model.sha256[:8]}).")
    return tuple(found)


def _details(before: Recording, after: Recording) -> list[tuple[str, str, str]]:
    """Facts of the device that both recordings name: driver and library versions, clocks."""
    first, second = dict(before.device.details), dict(after.device.details)
    return [(name, first[name], second[name]) for name in first if name in second]


def _shapes(recording: Recording) -> str:
    tensors = recording.graph.tensors
    return ", ".join("×".join(map(str, tensors[name].shape[1:])) for name in recording.graph.inputs)


def _candidates(before: Recording, after: Recording, schedule: str) -> tuple[Candidate, Candidate]:
    if schedule == CHOSEN:
        return before.optimized, after.optimized
    return before.candidate(schedule), after.candidate(schedule)


def _title(schedule: str, first: Candidate, second: Candidate) -> str:
    if schedule != CHOSEN:
        return schedule
    names = first.name if first.name == second.name else f"{first.name} → {second.name}"
    return f"{CHOSEN} ({names})"


def _latency(name: str, before: Candidate, after: Candidate) -> LatencyDiff:
    first, second = _spread(before), _spread(after)
    change = second.median_us / first.median_us - 1 if first.median_us > 0 else 0.0
    return LatencyDiff(name, first, second, change, first.overlaps(second))


def _spread(candidate: Candidate) -> Spread:
    found = candidate.measurement
    return Spread(found.p25_us, found.median_us, found.p75_us)


def _operators(
    before: Recording, after: Recording, first: Candidate, second: Candidate
) -> tuple[OperatorDiff, ...]:  # fmt: skip
    times = _durations(before, first), _durations(after, second)
    noise = _launch_spreads(first), _launch_spreads(second)
    labels = places(before.graph), places(after.graph)
    names = [[operator.name for operator in one.graph.operators] for one in (before, after)]
    matches = match_operators(before.graph, after.graph)
    found = []
    for match in matches:
        old, new = names[0][match.before], names[1][match.after]
        spreads = noise[0].get(old), noise[1].get(new)
        noisy = spreads[0].overlaps(spreads[1]) if spreads[0] and spreads[1] else None
        found.append(OperatorDiff(old, labels[0][old], new, match.how, times[0].get(old), times[1].get(new), noisy))
    kept = {match.before for match in matches}, {match.after for match in matches}
    for i, name in enumerate(names[0]):
        if i not in kept[0]:
            found.append(OperatorDiff(name, labels[0][name], None, "only before", times[0].get(name), None))
    for i, name in enumerate(names[1]):
        if i not in kept[1]:
            found.append(OperatorDiff(name, labels[1][name], name, "only after", None, times[1].get(name)))
    return tuple(sorted(found, key=lambda item: -item.delta_us))


def _durations(recording: Recording, candidate: Candidate) -> Mapping[str, float]:
    """Each operator's duration in a candidate; merged launches are divided as the sequential timeline says."""
    every: tuple[OperatorComparison, ...] = compare(recording.sequential, candidate).operators
    return {one.name: one.after_us for one in every if math.isfinite(one.after_us)}


def _launch_spreads(candidate: Candidate) -> Mapping[str, Spread]:
    """Spread of the launches that are one operator each; of merged ones nobody can tell the parts."""
    spread = replay_spread(candidate.timeline.profile)
    if spread is None:
        return {}
    found = ((launch.operators, spread.launch(i)) for i, launch in enumerate(candidate.plan.launches))
    return {operators[0]: one for operators, one in found if len(operators) == 1 and one is not None}


def refuse_unfair(before: Recording, after: Recording) -> None:
    """Refuses to hold a limit against figures that say nothing about each other.

    Raises:
        ReportError: If one recording is simulated and the other measured, or they count different batches.
    """
    if before.simulated != after.simulated:
        raise ReportError(
            "A simulated latency against a measured one judges the model of the GPU, not the schedule: compare two "
            "recordings of the same kind, or leave --fail-if-slower out."
        )
    if before.settings.batch != after.settings.batch:
        raise ReportError(
            f"The batches differ ({before.settings.batch} and {after.settings.batch}), so a slower run is no "
            "regression: compare recordings of one batch size, or leave --fail-if-slower out."
        )
