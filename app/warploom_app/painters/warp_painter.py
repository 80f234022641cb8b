"""Draws active warps over time, stacked by stream, with the peaks that a pixel would hide."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from warploom.timeline import UNATTRIBUTED
from warploom_app.painters.batch import Floats, draw_indexed, draw_rectangles, is_vector, step_band
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.warp_area import WarpArea
from warploom_app.theme import Theme, mixed


def paint_warps(
    painter: QPainter, warps: WarpArea, area: QRectF, axis: TimeAxis, theme: Theme, top_warps: float
) -> None:
    """Draws the stack into a rectangle whose upper edge stands for `top_warps` active warps."""
    painter.setPen(QPen(QColor(theme.hairline), 1))
    painter.drawLine(QPointF(area.left(), area.bottom() + 0.5), QPointF(area.right(), area.bottom() + 0.5))
    if not warps.streams or top_warps <= 0:
        return
    ratio = painter.device().devicePixelRatioF()
    columns = max(1, int(axis.width * ratio))
    edges = axis.column_edges_ns(columns)
    levels, peaks = warps.means(edges), warps.peaks(edges)
    colours = [stream_colour(stream, theme, warps.aside) for stream in warps.streams]
    shade = QColor(mixed(theme.background, theme.muted, 0.35))
    if is_vector(painter):
        _paint_shapes(painter, area, axis.xs(edges), levels / top_warps, peaks / top_warps, [*colours, shade])
    else:
        _paint_pixels(painter, area, ratio, levels / top_warps, peaks / top_warps, [*colours, shade])


def stream_colour(stream: int, theme: Theme, aside: frozenset[int] = frozenset()) -> QColor:
    """The colour of a stream's warps; grey for those that no stream can be given, and for copies."""
    if stream == UNATTRIBUTED:
        return QColor(mixed(theme.background, theme.muted, 0.6))
    return QColor(theme.muted if stream in aside else theme.stream(stream))


def _paint_pixels(
    painter: QPainter, area: QRectF, ratio: float, levels: Floats, peaks: Floats, colours: list[QColor]
) -> None:
    """One pixel column a mean, filled by comparing heights: outlines of thousands of points take ten times as long."""
    height = max(1, round(area.height() * ratio))
    rows = np.arange(height, 0, -1, dtype=np.float32)[:, None]  # distance of each row's upper edge from the ground
    pixels = np.zeros((height, levels.shape[1]), dtype=np.uint8)
    for level in levels.astype(np.float32):
        pixels += rows - 0.5 > level * height
    top = pixels == len(levels)
    pixels += top & (rows - 0.5 > peaks.astype(np.float32) * height)
    draw_indexed(painter, area, pixels, [*colours, QColor(0, 0, 0, 0)])


def _paint_shapes(
    painter: QPainter, area: QRectF, x: Floats, levels: Floats, peaks: Floats, colours: list[QColor]
) -> None:
    """The same as shapes, for files that are scaled."""
    painter.save()
    painter.setClipRect(area)
    painter.setPen(Qt.PenStyle.NoPen)
    heights = area.bottom() - levels * area.height()
    peak_y = area.bottom() - peaks * area.height()
    painter.setBrush(colours[-1])
    some = heights[-1] - peak_y > 0.25
    draw_rectangles(painter, x[:-1][some], peak_y[some], np.diff(x)[some], (heights[-1] - peak_y)[some])
    below = np.full(levels.shape[1], area.bottom())
    for row, upper in enumerate(heights):
        painter.setBrush(colours[row])
        painter.drawPath(step_band(x, upper, below))
        below = upper
    painter.restore()
