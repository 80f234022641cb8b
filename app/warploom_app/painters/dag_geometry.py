"""The DAG's picture, prepared for drawing: rectangles in columns, edges in a few paths, and a hit test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainterPath

from warploom_app.layout.messages import LayoutRequest, LayoutResult

_BAND_HEIGHT = 640.0  # edges are gathered in one path per so many scene units of height
_CURVE = 0.5  # how far the control points of a curve reach, as a share of its height
_MARGIN = 24.0


@dataclass(slots=True)
class EdgeBand:
    """The pieces of edges that start in one horizontal band: as curves, and as straight lines for far away."""

    path: QPainterPath = field(default_factory=QPainterPath)
    lines: list[QLineF] = field(default_factory=list)
    bounds: QRectF = field(default_factory=QRectF)


@dataclass(frozen=True, slots=True, eq=False)
class DagGeometry:
    """Everything that drawing and hit tests need; scene coordinates, y downwards.

    Attributes:
        rects: The nodes' rectangles.
        columns: float64 (4, n): left, top, right, bottom of every node.
        bands: The edges.
        blocks: Rectangles around the blocks of the graph.
        bounds: The whole picture with its margin.
        edges: int (m, 2), pairs of node positions.
        routes: The route of each edge (see LayoutResult).
    """

    rects: list[QRectF]
    columns: npt.NDArray[np.float64]
    bands: list[EdgeBand]
    blocks: list[QRectF]
    bounds: QRectF
    edges: npt.NDArray[np.intp]
    routes: Sequence[Sequence[float]]

    def visible(self, area: QRectF) -> npt.NDArray[np.intp]:
        """Positions of the nodes that touch an area."""
        left, top, right, bottom = self.columns
        inside = (left <= area.right()) & (right >= area.left()) & (top <= area.bottom()) & (bottom >= area.top())
        return np.flatnonzero(inside)

    def node_at(self, point: QPointF, slack: float = 0.0) -> int | None:
        """The node under a point, or within `slack` of it."""
        found = self.visible(QRectF(point.x() - slack, point.y() - slack, 2 * slack, 2 * slack))
        return int(found[0]) if len(found) else None

    def edges_of(self, nodes: Iterable[int]) -> list[int]:
        """Positions of the edges that leave or enter any of the nodes."""
        wanted = np.zeros(len(self.rects), dtype=bool)
        wanted[list(nodes)] = True
        return np.flatnonzero(wanted[self.edges].any(axis=1)).tolist() if len(self.edges) else []


def prepare_geometry(
    request: LayoutRequest, layout: LayoutResult, blocks: Iterable[Sequence[int]], into: list[DagGeometry]
) -> Iterator[None]:
    """Builds the geometry in small steps, so that a window can go on living; appends it to `into` at the end."""
    size = np.array([request.widths, request.heights]).reshape(2, -1)
    centre = np.array([layout.x, layout.y]).reshape(2, -1)
    columns = np.vstack([centre - size / 2, centre + size / 2])
    yield
    rects: list[QRectF] = []
    for i, (left, top, width, height) in enumerate(np.vstack([columns[:2], size]).T.tolist()):
        rects.append(QRectF(left, top, width, height))
        if i % 500 == 499:
            yield
    bands = _EdgeBands()
    for i, (route, (source, _)) in enumerate(zip(layout.routes, request.edges, strict=True)):
        bands.add(source, route)
        if i % 100 == 99:
            yield
    margin = _MARGIN
    bounds = QRectF(-margin, -margin, layout.width + 2 * margin, layout.height + 2 * margin)
    areas = [_around(columns, block) for block in blocks]
    edges = np.array(request.edges, dtype=np.intp).reshape(-1, 2)
    into.append(DagGeometry(rects, columns, bands.finish(), areas, bounds, edges, layout.routes))


class _EdgeBands:
    """Gathers edges; pieces that edges of one node share are kept once, so that they are not drawn darker."""

    def __init__(self) -> None:
        self._bands: dict[int, EdgeBand] = {}
        self._drawn: set[tuple[int, float, float, float, float]] = set()

    def add(self, source: int, route: Sequence[float]) -> None:
        for i in range(0, len(route) - 2, 2):
            x0, y0, x1, y1 = route[i : i + 4]
            key = (source, x0, y0, x1, y1)
            if key in self._drawn:
                continue
            self._drawn.add(key)
            band = self._bands.setdefault(int(y0 // _BAND_HEIGHT), EdgeBand())
            band.path.moveTo(x0, y0)
            _add_piece(band.path, x0, y0, x1, y1)
            band.lines.append(QLineF(x0, y0, x1, y1))

    def finish(self) -> list[EdgeBand]:
        for band in self._bands.values():
            band.bounds = band.path.controlPointRect().adjusted(-2, -2, 2, 2)
        return list(self._bands.values())


def add_route(path: QPainterPath, route: Sequence[float]) -> None:
    """Appends a whole route to a path."""
    path.moveTo(route[0], route[1])
    for i in range(0, len(route) - 2, 2):
        x0, y0, x1, y1 = route[i : i + 4]
        _add_piece(path, x0, y0, x1, y1)


def _add_piece(path: QPainterPath, x0: float, y0: float, x1: float, y1: float) -> None:
    if abs(x1 - x0) < 0.5:
        path.lineTo(x1, y1)
    else:
        reach = (y1 - y0) * _CURVE
        path.cubicTo(x0, y0 + reach, x1, y1 - reach, x1, y1)


def _around(columns: npt.NDArray[np.float64], block: Sequence[int]) -> QRectF:
    chosen = columns[:, list(block)]
    left, top = chosen[0].min(), chosen[1].min()
    return QRectF(left, top, chosen[2].max() - left, chosen[3].max() - top).adjusted(-14, -10, 14, 10)
