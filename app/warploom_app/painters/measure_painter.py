"""Draws the marks between which time is measured, and the stretch of time that is looked at."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from warploom.units import time_text
from warploom_app.painters.axis_painter import clear_figures
from warploom_app.painters.labels import labels
from warploom_app.presenters.measure import Marks
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.theme import Theme

_LINE = 18.0


def paint_range(
    painter: QPainter, stretch: tuple[float, float], axis: TimeAxis, inside: QRectF, head: QRectF, theme: Theme
) -> None:
    """Tints a stretch of time over all tracks and writes its length into the axis."""
    left, right = (min(max(axis.x(time), inside.left()), inside.right()) for time in stretch)
    tint = QColor(theme.accent)
    tint.setAlphaF(0.10)
    painter.fillRect(QRectF(left, inside.top(), right - left, inside.height()), tint)
    painter.setPen(QPen(QColor(theme.accent), 1))
    for x in (left, right):
        painter.drawLine(QPointF(x, inside.top()), QPointF(x, inside.bottom()))
    text, middle = time_text((stretch[1] - stretch[0]) / 1e3), (left + right) / 2
    clear_figures(painter, axis, head, _label_box(painter, text, middle, inside, head), theme)
    _paint_label(painter, text, middle, inside, head, theme)


def paint_marks(painter: QPainter, marks: Marks, axis: TimeAxis, inside: QRectF, head: QRectF, theme: Theme) -> None:
    """Draws the marks as lines through all tracks; between two of them, what passes from one to the other."""
    for time in marks.times:
        x = axis.x(time)
        if inside.left() - 1 <= x <= inside.right() + 1:
            painter.setPen(QPen(QColor(theme.found), 1.5))
            painter.drawLine(QPointF(x, inside.top()), QPointF(x, inside.bottom()))
    stretch = marks.stretch
    flag = head.translated(0, head.height())
    if stretch is None:
        for time in marks.times:
            if inside.left() - 1 <= axis.x(time) <= inside.right() + 1:
                _paint_label(painter, axis.moment(time), axis.x(time), inside, flag, theme)
        return
    left, right = (min(max(axis.x(time), inside.left()), inside.right()) for time in stretch)
    y = flag.top() + _LINE + 4
    painter.setPen(QPen(QColor(theme.found), 1.5))
    painter.drawLine(QPointF(left, y), QPointF(right, y))
    _paint_label(painter, "Δ " + time_text((stretch[1] - stretch[0]) / 1e3), (left + right) / 2, inside, flag, theme)


def _paint_label(painter: QPainter, text: str, x: float, inside: QRectF, head: QRectF, theme: Theme) -> None:
    box = _label_box(painter, text, x, inside, head)
    painter.setPen(QPen(QColor(theme.hairline), 1))
    painter.setBrush(QColor(theme.surface))
    painter.drawRect(box)
    painter.setPen(QColor(theme.text))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _label_box(painter: QPainter, text: str, x: float, inside: QRectF, head: QRectF) -> QRectF:
    width = labels(painter.font()).width(text) + 12
    left = min(max(x - width / 2, inside.left()), inside.right() - width)
    return QRectF(left, head.top() + (head.height() - _LINE) / 2, width, _LINE)
