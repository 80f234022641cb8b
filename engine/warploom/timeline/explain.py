"""Says in a few ranked sentences where the second of two timelines wins or loses, from the data alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from warploom.timeline.comparison import Comparison, OperatorComparison, StageComparison
from warploom.units import time_text

NOTEWORTHY_US = 0.05
"""Stages whose gain is smaller than this are not worth a sentence."""
NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence, and what it is about.

    Attributes:
        title: "Stage 9 saves 12.3 µs"; people count stages from 1.
        text: Why, with figures.
        gain_us: Time saved; negative for a loss.
        stage: The stage's number, from 0 as in the data.
        operators: What to highlight.
    """

    title: str
    text: str
    gain_us: float
    stage: int
    operators: tuple[str, ...]


def explain(comparison: Comparison, limit: int = 8, label: Callable[[str], str] = str) -> tuple[Reason, ...]:
    """The stages that matter most, biggest effect first.

    Where the schedule both wins and loses, the biggest loss is among them however small it is: a list of gains alone
    would not tell where there is something left to win.

    Args:
        comparison: The two timelines.
        limit: The most reasons.
        label: What the text calls an operator, by its name.
    """
    operators = {operator.name: operator for operator in comparison.operators}
    noteworthy = [stage for stage in comparison.stages if abs(stage.gain_us) >= NOTEWORTHY_US]
    reasons = [_reason(comparison.unit, stage, operators, label) for stage in noteworthy]
    ranked = sorted(reasons, key=lambda reason: -abs(reason.gain_us))
    shown = ranked[:limit]
    losses = [reason for reason in ranked if reason.gain_us < 0]
    if limit > 1 and losses and losses[0] not in shown:
        shown = [*shown[: limit - 1], losses[0]]
    return tuple(shown)


def _reason(
    unit: str, stage: StageComparison, operators: Mapping[str, OperatorComparison], label: Callable[[str], str]
) -> Reason:
    gain = stage.gain_us
    verb = "saves" if gain > 0 else "loses"
    took = f"{time_text(stage.before.elapsed_us)} before, {time_text(stage.after.elapsed_us)} now"
    if len(stage.operators) == 1:
        why = _single_text(stage, operators.get(stage.operators[0]), label(stage.operators[0]))
    else:
        arrangement = _arrangement(stage, label)
        why = _gain_text(stage, arrangement) if gain > 0 else _loss_text(stage, arrangement, operators, label)
    return Reason(
        title=f"{unit.capitalize()} {stage.stage + 1} {verb} {time_text(abs(gain))}",
        text=f"{why} ({took}{_doubt(stage)}).",
        gain_us=gain,
        stage=stage.stage,
        operators=stage.operators,
    )


def _doubt(stage: StageComparison) -> str:
    """Why the figure may not mean what it says."""
    doubts = []
    if stage.within_spread:
        doubts.append("replays differ by as much")
    if stage.skewed:
        doubts.append("tracing delays this fork")
    return f"; {', '.join(doubts)}" if doubts else ""


def _single_text(stage: StageComparison, operator: OperatorComparison | None, name: str) -> str:
    """An operator that runs by itself in both: what changed is the gap before it, or its own duration."""
    gap = stage.after.idle_us - stage.before.idle_us
    if operator is None or abs(gap) >= abs(operator.delta_us):
        return f"{name} starts {time_text(abs(gap))} {'later' if gap > 0 else 'sooner'} after what precedes it"
    return f"{name} itself takes {time_text(operator.after_us)} instead of {time_text(operator.before_us)}"


def _gain_text(stage: StageComparison, arrangement: str) -> str:
    parts = [arrangement]
    if stage.after.warps > stage.before.warps * 1.05:
        parts.append(_fill(stage))
    saved_idle = stage.before.idle_us - stage.after.idle_us
    if saved_idle >= 0.5 * stage.gain_us:
        parts.append(f"{time_text(saved_idle)} of gaps between launches are gone")
    elif stage.merged and stage.after.warps <= stage.before.warps * 1.05:
        parts.append("the shared input is read once")
    return "; ".join(parts)


def _loss_text(
    stage: StageComparison,
    arrangement: str,
    operators: Mapping[str, OperatorComparison],
    label: Callable[[str], str],
) -> str:
    loss = -stage.gain_us
    more_idle = stage.after.idle_us - stage.before.idle_us
    if more_idle >= 0.5 * loss:
        return f"{arrangement}; {time_text(more_idle)} more pass in waits and launch gaps"
    mine = [operators[name] for name in stage.operators if name in operators]
    slowest = max(mine, key=lambda operator: operator.delta_us, default=None)
    if slowest is None or slowest.delta_us <= 0:
        return arrangement
    crowd = "merged" if slowest.merged_with else "beside the others" if len(stage.groups) > 1 else "here"
    return (
        f"{arrangement}; {label(slowest.name)} takes {time_text(slowest.after_us)} {crowd} "
        f"instead of {time_text(slowest.before_us)}"
    )


def _arrangement(stage: StageComparison, label: Callable[[str], str]) -> str:
    """What the stage does, in words."""
    merged = max(stage.merged, key=len, default=())
    if merged and len(stage.groups) == 1:
        return f"{len(merged)} operators merged into one launch ({_names(merged, label)})"
    if merged:
        return f"{len(stage.groups)} groups side by side, one of them {len(merged)} operators merged into one launch"
    if len(stage.groups) > 1:
        return f"{len(stage.groups)} groups side by side ({_names((group[0] for group in stage.groups), label)})"
    return f"{_names(stage.operators, label)} on one stream"


def _fill(stage: StageComparison) -> str:
    return (
        f"active warps {stage.before.warps:,.0f} → {stage.after.warps:,.0f} "
        f"({_percent(stage.before.fill)} → {_percent(stage.after.fill)} of the device)"
    )


def _percent(part: float) -> str:
    return f"{part:.0%}" if part >= 0.095 else f"{part:.1%}"


def _names(names: Iterable[str], label: Callable[[str], str]) -> str:
    every = [label(name) for name in names]
    shown = ", ".join(every[:NAMES_SHOWN])
    return shown if len(every) <= NAMES_SHOWN else f"{shown} and {len(every) - NAMES_SHOWN} more"
