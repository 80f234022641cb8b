"""How much replays of one plan differ from each other: of the whole, and launch by launch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warploom.timeline.timeline import FloatArray, Profile


@dataclass(frozen=True, slots=True)
class Spread:
    """Lower quartile, median and upper quartile in microseconds."""

    p25_us: float
    median_us: float
    p75_us: float

    @property
    def iqr_us(self) -> float:
        """Interquartile range."""
        return self.p75_us - self.p25_us

    def overlaps(self, other: Spread) -> bool:
        """Whether the interquartile ranges have a time in common: the difference may be noise then."""
        return self.p25_us <= other.p75_us and other.p25_us <= self.p75_us


@dataclass(frozen=True, slots=True, eq=False)
class ReplaySpread:
    """The spread over the replays that were profiled.

    Attributes:
        replays: How many.
        replay: Of their lengths.
        launches: float64 (launches, 3), quartiles of each launch's duration in µs; NaN for a launch that ran nothing.
    """

    replays: int
    replay: Spread
    launches: FloatArray

    def launch(self, number: int) -> Spread | None:
        """Spread of a launch's duration; None where it ran nothing."""
        low, middle, high = (float(value) for value in self.launches[number])
        return None if np.isnan(middle) else Spread(low, middle, high)


def replay_spread(profile: Profile | None) -> ReplaySpread | None:
    """The spread over a profile's replays; None for fewer than two."""
    if profile is None or len(profile.replay_ns) < 2:
        return None
    low, middle, high = np.percentile(profile.replay_ns / 1000, (25, 50, 75)).tolist()
    return ReplaySpread(len(profile.replay_ns), Spread(low, middle, high), _launches(profile))


def _launches(profile: Profile) -> FloatArray:
    count = profile.launch_start_ns.shape[1]
    ran = (profile.launch_start_ns >= 0).all(axis=0)
    quartiles = np.full((count, 3), np.nan)
    if ran.any():
        durations = (profile.launch_end_ns - profile.launch_start_ns)[:, ran] / 1000
        quartiles[ran] = np.percentile(durations, (25, 50, 75), axis=0).T
    return quartiles
