"""Draws a schedule under edit: a lane for each stream, a box for each launch, a tint for each stage."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QFontMetricsF, QPainter, QPen

from warploom_app.editing.geometry import GUTTER, HEAD, DraftGeometry
from warploom_app.editing.picture import DraftItem
from warploom_app.theme import GRID, Theme, mixed, readable_on

_TEXT_PX = 14.0  # lower lanes show no text
_LABEL_PX = 15.0  # between the names of streams
_ROOM_PX = 12.0
_GHOST = QSizeF(17 * GRID, 3 * GRID)


@dataclass(frozen=True, slots=True)
class DraftLights:
    """What is lit up.

    Attributes:
        pinned: Operators that are selected.
        hovered: Operators under the pointer.
        target: Where what is dragged would land; None while nothing is.
        refused: Whether it may not.
        ghost: Where the pointer drags it.
        dragged: What it is called.
    """

    pinned: frozenset[str] = frozenset()
    hovered: frozenset[str] = frozenset()
    target: QRectF | None = None
    refused: bool = False
    ghost: QPointF | None = None
    dragged: str = ""


def paint_draft(painter: QPainter, geometry: DraftGeometry, lights: DraftLights, area: QRectF, theme: Theme) -> None:
    """Draws all that is seen in `area`."""
    painter.fillRect(area, QColor(theme.background))
    _paint_stages(painter, geometry, area, theme)
    painter.setPen(QPen(QColor(theme.hairline), 1))
    if geometry.lane_px >= _TEXT_PX:
        for row in range(geometry.rows + 2):
            y = geometry.row_top(row) - 0.5
            painter.drawLine(QPointF(0, y), QPointF(area.right(), y))
    for item in _seen(geometry, area):
        _paint_box(painter, geometry, item, lights, theme)
    if lights.target is not None:
        colour = QColor(theme.error if lights.refused else theme.accent)
        painter.setPen(QPen(colour, 2, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(lights.target)
    _paint_gutter(painter, geometry, area, theme)
    if lights.ghost is not None:
        _paint_ghost(painter, lights, area, theme)


def _paint_ghost(painter: QPainter, lights: DraftLights, area: QRectF, theme: Theme) -> None:
    """What is dragged, under the pointer, and never outside of what is seen."""
    assert lights.ghost is not None
    box = QRectF(lights.ghost + QPointF(GRID, GRID), _GHOST)
    box.moveRight(min(box.right(), area.right()))
    box.moveBottom(min(box.bottom(), area.bottom()))
    fill = theme.error if lights.refused else theme.accent
    painter.setOpacity(0.85)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(fill))
    painter.drawRoundedRect(box, 3, 3)
    painter.setOpacity(1.0)
    painter.setPen(QColor(readable_on(fill)))
    room = box.adjusted(GRID, 0, -GRID, 0)
    text = painter.fontMetrics().elidedText(lights.dragged, Qt.TextElideMode.ElideLeft, int(room.width()))
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def _seen(geometry: DraftGeometry, area: QRectF) -> Iterator[DraftItem]:
    low, high = geometry.time_at(GUTTER), geometry.time_at(area.right())
    top, bottom = HEAD - geometry.lane_px, area.bottom()
    return (
        item
        for item in geometry.picture.items
        if item.end_us >= low
        and item.start_us <= high
        and geometry.shows(item.lane)
        and top <= geometry.lane_top(item.lane) <= bottom
    )


def _paint_stages(painter: QPainter, geometry: DraftGeometry, area: QRectF, theme: Theme) -> None:
    metrics = QFontMetricsF(painter.font())
    foot = geometry.row_top(geometry.rows)
    for number, (start, end) in enumerate(geometry.picture.stages):
        left, right = geometry.x(start), geometry.x(end)
        if right < GUTTER or left > area.right():
            continue
        tint = mixed(theme.background, theme.stage(number), 0.16)
        painter.fillRect(QRectF(left, 0, right - left, foot), QColor(tint))
        text = str(number + 1)
        if right - left > metrics.horizontalAdvance(text) + 4:
            painter.setPen(QColor(theme.muted))
            shown = QRectF(max(left, GUTTER), 0, right - max(left, GUTTER), HEAD)
            painter.drawText(shown, Qt.AlignmentFlag.AlignCenter, text)


def _paint_box(painter: QPainter, geometry: DraftGeometry, item: DraftItem, lights: DraftLights, theme: Theme) -> None:
    box, names = geometry.box(item), set(item.operators)
    lit = bool(names & lights.pinned)
    fill = theme.accent if lit else theme.stream(item.lane)
    if lights.pinned and not lit:
        fill = mixed(fill, theme.background, 0.35)
    painter.setBrush(QColor(fill))
    hovered = bool(names & lights.hovered)
    painter.setPen(QPen(QColor(theme.hover), 2) if hovered else Qt.PenStyle.NoPen)
    painter.drawRect(box)
    if item.merged:  # a line through the middle: two in one
        painter.setPen(QPen(QColor(readable_on(fill)), 1, Qt.PenStyle.DotLine))
        painter.drawLine(box.bottomLeft() + QPointF(0, -3), box.bottomRight() + QPointF(0, -3))
    left = max(box.left(), GUTTER)
    room = QRectF(left + 4, box.top(), box.right() - left - 8, box.height())
    if box.height() >= _TEXT_PX - 2 and (text := _text_in(painter.fontMetrics(), item, room.width())):
        painter.setPen(QColor(readable_on(fill)))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def _text_in(metrics: QFontMetrics, item: DraftItem, room: float) -> str:
    """The longest of its names that there is room for: whole, its last part, what it is, or the end of its name."""
    if room < _ROOM_PX:
        return ""
    for text in (item.title, item.title.rpartition("/")[2], item.hint):
        if text and metrics.horizontalAdvance(text) <= room:
            return text
    text = metrics.elidedText(item.title, Qt.TextElideMode.ElideLeft, int(room))
    return text if len(text) > 3 else ""


def _paint_gutter(painter: QPainter, geometry: DraftGeometry, area: QRectF, theme: Theme) -> None:
    painter.fillRect(QRectF(0, 0, GUTTER - 1, area.height()), QColor(theme.background))
    painter.setPen(QColor(theme.muted))
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    every = max(1, math.ceil(_LABEL_PX / geometry.lane_px))
    stream = QCoreApplication.translate("DraftPainter", "stream {}")
    for row, lane in enumerate(geometry.lanes):
        top = geometry.row_top(row)
        if row % every == 0 and HEAD - _LABEL_PX < top < area.bottom():
            height = max(geometry.lane_px, _LABEL_PX)
            shown = QRectF(GRID, top, GUTTER - GRID, height)
            painter.drawText(shown, flags, stream.format(lane))
    new = geometry.row_top(geometry.rows)
    if geometry.lane_px >= _TEXT_PX and new < area.bottom() and geometry.rows:
        text = QCoreApplication.translate("DraftPainter", "new")
        painter.drawText(QRectF(GRID, new, GUTTER - GRID, geometry.lane_px), flags, text)
    painter.fillRect(QRectF(0, 0, GUTTER - 1, HEAD - 1), QColor(theme.background))
    painter.fillRect(QRectF(0, 0, area.width(), 1), QColor(theme.hairline))
    if geometry.picture.stages:
        text = QCoreApplication.translate("DraftPainter", "stage")
        painter.drawText(QRectF(GRID, 0, GUTTER - GRID, HEAD), flags, text)
