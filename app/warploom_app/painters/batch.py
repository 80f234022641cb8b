"""Hands NumPy arrays to QPainter in one call: thousands of rectangles, lines or points cost one crossing into C++."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pyqtgraph import arrayToQPath  # type: ignore[import-untyped]
from pyqtgraph.Qt.internals import PrimitiveArray  # type: ignore[import-untyped]
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath

Floats = npt.NDArray[np.float64]


def draw_rectangles(painter: QPainter, x: Floats, y: float | Floats, width: Floats, height: float | Floats) -> None:
    """Draws many rectangles with the painter's pen and brush."""
    if not len(x):
        return
    batch: Any = PrimitiveArray(QRectF, 4)
    batch.resize(len(x))
    memory = batch.ndarray()
    memory[:, 0], memory[:, 1], memory[:, 2], memory[:, 3] = x, y, width, height
    painter.drawRects(*batch.drawargs())


def draw_lines(painter: QPainter, x1: Floats, y1: Floats, x2: Floats, y2: Floats) -> None:
    """Draws many lines with the painter's pen."""
    if not len(x1):
        return
    batch: Any = PrimitiveArray(QLineF, 4)
    batch.resize(len(x1))
    memory = batch.ndarray()
    memory[:, 0], memory[:, 1], memory[:, 2], memory[:, 3] = x1, y1, x2, y2
    painter.drawLines(*batch.drawargs())


def draw_indexed(painter: QPainter, area: QRectF, pixels: npt.NDArray[np.uint8], colours: list[QColor]) -> None:
    """Draws an image whose pixels (height, width) are positions in a list of colours, stretched over an area."""
    height, width = pixels.shape
    padded = np.zeros((height, (width + 3) // 4 * 4), dtype=np.uint8)
    padded[:, :width] = pixels
    image = QImage(padded.data, width, height, padded.shape[1], QImage.Format.Format_Indexed8)
    image.setColorTable([colour.rgba() for colour in colours])
    painter.drawImage(area, image)


def step_band(edges: Floats, upper: Floats, lower: Floats) -> QPainterPath:
    """The closed outline between two step functions over the same edges."""
    x = np.repeat(edges, 2)[1:-1]
    return polygon(np.concatenate((x, x[::-1])), np.concatenate((np.repeat(upper, 2), np.repeat(lower, 2)[::-1])))


def polygon(x: Floats, y: Floats) -> QPainterPath:
    """The closed path through points."""
    path: QPainterPath = arrayToQPath(x, y, connect="all", finiteCheck=False)
    path.closeSubpath()
    return path


def is_vector(painter: QPainter) -> bool:
    """Whether what is drawn becomes shapes in a file rather than pixels."""
    return not isinstance(painter.device(), QImage) and painter.paintEngine().type().name in ("SVG", "Pdf", "Picture")
