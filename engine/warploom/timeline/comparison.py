"""Compares two timelines of the same Graph, operator by operator and stage by stage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from warploom.schedule import StreamPlan
from warploom.timeline.intervals import BusyStreams
from warploom.timeline.progress import Progress, progress, stage_numbers
from warploom.timeline.spread import ReplaySpread, replay_spread
from warploom.timeline.statistics import launch_windows
from warploom.timeline.timeline import FloatArray, IntArray, Timeline

_COMPANY = 0.02
"""An operator that shares less of its time than this has the device to itself: ends and starts touch a little."""


class Planned(Protocol):
    """A plan and what it did (a recording's Candidate is one)."""

    @property
    def name(self) -> str: ...

    @property
    def plan(self) -> StreamPlan: ...

    @property
    def timeline(self) -> Timeline: ...


@dataclass(frozen=True, slots=True)
class OperatorComparison:
    """One operator in both timelines; times in microseconds.

    Attributes:
        name: The operator.
        solo_us: As a stage of its own, launch and barrier included; None where nobody asked.
        before_us: Duration in the first timeline.
        after_us: Duration in the second; of a merged launch, the part in proportion to `before_us`.
        delta_us: after - before.
        alone_us: What it takes with the device to itself: `before_us` where nothing ran beside it in the first
            timeline, else `solo_us`; None where neither tells.
        slowdown: after over alone: how much company (or merging) costs; None where `alone_us` is None or 0.
        before_stream: Stream in the first timeline.
        after_stream: Stream in the second.
        stage: Stage in the second (episode number where its plan has no stages).
        merged_with: The other operators of its launch in the second.
    """

    name: str
    solo_us: float | None
    before_us: float
    after_us: float
    delta_us: float
    alone_us: float | None
    slowdown: float | None
    before_stream: int
    after_stream: int
    stage: int
    merged_with: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StageSide:
    """What a stage's operators took in one timeline.

    Attributes:
        elapsed_us: Time that passed for them (see `Progress`).
        idle_us: Part of it in which nothing ran.
        warps: Mean active warps of the device meanwhile.
        fill: `warps` as a part of what the device can hold.
        spread_us: How much its launches differ from replay to replay: the root of the sum of the squares of their
            interquartile ranges; None where no replays were kept.
        skewed: Whether tracing delayed one of its launches.
    """

    elapsed_us: float
    idle_us: float
    warps: float
    fill: float
    spread_us: float | None = None
    skewed: bool = False


@dataclass(frozen=True, slots=True)
class StageComparison:
    """One stage of the second timeline against the same operators in the first.

    Attributes:
        stage: Its number.
        groups: Its operators by stream, in order.
        merged: Operators that run merged into one launch, launch by launch.
        before: In the first timeline.
        after: In the second.
    """

    stage: int
    groups: tuple[tuple[str, ...], ...]
    merged: tuple[tuple[str, ...], ...]
    before: StageSide
    after: StageSide

    @property
    def operators(self) -> tuple[str, ...]:
        """All operators of the stage."""
        return tuple(name for group in self.groups for name in group)

    @property
    def gain_us(self) -> float:
        """Time saved; negative where the stage loses."""
        return self.before.elapsed_us - self.after.elapsed_us

    @property
    def within_spread(self) -> bool:
        """Whether replays of the same plan differ by as much as the gain, so that it may be chance."""
        if self.before.spread_us is None or self.after.spread_us is None:
            return False
        return abs(self.gain_us) <= math.hypot(self.before.spread_us, self.after.spread_us)

    @property
    def skewed(self) -> bool:
        """Whether tracing delayed one of its launches, in either timeline."""
        return self.before.skewed or self.after.skewed


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two timelines side by side.

    Attributes:
        before_name: Name of the first ("sequential").
        after_name: Name of the second.
        before_us: Duration of the first timeline.
        after_us: Duration of the second.
        operators: In the Graph's order as far as the first plan shows it.
        stages: In execution order.
        staged: Whether the second plan has stages; otherwise its episodes stand for them (see `stage_numbers`).
    """

    before_name: str
    after_name: str
    before_us: float
    after_us: float
    operators: tuple[OperatorComparison, ...]
    stages: tuple[StageComparison, ...]
    staged: bool = True

    @property
    def unit(self) -> str:
        """What one of `stages` is called."""
        return "stage" if self.staged else "episode"


@dataclass(frozen=True, slots=True)
class _Side:
    """One timeline with what the comparison needs of it."""

    plan: StreamPlan
    timeline: Timeline
    slices: Progress
    launch_of: Mapping[str, int]
    company_ns: FloatArray
    spread: ReplaySpread | None
    skewed: frozenset[int]

    @staticmethod
    def of(planned: Planned) -> _Side:
        launch_of = {name: i for i, launch in enumerate(planned.plan.launches) for name in launch.operators}
        company = BusyStreams.of(planned.timeline.spans).company_between(*launch_windows(planned.timeline))
        profile = planned.timeline.profile
        return _Side(
            plan=planned.plan,
            timeline=planned.timeline,
            slices=progress(planned.timeline),
            launch_of=launch_of,
            company_ns=company,
            spread=replay_spread(profile),
            skewed=frozenset(profile.skewed_launches if profile is not None else ()),
        )

    def has_company(self, launch: int) -> bool:
        """Whether something ran beside a launch for a noteworthy part of its time."""
        return float(self.company_ns[launch]) > _COMPANY * float(self.slices.duration_ns[launch])

    def duration_us(self, launch: int) -> float:
        return float(self.slices.duration_ns[launch]) / 1000.0

    def stage_side(self, launches: list[int]) -> StageSide:
        elapsed = float(self.slices.length_ns[launches].sum())
        warps = float(self.slices.warp_ns[launches].sum()) / elapsed if elapsed > 0 else 0.0
        limit = self.timeline.max_warps
        idle = float(self.slices.idle_ns[launches].sum())
        return StageSide(
            elapsed_us=elapsed / 1000.0,
            idle_us=idle / 1000.0,
            warps=warps,
            fill=warps / limit if limit > 0 else 0.0,
            spread_us=None if self.spread is None else self._spread_us(self.spread, launches),
            skewed=not self.skewed.isdisjoint(launches),
        )

    def _spread_us(self, spread: ReplaySpread, launches: list[int]) -> float:
        ranges = [one.iqr_us for launch in launches if (one := spread.launch(launch)) is not None]
        return math.hypot(*ranges)


def compare(before: Planned, after: Planned, solo_us: Mapping[str, float] | None = None) -> Comparison:
    """Matches two timelines by operator.

    Args:
        before: The plan compared with, usually the sequential one.
        after: The plan of interest; of the same Graph.
        solo_us: Latency of operators as stages of their own, where known.
    """
    first, second = _Side.of(before), _Side.of(after)
    planned = np.array([launch.stage for launch in after.plan.launches], dtype=np.int64)
    stages = stage_numbers(after.timeline, planned)
    shared = [name for name in first.launch_of if name in second.launch_of]
    alone = solo_us or {}
    return Comparison(
        before_name=before.name,
        after_name=after.name,
        before_us=before.timeline.duration_ns / 1000.0,
        after_us=after.timeline.duration_ns / 1000.0,
        operators=tuple(_operator(name, first, second, alone.get(name), stages) for name in shared),
        stages=tuple(_stage(stage, first, second, np.flatnonzero(stages == stage)) for stage in np.unique(stages)),
        staged=bool((planned >= 0).all()),
    )


def _operator(name: str, first: _Side, second: _Side, solo: float | None, stages: IntArray) -> OperatorComparison:
    i, j = first.launch_of[name], second.launch_of[name]
    before = _part_us(name, first, i, first)
    after = _part_us(name, second, j, first)
    merged = len(first.plan.launches[i].operators) > 1
    alone = solo if merged or first.has_company(i) else before
    return OperatorComparison(
        name=name,
        solo_us=solo,
        before_us=before,
        after_us=after,
        delta_us=after - before,
        alone_us=alone,
        slowdown=after / alone if alone else None,
        before_stream=first.plan.launches[i].stream,
        after_stream=second.plan.launches[j].stream,
        stage=int(stages[j]),
        merged_with=tuple(other for other in second.plan.launches[j].operators if other != name),
    )


def _part_us(name: str, side: _Side, launch: int, first: _Side) -> float:
    """Duration of an operator; of a merged launch its part, by the durations in the first timeline."""
    whole = side.duration_us(launch)
    members = side.plan.launches[launch].operators
    if len(members) == 1:
        return whole
    if side is first:
        return whole / len(members)
    durations = {m: first.duration_us(first.launch_of[m]) for m in members if m in first.launch_of}
    total = sum(durations.values())
    return whole * durations.get(name, 0.0) / total if total > 0 else whole / len(members)


def _stage(stage: int, first: _Side, second: _Side, launches: IntArray) -> StageComparison:
    mine = [int(launch) for launch in launches]
    groups: dict[int, list[str]] = {}
    for launch in mine:
        groups.setdefault(second.plan.launches[launch].stream, []).extend(second.plan.launches[launch].operators)
    names = [name for group in groups.values() for name in group]
    return StageComparison(
        stage=int(stage),
        groups=tuple(tuple(group) for group in groups.values()),
        merged=tuple(
            second.plan.launches[launch].operators for launch in mine if len(second.plan.launches[launch].operators) > 1
        ),
        before=first.stage_side(sorted({first.launch_of[name] for name in names if name in first.launch_of})),
        after=second.stage_side(mine),
    )
