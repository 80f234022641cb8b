"""The schedulers by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from warploom.schedule.dataflow import schedule_dataflow
from warploom.schedule.greedy import schedule_greedy
from warploom.schedule.ios import schedule_both, schedule_merge, schedule_parallel
from warploom.schedule.list_scheduling import schedule_by_list
from warploom.schedule.local_search import schedule_by_local_search
from warploom.schedule.nimble import schedule_nimble
from warploom.schedule.opara import schedule_opara
from warploom.schedule.plan_search import PlanScheduler
from warploom.schedule.search import Scheduler
from warploom.schedule.sequential import schedule_sequential
from warploom.schedule.variants import schedule_with_variants

SCHEDULERS: Mapping[str, Scheduler] = MappingProxyType(
    {
        "sequential": schedule_sequential,
        "greedy": schedule_greedy,
        "parallel": schedule_parallel,
        "merge": schedule_merge,
        "both": schedule_both,
    }
)
"""Those that make stages."""

PLAN_SCHEDULERS: Mapping[str, PlanScheduler] = MappingProxyType(
    {
        "dataflow": schedule_dataflow,
        "list": schedule_by_list,
        "nimble": schedule_nimble,
        "opara": schedule_opara,
        "local": schedule_by_local_search,
        "variants": schedule_with_variants,
    }
)
"""Those that make plans without stages, for which launches wait for true dependencies only."""
