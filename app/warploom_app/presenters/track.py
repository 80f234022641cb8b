"""Track: one candidate's timeline, turned once into arrays that can be drawn at any zoom in time of the pixels.

Busy time and active warps are kept as running integrals: the exact share or mean of a pixel column is the difference
of two of their values, so a column that covers a thousand spans costs as much as one that covers one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from warploom.timeline import Timeline
from warploom.timeline.timeline import WarpSeries

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """The spans of one stream, ordered by start.

    Attributes:
        stream: Number of the stream.
        span: Positions in the timeline's spans.
        launch: Launch of each span.
        start_ns: Start of each span.
        end_ns: End of each span.
        busy_at_ns: Ascending times between which busy time grows linearly.
        busy_ns: Busy time up to each of them.
    """

    stream: int
    span: Ints
    launch: Ints
    start_ns: Ints
    end_ns: Ints
    busy_at_ns: Floats
    busy_ns: Floats

    def coverage(self, edges_ns: Floats) -> Floats:
        """Share (0 to 1) of each interval between neighbouring edges in which the stream is busy."""
        if not len(self.busy_at_ns):
            return np.zeros(len(edges_ns) - 1)
        busy = np.interp(edges_ns, self.busy_at_ns, self.busy_ns)
        return np.asarray(np.diff(busy) / np.maximum(np.diff(edges_ns), 1e-9), dtype=np.float64)

    def visible(self, start_ns: float, end_ns: float) -> slice:
        """The spans that may touch a stretch of time."""
        first = int(np.searchsorted(self.end_ns, start_ns, "left"))
        last = int(np.searchsorted(self.start_ns, end_ns, "right"))
        return slice(first, max(first, last))

    def at(self, time_ns: float, slack_ns: float = 0.0) -> int | None:
        """Position of the span at a time, or of the nearest one no further than the slack."""
        if not len(self.start_ns):
            return None
        i = int(np.searchsorted(self.start_ns, time_ns, "right")) - 1
        near = [j for j in (i, i + 1) if 0 <= j < len(self.start_ns)]
        distance, best = min((max(self.start_ns[j] - time_ns, time_ns - self.end_ns[j], 0.0), j) for j in near)
        return best if distance <= slack_ns else None


@dataclass(frozen=True, slots=True, eq=False)
class WarpArea:
    """Active warps stacked stream on stream.

    Attributes:
        streams: Stream of each row.
        edges_ns: Where steps begin and end.
        stacked: Upper boundary of each row of the stack in each step; the last row is the total.
        integral: The same, integrated over time up to each edge.
        peak: Largest total.
    """

    streams: tuple[int, ...]
    edges_ns: Floats
    stacked: Floats
    integral: Floats
    peak: float

    def means(self, edges_ns: Floats) -> Floats:
        """Mean upper boundary of each row between neighbouring edges; 0 outside the timeline."""
        if not len(self.streams):
            return np.zeros((0, len(edges_ns) - 1))
        at = np.stack([np.interp(edges_ns, self.edges_ns, row) for row in self.integral])
        return np.asarray(np.diff(at, axis=1) / np.maximum(np.diff(edges_ns), 1e-9), dtype=np.float64)

    def peaks(self, edges_ns: Floats) -> Floats:
        """Largest total in each interval between neighbouring edges."""
        if not len(self.streams):
            return np.zeros(len(edges_ns) - 1)
        total = np.concatenate((self.stacked[-1], [0.0]))
        step = np.clip(np.searchsorted(self.edges_ns, edges_ns, "right") - 1, 0, len(total) - 1)
        inside = np.maximum.reduceat(total, step)[:-1]
        reached = self.edges_ns[step[1:]] < edges_ns[1:]
        return np.asarray(np.where(reached, np.maximum(inside, total[step[1:]]), inside), dtype=np.float64)

    def total_at(self, time_ns: float) -> float:
        """Active warps of all streams at a time."""
        step = int(np.searchsorted(self.edges_ns, time_ns, "right")) - 1
        return float(self.stacked[-1][step]) if len(self.streams) and 0 <= step < self.stacked.shape[1] else 0.0


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
        lanes: One per stream.
        warps: Active warps.
        launches_of: For each operator, its launch.
    """

    name: str
    title: str
    timeline: Timeline
    operators: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]
    hints: tuple[str, ...]
    stages: tuple[int, ...]
    lanes: tuple[Lane, ...]
    warps: WarpArea
    launches_of: Mapping[str, int]

    @property
    def duration_ns(self) -> int:
        """Length of the execution."""
        return self.timeline.duration_ns

    def launches(self, operators: frozenset[str]) -> Ints:
        """The launches that execute any of the operators, ascending."""
        found = {self.launches_of[name] for name in operators if name in self.launches_of}
        return np.array(sorted(found), dtype=np.int64)


def make_track(
    name: str,
    title: str,
    timeline: Timeline,
    operators: Sequence[tuple[str, ...]],
    labels: Sequence[str],
    hints: Sequence[str] | None = None,
    stages: Sequence[int] | None = None,
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
    """
    return Track(
        name=name,
        title=title,
        timeline=timeline,
        operators=tuple(operators),
        labels=tuple(labels),
        hints=tuple(hints) if hints is not None else ("",) * len(operators),
        stages=tuple(stages) if stages is not None else (-1,) * len(operators),
        lanes=tuple(_lane(timeline, stream) for stream in _streams(timeline)),
        warps=_warp_area(timeline.warps),
        launches_of={member: i for i, members in enumerate(operators) for member in members},
    )


def _streams(timeline: Timeline) -> list[int]:
    return [int(stream) for stream in np.unique(timeline.spans.stream)]


def _lane(timeline: Timeline, stream: int) -> Lane:
    spans = timeline.spans
    chosen = np.flatnonzero(spans.stream == stream)
    chosen = chosen[np.argsort(spans.start_ns[chosen], kind="stable")]
    start = spans.start_ns[chosen].astype(np.int64)
    # A kernel may start before the one ahead of it on the stream has drained: ends must ascend for the search.
    end = np.maximum.accumulate(spans.end_ns[chosen].astype(np.int64)) if len(chosen) else start
    busy_at, busy = _running_busy(start, end)
    return Lane(stream, chosen.astype(np.int64), spans.launch[chosen].astype(np.int64), start, end, busy_at, busy)


def _running_busy(start: Ints, end: Ints) -> tuple[Floats, Floats]:
    """Busy time so far at each start and end of the union of the intervals (both ascending)."""
    if not len(start):
        return np.zeros(0), np.zeros(0)
    begin = np.maximum(start, np.concatenate(([start[0]], end[:-1])))
    begin = np.minimum(begin, end)
    at = np.column_stack((begin, end)).ravel().astype(np.float64)
    done = np.cumsum(end - begin)
    busy = np.column_stack((np.concatenate(([0], done[:-1])), done)).ravel().astype(np.float64)
    return at, busy


def _warp_area(series: WarpSeries) -> WarpArea:
    edges = series.edges_ns.astype(np.float64)
    order = np.argsort(series.streams, kind="stable")
    stacked = np.cumsum(series.warps[order].astype(np.float64), axis=0)
    integral = np.zeros((stacked.shape[0], len(edges)))
    if stacked.size:
        np.cumsum(stacked * np.diff(edges), axis=1, out=integral[:, 1:])
    return WarpArea(
        streams=tuple(int(stream) for stream in series.streams[order]) if stacked.size else (),
        edges_ns=edges,
        stacked=stacked,
        integral=integral,
        peak=float(stacked[-1].max()) if stacked.size else 0.0,
    )
