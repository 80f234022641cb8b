"""Profiling: what is asked of it, and the protocol of devices that profile several plans in one go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from warploom.errors import ProfileError
from warploom.timeline import Timeline

COUNTER_SETS = ("tensor", "dram", "l2")
"""Hardware counters that may be sampled beside the active warps: tensor cores, memory throughput, L2 hit rate."""

SHORTEST_INTERVAL_NS = 500
LONGEST_INTERVAL_NS = 1_000_000
MOST_REPLAYS = 100


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """How a plan is profiled.

    Attributes:
        interval_ns: Time from one hardware sample to the next.
        counters: Of `COUNTER_SETS`, what to sample beside the active warps.
        replays: How often the plan is traced.
        traced: Whether it is traced at all; its timeline is estimated where it is not.
    """

    interval_ns: int = 1000
    counters: tuple[str, ...] = ()
    replays: int = 9
    traced: bool = True

    def check(self) -> None:
        """Checks what a user may have typed.

        Raises:
            ProfileError: Naming the setting that is out of range, and its range.
        """
        if not SHORTEST_INTERVAL_NS <= self.interval_ns <= LONGEST_INTERVAL_NS:
            raise ProfileError(
                f"A sample interval of {self.interval_ns} ns is out of range: choose {SHORTEST_INTERVAL_NS} to "
                f"{LONGEST_INTERVAL_NS:,}."
            )
        if not 1 <= self.replays <= MOST_REPLAYS:
            raise ProfileError(f"{self.replays} traced replays were asked for: choose 1 to {MOST_REPLAYS}.")
        unknown = [name for name in self.counters if name not in COUNTER_SETS]
        if unknown:
            raise ProfileError(f"There are no counters {unknown[0]!r}; there are {', '.join(COUNTER_SETS)}.")


@runtime_checkable
class ProfilingDevice(Protocol):
    """A Device that profiles several of its executables together, and can be stopped."""

    def profile_together(
        self, executables: Sequence[Any], options: ProfileOptions, cancelled: Callable[[], bool]
    ) -> list[Timeline]:
        """A Timeline of each executable (they are the device's own, of one Graph and precision).

        What cannot be measured, or was cancelled, is estimated instead and says why (`Profile.note`).
        """
        ...
