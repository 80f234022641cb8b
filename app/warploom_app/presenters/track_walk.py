"""Walks from span to span with the arrow keys: along a lane, and between lanes and tracks at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt

from warploom_app.presenters.track import Track


@dataclass(frozen=True, slots=True)
class Place:
    """A span: its track, its lane in the track and its position in the lane."""

    track: int
    lane: int
    span: int


def neighbour(tracks: Sequence[Track], place: Place | None, key: Qt.Key) -> Place | None:
    """The span next to another in the direction of an arrow key; the first one of all when there is none yet."""
    if place is None:
        return Place(*_lanes(tracks)[0], 0) if _lanes(tracks) else None
    lane = tracks[place.track].lanes[place.lane]
    if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
        step = 1 if key == Qt.Key.Key_Right else -1
        return Place(place.track, place.lane, min(max(place.span + step, 0), len(lane.span) - 1))
    order = _lanes(tracks)
    at = order.index((place.track, place.lane)) + (1 if key == Qt.Key.Key_Down else -1)
    if not 0 <= at < len(order):
        return place
    track, other = order[at]
    middle = (float(lane.start_ns[place.span]) + float(lane.end_ns[place.span])) / 2
    span = tracks[track].lanes[other].at(middle, float("inf"))
    return place if span is None else Place(track, other, span)


def _lanes(tracks: Sequence[Track]) -> list[tuple[int, int]]:
    """Track and lane of every lane that has spans, from top to bottom."""
    return [(t, n) for t, track in enumerate(tracks) for n, lane in enumerate(track.lanes) if len(lane.span)]
