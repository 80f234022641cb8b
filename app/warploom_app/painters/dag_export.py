"""Draws the DAG's whole picture into a file or into memory: SVG, PDF, or PNG no larger than sensible.

Made for a process of its own (`warploom_app.drawing`): Qt's paths may not be drawn by two threads at once, and a thread
would hold up the window. No file is left behind half-written.
"""

from __future__ import annotations

import contextlib
import math
import uuid
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSize, QSizeF
from PySide6.QtGui import QFont, QImage, QImageWriter, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from warploom.errors import ReportError
from warploom_app.painters.dag_painter import DagPainter, DagPicture
from warploom_app.painters.dag_text import DagText
from warploom_app.theme import Theme

FORMATS = ("svg", "png", "pdf")

_MOST_PIXELS = 24e6
_MOST_COPIED = 8e6
_LONGEST_SIDE = 16_000
_PNG_SCALE = 2.0
_STRIP = 512  # rows of an image that are drawn in one go: the window gets its turn in between
_LONGEST_PAGE = 14_400.0  # points: what PDF readers accept


def save_picture(
    picture: DagPicture | None, theme: Theme, family: QFont, path: Path, *, title: str = "", part: Path | None = None
) -> None:
    """Writes a picture in the format that the file's suffix names.

    Args:
        picture: What is drawn.
        theme: In which colours.
        family: In which font.
        path: The file.
        title: What the picture is called.
        part: Where it is written before it takes its name; by default a hidden file beside it.

    Raises:
        ReportError: If there is nothing to draw, the format is unknown, or the file cannot be written.
    """
    suffix = path.suffix.lstrip(".").lower()
    if suffix == "svg":
        data = svg_picture(picture, theme, family, title)
    elif suffix == "pdf":
        data = pdf_picture(picture, theme, family, title)
    elif suffix == "png":
        data = png_data(png_picture(picture, theme, family))
    else:
        raise ReportError(f"{path.name}: a graph can be saved as {', '.join(FORMATS)}, not as {suffix or 'this'!r}.")
    _write(path, data, part or part_of(path))


def part_of(path: Path) -> Path:
    """Where a file is written before it takes its name."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")


def svg_picture(picture: DagPicture | None, theme: Theme, family: QFont, title: str = "") -> bytes:
    """A vector picture with every detail."""
    own = checked(picture)
    bounds = own.geometry.bounds
    buffer = _buffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(bounds.size().toSize())
    generator.setViewBox(QRectF(0, 0, bounds.width(), bounds.height()))
    generator.setTitle(title)
    painter = QPainter(generator)
    _draw(painter, own, DagPainter(theme, DagText(family)), 1.0)
    painter.end()
    return bytes(buffer.data().data())


def pdf_picture(picture: DagPicture | None, theme: Theme, family: QFont, title: str = "") -> bytes:
    """One page as large as the picture (a scene unit is a point), smaller where readers would refuse the page."""
    own = checked(picture)
    bounds = own.geometry.bounds
    scale = min(1.0, _LONGEST_PAGE / max(bounds.width(), bounds.height()))
    buffer = _buffer()
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setResolution(72)
    writer.setPageMargins(QMarginsF())
    writer.setPageSize(QPageSize(bounds.size() * scale, QPageSize.Unit.Point))
    painter = QPainter(writer)
    painter.scale(scale, scale)
    _draw(painter, own, DagPainter(theme, DagText(family)), 1.0)
    painter.end()
    return bytes(buffer.data().data())


def png_picture(picture: DagPicture | None, theme: Theme, family: QFont, *, copied: bool = False) -> QImage:
    """An image at 200%, or smaller where that would be too large; for the clipboard smaller still."""
    own = checked(picture)
    bounds = own.geometry.bounds
    scale = min(
        _PNG_SCALE,
        math.sqrt((_MOST_COPIED if copied else _MOST_PIXELS) / (bounds.width() * bounds.height())),
        _LONGEST_SIDE / max(bounds.width(), bounds.height()),
    )
    size = QSize(math.ceil(bounds.width() * scale), math.ceil(bounds.height() * scale))
    image = QImage(size, QImage.Format.Format_RGB32)
    painter, dag_painter = QPainter(image), DagPainter(theme, DagText(family))
    for top in range(0, size.height(), _STRIP):
        painter.save()
        strip = QRectF(0, top, size.width(), _STRIP)
        painter.setClipRect(strip)
        painter.fillRect(strip, dag_painter.background)
        painter.scale(scale, scale)
        painter.translate(-bounds.topLeft())
        area = QRectF(bounds.topLeft() + strip.adjusted(0, -4, 0, 0).topLeft() / scale, QSizeF(strip.size()) / scale)
        dag_painter.paint(painter, own, area.adjusted(0, 0, 0, 8 / scale), max(scale, 0.02))
        painter.restore()
    painter.end()
    return image


def png_data(image: QImage) -> bytes:
    """The image as a PNG file."""
    buffer = _buffer()
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


def checked(picture: DagPicture | None) -> DagPicture:
    """The picture, if there is anything on it.

    Raises:
        ReportError: If there is not.
    """
    if picture is None or not picture.nodes:
        raise ReportError("There is no operator graph to save: open a model first.")
    return picture


def _buffer() -> QBuffer:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def _draw(painter: QPainter, picture: DagPicture, dag_painter: DagPainter, scale: float) -> None:
    bounds = picture.geometry.bounds
    painter.translate(-bounds.topLeft())
    painter.fillRect(bounds, dag_painter.background)
    dag_painter.paint(painter, picture, bounds, scale)


def _write(path: Path, data: bytes, part: Path) -> None:
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise ReportError(f"The picture cannot be written to {path}: {error.strerror or error}.") from error
