"""The layered form of a DAG: every vertex on a layer, long edges cut into pieces by dummy vertices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Edge = tuple[int, int]

# Dummies allowed per node, and for small graphs: beyond it the longest edges are drawn as one free curve, so that a
# graph whose inputs all feed its last operator does not need a dummy per pair of node and layer.
_DUMMIES_PER_NODE = 4
_DUMMIES_AT_LEAST = 4000


@dataclass(frozen=True, slots=True)
class Layered:
    """Vertices 0 to nodes - 1 are the nodes, those after them are dummies.

    Attributes:
        nodes: Number of nodes.
        rank: Layer of every vertex.
        up: For every vertex its neighbours on the layer above (rank - 1).
        down: For every vertex its neighbours on the layer below (rank + 1).
        chains: For every edge the dummies that it passes through; None for an edge that is drawn as a free curve.
    """

    nodes: int
    rank: list[int]
    up: list[list[int]]
    down: list[list[int]]
    chains: list[list[int] | None]

    @property
    def depth(self) -> int:
        """Number of layers."""
        return 1 + max(self.rank, default=-1)


def longest_path_ranks(nodes: int, edges: Sequence[Edge]) -> list[int]:
    """Layer of each node: as high as possible, then pulled down where that shortens edges. Linear time."""
    before: list[int] = [0] * nodes
    following: list[list[int]] = [[] for _ in range(nodes)]
    rank = [0] * nodes
    for source, target in edges:
        following[source].append(target)
        before[target] += 1
    for source in range(nodes):
        below = rank[source] + 1
        for target in following[source]:
            rank[target] = max(rank[target], below)
    for source in range(nodes - 1, -1, -1):
        if len(following[source]) > before[source]:
            rank[source] = min(rank[target] for target in following[source]) - 1
    return rank


def make_layered(nodes: int, edges: Sequence[Edge], rank: Sequence[int]) -> Layered:
    """Cuts the edges that span several layers.

    The edges that leave one node share their dummies (they carry the same tensor): one trunk per node, from which
    they branch off above their targets.
    """
    layered = Layered(nodes, list(rank), [[] for _ in range(nodes)], [[] for _ in range(nodes)], [None] * len(edges))
    trunks: dict[int, list[int]] = {}
    budget = max(_DUMMIES_AT_LEAST, _DUMMIES_PER_NODE * nodes)
    for index in sorted(range(len(edges)), key=lambda i: rank[edges[i][1]] - rank[edges[i][0]]):
        source, target = edges[index]
        trunk = trunks.setdefault(source, [])
        missing = rank[target] - rank[source] - 1 - len(trunk)
        if missing > budget:
            continue
        budget -= max(0, missing)
        for _ in range(missing):
            trunk.append(_add_below(layered, trunk[-1] if trunk else source))
        chain = trunk[: rank[target] - rank[source] - 1]
        _connect(layered, chain[-1] if chain else source, target)
        layered.chains[index] = chain
    return layered


def _add_below(layered: Layered, above: int) -> int:
    dummy = len(layered.rank)
    layered.rank.append(layered.rank[above] + 1)
    layered.up.append([])
    layered.down.append([])
    _connect(layered, above, dummy)
    return dummy


def _connect(layered: Layered, above: int, below: int) -> None:
    layered.down[above].append(below)
    layered.up[below].append(above)
