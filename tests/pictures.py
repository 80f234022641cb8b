"""Compares pictures by their structure: mean colours of a coarse grid."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QImage

CELL = 8
"""Pixels to a side of a cell of the grid."""
TOLERATED_CHANGE = 40


def different(one: QImage, other: QImage, gutter: int) -> float:
    """Share of the cells whose mean colours differ, in the plot (texts in the gutter depend on the font).

    Args:
        one: A picture.
        other: Another one, as large.
        gutter: Pixels at the left that do not count.
    """
    assert one.size() == other.size()
    first, second = (cells(image, gutter) for image in (one, other))
    return float((np.abs(first - second).max(axis=2) > TOLERATED_CHANGE).mean())


def cells(image: QImage, gutter: int) -> np.ndarray:
    """Mean colours of the grid's cells, (rows, columns, 3)."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB32)
    width, height = rgb.width() // CELL, rgb.height() // CELL
    pixels = np.frombuffer(rgb.constBits(), dtype=np.uint8).reshape(rgb.height(), rgb.bytesPerLine() // 4, 4)
    kept = pixels[: height * CELL, : width * CELL, :3].astype(float)
    return kept.reshape(height, CELL, width, CELL, 3).mean(axis=(1, 3))[:, gutter // CELL :]
