"""Gives ordered layers their coordinates: short, straight edges, and nothing overlaps.

Each layer in turn is moved to where its neighbours want it: the weighted least-squares positions under the minimal
distances of the layer's order are an isotonic regression, solved exactly by pooling adjacent violators.
"""

from __future__ import annotations

from collections.abc import Sequence

from warploom_app.layout.layered import Layered
from warploom_app.layout.ordering import Layers

NODE_GAP = 20.0
TRUNK_GAP = 14.0
LAYER_GAP = 30.0
_LAYER_GAP_MOST = 96.0
_SHIFT_PER_GAP = 0.12  # a layer gap grows with the longest sideways move of an edge across it, so that slopes stay kind

_PULL_NODES, _PULL_NODE_TRUNK, _PULL_TRUNK = 1.0, 2.0, 8.0  # long edges should be the straightest


def assign_x(layered: Layered, layers: Layers, widths: Sequence[float], *, sweeps: int) -> list[float]:
    """Centre x of every vertex; the leftmost edge of the picture is at 0."""
    offsets = [_offsets(layered, layer, widths) for layer in layers]
    x = [0.0] * len(layered.rank)
    for layer, offset in zip(layers, offsets, strict=True):
        middle = offset[-1] / 2 if offset else 0.0
        for vertex, place in zip(layer, offset, strict=True):
            x[vertex] = place - middle
    pulls_up, pulls_down = _pulls(layered, layered.up), _pulls(layered, layered.down)
    both = [above + below for above, below in zip(pulls_up, pulls_down, strict=True)]
    down, up = range(len(layers)), range(len(layers) - 1, -1, -1)
    for sweep in range(sweeps):
        for i in down:
            _move(layers[i], offsets[i], pulls_up if sweep < sweeps - 1 else both, x)
        for i in up:
            _move(layers[i], offsets[i], pulls_down if sweep < sweeps - 1 else both, x)
    left = min((x[v] - _width(layered, widths, v) / 2 for layer in layers for v in layer[:1]), default=0.0)
    return [value - left for value in x]


def assign_y(
    layered: Layered, layers: Layers, heights: Sequence[float], x: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Top and bottom of every layer."""
    tops: list[float] = []
    bottoms: list[float] = []
    y = 0.0
    for layer in layers:
        height = max((heights[v] for v in layer if v < layered.nodes), default=0.0)
        tops.append(y)
        bottoms.append(y + height)
        shift = max((abs(x[v] - x[other]) for v in layer for other in layered.down[v]), default=0.0)
        y += height + min(_LAYER_GAP_MOST, LAYER_GAP + _SHIFT_PER_GAP * shift)
    return tops, bottoms


def _width(layered: Layered, widths: Sequence[float], vertex: int) -> float:
    return widths[vertex] if vertex < layered.nodes else 0.0


def _offsets(layered: Layered, layer: Sequence[int], widths: Sequence[float]) -> list[float]:
    """Centres of a layer's vertices when packed as tightly as allowed."""
    offsets: list[float] = []
    for i, vertex in enumerate(layer):
        if i == 0:
            offsets.append(0.0)
            continue
        before = layer[i - 1]
        gap = NODE_GAP if before < layered.nodes and vertex < layered.nodes else TRUNK_GAP
        half = (_width(layered, widths, before) + _width(layered, widths, vertex)) / 2
        offsets.append(offsets[-1] + half + gap)
    return offsets


def _pulls(layered: Layered, neighbours: Sequence[Sequence[int]]) -> list[list[tuple[int, float]]]:
    """For every vertex its neighbours with the strength of their pull."""
    nodes = layered.nodes
    pulls: list[list[tuple[int, float]]] = []
    for vertex, near in enumerate(neighbours):
        if vertex < nodes:
            pulls.append([(other, _PULL_NODES if other < nodes else _PULL_NODE_TRUNK) for other in near])
        else:
            pulls.append([(other, _PULL_NODE_TRUNK if other < nodes else _PULL_TRUNK) for other in near])
    return pulls


def _move(
    layer: Sequence[int], offsets: Sequence[float], pulls: Sequence[Sequence[tuple[int, float]]], x: list[float]
) -> None:
    """Moves a layer to the weighted means of its vertices' neighbours, as far as its distances allow."""
    means: list[float] = []
    weights: list[float] = []
    counts: list[int] = []
    for vertex, offset in zip(layer, offsets, strict=True):
        mean, weight = _wish(pulls[vertex], x, vertex)
        mean -= offset
        count = 1
        while means and means[-1] > mean:
            other_weight = weights.pop()
            mean = (means.pop() * other_weight + mean * weight) / (other_weight + weight)
            weight += other_weight
            count += counts.pop()
        means.append(mean)
        weights.append(weight)
        counts.append(count)
    i = 0
    for mean, count in zip(means, counts, strict=True):
        for j in range(i, i + count):
            x[layer[j]] = mean + offsets[j]
        i += count


def _wish(pulls: Sequence[tuple[int, float]], x: Sequence[float], vertex: int) -> tuple[float, float]:
    if not pulls:
        return x[vertex], 0.05
    if len(pulls) == 1:
        other, weight = pulls[0]
        return x[other], weight
    total = place = 0.0
    for other, weight in pulls:
        total += weight
        place += weight * x[other]
    return place / total, total
