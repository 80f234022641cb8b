"""Splits a DAG into its connected parts and packs their pictures beside one another."""

from __future__ import annotations

import itertools
import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass

from warploom_app.layout.messages import LayoutRequest, LayoutResult, Quality

_PART_GAP = 48.0


@dataclass(frozen=True, slots=True)
class Picture:
    """The layout of one connected part, in the part's own node and edge order."""

    x: list[float]
    y: list[float]
    routes: list[list[float]]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Part:
    """A connected part of a request: its own request, and its nodes and edges in the whole one."""

    request: LayoutRequest
    nodes: list[int]
    edges: list[int]


def layout_parts(request: LayoutRequest, quality: Quality, draw: Callable[[LayoutRequest], Picture]) -> LayoutResult:
    """Lays out every part by `draw` and packs the pictures."""
    parts = split_parts(request)
    pictures = [draw(part.request) for part in parts]
    places = _pack(pictures)
    x, y = [0.0] * len(request.widths), [0.0] * len(request.widths)
    routes: list[list[float]] = [[] for _ in request.edges]
    for part, picture, (left, top) in zip(parts, pictures, places, strict=True):
        for node, part_x, part_y in zip(part.nodes, picture.x, picture.y, strict=True):
            x[node], y[node] = part_x + left, part_y + top
        for edge, route in zip(part.edges, picture.routes, strict=True):
            routes[edge] = [value + (top if i % 2 else left) for i, value in enumerate(route)]
    width = max((left + picture.width for picture, (left, _) in zip(pictures, places, strict=True)), default=0.0)
    height = max((top + picture.height for picture, (_, top) in zip(pictures, places, strict=True)), default=0.0)
    points = array("d", itertools.chain.from_iterable(routes)).tobytes()
    stops = list(itertools.accumulate(len(route) // 2 for route in routes))
    return LayoutResult(quality, x, y, points, stops, width, height)


def split_parts(request: LayoutRequest) -> list[Part]:
    """The connected parts, in the order of their first nodes."""
    root = list(range(len(request.widths)))

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for source, target in request.edges:
        root[find(target)] = find(source)
    members: dict[int, list[int]] = {}
    for node in range(len(root)):
        members.setdefault(find(node), []).append(node)
    edges: dict[int, list[int]] = {key: [] for key in members}
    for index, (source, _) in enumerate(request.edges):
        edges[find(source)].append(index)
    return [_part(request, nodes, edges[key]) for key, nodes in members.items()]


def _part(request: LayoutRequest, nodes: list[int], edges: list[int]) -> Part:
    local = {node: i for i, node in enumerate(nodes)}
    inner = LayoutRequest(
        widths=[request.widths[node] for node in nodes],
        heights=[request.heights[node] for node in nodes],
        edges=[(local[request.edges[i][0]], local[request.edges[i][1]]) for i in edges],
    )
    return Part(inner, nodes, edges)


def _pack(pictures: list[Picture]) -> list[tuple[float, float]]:
    """Top left corners: shelves, tallest pictures first, about as wide as high."""
    area = sum((p.width + _PART_GAP) * (p.height + _PART_GAP) for p in pictures)
    limit = max(math.sqrt(area) * 1.3, max((p.width for p in pictures), default=0.0))
    places = [(0.0, 0.0)] * len(pictures)
    left = top = shelf = 0.0
    for index in sorted(range(len(pictures)), key=lambda i: -pictures[i].height):
        picture = pictures[index]
        if left > 0 and left + picture.width > limit:
            left, top, shelf = 0.0, top + shelf + _PART_GAP, 0.0
        places[index] = (left, top)
        left += picture.width + _PART_GAP
        shelf = max(shelf, picture.height)
    return places
