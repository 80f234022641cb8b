"""Routes edges through the layers: curves between two layers, vertical lines past the nodes of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warploom_app.layout.layered import Edge, Layered

_PORTS_SHARE = 0.6  # edges arrive over this share of a node's width
_STRAIGHT = 0.5  # sideways moves below this are drawn as a straight line


@dataclass(frozen=True, slots=True)
class Placed:
    """Vertices with coordinates: centre x of each, top and bottom of each layer."""

    layered: Layered
    x: list[float]
    tops: list[float]
    bottoms: list[float]
    widths: Sequence[float]
    heights: Sequence[float]

    def centre_y(self, node: int) -> float:
        """A node stands in the middle of its layer."""
        rank = self.layered.rank[node]
        return (self.tops[rank] + self.bottoms[rank]) / 2


def route_edges(placed: Placed, edges: Sequence[Edge]) -> list[list[float]]:
    """A route for each edge as x0, y0, x1, y1, ... (see LayoutResult.route_points)."""
    arrivals = _arrivals(placed, edges)
    return [_route(placed, source, target, i, arrivals[i]) for i, (source, target) in enumerate(edges)]


def _arrivals(placed: Placed, edges: Sequence[Edge]) -> list[float]:
    """The x at which each edge meets its target: spread in the order in which the edges come in."""
    incoming: dict[int, list[int]] = {}
    for index, (_, target) in enumerate(edges):
        incoming.setdefault(target, []).append(index)
    arrivals = [0.0] * len(edges)
    for target, indices in incoming.items():
        indices.sort(key=lambda i: placed.x[_last_vertex(placed, edges, i)])
        step = placed.widths[target] * _PORTS_SHARE / len(indices)
        for place, index in enumerate(indices):
            arrivals[index] = placed.x[target] + (place - (len(indices) - 1) / 2) * step
    return arrivals


def _last_vertex(placed: Placed, edges: Sequence[Edge], index: int) -> int:
    chain = placed.layered.chains[index]
    return chain[-1] if chain else edges[index][0]


def _route(placed: Placed, source: int, target: int, index: int, arrival: float) -> list[float]:
    layered, x = placed.layered, placed.x
    route = [x[source], placed.centre_y(source) + placed.heights[source] / 2]
    for dummy in layered.chains[index] or ():
        top, bottom = placed.tops[layered.rank[dummy]], placed.bottoms[layered.rank[dummy]]
        if len(route) > 2 and abs(route[-2] - x[dummy]) < _STRAIGHT:
            route[-1] = bottom  # goes on straight down: one longer line
        else:
            route += (x[dummy], top, x[dummy], bottom)
    return [*route, arrival, placed.centre_y(target) - placed.heights[target] / 2]
