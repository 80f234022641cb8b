"""Track: one candidate's timeline, turned once into arrays that can be drawn at any zoom in time of the pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from warploom.timeline import UNATTRIBUTED, Timeline
from warploom.timeline.statistics import PathStep
from warploom_app.presenters.counter_series import CounterSeries, make_counter
from warploom_app.presenters.lane import Lane, make_lanes
from warploom_app.presenters.links import NO_LINKS, Links
from warploom_app.presenters.steps import Ints
from warploom_app.presenters.warp_area import WarpArea, make_warp_area

_NONE: Ints = np.zeros(0, dtype=np.int64)

COPY = "copy"
"""What the kind of a span is called that moves bytes between host and device."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One candidate, ready to be drawn.

    Attributes:
        name: The candidate's name.
        title: What the view calls it.
        timeline: Where the figures come from.
        operators: For each launch, the Graph's operators that it executes.
        labels: For each launch, what its spans are called.
        hints: For each launch, what to write where its name does not fit.
        stages: For each launch, its stage (-1 without).
        kinds: For each launch, its operator type.
        lanes: One per stream.
        warps: Active warps.
        launches_of: For each operator, its launch.
        ran: For each launch, whether it ran anything on the device.
        reads: Which launches read the results of which.
        waits: Which launches the plan starts after which.
        path: The critical path.
        path_lanes: Of each lane, the spans on the critical path.
        path_steps: Start, end and lane of each step of the path.
        skewed: Launches whose starts tracing delays.
        facts: How it came about and how far it can be trusted, in a few words each.
        notes: The same in sentences.
    """

    name: str
    title: str
    timeline: Timeline
    operators: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]
    hints: tuple[str, ...]
    stages: tuple[int, ...]
    kinds: tuple[str, ...]
    lanes: tuple[Lane, ...]
    warps: WarpArea
    launches_of: Mapping[str, int]
    ran: npt.NDArray[np.bool_]
    path_lanes: tuple[Lane, ...]
    path_steps: tuple[Ints, Ints, Ints]
    reads: Links = NO_LINKS
    waits: Links = NO_LINKS
    path: tuple[PathStep, ...] = ()
    skewed: frozenset[int] = frozenset()
    facts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    _counters: dict[str, CounterSeries] = field(default_factory=dict)

    @property
    def duration_ns(self) -> int:
        """Length of the execution."""
        return self.timeline.duration_ns

    @property
    def counters(self) -> tuple[str, ...]:
        """Names of the counters that were sampled."""
        return self.timeline.counters.names if self.timeline.counters is not None else ()

    @property
    def has_unattributed(self) -> bool:
        """Whether some warps belong to no stream for sure."""
        return UNATTRIBUTED in self.warps.streams

    def counter(self, name: str) -> CounterSeries | None:
        """A counter that was prepared."""
        return self._counters.get(name)

    def prepare_counter(self, name: str) -> None:
        """Prepares a counter for drawing (tens of milliseconds for a million samples: on another thread)."""
        if name not in self._counters and self.timeline.counters is not None and name in self.counters:
            self._counters[name] = make_counter(self.timeline.counters, name)

    def launches(self, operators: frozenset[str]) -> Ints:
        """The launches that execute any of the operators, ascending."""
        found = {self.launches_of[name] for name in operators if name in self.launches_of}
        return np.array(sorted(found), dtype=np.int64)

    def is_copy(self, lane: Lane, position: int) -> bool:
        """Whether a span moves bytes instead of computing."""
        return bool(self.timeline.spans.copy_bytes[lane.span[position]])

    def label(self, lane: Lane, position: int) -> str:
        """What a span is called."""
        if self.is_copy(lane, position):
            return self.timeline.kernel_names[int(self.timeline.spans.kernel[lane.span[position]])]
        return self.labels[int(lane.launch[position])]

    def kind(self, lane: Lane, position: int) -> str:
        """The operator type of a span."""
        return COPY if self.is_copy(lane, position) else self.kinds[int(lane.launch[position])]

    def window(self, launches: Ints) -> tuple[float, float] | None:
        """First start and last end of the spans of some launches; None where they have none."""
        lanes = [lane for lane in self.lanes if not lane.aside]
        found = [(lane, at) for lane in lanes if len(at := lane.of_launches(launches))]
        if not found:
            return None
        start = min(float(lane.start_ns[at].min()) for lane, at in found)
        return start, max(float(lane.end_ns[at].max()) for lane, at in found)

    def window_of(self, launch: int) -> tuple[float, float] | None:
        """First start and last end of the spans of a launch."""
        return self.window(np.array([launch], dtype=np.int64))


def make_track(
    name: str,
    title: str,
    timeline: Timeline,
    operators: Sequence[tuple[str, ...]],
    labels: Sequence[str],
    hints: Sequence[str] | None = None,
    stages: Sequence[int] | None = None,
    kinds: Sequence[str] | None = None,
    reads: Links = NO_LINKS,
    waits: Links = NO_LINKS,
    path: tuple[PathStep, ...] = (),
    facts: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> Track:
    """Prepares a timeline for drawing.

    Args:
        name: The candidate's name.
        title: What the view calls it.
        timeline: The timeline.
        operators: For each launch of the plan, the operators that it executes.
        labels: For each launch, a short name.
        hints: For each launch, a still shorter text.
        stages: For each launch, its stage.
        kinds: For each launch, its operator type.
        reads: Which launches read the results of which.
        waits: Which launches the plan starts after which.
        path: The critical path.
        facts: How the timeline came about, in a few words each.
        notes: The same in sentences.
    """
    count = len(operators)
    profile = timeline.profile
    lanes = make_lanes(timeline)
    ran = np.zeros(count, dtype=np.bool_)
    for lane in lanes:
        ran[lane.launch] |= not lane.aside
    on_path = np.array(sorted(step.launch for step in path), dtype=np.int64)
    return Track(
        name=name,
        title=title,
        timeline=timeline,
        operators=tuple(operators),
        labels=tuple(labels),
        hints=tuple(hints) if hints is not None else ("",) * count,
        stages=tuple(stages) if stages is not None else (-1,) * count,
        kinds=tuple(kinds) if kinds is not None else ("",) * count,
        lanes=lanes,
        warps=make_warp_area(timeline.warps, (stream for stream, _ in timeline.lane_names)),
        launches_of={member: i for i, members in enumerate(operators) for member in members},
        ran=ran,
        path_lanes=tuple(lane.chosen(lane.of_launches(on_path if not lane.aside else _NONE)) for lane in lanes),
        path_steps=_path_steps(path, lanes, count),
        reads=reads,
        waits=waits,
        path=path,
        skewed=frozenset(profile.skewed_launches) if profile is not None else frozenset(),
        facts=facts,
        notes=notes,
    )


def _path_steps(path: tuple[PathStep, ...], lanes: Sequence[Lane], launches: int) -> tuple[Ints, Ints, Ints]:
    """Columns of the path; the lane is the one in which a launch begins."""
    lane_of = np.zeros(launches, dtype=np.int64)
    for number, lane in reversed([(i, one) for i, one in enumerate(lanes) if not one.aside]):
        lane_of[lane.launch] = number
    columns = np.array([(step.start_ns, step.end_ns, lane_of[step.launch]) for step in path], dtype=np.int64)
    start, end, lane_numbers = columns.reshape(-1, 3).T
    return start, end, lane_numbers
