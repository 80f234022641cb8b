"""The edges of the DAG as a few paths, made from arrays: tens of thousands of curves in some milliseconds."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pyqtgraph.Qt.internals import PrimitiveArray  # type: ignore[import-untyped]
from PySide6.QtCore import QByteArray, QDataStream, QLineF, QRectF
from PySide6.QtGui import QPainter, QPainterPath

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

_BAND_HEIGHT = 640.0  # edges are gathered in one path per so many scene units along the flow of data
_CURVE = 0.5  # how far the control points of a curve reach, as a share of its height
_STRAIGHT = 0.5  # a piece that moves less than this sideways is a straight line
_BANDS_AT_ONCE = 16

# How QDataStream writes a path: the number of elements, the elements, where the last part starts, the fill rule.
_ELEMENT = np.dtype([("type", ">i4"), ("x", ">f8"), ("y", ">f8")])
_MOVE, _LINE, _CURVE_TO, _CURVE_DATA = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class EdgeBand:
    """The pieces of edges that start in one horizontal band of the picture."""

    path: QPainterPath
    bounds: QRectF


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """All edges of a picture.

    Attributes:
        ends: int (m, 2), node positions (from, to).
        points: float64 (p, 2), the points of all routes (see LayoutResult), one route after the other.
        stops: int (m + 1,), route i has the points from stops[i] to stops[i + 1].
        lines: float64 (q, 4), x0, y0, x1, y1 of every piece, those that edges of one node share only once.
        bands: The same pieces as curves.
        horizontal: Whether edges leave and arrive horizontally.
    """

    ends: Integers
    points: Floats
    stops: Integers
    lines: Floats
    bands: list[EdgeBand]
    horizontal: bool = False

    def of(self, nodes: Integers | list[int], count: int) -> Integers:
        """Positions of the edges that leave or enter any of the nodes; `count` is the number of all nodes."""
        wanted = np.zeros(count, dtype=bool)
        wanted[nodes] = True
        return np.flatnonzero(wanted[self.ends].any(axis=1))

    def path(self, edges: Integers) -> QPainterPath:
        """Some edges as one path."""
        chosen = np.zeros(len(self.ends), dtype=bool)
        chosen[edges] = True
        lines, owner = _pieces(self.points, self.stops)
        kept = chosen[owner]
        return curved_path(lines[kept], horizontal=self.horizontal)

    def touching(self, area: QRectF) -> Floats:
        """The pieces that reach into an area, along the flow of data."""
        axis = 0 if self.horizontal else 1
        low, high = (area.left(), area.right()) if self.horizontal else (area.top(), area.bottom())
        return self.lines[(self.lines[:, axis] <= high) & (self.lines[:, axis + 2] >= low)]


def make_edges(
    ends: Integers, points: Floats, stops: Integers, *, horizontal: bool = False
) -> Generator[None, None, Edges]:
    """Edges from the routes of a layout; in small steps, so that a window can go on living."""
    lines, owner = _pieces(points, stops)
    yield
    lines = lines[_first_of_each(ends[:, 0][owner], lines)]
    yield
    band = np.floor_divide(lines[:, 0 if horizontal else 1], _BAND_HEIGHT).astype(np.intp)
    order = np.argsort(band, kind="stable")
    starts = np.flatnonzero(np.diff(band[order], prepend=-1))
    bands = []
    for i, members in enumerate(np.split(order, starts[1:]) if len(order) else ()):
        path = curved_path(lines[members], horizontal=horizontal)
        bands.append(EdgeBand(path, path.controlPointRect().adjusted(-2, -2, 2, 2)))
        if i % _BANDS_AT_ONCE == _BANDS_AT_ONCE - 1:
            yield
    return Edges(ends, points, stops, lines, bands, horizontal)


def curved_path(lines: Floats, *, horizontal: bool = False) -> QPainterPath:
    """A path of pieces (n, 4): a curve that leaves and arrives along the flow, or a line where that is straight."""
    if not len(lines):
        return QPainterPath()
    if horizontal:
        lines = lines[:, [1, 0, 3, 2]]
    x0, y0, x1, y1 = lines.T
    straight = np.abs(x1 - x0) < _STRAIGHT
    starts = np.ones(len(lines), dtype=bool)
    starts[1:] = (lines[1:, :2] != lines[:-1, 2:]).any(axis=1)
    first = np.cumsum(starts + np.where(straight, 1, 3)) - np.where(straight, 1, 3)
    elements = np.empty(int(starts.sum() + np.where(straight, 1, 3).sum()), dtype=_ELEMENT)
    _set(elements, first[starts] - 1, _MOVE, x0[starts], y0[starts])
    _set(elements, first[straight], _LINE, x1[straight], y1[straight])
    curved = ~straight
    reach = (y1 - y0)[curved] * _CURVE
    _set(elements, first[curved], _CURVE_TO, x0[curved], y0[curved] + reach)
    _set(elements, first[curved] + 1, _CURVE_DATA, x1[curved], y1[curved] - reach)
    _set(elements, first[curved] + 2, _CURVE_DATA, x1[curved], y1[curved])
    if horizontal:
        elements["x"], elements["y"] = elements["y"].copy(), elements["x"].copy()
    return _read_path(elements)


def _set(elements: npt.NDArray[np.void], where: Integers, kind: int, x: Floats, y: Floats) -> None:
    elements["type"][where] = kind
    elements["x"][where] = x
    elements["y"][where] = y


def _read_path(elements: npt.NDArray[np.void]) -> QPainterPath:
    head, tail = np.array([len(elements)], ">i4"), np.zeros(2, ">i4")
    path = QPainterPath()
    stream = QDataStream(QByteArray(head.tobytes() + elements.tobytes() + tail.tobytes()))
    stream >> path  # QDataStream reads this way
    return path


def _pieces(points: Floats, stops: Integers) -> tuple[Floats, Integers]:
    """Every piece of every route as x0, y0, x1, y1, and the edge that it belongs to."""
    if not len(points):
        return np.empty((0, 4)), np.empty(0, dtype=np.intp)
    owner = np.repeat(np.arange(len(stops) - 1), np.diff(stops))
    inside = owner[1:] == owner[:-1]
    return np.hstack([points[:-1], points[1:]])[inside], owner[:-1][inside]


def _first_of_each(source: Integers, lines: Floats) -> Integers:
    """Positions of the first of equal pieces of one source: drawn twice they would look darker."""
    factors = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], np.uint64)
    key = (np.ascontiguousarray(lines).view(np.uint64) * factors).sum(axis=1) + source.astype(np.uint64)
    key ^= key >> np.uint64(29)
    _, first = np.unique(key, return_index=True)
    return np.sort(first)


def draw_lines(painter: QPainter, lines: Floats) -> None:
    """Draws pieces as straight lines, in one call."""
    if len(lines):
        batch: Any = PrimitiveArray(QLineF, 4)
        batch.resize(len(lines))
        batch.ndarray()[:] = lines
        painter.drawLines(*batch.drawargs())
