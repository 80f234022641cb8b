"""Draws dependencies as arrows: from the end of what is waited for to the start of what waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.track import Track
from warploom_app.presenters.track_layout import TrackRows
from warploom_app.presenters.track_links import Arrow
from warploom_app.theme import Theme

_HEAD = 6.0
_FAR_PX = 3000.0
"""Ends further away than this are drawn no further: the painter's own numbers would overflow."""


def paint_arrows(
    painter: QPainter, track: Track, rows: TrackRows, found: Sequence[Arrow], axis: TimeAxis, theme: Theme
) -> None:
    """Draws arrows over a track: data as lines, what only the plan orders dashed."""
    ends = _ends(track, rows, {launch for arrow in found for launch in (arrow.before, arrow.after)})
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for arrow in reversed(found):
        if arrow.before in ends and arrow.after in ends:
            (_, end, from_y), (start, _, to_y) = ends[arrow.before], ends[arrow.after]
            colour = QColor(theme.accent if arrow.data else theme.muted)
            style = Qt.PenStyle.SolidLine if arrow.data else Qt.PenStyle.DashLine
            _paint(painter, _near(axis, end, from_y), _near(axis, start, to_y), QPen(colour, 1.5, style))
    painter.restore()


def _ends(track: Track, rows: TrackRows, launches: set[int]) -> Mapping[int, tuple[float, float, float]]:
    """First start, last end and height of the lane of each launch."""
    ends: dict[int, tuple[float, float, float]] = {}
    for lane, area in zip(track.lanes, rows.lanes, strict=True):
        for launch in launches if not lane.aside else ():
            at = lane.of_launches(np.array([launch]))
            if len(at):
                ends[launch] = (float(lane.start_ns[at[0]]), float(lane.end_ns[at].max()), area.center().y())
    return ends


def _near(axis: TimeAxis, time_ns: float, y: float) -> QPointF:
    return QPointF(min(max(axis.x(time_ns), axis.left - _FAR_PX), axis.left + axis.width + _FAR_PX), y)


def _paint(painter: QPainter, start: QPointF, end: QPointF, pen: QPen) -> None:
    path = QPainterPath(start)
    distance = abs(end.x() - start.x())
    reach = max(min(distance / 2, 60.0), 6.0)
    bow = min(distance, 14.0) if start.y() == end.y() else 0.0  # along one lane: under it, not through the spans
    path.cubicTo(start + QPointF(reach, bow), end - QPointF(reach, -bow), end)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(pen.color())
    tips = [end, end - QPointF(_HEAD, _HEAD * 0.55), end - QPointF(_HEAD, -_HEAD * 0.55)]
    painter.drawPolygon(QPolygonF(tips))
