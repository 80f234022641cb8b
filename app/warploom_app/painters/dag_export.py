"""Writes the DAG's picture to a file: SVG, or PNG no larger than sensible. Nothing is left behind half-written."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QImageWriter, QPainter
from PySide6.QtSvg import QSvgGenerator

from warploom.errors import ReportError
from warploom_app.painters.dag_painter import DagPainter, DagPicture

_MOST_PIXELS = 24e6
_LONGEST_SIDE = 16_000
_PNG_SCALE = 2.0


def save_svg(picture: DagPicture | None, painter: DagPainter, path: Path) -> None:
    """Writes a vector picture with every detail."""
    bounds = _bounds(picture)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setSize(bounds.size().toSize())
    generator.setViewBox(QRectF(0, 0, bounds.width(), bounds.height()))
    generator.setTitle("Operator graph")
    _draw(QPainter(generator), picture, painter, 1.0)
    _write(path, bytes(buffer.data().data()))


def save_png(picture: DagPicture | None, painter: DagPainter, path: Path) -> None:
    """Writes a picture at 200%, or smaller where that would be too large."""
    bounds = _bounds(picture)
    scale = min(
        _PNG_SCALE,
        math.sqrt(_MOST_PIXELS / (bounds.width() * bounds.height())),
        _LONGEST_SIDE / max(bounds.width(), bounds.height()),
    )
    image = QImage(
        QSize(math.ceil(bounds.width() * scale), math.ceil(bounds.height() * scale)), QImage.Format.Format_RGB32
    )
    image.fill(Qt.GlobalColor.white)
    _draw(QPainter(image), picture, painter, scale)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    _write(path, bytes(buffer.data().data()))


def _bounds(picture: DagPicture | None) -> QRectF:
    if picture is None or not picture.nodes:
        raise ReportError("There is no operator graph to save: open a model first.")
    return picture.geometry.bounds


def _draw(painter: QPainter, picture: DagPicture | None, dag_painter: DagPainter, scale: float) -> None:
    assert picture is not None
    bounds = picture.geometry.bounds
    painter.scale(scale, scale)
    painter.translate(-bounds.topLeft())
    painter.fillRect(bounds, dag_painter.background)
    dag_painter.paint(painter, picture, bounds, max(scale, 0.02))
    painter.end()


def _write(path: Path, data: bytes) -> None:
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            part = Path(file.name)
            file.write(data)
        part.replace(path)
    except OSError as error:
        raise ReportError(f"The picture cannot be written to {path}: {error.strerror or error}.") from error
