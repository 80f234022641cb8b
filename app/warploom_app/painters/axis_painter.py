"""Draws a time axis: hairlines at round times and their figures."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from warploom_app.painters.labels import labels
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.theme import Theme


def paint_grid(painter: QPainter, axis: TimeAxis, top: float, bottom: float, theme: Theme) -> None:
    """Draws the hairlines of the ticks between two heights."""
    painter.setPen(QPen(QColor(theme.hairline), 1))
    for tick in axis.ticks():
        x = round(tick.x) + 0.5
        painter.drawLine(QPointF(x, top), QPointF(x, bottom))


def paint_axis(painter: QPainter, axis: TimeAxis, row: QRectF, theme: Theme) -> None:
    """Draws the axis that all tracks share: figures right of short hairlines, the unit at the right end."""
    unit = axis.unit.name
    paint_grid(painter, axis, row.bottom() - row.height() / 3, row.bottom(), theme)
    painter.drawLine(QPointF(row.left(), row.bottom() - 0.5), QPointF(row.right(), row.bottom() - 0.5))
    painter.setPen(QColor(theme.muted))
    for place, text in _figures(painter, axis, row):
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.drawText(row.adjusted(0, 0, -8, 0), flags, unit)


def clear_figures(painter: QPainter, axis: TimeAxis, row: QRectF, box: QRectF, theme: Theme) -> None:
    """Takes away the figures that something is about to be written over: the rest of one would be another figure."""
    for place, _ in _figures(painter, axis, row):
        if place.intersects(box):
            painter.fillRect(place.adjusted(0, 0, 0, -1), QColor(theme.background))


def _figures(painter: QPainter, axis: TimeAxis, row: QRectF) -> Iterator[tuple[QRectF, str]]:
    """Figures for which there is room, and where they stand."""
    texts = labels(painter.font())
    end = row.right() - texts.width(axis.unit.name) - 16
    for tick in axis.ticks():
        x, width = round(tick.x) + 4, texts.width(tick.text)
        if x + width < end:
            yield QRectF(x, row.top(), width + 1, row.height()), tick.text
