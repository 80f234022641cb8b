"""Draws a whole track (title, lanes, warps, counters) from the painters of its layers, and what lies over it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from warploom.report.counter_tracks import counter_title
from warploom.timeline import UNATTRIBUTED
from warploom.units import time_text
from warploom_app.painters.arrow_painter import paint_arrows
from warploom_app.painters.axis_painter import paint_grid
from warploom_app.painters.counter_painter import paint_counter
from warploom_app.painters.labels import labels
from warploom_app.painters.lane_painter import lane_ground, paint_highlight, paint_lane, paint_veil
from warploom_app.painters.path_painter import paint_path
from warploom_app.painters.warp_painter import paint_warps, stream_colour
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.track import Track
from warploom_app.presenters.track_facts import basis_text
from warploom_app.presenters.track_layout import GUTTER, TrackRows
from warploom_app.presenters.track_links import Arrow
from warploom_app.presenters.track_tip import counter_text
from warploom_app.presenters.units import count
from warploom_app.theme import GRID, Theme

_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_LINE = 2 * GRID


@dataclass(frozen=True, slots=True)
class TrackPainter:
    """Paints tracks with one painter.

    Attributes:
        painter: Where to.
        axis: The time that is seen.
        theme: The colours.
        peak_warps: What the upper edge of the active warps stands for.
        limits: What the lower and upper edges of each counter stand for.
        critical_path: Whether to draw it.
    """

    painter: QPainter
    axis: TimeAxis
    theme: Theme
    peak_warps: float
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    critical_path: bool = False

    def paint(self, track: Track, rows: TrackRows) -> None:
        """Draws everything of a track but what is lit up."""
        painter, theme = self.painter, self.theme
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(lane_ground(theme))
        painter.drawRects([*rows.lanes])
        paint_grid(painter, self.axis, rows.header.bottom(), rows.bottom, theme)
        self._title(track, rows)
        self._names(track, rows)
        painter.save()
        painter.setClipRect(rows.plot, Qt.ClipOperation.IntersectClip)
        for lane, area in zip(track.lanes, rows.lanes, strict=True):
            paint_lane(painter, track, lane, area, self.axis, theme)
        paint_warps(painter, track.warps, rows.warps, self.axis, theme, self.peak_warps)
        for name, area in rows.counters:
            series = track.counter(name)
            if series is not None:
                paint_counter(painter, series, area, self.axis, theme, self.limits.get(name, (series.low, series.high)))
        painter.restore()
        self._end(track, rows)

    def highlight(
        self,
        track: Track,
        rows: TrackRows,
        pinned: frozenset[str],
        hovered: frozenset[str],
        arrows: Sequence[Arrow] = (),
    ) -> None:
        """Lights up operators: pinned ones by dimming all others, hovered ones by a frame; with their dependencies."""
        painter = self.painter
        painter.save()
        painter.setClipRect(rows.plot, Qt.ClipOperation.IntersectClip)
        if pinned:
            for lane, area in zip(track.lanes, rows.lanes, strict=True):
                paint_veil(painter, track, lane, area, self.axis, self.theme)
        if self.critical_path and track.path:
            paint_path(painter, track, rows, self.axis, self.theme)
        for names, is_pin in ((hovered - pinned, False), (pinned, True)):
            launches = track.launches(names)
            if len(launches):
                for lane, area in zip(track.lanes, rows.lanes, strict=True):
                    paint_highlight(painter, track, lane, launches, area, self.axis, self.theme, is_pin)
        if arrows:
            paint_arrows(painter, track, rows, arrows, self.axis, self.theme)
        painter.restore()

    def _title(self, track: Track, rows: TrackRows) -> None:
        painter, theme, header = self.painter, self.theme, rows.header
        font = QFont(painter.font())
        bold = QFont(font)
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(QColor(theme.text))
        place = QRectF(2 * GRID, header.top(), GUTTER - 2 * GRID, header.height())
        title = QFontMetricsF(bold).elidedText(track.title, Qt.TextElideMode.ElideRight, place.width() - GRID)
        painter.drawText(place, _LEFT, title)
        painter.setFont(font)
        x = self._badge(track, header) + GRID
        painter.setPen(QColor(theme.muted))
        room = header.right() - GRID - x
        facts = (path_text(track), *track.facts) if self.critical_path and track.path else track.facts
        text = labels(font).metrics.elidedText(" · ".join(facts), Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(x, header.top(), room, header.height()), _LEFT, text)

    def _badge(self, track: Track, header: QRectF) -> float:
        """How the timeline came about; a model or an estimate is marked, a measurement only said. Its right end."""
        painter, theme = self.painter, self.theme
        text = basis_text(track.timeline)
        width = labels(painter.font()).width(text) + 2 * GRID
        box = QRectF(header.left(), header.top() + 2, width, header.height() - 5)
        real = track.timeline.basis == "measured"
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.raised if real else theme.warning_surface))
        painter.drawRoundedRect(box, 4, 4)
        painter.setPen(QColor(theme.good if real else theme.warning))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        return box.right()

    def _names(self, track: Track, rows: TrackRows) -> None:
        painter, theme = self.painter, self.theme
        painter.setPen(QColor(theme.muted))
        apart = rows.lanes[1].top() - rows.lanes[0].top() if len(rows.lanes) > 1 else _LINE
        named = slice(None, None, max(1, math.ceil(_LINE / apart)))  # low lanes: every other name, or fewer
        for lane, area in zip(track.lanes[named], rows.lanes[named], strict=True):
            self._name(lane.name, area.center().y() - _LINE / 2)
        top = rows.warps.top()
        self._name(_tr("active warps"), top)
        self._name(_tr("to {}").format(count(self.peak_warps)), top + _LINE)
        if track.has_unattributed and rows.warps.height() >= 3 * _LINE:
            painter.fillRect(QRectF(2 * GRID, top + 2 * _LINE + 4, 8, 8), stream_colour(UNATTRIBUTED, theme))
            self._name(_tr("in no stream"), top + 2 * _LINE, 12.0)
        for name, area in rows.counters:
            painter.setPen(QColor(theme.muted))
            self._name(counter_title(name), area.top(), mode=Qt.TextElideMode.ElideMiddle)
            series = track.counter(name)
            if series is not None:
                self._name(
                    _tr("to {}").format(counter_text(self.limits.get(name, (0.0, series.high))[1], series.unit)),
                    area.top() + _LINE,
                )

    def _name(
        self, text: str, top: float, indent: float = 0.0, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    ) -> None:
        place = QRectF(2 * GRID + indent, top, GUTTER - 2 * GRID - 4 - indent, _LINE)
        shown = labels(self.painter.font()).metrics.elidedText(text, mode, place.width())
        self.painter.drawText(place, _LEFT, shown)

    def _end(self, track: Track, rows: TrackRows) -> None:
        """A line where the execution ends, with its length: "shorter" is seen before it is read."""
        x = self.axis.x(track.duration_ns)
        if not self.axis.left <= x <= self.axis.left + self.axis.width + 1:
            return
        painter = self.painter
        painter.setPen(QPen(QColor(self.theme.text), 1))
        painter.drawLine(QPointF(x, rows.header.bottom()), QPointF(x, rows.bottom))
        text = time_text(track.duration_ns / 1e3, self.axis.unit)
        width = labels(painter.font()).width(text) + 8
        beside = QRectF(x + 4, rows.warps.top(), width, _LINE)
        if beside.right() > rows.warps.right():
            beside.moveRight(x - 4)
            ground = QColor(self.theme.background)  # the text stands on what is drawn there
            ground.setAlphaF(0.85)
            painter.fillRect(beside.adjusted(4, 2, 2, -2), ground)
        painter.drawText(beside, _LEFT if beside.left() > x else _RIGHT, text)


def paint_pointer(painter: QPainter, at: QPointF, inside: QRectF, theme: Theme, lines: Sequence[str] | None) -> None:
    """A hairline through all tracks at the pointer's time, and a note about what is under it."""
    painter.setPen(QPen(QColor(theme.muted), 1, Qt.PenStyle.DotLine))
    painter.drawLine(QPointF(at.x(), inside.top()), QPointF(at.x(), inside.bottom()))
    if not lines:
        return
    metrics = QFontMetricsF(painter.font())
    shown = [metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, 420) for line in lines]
    width = max(metrics.horizontalAdvance(line) for line in shown) + 2 * GRID
    height = metrics.height() * len(shown) + GRID
    left = at.x() + 2 * GRID if at.x() + 2 * GRID + width < inside.right() else at.x() - GRID - width
    left = min(max(left, inside.left() + 2), max(inside.right() - width - 2, inside.left() + 2))
    top = max(min(at.y() + 2 * GRID, inside.bottom() - height), inside.top())
    painter.setPen(QPen(QColor(theme.hairline), 1))
    painter.setBrush(QColor(theme.surface))
    painter.drawRect(QRectF(left, top, width, height))
    for i, line in enumerate(shown):
        painter.setPen(QColor(theme.muted if i else theme.text))
        row = QRectF(left + GRID, top + 4 + i * metrics.height(), width, metrics.height())
        painter.drawText(row, _LEFT, line)


def path_text(track: Track) -> str:
    """How long the critical path is, and how much of it is waiting."""
    gaps = sum(step.gap_ns for step in track.path)
    text = _tr("critical path: {} launches, {}, of it {} between them")
    end = max(step.end_ns for step in track.path)
    return text.format(count(len(track.path)), time_text(end / 1e3), time_text(gaps / 1e3))


def _tr(text: str) -> str:
    return QCoreApplication.translate("TrackPainter", text)
