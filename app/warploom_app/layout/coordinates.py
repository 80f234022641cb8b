"""Gives ordered layers their coordinates: x by alignment, y by the height of the layers and the slope of the edges."""

from __future__ import annotations

from collections.abc import Sequence

from warploom_app.layout.alignment import Spacing, aligned_x
from warploom_app.layout.layered import Layered
from warploom_app.layout.ordering import Layers

NODE_GAP = 20.0
TRUNK_GAP = 14.0
LAYER_GAP = 30.0
_LAYER_GAP_MOST = 96.0
_SHIFT_PER_GAP = 0.12  # a layer gap grows with the longest sideways move of an edge across it, so that slopes stay kind


def assign_x(layered: Layered, layers: Layers, widths: Sequence[float]) -> list[float]:
    """Centre x of every vertex; the leftmost edge of the picture is at 0."""
    spacing = Spacing(layered.nodes, widths, NODE_GAP, TRUNK_GAP)
    x = aligned_x(layered, layers, spacing)
    left = min((x[v] - spacing.width(v) / 2 for layer in layers for v in layer[:1]), default=0.0)
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
