"""Draws hardware counters over time: the mean of each pixel column on the range of its samples."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPainter, QPen

from warploom_app.painters.batch import draw_lines, draw_rectangles
from warploom_app.presenters.counter_series import CounterSeries
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.theme import Theme, mixed


def paint_counter(
    painter: QPainter, series: CounterSeries, area: QRectF, axis: TimeAxis, theme: Theme, limits: tuple[float, float]
) -> None:
    """Draws a counter into a rectangle whose lower and upper edges stand for the limits."""
    painter.setPen(QPen(QColor(theme.hairline), 1))
    painter.drawLine(QPointF(area.left(), area.bottom() + 0.5), QPointF(area.right(), area.bottom() + 0.5))
    low, high = limits
    if high <= low:
        return
    edges = axis.column_edges_ns(max(1, int(axis.width * painter.device().devicePixelRatioF())))
    mean = series.means(edges)
    known = np.isfinite(mean)
    if not known.any():
        return
    x = axis.xs(edges)

    def heights(values: np.ndarray) -> np.ndarray:
        return area.bottom() - (values - low) / (high - low) * area.height()

    lower, upper = series.ranges(edges)
    lower, upper = np.where(np.isfinite(lower), lower, mean), np.where(np.isfinite(upper), upper, mean)
    left, width = x[:-1][known], np.diff(x)[known]
    middle, top, foot = heights(mean)[known], heights(upper)[known], heights(lower)[known]
    painter.setPen(QColor(0, 0, 0, 0))
    painter.setBrush(QColor(mixed(theme.background, theme.accent, 0.22)))
    draw_rectangles(painter, left, middle, width, area.bottom() - middle)
    painter.setBrush(QColor(mixed(theme.background, theme.accent, 0.45)))
    spread = foot - top > 0.5
    draw_rectangles(painter, left[spread], top[spread], width[spread], (foot - top)[spread])
    painter.setPen(QPen(QColor(theme.accent), 1))
    draw_lines(painter, left, middle, left + width, middle)
    joined = (np.diff(np.flatnonzero(known)) == 1) & (np.abs(np.diff(middle)) > 0.5)
    draw_lines(painter, left[1:][joined], middle[:-1][joined], left[1:][joined], middle[1:][joined])
