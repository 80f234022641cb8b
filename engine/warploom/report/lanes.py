"""The lanes of a timeline: the plan's streams, and what else has spans (copies), each with its name and colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warploom.recording.recording import Candidate
from warploom.report.palette import COPY_COLOUR, UNATTRIBUTED_COLOUR, stream_colour
from warploom.timeline import UNATTRIBUTED, Timeline
from warploom.timeline.timeline import IntArray


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane: the stream's number in the data, what it is called, and its colour as "#rrggbb"."""

    stream: int
    name: str
    colour: str


def lanes_of(candidate: Candidate) -> tuple[Lane, ...]:
    """The lanes from top to bottom: streams of the plan by number, idle ones included, then the others."""
    timeline = candidate.timeline
    named = {stream for stream, _ in timeline.lane_names}
    streams = {launch.stream for launch in candidate.plan.launches} | {
        int(one) for one in np.unique(timeline.spans.stream)
    }
    ordered = [*sorted(streams - named), *sorted(named)] or [0]
    return tuple(lane(timeline, stream) for stream in ordered)


def lane(timeline: Timeline, stream: int) -> Lane:
    """Name and colour of a stream; of `UNATTRIBUTED`, too."""
    if stream == UNATTRIBUTED:
        return Lane(stream, timeline.stream_name(stream), UNATTRIBUTED_COLOUR)
    is_copy = stream in dict(timeline.lane_names)
    return Lane(stream, timeline.stream_name(stream), COPY_COLOUR if is_copy else stream_colour(stream))


def lane_numbers(lanes: tuple[Lane, ...], streams: IntArray) -> IntArray:
    """Position of each stream among the lanes; every stream must have one."""
    ids = np.array([item.stream for item in lanes], dtype=np.int64)
    order = np.argsort(ids)
    return np.asarray(order[np.searchsorted(ids, streams, sorter=order)], dtype=np.int64)
