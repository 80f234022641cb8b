"""TimelineHits: what lies under a point of the timelines."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from warploom_app.presenters.track_layout import AXIS
from warploom_app.presenters.track_tip import Lines, counter_tip, gap_tip, span_tip, warps_tip
from warploom_app.presenters.track_walk import Place

if TYPE_CHECKING:
    from warploom_app.views.timeline_canvas import TimelineCanvas

_SLACK_PX = 3.0
_WIDEST_NOTE = 72


class TimelineHits:
    """Asks the canvas where things are; points are those of its viewport."""

    def __init__(self, canvas: TimelineCanvas) -> None:
        self._canvas = canvas

    def height(self, position: QPointF) -> float:
        """The point's height on the canvas, scrolled."""
        return position.y() + self._canvas.verticalScrollBar().value()

    def on_axis(self, position: QPointF) -> bool:
        """Whether a point lies on the axis above the tracks."""
        return position.y() < AXIS and position.x() >= self._canvas.axis.left

    def track_at(self, position: QPointF) -> int | None:
        """The track at a height."""
        found = self._canvas.track_layout.find(self.height(position)) if position.y() >= AXIS else None
        return found[0] if found is not None else None

    def title_at(self, position: QPointF) -> int | None:
        """The track whose title is there."""
        track = self.track_at(position)
        if track is None or position.x() >= self._canvas.axis.left:
            return None
        return track if self.height(position) <= self._canvas.track_layout.tracks[track].header.bottom() else None

    def span_at(self, position: QPointF) -> Place | None:
        """The span under a point."""
        canvas = self._canvas
        if position.y() < AXIS or position.x() < canvas.axis.left:
            return None
        found = canvas.track_layout.find(self.height(position))
        if found is None or found[1] < 0:
            return None
        track, lane = found
        slack_ns = _SLACK_PX / canvas.axis.pixels_per_ns
        span = canvas.tracks[track].lanes[lane].at(canvas.axis.time_ns(position.x()), slack_ns)
        return None if span is None else Place(track, lane, span)

    def operators_at(self, place: Place | None) -> tuple[str, ...]:
        """The operators that a span belongs to."""
        if place is None:
            return ()
        track = self._canvas.tracks[place.track]
        launch = int(track.lanes[place.lane].launch[place.span])
        return track.operators[launch] if launch < len(track.operators) else ()

    def tip_at(self, position: QPointF) -> Lines | None:
        """What a note at this point says."""
        canvas = self._canvas
        number = self.track_at(position)
        if number is None:
            return None
        track, rows, y = canvas.tracks[number], canvas.track_layout.tracks[number], self.height(position)
        if y <= rows.header.bottom():
            notes = [line for note in track.notes for line in textwrap.wrap(note, _WIDEST_NOTE)]
            return (track.title, *notes) if notes else None
        if position.x() < canvas.axis.left:
            return None
        time = canvas.axis.time_ns(position.x())
        place = self.span_at(position)
        if place is not None:
            return span_tip(track, track.lanes[place.lane], place.span, canvas.axis)
        for lane, area in zip(track.lanes, rows.lanes, strict=True):
            if area.top() <= y <= area.bottom():
                return gap_tip(track, lane, time)
        if rows.warps.top() <= y <= rows.warps.bottom():
            return warps_tip(track, time) if track.warps.streams else None
        for name, area in rows.counters:
            series = track.counter(name)
            if area.top() <= y <= area.bottom() and series is not None:
                return counter_tip(series, time)
        return None
