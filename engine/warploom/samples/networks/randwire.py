"""RandWire: stages wired as random graphs, large as in the IOS paper (120 operators) and small to look at."""

from __future__ import annotations

from collections.abc import Iterable

from warploom.samples.builder import NetworkBuilder, Value
from warploom.samples.networks.randwire_graphs import PUBLISHED, RandomGraph


def randwire_large(b: NetworkBuilder, size: int = 224) -> None:
    """The regular regime, 154 channels: WS(16, 4, 0.75), three times WS(32, 4, 0.75), and the global pool."""
    x = b.conv(b.input("input", 3, size, size), 77, 3, stride=2, pad=1)
    x = _stages(b, x, PUBLISHED, 154)
    x = b.conv(b.relu(x), 1280)
    b.output(b.global_pool(x), "output")


def randwire_small(b: NetworkBuilder, size: int = 64) -> None:
    """Two stages of WS(16, 4, 0.75) with 24 and 48 channels, for a first look: its real weights take 260 KB."""
    x = b.conv(b.input("input", 3, size, size), 12, 3, stride=2, pad=1)
    x = _stages(b, x, (watts_strogatz(16, 4, 0.75, seed=1), watts_strogatz(16, 4, 0.75, seed=2)), 24)
    x = b.conv(b.relu(x), 96)
    b.output(b.global_pool(x), "output")


def watts_strogatz(nodes: int, neighbours: int, probability: float, seed: int) -> RandomGraph:
    """A connected Watts-Strogatz graph, its edges directed from the lower to the higher number."""
    import networkx as nx

    graph = nx.connected_watts_strogatz_graph(nodes, neighbours, probability, seed=seed)
    return tuple(tuple(sorted(other for other in graph[node] if other < node)) for node in range(nodes))


def _stages(b: NetworkBuilder, x: Value, graphs: Iterable[RandomGraph], channels: int) -> Value:
    for number, graph in enumerate(graphs):
        with b.scope(f"stage{number + 1}"):
            x = _stage(b, x, graph, channels << number)
    return x


def _stage(b: NetworkBuilder, x: Value, graph: RandomGraph, channels: int) -> Value:
    """Every node sums what it reads, then Relu and a separable convolution; the stage returns the sum of its sinks.

    A stage with a single sink has a Sum of one there, as the published operator counts do.
    """
    values: list[Value] = []
    for number, read in enumerate(graph):
        with b.scope(f"node{number}"):
            summed = x if not read else values[read[0]] if len(read) == 1 else b.add(*(values[i] for i in read))
            values.append(b.conv(b.depthwise(b.relu(summed), 3, stride=1 if read else 2), channels))
    inner = {i for read in graph for i in read}
    return b.add(*(value for i, value in enumerate(values) if i not in inner))
