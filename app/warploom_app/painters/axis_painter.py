"""Draws a time axis: hairlines at round times and their figures."""

from __future__ import annotations

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
    texts = labels(painter.font())
    unit = axis.unit.name
    paint_grid(painter, axis, row.bottom() - row.height() / 3, row.bottom(), theme)
    painter.drawLine(QPointF(row.left(), row.bottom() - 0.5), QPointF(row.right(), row.bottom() - 0.5))
    title_left = row.right() - texts.width(unit) - 8
    painter.setPen(QColor(theme.muted))
    for tick in axis.ticks():
        x = round(tick.x) + 4
        if x + texts.width(tick.text) < title_left - 8:
            painter.drawText(QRectF(x, row.top(), 200, row.height()), Qt.AlignmentFlag.AlignVCenter, tick.text)
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.drawText(row.adjusted(0, 0, -8, 0), flags, unit)
