"""What a reader of timelines must know before believing them, in sentences: basis, overhead, skew, attribution."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from warploom.timeline.timeline import Profile, Timeline
from warploom.units import time_text

NOTEWORTHY_OVERHEAD = 1.02
"""Profiling that slows an execution less than this is not worth a sentence."""
NOTEWORTHY_PART = 0.01
NAMES_SHOWN = 3

_BASIS = {
    "simulated": "A model of the GPU made {}: they show what it expects, not what hardware did.",
    "estimated": "Nothing traced {}: kernels stand where their times alone would put them, stretched to the measured "
    "latency, so that slowdowns in company cannot be seen.",
}


def caveats(timelines: Sequence[Timeline], label: Callable[[str], str] = str) -> tuple[str, ...]:
    """The sentences, the most important first; none for flawless measurements.

    Args:
        timelines: Those that are shown together.
        label: What the text calls a launch, by its name.
    """
    found = [*_bases(timelines)]
    for timeline in timelines:
        if timeline.profile is not None:
            found += _of_profile(timeline, timeline.profile, label)
    return tuple(dict.fromkeys(found))


def _bases(timelines: Sequence[Timeline]) -> list[str]:
    """One sentence for all that share a basis; a mixture is said, since its parts cannot be compared fairly."""
    bases = list(dict.fromkeys(timeline.basis for timeline in timelines))
    found = []
    for basis in bases:
        if basis in _BASIS:
            mine = [timeline.name for timeline in timelines if timeline.basis == basis]
            all_of_them = "this timeline" if len(timelines) == 1 else "these timelines"
            found.append(_BASIS[basis].format(all_of_them if len(bases) == 1 else " and ".join(mine)))
    if len(bases) > 1:
        found.insert(0, "The timelines came about in different ways: differences between them may be those of method.")
    return found


def _of_profile(timeline: Timeline, profile: Profile, label: Callable[[str], str]) -> list[str]:
    name = timeline.name
    found = [f"{name}: {profile.note.rstrip('.')}."] if profile.note else []
    overhead = profile.overhead
    if overhead is not None and profile.unprofiled_us is not None and abs(overhead - 1) >= NOTEWORTHY_OVERHEAD - 1:
        change = "longer" if overhead > 1 else "shorter"
        found.append(
            f"{name}: the replay shown took {abs(overhead - 1):.0%} {change} than without the profiler "
            f"({time_text(profile.replay_ns[profile.shown] / 1000)} instead of {time_text(profile.unprofiled_us)})."
        )
    if profile.skewed_launches:
        first = [label(timeline.launch_names[i]) for i in profile.skewed_launches[:NAMES_SHOWN]]
        more = len(profile.skewed_launches) - len(first)
        names = ", ".join(first) + (f" and {more} more" if more else "")
        found.append(f"{name}: tracing delays the first fork; the starts of {names} are later than without it.")
    found += _of_warps(name, profile)
    return found


def _of_warps(name: str, profile: Profile) -> list[str]:
    found = []
    if profile.warps_from == "model":
        found.append(f"{name}: active warps are modelled from the traced kernels; nothing sampled them.")
    if profile.warps_from == "events":
        found.append(f"{name}: only whole stages were timed; kernels and warps inside them are estimates.")
    if profile.unattributed is not None and profile.unattributed >= NOTEWORTHY_PART:
        found.append(f"{name}: {profile.unattributed:.0%} of the sampled warps belong to no stream for sure.")
    if profile.attribution_error is not None and profile.attribution_error >= 0.1:
        found.append(
            f"{name}: the model that divides the samples among streams misses them by {profile.attribution_error:.0%} "
            "before they are made to add up; the streams' shares are that uncertain."
        )
    return found
