"""Draws the spans of lanes: exact coverage below a pixel, rectangles above, names where they can be read."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen

from warploom.units import time_text
from warploom_app.painters.batch import draw_rectangles
from warploom_app.painters.labels import labels
from warploom_app.presenters.lane import Lane
from warploom_app.presenters.steps import Floats, Ints
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.track import Track
from warploom_app.theme import Theme, mixed, readable_on

_WIDE_PX = 2.5
"""A span this wide gets its own rectangle; narrower ones are drawn as the share of the pixel that they cover."""

_NAME_PX = 28.0
"""Least width of a span with a name in it."""

_FRAMED_PX = 8.0
"""Narrower spans get a thin frame: a thick one would hide their colour."""

_GAP_PX = 52.0
"""Least width of an idle gap with its length in it."""

_SKEW_PX = 4.0

_VEIL = 0.62
"""How much of what is not pinned is covered."""


def paint_lane(painter: QPainter, track: Track, lane: Lane, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
    """Draws one lane into its rectangle."""
    seen = lane.visible(axis.start_ns, axis.end_ns)
    positions = np.arange(seen.start, seen.stop)
    left, right = axis.xs(lane.start_ns[seen]), axis.xs(lane.end_ns[seen])
    wide = right - left >= _WIDE_PX
    colour = lane_colour(lane, theme)
    if not wide.all():
        paint_coverage(painter, lane, area, axis, QColor(colour))
    if len(positions) < area.width():
        _paint_gaps(painter, lane, seen, area, axis, theme)
    left, right = np.maximum(left[wide], area.left() - 4), np.minimum(right[wide], area.right() + 4)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    gap = np.where(right - left > 4, 1.0, 0.5)  # a sliver of background tells neighbours apart
    draw_rectangles(painter, left, area.top(), right - left - gap, area.height())
    if track.skewed:
        _paint_skew(painter, track, lane, positions[wide], left, area, theme)
    _paint_names(painter, track, lane, positions[wide], left, right, area, readable_on(colour))


def lane_colour(lane: Lane, theme: Theme) -> str:
    """A stream's own colour; copies have none, or they would look like the stream of the same number elsewhere."""
    return theme.muted if lane.aside else theme.stream(lane.stream)


def paint_coverage(painter: QPainter, lane: Lane, area: QRectF, axis: TimeAxis, colour: QColor) -> None:
    """One row of pixels, each as strong as the share of its time in which the stream is busy, stretched to the lane."""
    columns = max(1, int(area.width() * painter.device().devicePixelRatioF()))
    edges = axis.column_edges_ns(columns)
    share = lane.coverage(edges)
    # Even a lone short kernel leaves a trace, one without any length too: nothing that ran may vanish at any zoom.
    strength = np.where((share > 0) | lane.present(edges), 0.35 + 0.65 * share, 0.0)
    pixels = np.empty((1, columns, 4), dtype=np.uint8)
    for channel, value in enumerate((colour.blue(), colour.green(), colour.red(), 255)):
        pixels[0, :, channel] = np.round(strength * value)
    image = QImage(pixels.data, columns, 1, 4 * columns, QImage.Format.Format_ARGB32_Premultiplied)
    painter.drawImage(area, image)


def _paint_names(
    painter: QPainter, track: Track, lane: Lane, positions: Ints, left: Floats, right: Floats, area: QRectF, pen: str
) -> None:
    if area.height() < 12:
        return
    texts = labels(painter.font())
    foot = area.center().y() + (texts.metrics.ascent() - texts.metrics.descent()) / 2
    foot -= max(foot + texts.metrics.descent() - area.bottom(), 0)  # or an underscore would fall out of its span
    painter.setPen(QColor(pen))
    for i in np.flatnonzero(right - left >= _NAME_PX).tolist():
        x, end = max(float(left[i]), area.left()), min(float(right[i]), area.right())
        position = int(positions[i])
        hint = "" if track.is_copy(lane, position) else track.hints[int(lane.launch[position])]
        text = texts.fitting(track.label(lane, position), hint, end - x - 8)
        if text:
            painter.drawText(QPointF(x + 4, foot), text)


def _paint_gaps(painter: QPainter, lane: Lane, seen: slice, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
    """Writes how long the stream was idle where there is room: the ground itself stays empty."""
    if area.height() < 12 or seen.stop - seen.start < 2:
        return
    end, start = lane.reach_ns[seen][:-1], lane.start_ns[seen][1:]
    left = np.maximum(axis.xs(end), area.left())
    right = np.minimum(axis.xs(start), area.right())
    texts = labels(painter.font())
    foot = area.center().y() + (texts.metrics.ascent() - texts.metrics.descent()) / 2
    painter.setPen(QColor(theme.muted))
    for i in np.flatnonzero(right - left >= _GAP_PX).tolist():
        short = time_text((int(start[i]) - int(end[i])) / 1e3)
        room = right[i] - left[i] - 16
        text = texts.fitting(QCoreApplication.translate("LanePainter", "idle {}").format(short), "", room)
        text = text if short in text else short
        width = texts.width(text)
        if width <= room:
            painter.drawText(QPointF((left[i] + right[i] - width) / 2, foot), text)


def _paint_skew(
    painter: QPainter, track: Track, lane: Lane, positions: Ints, left: Floats, area: QRectF, theme: Theme
) -> None:
    """Hatches the beginnings of spans whose starts tracing delayed."""
    late = np.isin(lane.launch[positions], np.fromiter(track.skewed, dtype=np.int64))
    if not late.any():
        return
    painter.setBrush(QBrush(QColor(theme.warning), Qt.BrushStyle.Dense3Pattern))
    draw_rectangles(painter, left[late] - _SKEW_PX, area.top(), np.full(int(late.sum()), _SKEW_PX), area.height())


def paint_highlight(
    painter: QPainter,
    track: Track,
    lane: Lane,
    launches: Ints,
    area: QRectF,
    axis: TimeAxis,
    theme: Theme,
    pinned: bool,
) -> None:
    """Frames the spans of some launches; even one narrower than a pixel can be found."""
    found = lane.of_launches(launches)
    seen = lane.visible(axis.start_ns, axis.end_ns)
    found = found[(found >= seen.start) & (found < seen.stop)]
    if not len(found):
        return
    left = axis.xs(lane.start_ns[found])
    right = np.maximum(axis.xs(lane.end_ns[found]), left + 3)
    left, right = np.maximum(left, area.left() - 4), np.minimum(right, area.right() + 4)
    painter.setBrush(QColor(lane_colour(lane, theme)))
    wide = right - left >= _FRAMED_PX
    for which, width in ((~wide, 1), (wide, 2)):
        painter.setPen(QPen(QColor(theme.accent if pinned else theme.text), width))
        draw_rectangles(painter, left[which], area.top() - 1, (right - left)[which], area.height() + 2)
    _paint_names(painter, track, lane, found, left, right, area, readable_on(lane_colour(lane, theme)))


def paint_veil(painter: QPainter, track: Track, lane: Lane, area: QRectF, axis: TimeAxis, theme: Theme) -> None:
    """Dims a lane behind what is pinned; names stay readable."""
    veil = QColor(theme.background)
    veil.setAlphaF(_VEIL)
    painter.fillRect(area, veil)
    seen = lane.visible(axis.start_ns, axis.end_ns)
    left, right = axis.xs(lane.start_ns[seen]), axis.xs(lane.end_ns[seen])
    wide = right - left >= _NAME_PX
    left, right = np.maximum(left[wide], area.left() - 4), np.minimum(right[wide], area.right() + 4)
    positions = np.arange(seen.start, seen.stop)[wide]
    _paint_names(painter, track, lane, positions, left, right, area, theme.muted)


def lane_ground(theme: Theme) -> QColor:
    """The ground of a lane, so that an idle stream is seen as empty, not as missing."""
    return QColor(mixed(theme.background, theme.raised, 0.6))
