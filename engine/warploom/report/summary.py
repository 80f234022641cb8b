"""The outcome of the main job as one JSON object: what `warploom optimize --json` prints."""

from __future__ import annotations

import math
from typing import Any

from warploom.recording.recording import Candidate, Recording
from warploom.report.measured import timeline_summary
from warploom.report.remarks import remarks
from warploom.schedule.floor import critical_path


def summary(recording: Recording) -> dict[str, Any]:
    """The object; every number is finite or null, so that any JSON reader takes it.

    Keys: `model`, `device {name, simulated}`, `precision`, `batch`, `operators`, `schedules` (a list: `name`,
    `latency_us {median, p25, p75}`, `stages`, `stages_sum_us` (null without stages), `floor_us` (the longest path, each
    operator alone), `streams`, `active_warps_mean`, `timeline`), `chosen`, `speedup`,
    `search {seconds, stages_costed, states}`, `remarks` (sentences to know before believing it) and, when outputs were
    compared, `verified {max_rel_l2, tolerance, ok}`.
    """
    search = recording.search
    result: dict[str, Any] = {
        "model": recording.model.name,
        "device": {"name": recording.device.name, "simulated": recording.simulated},
        "precision": recording.settings.precision.value,
        "batch": recording.settings.batch,
        "operators": len(recording.graph.operators),
        "schedules": [_schedule(candidate, floor_us(recording)) for candidate in recording.candidates],
        "chosen": recording.chosen,
        "speedup": _finite(recording.speedup),
        "search": {"seconds": search.seconds, "stages_costed": search.stages_costed, "states": search.states},
        "remarks": list(remarks(recording)),
    }
    if recording.verification is not None:
        checked = recording.verification
        error = _finite(checked.max_rel_l2)
        result["verified"] = {"max_rel_l2": error, "tolerance": checked.tolerance, "ok": checked.ok}
    return result


def floor_us(recording: Recording) -> float | None:
    """Latency of the longest path through the graph, each operator alone; None where nobody measured them alone."""
    return critical_path(recording.graph, recording.solo_us)[0] or None


def _schedule(candidate: Candidate, floor: float | None) -> dict[str, Any]:
    latency, timeline = candidate.measurement, timeline_summary(candidate)
    return {
        "name": candidate.name,
        "latency_us": {"median": latency.median_us, "p25": latency.p25_us, "p75": latency.p75_us},
        "stages": stage_count(candidate),
        "stages_sum_us": _finite(sum(candidate.stage_costs_us)) if candidate.stage_costs_us else None,
        "floor_us": floor,
        "streams": candidate.plan.streams,
        "active_warps_mean": timeline["active_warps"]["mean"],
        "timeline": timeline,
    }


def stage_count(candidate: Candidate) -> int:
    """Stages of the schedule, or of the plan where only that is known."""
    if candidate.schedule is not None:
        return len(candidate.schedule.stages)
    return len({launch.stage for launch in candidate.plan.launches if launch.stage >= 0})


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
