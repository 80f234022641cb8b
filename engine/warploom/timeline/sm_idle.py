"""How much of its time the device's SMs hold no warp: from hardware counters where sampled, else from the spans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from warploom.timeline.timeline import Counters, FloatArray

ACTIVE, ELAPSED = "sm__cycles_active.", "sm__cycles_elapsed."
_SAME_FOR_EACH_SM = ("avg", "max", "min")
"""Roll-ups that say the same of cycles that elapse, since all SMs share one clock."""


@dataclass(frozen=True, slots=True)
class SmIdle:
    """Idle time of the SMs over one execution.

    Attributes:
        share: Of the SMs' time, without a resident warp, from 0 to 1. By counters the mean over all SMs; by spans
            only the time in which no kernel runs anywhere, which is less: a kernel of one block leaves most SMs idle.
        basis: "counters" or "spans".
    """

    share: float
    basis: Literal["counters", "spans"]


def sm_idle(counters: Counters | None, idle_ns: int, duration_ns: int) -> SmIdle:
    """The share of idle SM time.

    Args:
        counters: What was sampled.
        idle_ns: Time without any span, for where the counters do not tell.
        duration_ns: Of the execution; samples outside it do not count.
    """
    share = None if counters is None else _by_counters(counters, duration_ns)
    if share is not None:
        return SmIdle(share, "counters")
    return SmIdle(min(max(idle_ns / duration_ns, 0.0), 1.0) if duration_ns > 0 else 0.0, "spans")


def _by_counters(counters: Counters, duration_ns: int) -> float | None:
    pair = _pair(counters.names)
    if pair is None:
        return None
    weight = _part_inside(counters, duration_ns)
    active, elapsed = (np.nan_to_num(counters.values[row]) @ weight for row in pair)
    return float(min(max(1.0 - active / elapsed, 0.0), 1.0)) if elapsed > 0 else None


def _pair(names: tuple[str, ...]) -> tuple[int, int] | None:
    """Rows of active and elapsed cycles that are rolled up over the SMs alike."""
    for row, name in enumerate(names):
        if not name.startswith(ACTIVE):
            continue
        kind = name.removeprefix(ACTIVE)
        wanted = _SAME_FOR_EACH_SM if kind == "avg" else (kind,)
        found = [names.index(ELAPSED + other) for other in wanted if ELAPSED + other in names]
        if found and kind in ("avg", "sum"):
            return row, found[0]
    return None


def _part_inside(counters: Counters, duration_ns: int) -> FloatArray:
    """How much of each sample lies inside the execution, from 0 to 1."""
    start, end = counters.start_ns.astype(np.float64), counters.end_ns.astype(np.float64)
    inside = np.clip(np.minimum(end, duration_ns) - np.maximum(start, 0.0), 0.0, None)
    return np.asarray(np.divide(inside, end - start, out=np.zeros_like(inside), where=end > start))
