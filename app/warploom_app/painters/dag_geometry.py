"""The DAG's picture, prepared for drawing: rectangles in columns, edges in a few paths, and a hit test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF

from warploom_app.layout.messages import LayoutRequest, LayoutResult
from warploom_app.painters.dag_edges import Edges, make_edges

_MARGIN = 24.0


@dataclass(frozen=True, slots=True, eq=False)
class DagGeometry:
    """Everything that drawing and hit tests need; scene coordinates, y downwards.

    Attributes:
        columns: float64 (4, n): left, top, right, bottom of every node.
        edges: The edges.
        blocks: Rectangles around the blocks of the graph.
        bounds: The whole picture with its margin.
    """

    columns: npt.NDArray[np.float64]
    edges: Edges
    blocks: list[QRectF]
    bounds: QRectF

    def rect(self, node: int) -> QRectF:
        """A node's rectangle."""
        left, top, right, bottom = self.columns[:, node].tolist()
        return QRectF(left, top, right - left, bottom - top)

    def rects(self, nodes: npt.NDArray[np.intp]) -> list[QRectF]:
        """Several nodes' rectangles."""
        quadruples = self.columns[:, nodes].T.tolist()
        return [QRectF(left, top, right - left, bottom - top) for left, top, right, bottom in quadruples]

    def visible(self, area: QRectF) -> npt.NDArray[np.intp]:
        """Positions of the nodes that touch an area."""
        left, top, right, bottom = self.columns
        inside = (left <= area.right()) & (right >= area.left()) & (top <= area.bottom()) & (bottom >= area.top())
        return np.flatnonzero(inside)

    def node_at(self, point: QPointF, slack: float = 0.0) -> int | None:
        """The node under a point, or within `slack` of it.

        One comparison per column tells in some ten microseconds for thousands of nodes: no grid is needed.
        """
        found = self.visible(QRectF(point.x() - slack, point.y() - slack, 2 * slack, 2 * slack))
        return int(found[0]) if len(found) else None


def prepare_geometry(
    request: LayoutRequest, layout: LayoutResult, blocks: Iterable[Sequence[int]], into: list[DagGeometry]
) -> Iterator[None]:
    """Builds the geometry in small steps, so that a window can go on living; appends it to `into` at the end."""
    size = np.array([request.widths, request.heights]).reshape(2, -1)
    centre = np.array([layout.x, layout.y]).reshape(2, -1)
    columns = np.vstack([centre - size / 2, centre + size / 2])
    yield
    ends = np.array(request.edges, dtype=np.intp).reshape(-1, 2)
    stops = np.concatenate(([0], np.array(layout.route_stops, dtype=np.intp)))
    yield
    edges = make_edges(ends, np.frombuffer(layout.route_points).reshape(-1, 2), stops)
    yield
    bounds = QRectF(-_MARGIN, -_MARGIN, layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN)
    into.append(DagGeometry(columns, edges, [_around(columns, block) for block in blocks], bounds))


def _around(columns: npt.NDArray[np.float64], block: Sequence[int]) -> QRectF:
    chosen = columns[:, list(block)]
    left, top = chosen[0].min(), chosen[1].min()
    return QRectF(left, top, chosen[2].max() - left, chosen[3].max() - top).adjusted(-14, -10, 14, 10)
