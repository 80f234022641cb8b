"""Draws the timelines as a figure of their own: PNG at 200 %, or SVG; with what they show as its first line.

Any thread may do this: nothing here is shared with the picture on screen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from warploom_app.painters.timeline_picture import TimelinePicture
from warploom_app.presenters.track_layout import GUTTER, canvas_layout
from warploom_app.theme import GRID

_PNG_SCALE = 2.0
_CAPTION = 4 * GRID
_LOWEST = 40 * GRID


@dataclass(frozen=True, slots=True)
class TimelineFigure:
    """A figure.

    Attributes:
        picture: What is shown.
        caption: The line above it.
        font: In which it is written.
        width: Width in device-independent pixels.
    """

    picture: TimelinePicture
    caption: str
    font: QFont
    width: int

    def laid_out(self) -> TimelinePicture:
        """The picture with all of its tracks, none hidden behind a scroll bar, and nothing that the pointer lit."""
        one = self.picture
        width = self.width - GUTTER - GRID
        layout = canvas_layout(one.tracks, GUTTER, width, _LOWEST, one.options.counters)
        return replace(one, layout=layout, axis=one.axis.placed_at(GUTTER, width), hovered=frozenset())


def figure_image(figure: TimelineFigure) -> QImage:
    """The figure as pixels."""
    picture = figure.laid_out()
    size = _size(figure, picture)
    image = QImage(size * _PNG_SCALE, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(_PNG_SCALE)
    painter = QPainter(image)
    _draw(painter, figure, picture, size)
    painter.end()
    return image


def figure_svg(figure: TimelineFigure) -> bytes:
    """The figure as shapes."""
    picture = figure.laid_out()
    size = _size(figure, picture)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(size)
    generator.setViewBox(QRectF(0, 0, size.width(), size.height()))
    generator.setTitle(figure.caption)
    painter = QPainter(generator)
    _draw(painter, figure, picture, size)
    painter.end()
    return bytes(buffer.data().data())


def _size(figure: TimelineFigure, picture: TimelinePicture) -> QSize:
    return QSize(figure.width, int(picture.layout.height) + _CAPTION)


def _draw(painter: QPainter, figure: TimelineFigure, picture: TimelinePicture, size: QSize) -> None:
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor(picture.theme.background))
    bold = QFont(figure.font)
    bold.setBold(True)
    painter.setFont(bold)
    painter.setPen(QColor(picture.theme.text))
    painter.drawText(QPointF(2 * GRID, _CAPTION * 0.65), figure.caption)
    painter.setFont(figure.font)
    painter.translate(0, _CAPTION)
    view = QRectF(0, 0, size.width(), size.height() - _CAPTION)
    picture.paint_base(painter, view, 0.0)
    picture.paint_lit(painter, view, 0.0)
