"""The DAG's picture, prepared for drawing: rectangles in columns, edges in a few paths, and a hit test."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QMarginsF, QPointF, QRectF

from warploom_app.layout.messages import LayoutRequest, LayoutResult
from warploom_app.painters.dag_edges import Edges, make_edges

_MARGIN = 32.0
_HANDLE = 16.0  # the square at a block's corner that collapses it
_DOWN, _ACROSS = QMarginsF(24, 12, 14, 12), QMarginsF(12, 24, 12, 14)  # of a frame: room for the handle at one side


@dataclass(frozen=True, slots=True)
class BlockFrame:
    """The frame around a block: its number, where it is, and the handle that collapses it."""

    number: int
    rect: QRectF

    @property
    def handle(self) -> QRectF:
        """A square inside the frame's first corner."""
        return QRectF(self.rect.left() + 3, self.rect.top() + 3, _HANDLE, _HANDLE)


@dataclass(frozen=True, slots=True, eq=False)
class DagGeometry:
    """Everything that drawing and hit tests need; scene coordinates, y downwards.

    Attributes:
        columns: float64 (4, n): left, top, right, bottom of every node.
        edges: The edges.
        blocks: Frames around the blocks of the graph.
        bounds: The whole picture with its margin.
        horizontal: Whether data flows from left to right.
    """

    columns: npt.NDArray[np.float64]
    edges: Edges
    blocks: list[BlockFrame]
    bounds: QRectF
    horizontal: bool = False

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

    def handle_at(self, point: QPointF) -> int | None:
        """The block whose handle is under a point."""
        return next((block.number for block in self.blocks if block.handle.contains(point)), None)


def prepare_geometry(
    request: LayoutRequest,
    layout: LayoutResult,
    blocks: Iterable[tuple[int, Sequence[int]]],
    *,
    horizontal: bool = False,
) -> Generator[None, None, DagGeometry]:
    """Builds the geometry in small steps, so that a window can go on living.

    Args:
        request: What was laid out, from top to bottom; for a horizontal picture with width and height exchanged.
        layout: The answer.
        blocks: Number and nodes of each block that gets a frame.
        horizontal: Whether to exchange x and y.
    """
    size = np.array([request.widths, request.heights]).reshape(2, -1)
    centre = np.array([layout.x, layout.y]).reshape(2, -1)
    points = np.frombuffer(layout.route_points).reshape(-1, 2)
    width, height = layout.width, layout.height
    if horizontal:
        size, centre, points, width, height = size[::-1], centre[::-1], points[:, ::-1], height, width
    columns = np.vstack([centre - size / 2, centre + size / 2])
    yield
    ends = np.array(request.edges, dtype=np.intp).reshape(-1, 2)
    stops = np.concatenate(([0], np.array(layout.route_stops, dtype=np.intp)))
    yield
    edges = yield from make_edges(ends, points, stops, horizontal=horizontal)
    yield
    bounds = QRectF(-_MARGIN, -_MARGIN, width + 2 * _MARGIN, height + 2 * _MARGIN)
    around = _ACROSS if horizontal else _DOWN
    frames = [BlockFrame(number, _around(columns, members, around)) for number, members in blocks]
    return DagGeometry(columns, edges, frames, bounds, horizontal)


def _around(columns: npt.NDArray[np.float64], block: Sequence[int], margins: QMarginsF) -> QRectF:
    chosen = columns[:, list(block)]
    left, top = chosen[0].min(), chosen[1].min()
    return QRectF(left, top, chosen[2].max() - left, chosen[3].max() - top) + margins
