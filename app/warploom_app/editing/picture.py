"""The picture of a schedule under edit: where each launch would stand if nothing slowed anything else down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from warploom.graph import Graph
from warploom.schedule import Launch, StreamPlan
from warploom_app.presenters.names import launch_hint, launch_label

_UNKNOWN_US = 1.0
"""Drawn length of an operator whose latency nobody knows."""


@dataclass(frozen=True, slots=True)
class DraftItem:
    """One launch.

    Attributes:
        operators: Names of its operators; several are merged.
        title: What it is called.
        lane: Its stream.
        start_us: Estimated.
        end_us: Estimated.
        stage: Its stage, -1 without.
        graph: Says what its operators are; None where nobody asks.
    """

    operators: tuple[str, ...]
    title: str
    lane: int
    start_us: float
    end_us: float
    stage: int
    graph: Graph | None = field(default=None, repr=False, compare=False)

    @property
    def hint(self) -> str:
        """What it is, where there is no room for its title."""
        return launch_hint(self.graph, self.operators) if self.graph is not None else ""

    @property
    def merged(self) -> bool:
        """Whether it is several operators in one."""
        return len(self.operators) > 1


@dataclass(frozen=True, slots=True)
class DraftPicture:
    """All launches.

    Attributes:
        items: In launch order.
        lanes: Number of streams.
        stages: Estimated start and end of each stage; empty without stages.
        total_us: Estimated end of the last launch.
    """

    items: tuple[DraftItem, ...]
    lanes: int
    stages: tuple[tuple[float, float], ...]
    total_us: float

    def item_of(self, operator: str) -> DraftItem | None:
        """The launch of an operator."""
        return next((item for item in self.items if operator in item.operators), None)

    def stage_at(self, time_us: float) -> int:
        """The stage at a time; the last one after the end, -1 without stages."""
        for number, (_, end) in enumerate(self.stages):
            if time_us < end:
                return number
        return len(self.stages) - 1

    def next_on(self, lane: int, time_us: float, but: frozenset[str] = frozenset()) -> DraftItem | None:
        """The first launch of a lane whose middle lies after a time, those that hold `but` left out."""
        return next(
            (
                item
                for item in self.items
                if item.lane == lane and (item.start_us + item.end_us) / 2 > time_us and not but & set(item.operators)
            ),
            None,
        )


def draft_picture(
    plan: StreamPlan, names: Mapping[str, str], solo_us: Mapping[str, float], graph: Graph | None = None
) -> DraftPicture:
    """Places every launch right after what it waits for, each as long as it takes alone.

    What runs side by side slows each other down on a GPU, so the total is a lower bound: the reason to try a draft.

    Args:
        plan: Of the draft.
        names: What the window calls the operators.
        solo_us: Latency of each operator alone.
        graph: Says what each operator is; None where nobody asks.
    """
    ends: list[float] = []
    items: list[DraftItem] = []
    for launch, before in zip(plan.launches, plan.dependencies(), strict=True):
        start = max((ends[i] for i in before), default=0.0)
        ends.append(start + _duration(launch, solo_us))
        title = launch_label(launch.operators, names)
        items.append(DraftItem(launch.operators, title, launch.stream, start, ends[-1], launch.stage, graph))
    return DraftPicture(tuple(items), plan.streams, _stages(items), max(ends, default=0.0))


def _duration(launch: Launch, solo_us: Mapping[str, float]) -> float:
    """A merged operator takes at least as long as its longest member."""
    return max((solo_us.get(name, _UNKNOWN_US) for name in launch.operators), default=_UNKNOWN_US)


def _stages(items: list[DraftItem]) -> tuple[tuple[float, float], ...]:
    count = 1 + max((item.stage for item in items), default=-1)
    bounds = [[float("inf"), 0.0] for _ in range(count)]
    for item in items:
        if item.stage >= 0:
            bounds[item.stage][0] = min(bounds[item.stage][0], item.start_us)
            bounds[item.stage][1] = max(bounds[item.stage][1], item.end_us)
    return tuple((low, high) for low, high in bounds)
