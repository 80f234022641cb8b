"""Aligns vertices in vertical runs: Brandes and Köpf, "Fast and simple horizontal coordinate assignment" (2001).

Each of four passes (from above or below, leaning left or right) ties every vertex to the middle one of its neighbours
where no other tie is crossed, and packs the runs; the mean of the two middle results is the layout. The pieces of long
edges win over everything else, so those edges are straight. The packing is a longest-path computation over the runs,
which avoids the known flaw of the paper's own.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from warploom_app.layout.layered import Layered
from warploom_app.layout.ordering import Layers


class Spacing:
    """Minimal distances between the centres of neighbours on a layer."""

    def __init__(self, nodes: int, widths: Sequence[float], node_gap: float, trunk_gap: float) -> None:
        self._nodes, self._widths = nodes, widths
        self._node_gap, self._trunk_gap = node_gap, trunk_gap

    def width(self, vertex: int) -> float:
        """A dummy has none."""
        return self._widths[vertex] if vertex < self._nodes else 0.0

    def between(self, left: int, right: int) -> float:
        """From centre to centre."""
        gap = self._node_gap if left < self._nodes and right < self._nodes else self._trunk_gap
        return (self.width(left) + self.width(right)) / 2 + gap


def aligned_x(layered: Layered, layers: Layers, spacing: Spacing) -> list[float]:
    """Centre x of every vertex."""
    if not layered.rank:
        return []
    conflicts = _conflicts(layered, layers)
    results: list[list[float]] = []
    for neighbours, downwards in ((layered.up, True), (layered.down, False)):
        for mirrored in (False, True):
            ordered = [layer[::-1] for layer in layers] if mirrored else [list(layer) for layer in layers]
            root = _align(ordered if downwards else ordered[::-1], neighbours, conflicts)
            x = _pack(ordered, root, spacing)
            results.append([-value for value in x] if mirrored else x)
    return _balance(results)


def _conflicts(layered: Layered, layers: Layers) -> set[tuple[int, int]]:
    """Edges (above, below) that cross a piece of a long edge: nothing is tied along them."""
    found: set[tuple[int, int]] = set()
    for upper, lower in itertools.pairwise(layers):
        place = {vertex: i for i, vertex in enumerate(upper)}
        bound, start = -1, 0
        for i, vertex in enumerate(lower):
            inner = _inner_above(layered, vertex)
            if inner is None and i < len(lower) - 1:
                continue
            limit = len(upper) if inner is None else place[inner]
            for other in lower[start : i + 1]:
                for above in layered.up[other]:
                    if not bound <= place[above] <= limit and above != inner:
                        found.add((above, other))
            bound, start = limit, i + 1
    return found


def _inner_above(layered: Layered, vertex: int) -> int | None:
    """The dummy above a dummy."""
    if vertex < layered.nodes or not layered.up[vertex]:
        return None
    above = layered.up[vertex][0]
    return above if above >= layered.nodes else None


def _align(layers: Layers, neighbours: Sequence[Sequence[int]], conflicts: set[tuple[int, int]]) -> list[int]:
    """The first vertex of the run that each vertex is in; layers in the order of the pass."""
    root = list(range(len(neighbours)))
    tied = bytearray(len(neighbours))
    for before, layer in itertools.pairwise(layers):
        place = {vertex: i for i, vertex in enumerate(before)}
        reached = -1
        for vertex in layer:
            near = sorted(neighbours[vertex], key=place.__getitem__)
            middle = (len(near) - 1) // 2
            for other in near[middle : len(near) // 2 + 1]:
                crossed = (other, vertex) in conflicts or (vertex, other) in conflicts
                if place[other] > reached and not crossed and not tied[other]:
                    tied[other] = 1
                    root[vertex] = root[other]
                    reached = place[other]
                    break
    return root


def _pack(layers: Layers, root: Sequence[int], spacing: Spacing) -> list[float]:
    """Runs as far left as they go, then moved right where nothing keeps them from their right neighbours."""
    after: dict[int, list[tuple[int, float]]] = {}
    waiting: dict[int, int] = {}
    for layer in layers:
        for left, right in itertools.pairwise(layer):
            after.setdefault(root[left], []).append((root[right], spacing.between(left, right)))
            waiting[root[right]] = waiting.get(root[right], 0) + 1
    x = dict.fromkeys(root, 0.0)
    order = [run for run in x if run not in waiting]
    free = [run for run in order if run in after]
    for run in order:
        for other, distance in after.get(run, ()):
            x[other] = max(x[other], x[run] + distance)
            waiting[other] -= 1
            if not waiting[other]:
                order.append(other)
    for run in reversed(order):
        if run in after:
            room = min(x[other] - distance for other, distance in after[run])
            if run in free or room > x[run]:
                x[run] = room
    return [x[run] for run in root]


def _balance(results: list[list[float]]) -> list[float]:
    """Puts the four results over the narrowest one and takes the mean of the middle two."""
    narrowest = min(results, key=lambda x: max(x) - min(x))
    left, right = min(narrowest), max(narrowest)
    for i, x in enumerate(results):
        shift = left - min(x) if i % 2 == 0 else right - max(x)
        results[i] = [value + shift for value in x]
    return [(second + third) / 2 for _, second, third, _ in map(sorted, zip(*results, strict=True))]
