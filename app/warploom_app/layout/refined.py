"""The refined layout: layers and order from fast-sugiyama (network simplex ranks, crossing reduction in Rust)."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from warploom_app.layout.components import Picture, layout_parts
from warploom_app.layout.layered import Edge, Layered, longest_path_ranks, make_layered
from warploom_app.layout.messages import LayoutRequest, LayoutResult
from warploom_app.layout.ordering import Layers, count_crossings, depth_first_layers, reduce_crossings
from warploom_app.layout.quick import place

_UNIT = 16.0  # distance between fast-sugiyama's layers; we take its ranks and order, not its coordinates
_ORDER_SWEEPS = 24
_ORDER_SECONDS = 1.0


def refined_layout(request: LayoutRequest) -> LayoutResult:
    """The layout to keep: shorter edges and fewer crossings than the quick one, in seconds for thousands of nodes."""
    start = time.perf_counter()
    result = layout_parts(request, "refined", _draw)
    return msgspec.structs.replace(result, seconds=time.perf_counter() - start)


def _draw(request: LayoutRequest) -> Picture:
    nodes = len(request.widths)
    if not request.edges:
        layered = make_layered(nodes, (), [0] * nodes)
        return place(request, layered, [list(range(nodes))])
    layered = make_layered(nodes, request.edges, longest_path_ranks(nodes, request.edges))
    starts = [depth_first_layers(layered)]
    if None not in layered.chains:  # else its dummies would cost minutes and gigabytes
        positions = _sugiyama(nodes, request.edges)
        layered = make_layered(nodes, request.edges, _ranks(nodes, positions))
        starts = [_order(layered, positions), depth_first_layers(layered)]
    best = min(
        (reduce_crossings(layered, start, sweeps=_ORDER_SWEEPS, seconds=_ORDER_SECONDS) for start in starts),
        key=lambda layers: count_crossings(layered, layers),
    )
    return place(request, layered, best)


def _sugiyama(nodes: int, edges: Sequence[Edge]) -> dict[int, tuple[float, float]]:
    """Position of every node of a connected graph by fast-sugiyama; its y grows upwards."""
    import fast_sugiyama

    layouts = fast_sugiyama.from_edges(edges, vertex_spacing=_UNIT, check_layout=False)
    return {node: place for places, *_ in layouts for node, place in places if isinstance(node, int) and node < nodes}


def _ranks(nodes: int, positions: dict[int, tuple[float, float]]) -> list[int]:
    top = max(y for _, y in positions.values())
    return [round((top - positions[node][1]) / _UNIT) for node in range(nodes)]


def _order(layered: Layered, positions: dict[int, tuple[float, float]]) -> Layers:
    """The layers in fast-sugiyama's order; a dummy of ours stands between the ends of its edge."""
    x = [positions[node][0] for node in range(layered.nodes)]
    for dummy in range(layered.nodes, len(layered.rank)):
        x.append(x[layered.up[dummy][0]])
    layers: Layers = [[] for _ in range(layered.depth)]
    for vertex in sorted(range(len(x)), key=x.__getitem__):
        layers[layered.rank[vertex]].append(vertex)
    return layers
