"""Draws active warps over time, stacked by stream, with the peaks that a pixel would hide."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from warploom_app.painters.batch import draw_rectangles, step_band
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.track import Floats, WarpArea
from warploom_app.theme import Theme


def paint_warps(
    painter: QPainter, warps: WarpArea, area: QRectF, axis: TimeAxis, theme: Theme, top_warps: float
) -> None:
    """Draws the stack into a rectangle whose upper edge stands for `top_warps` active warps."""
    _paint_ground(painter, area, theme)
    if not warps.streams or top_warps <= 0:
        return
    edges, levels, peaks = _steps(warps, axis, painter.device().devicePixelRatioF())
    x = axis.xs(edges)
    scale = area.height() / top_warps
    heights = area.bottom() - levels * scale
    painter.save()
    painter.setClipRect(area)
    painter.setPen(Qt.PenStyle.NoPen)
    if peaks is not None:
        _paint_peaks(painter, x, heights[-1], area.bottom() - peaks * scale, theme)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    below = np.full(levels.shape[1], area.bottom())
    for row, stream in enumerate(warps.streams):
        painter.setBrush(QColor(theme.stream(stream)))
        painter.drawPath(step_band(x, heights[row], below))
        below = heights[row]
    painter.restore()


def _steps(warps: WarpArea, axis: TimeAxis, ratio: float) -> tuple[Floats, Floats, Floats | None]:
    """Edges, stacked levels and peaks of what is seen: the steps themselves where they are few, else pixel columns."""
    columns = max(1, int(axis.width * ratio))
    first = max(int(np.searchsorted(warps.edges_ns, axis.start_ns, "right")) - 1, 0)
    last = min(int(np.searchsorted(warps.edges_ns, axis.end_ns, "left")), len(warps.edges_ns) - 1)
    if last - first <= columns // 2:
        return warps.edges_ns[first : last + 1], warps.stacked[:, first:last], None
    edges = axis.column_edges_ns(columns)
    return edges, warps.means(edges), warps.peaks(edges)


def _paint_peaks(painter: QPainter, x: Floats, mean_y: Floats, peak_y: Floats, theme: Theme) -> None:
    shade = QColor(theme.muted)
    shade.setAlphaF(0.35)
    painter.setBrush(shade)
    draw_rectangles(painter, x[:-1], peak_y, np.diff(x), np.maximum(mean_y - peak_y, 0.0))


def _paint_ground(painter: QPainter, area: QRectF, theme: Theme) -> None:
    painter.setPen(QPen(QColor(theme.hairline), 1))
    painter.drawLine(QPointF(area.left(), area.bottom() + 0.5), QPointF(area.right(), area.bottom() + 0.5))
