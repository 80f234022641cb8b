"""Draws a whole track (header, lanes, warps) from the painters of its layers, and what follows the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from warploom_app.painters.axis_painter import paint_figures, paint_grid
from warploom_app.painters.lane_painter import dimmed, lane_ground, paint_highlight, paint_lane
from warploom_app.painters.warp_painter import paint_warps
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.track import Track
from warploom_app.presenters.track_layout import GUTTER, TrackRows
from warploom_app.presenters.track_walk import Place
from warploom_app.presenters.units import count, latency
from warploom_app.theme import GRID, Theme

_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


@dataclass(frozen=True, slots=True)
class TrackPainter:
    """Paints tracks with one painter.

    Attributes:
        painter: Where to.
        axis: The time that is seen.
        theme: The colours.
        peak_warps: What the upper edge of the active warps stands for.
    """

    painter: QPainter
    axis: TimeAxis
    theme: Theme
    peak_warps: float

    def paint(self, track: Track, rows: TrackRows) -> None:
        """Draws everything of a track but what is lit up."""
        painter, theme = self.painter, self.theme
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(lane_ground(theme))
        for area in rows.lanes:
            painter.drawRect(area)
        paint_grid(painter, self.axis, rows.header.top() + 4, rows.bottom, theme)
        self._labels(track, rows)
        basis = track.timeline.basis
        unit = self.axis.unit.text if basis == "measured" else f"{self.axis.unit.text}, {basis}"
        paint_figures(painter, self.axis, rows.header, unit, theme)
        painter.save()
        painter.setClipRect(rows.header.united(rows.warps))
        for lane, area in zip(track.lanes, rows.lanes, strict=True):
            paint_lane(painter, track, lane, area, self.axis, theme)
        painter.restore()
        paint_warps(painter, track.warps, rows.warps, self.axis, theme, self.peak_warps)
        self._end(track, rows)

    def highlight(self, track: Track, rows: TrackRows, pinned: frozenset[str], hovered: frozenset[str]) -> None:
        """Lights up operators: pinned ones by dimming all others, hovered ones by a frame."""
        painter = self.painter
        painter.save()
        painter.setClipRect(rows.header.united(rows.warps))
        if pinned:
            for area in rows.lanes:
                painter.fillRect(area, dimmed(self.theme))
        for names, is_pin in ((hovered - pinned, False), (pinned, True)):
            launches = track.launches(names)
            if len(launches):
                for lane, area in zip(track.lanes, rows.lanes, strict=True):
                    paint_highlight(painter, track, lane, launches, area, self.axis, self.theme, is_pin)
        painter.restore()

    def _labels(self, track: Track, rows: TrackRows) -> None:
        painter, theme = self.painter, self.theme
        gutter = QRectF(2 * GRID, 0, GUTTER - 3 * GRID, 0)
        font = painter.font()
        bold = QFont(font)
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(QColor(theme.text))
        title = QRectF(gutter.left(), rows.header.top(), gutter.width(), rows.header.height())
        painter.drawText(title, _LEFT, track.title)
        painter.setFont(font)
        painter.setPen(QColor(theme.muted))
        for lane, area in zip(track.lanes, rows.lanes, strict=True):
            place = QRectF(gutter.left(), area.top(), gutter.width(), area.height())
            painter.drawText(place, _LEFT, f"stream {lane.stream}")
        place = QRectF(gutter.left(), rows.warps.top(), gutter.width(), 2 * GRID)
        painter.drawText(place, _LEFT, "active warps")
        painter.drawText(place.translated(0, 2 * GRID), _LEFT, f"to {count(self.peak_warps)}")

    def _end(self, track: Track, rows: TrackRows) -> None:
        """A line where the execution ends, with its length: "shorter" is seen before it is read."""
        x = self.axis.x(track.duration_ns)
        if not self.axis.left <= x <= self.axis.left + self.axis.width + 1:
            return
        painter = self.painter
        painter.setPen(QPen(QColor(self.theme.text), 1))
        painter.drawLine(QPointF(x, rows.header.bottom()), QPointF(x, rows.bottom))
        text = latency(track.duration_ns / 1e3, self.axis.unit)
        width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 8
        beside = QRectF(x + 4, rows.warps.top(), width, 2 * GRID)
        if beside.right() > rows.warps.right():
            beside.moveRight(x - 4)
        painter.drawText(beside, _LEFT if beside.left() > x else _RIGHT, text)


@dataclass(frozen=True, slots=True)
class SpanTip:
    """What the small note beside the pointer says."""

    lines: tuple[str, ...]

    @staticmethod
    def of(tracks: Sequence[Track], place: Place, axis: TimeAxis) -> SpanTip:
        """Describes a span."""
        track = tracks[place.track]
        lane = track.lanes[place.lane]
        start, end = int(lane.start_ns[place.span]), int(lane.end_ns[place.span])
        launch = int(lane.launch[place.span])
        kernel = track.timeline.kernel_names[int(track.timeline.spans.kernel[int(lane.span[place.span])])]
        stage = f", stage {track.stages[launch] + 1}" if track.stages[launch] >= 0 else ""
        when = f"{latency((end - start) / 1e3)} from {latency(start / 1e3, axis.unit)}"
        return SpanTip((track.labels[launch], f"{when}, stream {lane.stream}{stage}", kernel))


def paint_cursor(painter: QPainter, at: QPointF, inside: QRectF, theme: Theme, tip: SpanTip | None) -> None:
    """A hairline through all tracks at the pointer's time, and a note about the span under it."""
    painter.setPen(QPen(QColor(theme.muted), 1, Qt.PenStyle.DotLine))
    painter.drawLine(QPointF(at.x(), inside.top()), QPointF(at.x(), inside.bottom()))
    if tip is None:
        return
    metrics = QFontMetricsF(painter.font())
    lines = [metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, 400) for line in tip.lines]
    width = max(metrics.horizontalAdvance(line) for line in lines) + 2 * GRID
    height = metrics.height() * len(lines) + GRID
    left = at.x() + 2 * GRID if at.x() + 2 * GRID + width < inside.right() else at.x() - GRID - width
    top = min(at.y() + 2 * GRID, inside.bottom() - height)
    box = QRectF(left, top, width, height)
    painter.setPen(QPen(QColor(theme.hairline), 1))
    painter.setBrush(QColor(theme.surface))
    painter.drawRect(box)
    for i, line in enumerate(lines):
        painter.setPen(QColor(theme.muted if i else theme.text))
        row = QRectF(left + GRID, top + 4 + i * metrics.height(), width, metrics.height())
        painter.drawText(row, _LEFT, line)
