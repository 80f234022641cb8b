"""Which hardware counters are sampled: always those of active warps, and named sets beside them on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from warploom.device.cuda.profiler.cupti_library import Cupti

WARPS = "sm__warps_active.sum"
ELAPSED = "sm__cycles_elapsed.avg"
ACTIVE = "sm__cycles_active.avg"
BASE = (WARPS, ELAPSED, ACTIVE)
"""Active warps are WARPS / ELAPSED; ACTIVE / ELAPSED is the share of SMs that have any."""

HIT_RATE = "lts__t_sector_hit_rate.pct"
_HOPPERS_HIT_RATE = "LTS.TriageCompute.lts__average_t_sector_hit_rate_realtime.pct"

SETS: Mapping[str, Sequence[tuple[str, ...]]] = {
    "tensor": (("sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_elapsed",),),
    "dram": (
        (
            "dram__throughput.avg.pct_of_peak_sustained_elapsed",
            "dram__bytes_read.sum",
            "dram__bytes_write.sum",
        ),
        ("dram__bytes_read.sum", "dram__bytes_write.sum"),
        ("dram__throughput.avg.pct_of_peak_sustained_elapsed",),
    ),
    "l2": (
        # Hopper counts hits in one pass in the wiring of one of its sets only, which is part of the name.
        (_HOPPERS_HIT_RATE,),
        (HIT_RATE,),
        # Where the hit rate needs two passes: what L2 was asked for, and what of it had to be read from memory.
        ("lts__t_sectors.sum", "dram__sectors_read.sum"),
    ),
}
"""The metrics of each set; further tuples are what to try where a GPU cannot take the first beside the rest."""

READ_AS: Mapping[str, tuple[str, float]] = {
    # It counts every second hit: on an H200 it read 48 % where copies lay in L2, 26 % where their sources did not, and
    # at most 50.0 % in Inception V3.
    _HOPPERS_HIT_RATE: (HIT_RATE, 2.0),
}
"""Metrics that say another one in a way of their own: its name, and the factor."""


def choose_metrics(cupti: Cupti, chip: str, wanted: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The metrics to sample in one pass, and a sentence for each set that does not fit into it.

    Args:
        cupti: The library.
        chip: As CUPTI names the GPU's.
        wanted: Names of `SETS`.
    """
    chosen: tuple[str, ...] = BASE
    notes = []
    for name in wanted:
        fitting = next((more for more in SETS[name] if passes(cupti, chip, (*chosen, *more)) == 1), None)
        if fitting is None:
            notes.append(f"the counters {name!r} need a pass of their own on this GPU ({chip}) and were left out")
        else:
            chosen = (*chosen, *(metric for metric in fitting if metric not in chosen))
    return chosen, tuple(notes)


def passes(cupti: Cupti, chip: str, metrics: Sequence[str]) -> int:
    """How many runs of the same work it takes to read these metrics; 0 where the chip does not have one of them."""
    host = cupti.host.ProfilerHost(chip, cupti.host.ProfilerType.PM_SAMPLING)
    try:
        host.initialize()
        return _passes_of(cupti, host.create_config_image(list(metrics)))
    except Exception:  # an unknown metric raises one of several kinds
        return 0
    finally:
        host.deinitialize()


def _passes_of(cupti: Cupti, image: Any) -> int:
    question = cupti.api.ProfilerHostGetNumOfPassesParams()
    question.struct_size = cupti.api.PROFILER_HOST_GET_NUM_OF_PASSES_PARAMS_STRUCT_SIZE
    question.p_config_image = image.ctypes.data
    question.config_image_size = len(image)
    cupti.api.profiler_host_get_num_of_passes(question.ptr)
    return int(question.num_of_passes)
