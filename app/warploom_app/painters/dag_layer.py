"""Keeps the drawn picture in a pixmap, so that hovering costs nothing and panning draws only what comes into view."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, QSizeF
from PySide6.QtGui import QPainter, QPixmap, QRegion

from warploom_app.painters.dag_painter import DagPainter, DagPicture


@dataclass(frozen=True, slots=True)
class ViewPort:
    """Which part of the scene a widget shows.

    Attributes:
        scale: Widget pixels per scene unit.
        origin: Scene point at the widget's top left corner.
        size: Of the widget.
        ratio: Device pixels per widget pixel.
    """

    scale: float
    origin: QPointF
    size: QSize
    ratio: float

    @property
    def area(self) -> QRectF:
        """The part of the scene that is seen."""
        return QRectF(self.origin, QSizeF(self.size) / self.scale)

    def to_scene(self, point: QPointF) -> QPointF:
        """A widget point in scene coordinates."""
        return self.origin + point / self.scale

    def apply(self, painter: QPainter) -> None:
        """Makes a widget's painter draw in scene coordinates."""
        painter.scale(self.scale, self.scale)
        painter.translate(-self.origin)


class DagLayer:
    """The static part of the view (everything but hover and selection) as of the last drawing."""

    def __init__(self) -> None:
        self._pixmap = QPixmap()
        self._drawn: tuple[ViewPort, DagPicture, DagPainter] | None = None

    def pixmap(self, port: ViewPort, picture: DagPicture, painter: DagPainter) -> QPixmap:
        """The picture as seen through the port, drawing as little as possible."""
        moved = self._moved(port, picture, painter)
        if moved is None:
            size = port.size * port.ratio
            if self._pixmap.size() != size:  # a new one costs time, and PySide keeps references to None for each
                self._pixmap = QPixmap(size)
            self._draw(port, picture, painter, QRegion(self._pixmap.rect()))
        elif moved != (0, 0):
            exposed = QRegion()
            self._pixmap.scroll(*moved, self._pixmap.rect(), exposed)
            self._draw(port, picture, painter, exposed)
        self._drawn = (port, picture, painter)
        return self._pixmap

    def _moved(self, port: ViewPort, picture: DagPicture, painter: DagPainter) -> tuple[int, int] | None:
        """By how many device pixels the kept picture must be shifted; None if it must be drawn anew."""
        if self._drawn is None:
            return None
        before, drawn_picture, drawn_painter = self._drawn
        if drawn_picture is not picture or drawn_painter is not painter:
            return None
        if (before.scale, before.size, before.ratio) != (port.scale, port.size, port.ratio):
            return None
        shift = (before.origin - port.origin) * port.scale * port.ratio
        dx, dy = round(shift.x()), round(shift.y())
        if abs(shift.x() - dx) > 0.01 or abs(shift.y() - dy) > 0.01:
            return None
        inside = abs(dx) < self._pixmap.width() and abs(dy) < self._pixmap.height()
        return (dx, dy) if inside else None

    def _draw(self, port: ViewPort, picture: DagPicture, dag_painter: DagPainter, region: QRegion) -> None:
        self._pixmap.setDevicePixelRatio(1.0)
        painter = QPainter(self._pixmap)
        for strip in region:  # type: ignore[attr-defined]  # iterable at run time, not in the stubs
            painter.save()
            painter.setClipRect(strip)
            painter.fillRect(strip, dag_painter.background)
            painter.scale(port.ratio, port.ratio)
            port.apply(painter)
            dag_painter.paint(painter, picture, _scene_area(port, strip), port.scale)
            painter.restore()
        painter.end()
        self._pixmap.setDevicePixelRatio(port.ratio)


def _scene_area(port: ViewPort, strip: QRect) -> QRectF:
    unit = port.scale * port.ratio
    grown = QRectF(strip).adjusted(-2, -2, 2, 2)
    return QRectF(port.origin + grown.topLeft() / unit, grown.size() / unit)
