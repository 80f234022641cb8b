"""Which launches a launch depends on and which depend on it: by data, and by the plan alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from warploom.graph import Graph
from warploom.schedule import StreamPlan
from warploom_app.presenters.links import Links, through
from warploom_app.presenters.track import Track

_MOST_ARROWS = 200
"""More arrows than this say nothing any more."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """One dependency: `after` starts when `before` has ended.

    Attributes:
        before: A launch.
        after: Another launch.
        data: Whether the second reads what the first computes; otherwise only the plan orders them.
    """

    before: int
    after: int
    data: bool


def data_links(graph: Graph, plan: StreamPlan) -> Links:
    """Which launches of a plan read the results of which."""
    launch_of = {graph.index[name]: i for i, one in enumerate(plan.launches) for name in one.operators}
    found: list[set[int]] = [set() for _ in plan.launches]
    for after, before in enumerate(graph.predecessors):
        if after in launch_of:
            found[launch_of[after]].update(launch_of[one] for one in before if one in launch_of)
    return Links.of([sorted(one - {i}) for i, one in enumerate(found)])


def arrows(track: Track, launches: Iterable[int]) -> tuple[Arrow, ...]:
    """The dependencies of some launches, in and out; data first."""
    found: dict[tuple[int, int], Arrow] = {}
    chosen = [launch for launch in launches if launch < len(track.ran) and track.ran[launch]]
    for links, data in ((track.reads, True), (track.waits, False)):
        for launch in chosen:
            pairs = [(before, launch) for before in through(links.before, launch, track.ran)]
            pairs += [(launch, after) for after in through(links.after, launch, track.ran)]
            for pair in pairs:
                found.setdefault(pair, Arrow(*pair, data))
    return tuple(found.values())[:_MOST_ARROWS]


def follow(track: Track, launch: int, *, forward: bool) -> int | None:
    """Along the data: the first launch that reads this one's result, or the last one that it reads."""
    links = track.reads
    others = through(links.after if forward else links.before, launch, track.ran)
    windows = {one: track.window_of(one) for one in others}
    known = {one: window for one, window in windows.items() if window is not None}
    if not known:
        return None
    return min(known, key=lambda one: known[one][0]) if forward else max(known, key=lambda one: known[one][1])
