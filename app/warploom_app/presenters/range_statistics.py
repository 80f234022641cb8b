"""Statistics of a stretch of time: what ran in it by operator type and stream, how full the device was, and idle time.

Spans count as far as they lie in the stretch, so that sums add up and never exceed what passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from warploom_app.presenters.engine_words import in_words
from warploom_app.presenters.lane import Lane
from warploom_app.presenters.steps import Floats
from warploom_app.presenters.track import COPY, Track


@dataclass(frozen=True, slots=True)
class RangeRow:
    """Spans of one operator type on one stream; times in nanoseconds.

    Attributes:
        track: Title of the candidate.
        kind: Operator type, or "copy".
        stream: Stream, for sorting.
        stream_name: What it is called.
        count: Spans that touch the stretch.
        sum_ns: Their time inside it.
        min_ns: The shortest.
        max_ns: The longest.
        operators: The operators that they belong to.
    """

    track: str
    kind: str
    stream: int
    stream_name: str
    count: int
    sum_ns: float
    min_ns: float
    max_ns: float
    operators: tuple[str, ...]

    @property
    def mean_ns(self) -> float:
        """Mean of their times."""
        return self.sum_ns / self.count


@dataclass(frozen=True, slots=True)
class RangeTotals:
    """One candidate over the stretch.

    Attributes:
        track: Title of the candidate.
        spans: Spans that touch it.
        busy_ns: Time in which anything ran.
        warps: Mean active warps.
        warps_by_stream: Name of each stream and its part of them.
    """

    track: str
    spans: int
    busy_ns: float
    warps: float
    warps_by_stream: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class RangeStatistics:
    """A stretch of time.

    Attributes:
        start_ns: Its start.
        end_ns: Its end.
        rows: By candidate, the most time first.
        totals: By candidate.
    """

    start_ns: float
    end_ns: float
    rows: tuple[RangeRow, ...]
    totals: tuple[RangeTotals, ...]

    @property
    def length_ns(self) -> float:
        """How long it is."""
        return self.end_ns - self.start_ns


def range_statistics(tracks: Sequence[Track], start_ns: float, end_ns: float) -> RangeStatistics:
    """Looks at a stretch of time in all tracks."""
    rows = [row for track in tracks for row in _track_rows(track, start_ns, end_ns)]
    return RangeStatistics(start_ns, end_ns, tuple(rows), tuple(_totals(track, start_ns, end_ns) for track in tracks))


def _inside(lane: Lane, start_ns: float, end_ns: float) -> tuple[npt.NDArray[np.int64], Floats]:
    """Positions of the spans that touch the stretch, and their times inside it."""
    seen = np.arange(*lane.visible(start_ns, end_ns).indices(len(lane)))
    begin, end = lane.start_ns[seen], lane.end_ns[seen]
    empty = (begin == end) & (begin >= start_ns) & (begin <= end_ns)
    touching = (begin < end_ns) & (end > start_ns) | empty
    length = np.clip(np.minimum(end, end_ns) - np.maximum(begin, start_ns), 0.0, None)
    return seen[touching], length[touching].astype(np.float64)


def _track_rows(track: Track, start_ns: float, end_ns: float) -> list[RangeRow]:
    rows: list[RangeRow] = []
    names, codes = np.unique(np.array(track.kinds or ("",), dtype=str), return_inverse=True)
    for lane in track.lanes:
        seen, length = _inside(lane, start_ns, end_ns)
        copies = track.timeline.spans.copy_bytes[lane.span[seen]] > 0
        kind = np.where(copies, len(names), codes[lane.launch[seen]])
        for code in np.unique(kind):
            chosen = kind == code
            mine = length[chosen]
            launches = np.unique(lane.launch[seen[chosen]])
            rows.append(
                RangeRow(
                    track=track.title,
                    kind=COPY if code == len(names) else str(names[code]),
                    stream=lane.stream,
                    stream_name=lane.name,
                    count=int(chosen.sum()),
                    sum_ns=float(mine.sum()),
                    min_ns=float(mine.min()),
                    max_ns=float(mine.max()),
                    operators=tuple(name for launch in launches.tolist() for name in track.operators[launch]),
                )
            )
    return sorted(rows, key=lambda row: -row.sum_ns)


def _totals(track: Track, start_ns: float, end_ns: float) -> RangeTotals:
    warps = track.warps.mean(start_ns, end_ns)
    return RangeTotals(
        track=track.title,
        spans=sum(len(_inside(lane, start_ns, end_ns)[0]) for lane in track.lanes),
        busy_ns=_busy(track, start_ns, end_ns),
        warps=float(warps.sum()),
        warps_by_stream=tuple(
            (in_words(track.timeline.stream_name(stream)), float(value))
            for stream, value in zip(track.warps.streams, warps, strict=True)
        ),
    )


def _busy(track: Track, start_ns: float, end_ns: float) -> float:
    """Time in which anything ran: the union of the lanes' busy times."""
    begin, end = [], []
    for lane in track.lanes:
        seen = lane.visible(start_ns, end_ns)
        begin.append(np.clip(lane.start_ns[seen], start_ns, end_ns))
        end.append(np.clip(lane.end_ns[seen], start_ns, end_ns))
    if not begin:
        return 0.0
    starts, ends = np.concatenate(begin), np.concatenate(end)
    order = np.argsort(starts, kind="stable")
    starts, reach = starts[order], np.maximum.accumulate(ends[order])
    if not len(starts):
        return 0.0
    before = np.concatenate(([starts[0]], reach[:-1]))
    return float(np.clip(reach - np.maximum(starts, before), 0.0, None).sum())
