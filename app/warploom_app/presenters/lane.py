"""Lane: the spans of one stream, ready to be drawn, found and measured at any zoom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from warploom.timeline import Timeline
from warploom_app.presenters.engine_words import in_words
from warploom_app.presenters.steps import Floats, Ints

_FEW = 64


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """The spans of one stream, ordered by start.

    Busy time is kept as a running integral: the exact share of a pixel column is the difference of two of its values,
    so a column that covers a thousand spans costs as much as one that covers one.

    Attributes:
        stream: Number of the stream.
        name: What the view calls it.
        aside: Whether it is no stream of the plan (copies): its spans stand beside the launches that they name.
        span: Positions in the timeline's spans.
        launch: Launch of each span.
        start_ns: Start of each span.
        end_ns: End of each span.
        reach_ns: Latest end so far: a kernel may start before the one ahead of it on the stream has drained.
        busy_at_ns: Ascending times between which busy time grows linearly.
        busy_ns: Busy time up to each of them.
        by_launch: Positions in this lane, ordered by launch.
    """

    stream: int
    name: str
    aside: bool
    span: Ints
    launch: Ints
    start_ns: Ints
    end_ns: Ints
    reach_ns: Ints
    busy_at_ns: Floats
    busy_ns: Floats
    by_launch: Ints

    def __len__(self) -> int:
        return len(self.span)

    def coverage(self, edges_ns: Floats) -> Floats:
        """Share (0 to 1) of each interval between neighbouring edges in which the stream is busy."""
        if not len(self.busy_at_ns):
            return np.zeros(len(edges_ns) - 1)
        busy = np.interp(edges_ns, self.busy_at_ns, self.busy_ns)
        return np.asarray(np.diff(busy) / np.maximum(np.diff(edges_ns), 1e-9), dtype=np.float64)

    def present(self, edges_ns: Floats) -> npt.NDArray[np.bool_]:
        """Whether a span begins in each interval: one without any length must be seen, too."""
        return np.diff(np.searchsorted(self.start_ns, edges_ns)) > 0

    def visible(self, start_ns: float, end_ns: float) -> slice:
        """The spans that may touch a stretch of time."""
        first = int(np.searchsorted(self.reach_ns, start_ns, "left"))
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

    def gap_at(self, time_ns: float) -> tuple[float, float] | None:
        """The idle time around a time: from the end before it to the next start (both must exist)."""
        after = int(np.searchsorted(self.start_ns, time_ns, "right"))
        if not 0 < after < len(self.start_ns):
            return None
        start, end = float(self.reach_ns[after - 1]), float(self.start_ns[after])
        return (start, end) if start <= time_ns <= end and end > start else None

    def of_launches(self, launches: Ints) -> Ints:
        """Positions of the spans of some launches (ascending), ordered by start."""
        if len(launches) > _FEW:
            return np.flatnonzero(np.isin(self.launch, launches))
        ordered = self.launch[self.by_launch]
        first, last = np.searchsorted(ordered, launches, "left"), np.searchsorted(ordered, launches, "right")
        found = [self.by_launch[a:b] for a, b in zip(first, last, strict=True) if b > a]
        return np.sort(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)

    def chosen(self, positions: Ints) -> Lane:
        """A lane of some of the spans (ascending positions)."""
        return _lane(
            self.stream,
            self.name,
            self.aside,
            self.span[positions],
            self.launch[positions],
            self.start_ns[positions],
            self.end_ns[positions],
        )


def make_lanes(timeline: Timeline) -> tuple[Lane, ...]:
    """One lane for each stream that has spans; streams of the plan first, then copies."""
    spans = timeline.spans
    order = np.lexsort((spans.start_ns, spans.stream))
    streams, first = np.unique(spans.stream[order], return_index=True)
    pieces = np.split(order, first[1:]) if len(streams) else []
    start, end, launch = (column.astype(np.int64) for column in (spans.start_ns, spans.end_ns, spans.launch))
    beside = {stream for stream, _ in timeline.lane_names}
    return tuple(
        _lane(
            stream,
            in_words(timeline.stream_name(stream)),
            stream in beside,
            chosen,
            launch[chosen],
            start[chosen],
            end[chosen],
        )
        for stream, chosen in zip(streams.tolist(), pieces, strict=True)
    )


def _lane(stream: int, name: str, aside: bool, span: Ints, launch: Ints, start: Ints, end: Ints) -> Lane:
    reach = np.maximum.accumulate(end) if len(end) else end
    busy_at, busy = _running_busy(start, reach)
    order = np.argsort(launch, kind="stable")
    return Lane(stream, name, aside, span, launch, start, end, reach, busy_at, busy, order)


def _running_busy(start: Ints, reach: Ints) -> tuple[Floats, Floats]:
    """Busy time so far at each start and end of the union of the intervals (both ascending)."""
    if not len(start):
        return np.zeros(0), np.zeros(0)
    begin = np.maximum(start, np.concatenate(([start[0]], reach[:-1])))
    begin = np.minimum(begin, reach)
    at = np.column_stack((begin, reach)).ravel().astype(np.float64)
    done = np.cumsum(reach - begin)
    busy = np.column_stack((np.concatenate(([0], done[:-1])), done)).ravel().astype(np.float64)
    return at, busy
