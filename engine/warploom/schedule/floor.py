"""The critical-path floor: what no schedule of the same kernels can undercut."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warploom.graph import Graph


def critical_path(graph: Graph, solo_us: Mapping[str, float]) -> tuple[float, tuple[str, ...]]:
    """The longest path through a Graph, each Operator at its latency alone.

    However many streams there are, operators that depend on one another run one after another. A schedule ends sooner
    only where it merges operators, or where the next one finds in the cache what a measurement of it alone did not.

    Args:
        graph: The Graph.
        solo_us: Latency of each Operator alone, in microseconds, by name.

    Returns:
        Its latency in microseconds, and the names of its Operators in order. Where a latency is missing, (0.0, ()).
    """
    names = [operator.name for operator in graph.operators]
    if not names or not all(name in solo_us for name in names):
        return 0.0, ()
    ends: list[float] = []
    latest: list[int] = []
    for name, before in zip(names, graph.predecessors, strict=True):
        latest.append(max(before, key=ends.__getitem__, default=-1))
        ends.append(solo_us[name] + (ends[latest[-1]] if before else 0.0))
    last = max(range(len(ends)), key=ends.__getitem__)
    path: list[str] = []
    vertex = last
    while vertex >= 0:
        path.append(names[vertex])
        vertex = latest[vertex]
    return ends[last], tuple(reversed(path))
