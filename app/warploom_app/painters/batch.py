"""Hands NumPy arrays to QPainter in one call: thousands of rectangles or points cost one crossing into C++."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pyqtgraph import arrayToQPath  # type: ignore[import-untyped]
from pyqtgraph.Qt.internals import PrimitiveArray  # type: ignore[import-untyped]
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPainterPath

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


def step_path(edges: Floats, values: Floats, base: float) -> QPainterPath:
    """The closed outline of a step function: `values[i]` from `edges[i]` to `edges[i + 1]`, down to `base`."""
    x = np.repeat(edges, 2)
    y = np.concatenate(([base], np.repeat(values, 2), [base]))
    return polygon(x, y)


def step_band(edges: Floats, upper: Floats, lower: Floats) -> QPainterPath:
    """The closed outline between two step functions over the same edges."""
    x = np.repeat(edges, 2)[1:-1]
    return polygon(np.concatenate((x, x[::-1])), np.concatenate((np.repeat(upper, 2), np.repeat(lower, 2)[::-1])))


def polygon(x: Floats, y: Floats) -> QPainterPath:
    """The closed path through points."""
    path: QPainterPath = arrayToQPath(x, y, connect="all", finiteCheck=False)
    path.closeSubpath()
    return path
