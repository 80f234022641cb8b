"""The schedulers by name, as the command line and the window offer them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from warploom.schedule.greedy import schedule_greedy
from warploom.schedule.ios import schedule_both, schedule_merge, schedule_parallel
from warploom.schedule.search import Scheduler
from warploom.schedule.sequential import schedule_sequential

SCHEDULERS: Mapping[str, Scheduler] = MappingProxyType(
    {
        "sequential": schedule_sequential,
        "greedy": schedule_greedy,
        "parallel": schedule_parallel,
        "merge": schedule_merge,
        "both": schedule_both,
    }
)
