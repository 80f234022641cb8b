"""Orders the vertices of each layer so that few edges cross: barycentre sweeps (Sugiyama et al., 1981)."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Sequence

from warploom_app.layout.layered import Layered

Layers = list[list[int]]


def depth_first_layers(layered: Layered) -> Layers:
    """A first order: vertices in the order in which a depth-first walk meets them, so that branches stay together."""
    layers: Layers = [[] for _ in range(layered.depth)]
    seen = bytearray(len(layered.rank))
    roots = sorted((v for v in range(len(layered.rank)) if not layered.up[v]), key=lambda v: layered.rank[v])
    for root in roots:
        stack = [root]
        while stack:
            vertex = stack.pop()
            if seen[vertex]:
                continue
            seen[vertex] = 1
            layers[layered.rank[vertex]].append(vertex)
            stack.extend(reversed(layered.down[vertex]))
    return layers


def reduce_crossings(layered: Layered, layers: Layers, *, sweeps: int, seconds: float) -> Layers:
    """Sweeps down and up until it no longer helps, and returns the order with the fewest crossings seen.

    Args:
        layered: The graph.
        layers: The order to start from.
        sweeps: At most so many sweeps (one is down and up).
        seconds: No further sweep starts after this time.
    """
    deadline = time.perf_counter() + seconds
    best = [list(layer) for layer in layers]
    fewest = count_crossings(layered, best)
    current = [list(layer) for layer in best]
    failures = 0
    for _ in range(sweeps):
        if fewest == 0 or failures == 3 or time.perf_counter() > deadline:
            break
        _sweep(current, range(1, len(current)), layered.up, step=-1)
        _sweep(current, range(len(current) - 2, -1, -1), layered.down, step=1)
        crossings = count_crossings(layered, current)
        failures = 0 if crossings < fewest else failures + 1
        if crossings < fewest:
            best, fewest = [list(layer) for layer in current], crossings
    return best


def _sweep(layers: Layers, order: range, neighbours: Sequence[Sequence[int]], *, step: int) -> None:
    """Sorts each layer by the mean position of its vertices' neighbours on the layer `step` away."""
    for index in order:
        position = {vertex: i for i, vertex in enumerate(layers[index + step])}
        scale = len(position) / max(1, len(layers[index]))
        keys: dict[int, float] = {}
        for i, vertex in enumerate(layers[index]):
            near = neighbours[vertex]
            keys[vertex] = sum([position[other] for other in near]) / len(near) if near else i * scale
        layers[index].sort(key=keys.__getitem__)


def count_crossings(layered: Layered, layers: Layers) -> int:
    """Number of pairs of edges between adjacent layers that cross."""
    return sum(_crossings_below(layered, layers[i], layers[i + 1]) for i in range(len(layers) - 1))


def _crossings_below(layered: Layered, upper: Sequence[int], lower: Sequence[int]) -> int:
    position = {vertex: i for i, vertex in enumerate(lower)}
    ends: list[int] = []
    crossings = 0
    for vertex in upper:
        targets = sorted([position[other] for other in layered.down[vertex]])
        crossings += sum([len(ends) - bisect_right(ends, target) for target in targets]) if ends else 0
        ends.extend(targets)
        ends.sort()  # two sorted runs: linear
    return crossings
