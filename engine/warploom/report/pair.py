"""Which two schedules a report shows side by side."""

from __future__ import annotations

from dataclasses import dataclass

from warploom.recording.recording import Candidate, Recording


@dataclass(frozen=True, slots=True)
class Shown:
    """A candidate and what it is called beside the other one."""

    title: str
    candidate: Candidate


def shown_pair(recording: Recording) -> tuple[Shown, ...]:
    """Sequential and the winner; where sequential won, sequential and the best of the others.

    A recording with a single candidate shows that one alone.
    """
    first = recording.sequential
    second = recording.optimized
    if second is not first:
        return Shown(first.name, first), Shown(f"optimized ({second.name})", second)
    others = [candidate for candidate in recording.candidates if candidate is not first]
    if not others:
        return (Shown(first.name, first),)
    best = min(others, key=lambda candidate: candidate.measurement.median_us)
    return Shown(f"{first.name} (chosen)", first), Shown(f"best other ({best.name})", best)
