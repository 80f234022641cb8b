"""Turns hardware counters into what readers understand: shares in percent and rates, each with a title."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warploom.timeline import Counters
from warploom.timeline.sm_idle import ACTIVE, ELAPSED
from warploom.timeline.timeline import FloatArray

_INPUTS = (ELAPSED, "sm__warps_active.", "gpc__cycles_elapsed.")
"""What other tracks, or the active warps, are made of; of no use by itself."""

_TITLES = (
    ("sm__inst_executed_pipe_tensor", "tensor pipe"),
    ("sm__pipe_tensor", "tensor pipe"),
    ("lts__t_sector_hit_rate", "L2 hit rate"),
    ("dram__bytes_read", "DRAM read"),
    ("dram__bytes_write", "DRAM written"),
    ("dram__bytes", "DRAM traffic"),
    ("dram__throughput", "DRAM throughput"),
    ("sm__throughput", "SM throughput"),
    ("lts__throughput", "L2 throughput"),
)


@dataclass(frozen=True, slots=True, eq=False)
class CounterTrack:
    """One curve over the samples.

    Attributes:
        name: NVIDIA's name of the metric that it comes from.
        title: What it is called.
        unit: "%", "GB/s", or "" for the plain value of each sample.
        values: float64 (samples,).
    """

    name: str
    title: str
    unit: str
    values: FloatArray


def counter_tracks(counters: Counters | None) -> tuple[CounterTrack, ...]:
    """The tracks worth showing, in the order of the counters."""
    if counters is None or not len(counters.start_ns):
        return ()
    return tuple(_track(counters, row, name) for row, name in enumerate(counters.names) if not name.startswith(_INPUTS))


def _track(counters: Counters, row: int, name: str) -> CounterTrack:
    values = np.nan_to_num(np.asarray(counters.values[row], dtype=np.float64), posinf=0.0, neginf=0.0)
    elapsed = _elapsed(counters, name)
    if name.startswith(ACTIVE) and elapsed is not None:
        share = np.divide(100 * values, elapsed, out=np.zeros_like(values), where=elapsed > 0)
        return CounterTrack(name, "SMs with a warp", "%", np.clip(share, 0, 100))
    if ".pct" in name or "_pct" in name or "hit_rate" in name:
        return CounterTrack(name, counter_title(name), "%", values)
    if name.startswith("dram__bytes") and name.endswith(".sum"):
        seconds = (counters.end_ns - counters.start_ns) / 1e9
        rate = np.divide(values / 1e9, seconds, out=np.zeros_like(values), where=seconds > 0)
        return CounterTrack(name, counter_title(name), "GB/s", rate)
    return CounterTrack(name, counter_title(name), "", values)


def _elapsed(counters: Counters, name: str) -> FloatArray | None:
    """Elapsed cycles rolled up as the active ones; sums over SMs need sums."""
    kind = name.rpartition(".")[2]
    for other in (kind,) if kind == "sum" else ("avg", "max", "min"):
        if ELAPSED + other in counters.names:
            return np.asarray(counters.values[counters.names.index(ELAPSED + other)], dtype=np.float64)
    return None


def counter_title(name: str) -> str:
    """What a metric is called; its own name where that says it best."""
    return next((title for start, title in _TITLES if name.startswith(start)), name)
