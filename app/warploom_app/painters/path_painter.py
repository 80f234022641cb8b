"""Draws the critical path as one line through the lanes: along its spans, and from the end of each to the next."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from warploom_app.painters.batch import draw_lines, draw_rectangles
from warploom_app.painters.lane_painter import paint_coverage
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.track import Track
from warploom_app.presenters.track_layout import TrackRows
from warploom_app.theme import Theme

_THICK = 3.0
_WIDE_PX = 1.5


def paint_path(painter: QPainter, track: Track, rows: TrackRows, axis: TimeAxis, theme: Theme) -> None:
    """Draws the path over a track that is drawn already."""
    colour = QColor(theme.text)
    for lane, area in zip(track.path_lanes, rows.lanes, strict=True):
        strip = QRectF(area.left(), area.bottom() - _THICK + 1, area.width(), _THICK)
        seen = lane.visible(axis.start_ns, axis.end_ns)
        left, right = axis.xs(lane.start_ns[seen]), axis.xs(lane.end_ns[seen])
        wide = right - left >= _WIDE_PX
        if not wide.all():
            paint_coverage(painter, lane, strip, axis, colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        left, right = np.maximum(left[wide], area.left() - 4), np.minimum(right[wide], area.right() + 4)
        draw_rectangles(painter, left, strip.top(), right - left, _THICK)
    _paint_joints(painter, track, rows, axis, colour)


def _paint_joints(painter: QPainter, track: Track, rows: TrackRows, axis: TimeAxis, colour: QColor) -> None:
    """Lines from where one step ends to where the next begins."""
    start, end, lane = track.path_steps
    first = max(int(np.searchsorted(end, axis.start_ns)) - 1, 0)
    last = int(np.searchsorted(start, axis.end_ns, "right")) + 1
    if min(last, len(start)) - first > axis.width:
        return  # they would be one surface
    foot = np.array([area.bottom() - _THICK / 2 + 1 for area in rows.lanes])
    heights = foot[lane[first:last]]
    x1, x2 = axis.xs(end[first:last])[:-1], axis.xs(start[first:last])[1:]
    bound = 4 * axis.width
    x1, x2 = (np.clip(x, axis.left - bound, axis.left + bound) for x in (x1, x2))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 1.5))
    draw_lines(painter, x1, heights[:-1], x2, heights[1:])
    painter.restore()
