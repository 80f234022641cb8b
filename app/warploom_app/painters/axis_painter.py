"""Draws a time axis: hairlines at round times and their figures."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.theme import Theme


def paint_grid(painter: QPainter, axis: TimeAxis, top: float, bottom: float, theme: Theme) -> None:
    """Draws the hairlines of the ticks between two heights."""
    painter.setPen(QPen(QColor(theme.hairline), 1))
    for tick in axis.ticks():
        x = round(tick.x) + 0.5
        painter.drawLine(QPointF(x, top), QPointF(x, bottom))


def paint_figures(painter: QPainter, axis: TimeAxis, row: QRectF, unit_text: str, theme: Theme) -> None:
    """Writes the ticks' figures right of their hairlines, and the axis title at the right end."""
    metrics = QFontMetricsF(painter.font())
    title_left = row.right() - metrics.horizontalAdvance(unit_text) - 8
    painter.setPen(QColor(theme.muted))
    for tick in axis.ticks():
        x = round(tick.x) + 4
        if x + metrics.horizontalAdvance(tick.text) < title_left - 8:
            painter.drawText(QRectF(x, row.top(), 200, row.height()), Qt.AlignmentFlag.AlignVCenter, tick.text)
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.drawText(row.adjusted(0, 0, -8, 0), flags, unit_text)
