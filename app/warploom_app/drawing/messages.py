"""What the drawing process is asked for and what it answers, and the way from a picture to an order and back."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import msgspec
import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF
from PySide6.QtGui import QFont

from warploom_app.painters.dag_edges import make_edges
from warploom_app.painters.dag_geometry import BlockFrame, DagGeometry
from warploom_app.painters.dag_painter import DagPicture
from warploom_app.presenters.dag_nodes import DagNode
from warploom_app.theme import Theme

_Value = TypeVar("_Value")
_Box = tuple[float, float, float, float]


class PictureOrder(msgspec.Struct, frozen=True):
    """A DagPicture to draw, without the paths that can be made again.

    Attributes:
        nodes: What every node says.
        colours: The colour of each node.
        shares: Of nodes that stand for operators of several colours.
        tint: How strongly the colours fill the boxes.
        columns: float64 (4, n): left, top, right, bottom of every node.
        ends: int64 (m, 2): the nodes that each edge joins.
        points: float64 (p, 2): the points of all routes.
        stops: int64 (m + 1,): where each route starts in the points.
        horizontal: Whether data flows from left to right.
        blocks: Number and left, top, width, height of every frame.
        bounds: Left, top, width, height of the whole.
        theme: Name of the theme.
        font: The family, as QFont writes it.
        title: What the picture is called.
        path: The file to write, in the format that its suffix names; "" for what the clipboard needs.
        part: Where the file is written before it takes its name.
    """

    nodes: list[DagNode]
    colours: list[str]
    shares: dict[int, list[tuple[str, float]]]
    tint: float
    columns: bytes
    ends: bytes
    points: bytes
    stops: bytes
    horizontal: bool
    blocks: list[tuple[int, _Box]]
    bounds: _Box
    theme: str
    font: str
    title: str
    path: str = ""
    part: str = ""


class Drawn(msgspec.Struct, frozen=True):
    """The answer.

    Attributes:
        error: Why there is no picture, for the user; "" where all went well.
        width: Pixels of the image for the clipboard.
        height: The same.
        pixels: Its rows, 32 bits a pixel (decoding a PNG would hold up the window), as they arrived: tens of megabytes
            are not copied.
        png: The image as a file.
        svg: The picture as shapes.
    """

    error: str = ""
    width: int = 0
    height: int = 0
    pixels: memoryview = memoryview(b"")
    png: bytes = b""
    svg: bytes = b""


def order_of(picture: DagPicture, theme: Theme, family: QFont, path: str = "", part: str = "") -> PictureOrder:
    """Asks for a picture in a file, or for the clipboard."""
    geometry, edges = picture.geometry, picture.geometry.edges
    return PictureOrder(
        nodes=list(picture.nodes),
        colours=list(picture.colours),
        shares={node: list(shares) for node, shares in picture.shares.items()},
        tint=picture.tint,
        columns=geometry.columns.tobytes(),
        ends=edges.ends.astype(np.int64).tobytes(),
        points=edges.points.tobytes(),
        stops=edges.stops.astype(np.int64).tobytes(),
        horizontal=geometry.horizontal,
        blocks=[(block.number, _box(block.rect)) for block in geometry.blocks],
        bounds=_box(geometry.bounds),
        theme=theme.name,
        font=family.toString(),
        title=QCoreApplication.translate("DagView", "Operator graph"),
        path=path,
        part=part,
    )


def picture_of(order: PictureOrder) -> DagPicture:
    """The picture that was ordered."""
    ends = np.frombuffer(order.ends, dtype=np.int64).reshape(-1, 2).astype(np.intp)
    points = np.frombuffer(order.points).reshape(-1, 2)
    stops = np.frombuffer(order.stops, dtype=np.int64).astype(np.intp)
    edges = _result(make_edges(ends, points, stops, horizontal=order.horizontal))
    blocks = [BlockFrame(number, QRectF(*box)) for number, box in order.blocks]
    columns = np.frombuffer(order.columns).reshape(4, -1)
    geometry = DagGeometry(columns, edges, blocks, QRectF(*order.bounds), order.horizontal)
    shares = {node: tuple(parts) for node, parts in order.shares.items()}
    return DagPicture(geometry, order.nodes, order.colours, shares, order.tint)


def _box(rect: QRectF) -> _Box:
    return rect.x(), rect.y(), rect.width(), rect.height()


def _result(steps: Generator[None, None, _Value]) -> _Value:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: _Value = end.value
            return value
