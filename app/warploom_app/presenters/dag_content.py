"""What the DAG view draws of a Graph: its operators or the ONNX nodes behind them, whole blocks collapsed on demand."""

from __future__ import annotations

import enum
import functools
import itertools
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QCoreApplication

from warploom.graph import Graph
from warploom.schedule.blocks import find_blocks
from warploom_app.presenters.dag_nodes import DagNode, dag_edges, dag_nodes, described, listed, worth_showing
from warploom_app.presenters.dag_onnx import onnx_nodes

_NODES_AT_ONCE = 20  # between two yields: a fraction of a millisecond


class Detail(enum.StrEnum):
    """What a node of the picture is."""

    OPERATORS = "operators"
    ONNX_NODES = "onnx"


@dataclass(frozen=True, slots=True)
class DagOptions:
    """How the user wants to see a graph.

    Attributes:
        detail: What a node is.
        collapsed: Numbers of the blocks that are drawn as one node.
        horizontal: Whether data flows from left to right instead of downwards.
    """

    detail: Detail = Detail.OPERATORS
    collapsed: frozenset[int] = frozenset()
    horizontal: bool = False


@dataclass(frozen=True)  # no slots: the indices are worked out when first asked for
class DagContent:
    """Nodes and edges to lay out and draw.

    Attributes:
        nodes: In a topological order.
        edges: Pairs of positions (from, to) with from < to, each once.
        blocks: Number and nodes of each block that gets a frame.
    """

    nodes: Sequence[DagNode]
    edges: Sequence[tuple[int, int]]
    blocks: Sequence[tuple[int, Sequence[int]]]

    @functools.cached_property
    def of_operator(self) -> Mapping[str, tuple[int, ...]]:
        """Positions of the nodes that stand for each operator."""
        found: dict[str, list[int]] = {}
        for i, node in enumerate(self.nodes):
            for name in node.operators:
                found.setdefault(name, []).append(i)
        return {name: tuple(positions) for name, positions in found.items()}

    @functools.cached_property
    def index(self) -> Mapping[str, int]:
        """Position of each node by name."""
        return {node.name: i for i, node in enumerate(self.nodes)}

    @functools.cached_property
    def of_source(self) -> Mapping[str, int]:
        """Position of the first node that each ONNX node is behind."""
        found: dict[str, int] = {}
        for i, node in enumerate(self.nodes):
            for source in node.sources:
                found.setdefault(source, i)
        return found


def collapsible_blocks(graph: Graph) -> dict[int, tuple[int, ...]]:
    """The blocks with something to collapse: number, as everywhere in the window, and operator positions."""
    return {number: block for number, block in enumerate(find_blocks(graph)) if len(block) > 1}


def full_content(
    graph: Graph, detail: Detail, blocks: Mapping[int, Sequence[int]]
) -> Generator[None, None, DagContent]:
    """Everything, nothing collapsed; in small steps, so that a window can go on living."""
    block_of = [-1] * len(graph.operators)
    for number, members in blocks.items():
        for position in members:
            block_of[position] = number
    nodes: list[DagNode] = []
    if detail is Detail.ONNX_NODES:
        edges: list[tuple[int, int]] = []
        source = onnx_nodes(graph, block_of, edges)
    else:
        edges = dag_edges(graph)
        source = dag_nodes(graph, block_of)
    for node in source:
        nodes.append(node)
        if len(nodes) % _NODES_AT_ONCE == 0:
            yield
    return DagContent(nodes, edges, _framed(nodes))


def collapse(full: DagContent, collapsed: frozenset[int]) -> DagContent:
    """The content with some blocks drawn as one node each.

    The nodes of a block stand together in the order, and edges between blocks lead from an earlier to a later one, so
    the result is acyclic and in topological order again.
    """
    if not collapsed:
        return full
    shown: list[DagNode] = []
    place: list[int] = []
    for block, run in itertools.groupby(full.nodes, key=lambda node: node.block):
        members = list(run)
        if block in collapsed:
            place += [len(shown)] * len(members)
            shown.append(_collapsed_node(members))
        else:
            place += range(len(shown), len(shown) + len(members))
            shown += members
    edges = sorted({(place[a], place[b]) for a, b in full.edges if place[a] != place[b]})
    return DagContent(shown, edges, _framed(shown))


def _collapsed_node(members: Sequence[DagNode]) -> DagNode:
    last = members[-1]
    operators = tuple(dict.fromkeys(name for node in members for name in node.operators))
    title = block_title(last.block)
    count = _tr("{} operators").format(len(operators))
    kinds: dict[str, int] = {}
    for node in members:
        kinds[node.title] = kinds.get(node.title, 0) + 1
    common = sorted(kinds, key=lambda kind: -kinds[kind])
    lines = [title, count, listed([f"{kinds[kind]} {kind}" for kind in common])]
    return DagNode(
        name=f"\0block {last.block}",
        kind="",
        title=title,
        detail="",
        shape=count,
        alias=last.shape,
        description=described(lines),
        operators=operators,
        sources=tuple(dict.fromkeys(source for node in members for source in node.sources)),
        block=last.block,
        collapsed=True,
    )


def block_title(number: int) -> str:
    """What the window calls a block."""
    return _tr("Block {}").format(number + 1)


def with_latencies(nodes: Sequence[DagNode], latencies: Mapping[int, str]) -> Sequence[DagNode]:
    """The same nodes, collapsed blocks telling their latency (by block number) in their last line."""
    if not latencies:
        return nodes
    return [
        replace(node, alias=latencies[node.block], description=f"{node.description}\n{latencies[node.block]}")
        if node.collapsed and node.block in latencies
        else node
        for node in nodes
    ]


def _framed(nodes: Sequence[DagNode]) -> list[tuple[int, list[int]]]:
    members: dict[int, list[int]] = {}
    for i, node in enumerate(nodes):
        if node.block >= 0 and not node.collapsed:
            members.setdefault(node.block, []).append(i)
    total = sum(len(node.operators) if node.collapsed else 1 for node in nodes)
    return [(number, inside) for number, inside in members.items() if worth_showing(len(inside), total)]


def _tr(text: str) -> str:
    return QCoreApplication.translate("DagView", text)
