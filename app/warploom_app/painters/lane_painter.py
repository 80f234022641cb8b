"""Draws the spans of lanes: exact coverage below a pixel, rectangles above, names where they can be read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from warploom_app.painters.batch import draw_rectangles
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.track import Lane, Track
from warploom_app.theme import Theme, mixed, readable_on

_WIDE_PX = 2.5
"""A span this wide gets its own rectangle; narrower ones are drawn as the share of the pixel that they cover."""

_NAME_PX = 28.0
"""Least width of a span with a name in it."""

_ELIDED_PX = 64.0
"""Least room in which a shortened name still says anything."""

Floats = npt.NDArray[np.float64]


_FRAMED_PX = 8.0
"""Narrower spans get a thin frame: a thick one would hide their colour."""


def paint_lane(painter: QPainter, track: Track, lane: Lane, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
    """Draws one lane into its rectangle."""
    seen = lane.visible(axis.start_ns, axis.end_ns)
    left, right = axis.xs(lane.start_ns[seen]), axis.xs(lane.end_ns[seen])
    wide = right - left >= _WIDE_PX
    colour = theme.stream(lane.stream)
    if not wide.all():
        _paint_coverage(painter, lane, area, axis, colour)
    left, right = np.maximum(left[wide], area.left() - 4), np.minimum(right[wide], area.right() + 4)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    gap = np.where(right - left > 4, 1.0, 0.5)  # a sliver of background tells neighbours apart
    draw_rectangles(painter, left, area.top(), right - left - gap, area.height())
    _paint_names(painter, track, lane.launch[seen][wide], left, right, area, colour)


def _paint_coverage(painter: QPainter, lane: Lane, area: QRectF, axis: TimeAxis, colour: str) -> None:
    """One row of pixels, each as strong as the share of its time in which the stream is busy, stretched to the lane."""
    columns = max(1, int(area.width() * painter.device().devicePixelRatioF()))
    share = lane.coverage(axis.column_edges_ns(columns))
    # Even a lone short kernel leaves a trace: nothing that ran may vanish at any zoom.
    strength = np.where(share > 0, 0.35 + 0.65 * share, 0.0)
    rgb = QColor(colour)
    pixels = np.empty((1, columns, 4), dtype=np.uint8)
    for channel, value in enumerate((rgb.blue(), rgb.green(), rgb.red(), 255)):
        pixels[0, :, channel] = np.round(strength * value)
    image = QImage(pixels.data, columns, 1, 4 * columns, QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(area, image)


def _paint_names(
    painter: QPainter,
    track: Track,
    launches: npt.NDArray[np.int64],
    left: Floats,
    right: Floats,
    area: QRectF,
    colour: str,
) -> None:
    if area.height() < 12:
        return
    metrics = QFontMetricsF(painter.font())
    painter.setPen(QColor(readable_on(colour)))
    for i in np.flatnonzero(right - left >= _NAME_PX):
        x, end = max(float(left[i]), area.left()), min(float(right[i]), area.right())
        room = end - x - 8
        text = _fitting(metrics, track.labels[int(launches[i])], track.hints[int(launches[i])], room)
        if text:
            painter.drawText(QRectF(x + 4, area.top(), room, area.height()), Qt.AlignmentFlag.AlignVCenter, text)


def _fitting(metrics: QFontMetricsF, name: str, hint: str, room: float) -> str:
    """The name if it fits, else what the operator is, else as much of the name as can be recognized."""
    for text in (name, hint, hint.partition(" ")[0]):
        if text and metrics.horizontalAdvance(text) <= room:
            return text
    return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room) if room >= _ELIDED_PX else ""


def paint_highlight(
    painter: QPainter,
    track: Track,
    lane: Lane,
    launches: npt.NDArray[np.int64],
    area: QRectF,
    axis: TimeAxis,
    theme: Theme,
    pinned: bool,
) -> None:
    """Frames the spans of some launches; even one narrower than a pixel can be found."""
    seen = lane.visible(axis.start_ns, axis.end_ns)
    chosen = np.isin(lane.launch[seen], launches)
    if not chosen.any():
        return
    left = axis.xs(lane.start_ns[seen][chosen])
    right = np.maximum(axis.xs(lane.end_ns[seen][chosen]), left + 3)
    left, right = np.maximum(left, area.left() - 4), np.minimum(right, area.right() + 4)
    painter.setBrush(QColor(theme.stream(lane.stream)))
    wide = right - left >= _FRAMED_PX
    for which, width in ((~wide, 1), (wide, 2)):
        painter.setPen(QPen(QColor(theme.accent if pinned else theme.text), width))
        draw_rectangles(painter, left[which], area.top() - 1, (right - left)[which], area.height() + 2)
    _paint_names(painter, track, lane.launch[seen][chosen], left, right, area, theme.stream(lane.stream))


def dimmed(theme: Theme) -> QColor:
    """The veil over everything that is not pinned."""
    veil = QColor(theme.background)
    veil.setAlphaF(0.62)
    return veil


def lane_ground(theme: Theme) -> QColor:
    """The ground of a lane, so that an idle stream is seen as empty, not as missing."""
    return QColor(mixed(theme.background, theme.raised, 0.6))
