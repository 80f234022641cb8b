"""What goes into a layout and what comes out: messages between the window and the layout process."""

from __future__ import annotations

import hashlib
import itertools
from array import array
from typing import Literal

import msgspec

LAYOUT_VERSION = 1  # part of the cache's key: raise it when the same request would give another picture

Quality = Literal["quick", "refined"]


class LayoutRequest(msgspec.Struct, frozen=True):
    """A DAG to lay out from top to bottom.

    Attributes:
        widths: Width of each node in scene units (pixels at 100%).
        heights: Height of each node.
        edges: Pairs (from, to) of node positions with from < to, each pair once: node order is topological.
    """

    widths: list[float]
    heights: list[float]
    edges: list[tuple[int, int]]

    @property
    def key(self) -> str:
        """Hash of everything that the layout depends on."""
        return hashlib.sha256(msgspec.msgpack.encode((LAYOUT_VERSION, self))).hexdigest()


class LayoutResult(msgspec.Struct, frozen=True):
    """Where everything goes. The picture's top left corner is (0, 0); y grows downwards.

    Attributes:
        quality: Which of the two algorithms made it.
        x: Centre of each node.
        y: Centre of each node.
        route_points: float64 x, y of the points of all routes, one route after the other. A route has an even number
            of points: 2k to 2k + 1 are joined by a curve that leaves and arrives vertically (it stays between two
            layers), 2k + 1 to 2k + 2 by a vertical line (it passes through layers).
        route_stops: For each edge of the request the number of points up to the end of its route.
        width: Of the whole picture.
        height: Of the whole picture.
        seconds: Time that the layout took.
        note: Why there is no better layout; empty when all went well.
    """

    quality: Quality
    x: list[float]
    y: list[float]
    route_points: bytes
    route_stops: list[int]
    width: float
    height: float
    seconds: float = 0.0
    note: str = ""

    def routes(self) -> list[list[tuple[float, float]]]:
        """The points of every route."""
        numbers = array("d", self.route_points)
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        return [points[start:stop] for start, stop in itertools.pairwise((0, *self.route_stops))]
