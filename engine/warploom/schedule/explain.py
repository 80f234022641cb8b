"""Says why a search chose the stages that it chose, in entries of the build log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warploom.graph import LogEntry
from warploom.schedule.schedule import Stage


def explain_stages(
    step: str, stages: Sequence[Stage], costs_us: Sequence[float], solo_us: Mapping[str, float]
) -> list[LogEntry]:
    """One entry per stage that is more than operators one after another.

    Args:
        step: The scheduler.
        stages: Of the schedule.
        costs_us: Predicted or measured latency of each.
        solo_us: Latency of each operator alone.
    """
    entries: list[LogEntry] = []
    for stage, cost in zip(stages, costs_us, strict=True):
        alone = sum(solo_us[name] for name in stage.operators)
        decision = _decision(stage)
        if decision:
            reason = f"{cost:.2f} us together, {alone:.2f} us one after another{_gain(alone, cost)}."
            entries.append(LogEntry(step, stage.operators, decision, reason))
    return entries


def _decision(stage: Stage) -> str:
    merged = sum(group.merged for group in stage.groups)
    if len(stage.groups) > 1:
        return f"{len(stage.groups)} groups side by side" + (f", {merged} merged" if merged else "")
    return "merged" if merged else ""


def _gain(alone: float, together: float) -> str:
    return f" ({alone / together:.2f} times as fast)" if together > 0 else ""
