"""Lays a Graph out in layers, top to bottom, for the picture in the report (Sugiyama's method, kept simple)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

NODE_WIDTH, NODE_HEIGHT = 138.0, 40.0
LAYER_GAP, NODE_GAP, EDGE_WIDTH = 30.0, 16.0, 14.0
SWEEPS = 6
MOST_BENDS = 40_000
"""With more than this, long edges are drawn straight instead of being led around the nodes."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class DagLayout:
    """Where everything is, in pixels from the top left.

    Attributes:
        centres: Centre of each node.
        edges: (from, to, points from the bottom of the one to the top of the other).
        width: Of the picture.
        height: Of the picture.
    """

    centres: tuple[Point, ...]
    edges: tuple[tuple[int, int, tuple[Point, ...]], ...]
    width: float
    height: float


@dataclass(slots=True)
class _Layers:
    """Nodes and bends of long edges; bends are numbered after the nodes."""

    layers: list[list[int]]
    above: list[list[int]]
    below: list[list[int]]
    width: list[float]
    chains: dict[tuple[int, int], list[int]] = field(default_factory=dict)


def layout_dag(predecessors: Sequence[Sequence[int]]) -> DagLayout:
    """Lays out a DAG.

    Args:
        predecessors: For each node those that it depends on, all of them before it.
    """
    if not predecessors:
        return DagLayout((), (), 0.0, 0.0)
    graph = _layers(predecessors)
    for _ in range(SWEEPS):
        _order(graph.layers, graph.above)
        _order(graph.layers[::-1], graph.below)
    x = _coordinates(graph)
    left = min(value - width / 2 for value, width in zip(x, graph.width, strict=True))
    right = max(value + width / 2 for value, width in zip(x, graph.width, strict=True))
    y = [0.0] * len(x)
    for number, layer in enumerate(graph.layers):
        for node in layer:
            y[node] = NODE_HEIGHT / 2 + number * (NODE_HEIGHT + LAYER_GAP)
    points = [(value - left, height) for value, height in zip(x, y, strict=True)]
    edges = tuple(
        (start, end, _route(points, start, end, graph.chains.get((start, end), [])))
        for end, before in enumerate(predecessors)
        for start in before
    )
    height = len(graph.layers) * (NODE_HEIGHT + LAYER_GAP) - LAYER_GAP
    return DagLayout(tuple(points[: len(predecessors)]), edges, right - left, height)


def _layers(predecessors: Sequence[Sequence[int]]) -> _Layers:
    """Each node one layer below the lowest that it depends on; long edges get a bend in each layer between."""
    count = len(predecessors)
    depth = [0] * count
    for node, before in enumerate(predecessors):
        depth[node] = 1 + max((depth[other] for other in before), default=-1)
    graph = _Layers(
        layers=[[] for _ in range(max(depth) + 1)],
        above=[[] for _ in range(count)],
        below=[[] for _ in range(count)],
        width=[NODE_WIDTH] * count,
    )
    for node in range(count):
        graph.layers[depth[node]].append(node)
    bends = sum(depth[node] - depth[other] - 1 for node, before in enumerate(predecessors) for other in before)
    for node, before in enumerate(predecessors):
        for other in before:
            _connect(graph, other, node, range(depth[other] + 1, depth[node]) if bends <= MOST_BENDS else range(0))
    return graph


def _connect(graph: _Layers, start: int, end: int, between: range) -> None:
    chain = []
    for layer in between:
        bend = len(graph.width)
        graph.width.append(EDGE_WIDTH)
        graph.above.append([])
        graph.below.append([])
        graph.layers[layer].append(bend)
        chain.append(bend)
    stops = [start, *chain, end]
    for upper, lower in itertools.pairwise(stops):
        graph.below[upper].append(lower)
        graph.above[lower].append(upper)
    graph.chains[start, end] = chain


def _order(layers: Sequence[list[int]], neighbours: Sequence[Sequence[int]]) -> None:
    """Sorts every layer by where its neighbours in the layer before stand (barycentre), which removes crossings."""
    place: dict[int, float] = {}
    for layer in layers:
        wish = {
            node: sum(place[other] for other in known) / len(known) if known else float(position)
            for position, node in enumerate(layer)
            for known in [[other for other in neighbours[node] if other in place]]
        }
        layer.sort(key=wish.__getitem__)
        place.update((node, float(position)) for position, node in enumerate(layer))


def _coordinates(graph: _Layers) -> list[float]:
    """Moves every node towards the middle of its neighbours, as far as those beside it allow."""
    x = [0.0] * len(graph.width)
    for layer in graph.layers:
        offsets = _offsets(layer, graph.width)
        for node, offset in zip(layer, offsets, strict=True):
            x[node] = offset - offsets[-1] / 2
    for sweep in range(2 * SWEEPS):
        down = sweep % 2 == 0
        sides = graph.above if down else graph.below
        for layer in graph.layers if down else graph.layers[::-1]:
            wishes = [sum(x[o] for o in sides[node]) / len(sides[node]) if sides[node] else x[node] for node in layer]
            for node, value in zip(layer, _spread(wishes, _offsets(layer, graph.width)), strict=True):
                x[node] = value
    return x


def _offsets(layer: Sequence[int], width: Sequence[float]) -> list[float]:
    """Distance of each node from the first when all stand as close as they may."""
    offsets = [0.0]
    for left, right in itertools.pairwise(layer):
        offsets.append(offsets[-1] + (width[left] + width[right]) / 2 + NODE_GAP)
    return offsets


def _spread(wishes: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """The positions closest to the wishes that keep the distances (pool adjacent violators)."""
    pools: list[tuple[float, int]] = []  # mean, members
    for wish, offset in zip(wishes, offsets, strict=True):
        mean, members = wish - offset, 1
        while pools and pools[-1][0] > mean:
            other, count = pools.pop()
            mean = (mean * members + other * count) / (members + count)
            members += count
        pools.append((mean, members))
    flat = [mean for mean, members in pools for _ in range(members)]
    return [value + offset for value, offset in zip(flat, offsets, strict=True)]


def _route(points: Sequence[Point], start: int, end: int, chain: Sequence[int]) -> tuple[Point, ...]:
    (x0, y0), (x1, y1) = points[start], points[end]
    return ((x0, y0 + NODE_HEIGHT / 2), *(points[bend] for bend in chain), (x1, y1 - NODE_HEIGHT / 2))
