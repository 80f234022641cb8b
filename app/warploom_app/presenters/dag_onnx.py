"""The ONNX nodes behind a Graph's Operators, as a graph of their own: what fusion made one is apart again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from warploom.graph import Graph, Operator, Primitive
from warploom.graph.kinds import kind_of
from warploom_app.presenters.dag_nodes import DagNode, described, listed, plain_op, shape_text, window_of


@dataclass(slots=True)
class _Found:
    """An ONNX node: its primitive, and the Operators that compute it (several repeat a cheap one)."""

    name: str
    primitive: Primitive
    kind: str
    block: int
    operators: list[str] = field(default_factory=list)
    folded: list[str] = field(default_factory=list)


def onnx_nodes(graph: Graph, block_of: Sequence[int], edges: list[tuple[int, int]]) -> Iterator[DagNode]:
    """The nodes in a topological order, one by one so that the caller can spread the work.

    A primitive that several Operators repeat (an activation fused into each of its readers writes "relu@conv1" there)
    is the one ONNX node that it came from. Nodes that were folded away leave no primitive: the node that they went
    into names them.

    Args:
        graph: The graph.
        block_of: The block of each Operator.
        edges: Gets the pairs of node positions (writer, reader), each once, before the first node is told.
    """
    found, writer = _gather(graph, block_of)
    seen: set[tuple[int, int]] = set()
    for i, node in enumerate(found):
        for name in node.primitive.inputs:
            before = writer.get(_original(name, graph))
            if before is not None and before < i and (before, i) not in seen:
                seen.add((before, i))
                edges.append((before, i))
    return (_dag_node(graph, node) for node in found)


def _gather(graph: Graph, block_of: Sequence[int]) -> tuple[list[_Found], dict[str, int]]:
    found: list[_Found] = []
    writer: dict[str, int] = {}
    names: dict[str, int] = {}
    for position, operator in enumerate(graph.operators):
        hosts = []
        for primitive in operator.body:
            first = _original(next(filter(None, primitive.outputs)), graph)
            if first not in writer:
                for output in primitive.outputs:
                    writer[_original(output, graph)] = len(found)
                name = _unique(primitive.source or f"{operator.name}/{primitive.op}", names)
                kind = operator.kind if len(operator.body) == 1 else kind_of(primitive, graph.tensors)
                found.append(_Found(name, primitive, kind, block_of[position]))
            host = found[writer[first]]
            host.operators.append(operator.name)
            hosts.append(host)
        folded = folded_sources(operator)
        if folded:
            hosts[operator.body.index(operator.main)].folded += folded
    return found, writer


def folded_sources(operator: Operator) -> list[str]:
    """The ONNX nodes of which nothing is left but their effect on an Operator's constants."""
    living = {primitive.source for primitive in operator.body}
    return [source for source in operator.sources if source not in living]


def _original(tensor: str, graph: Graph) -> str:
    """The tensor that a repeated primitive's output stands for."""
    name, mark, reader = tensor.rpartition("@")
    return name if mark and reader in graph.index else tensor


def _unique(name: str, names: dict[str, int]) -> str:
    """Some nodes become several primitives of one name."""
    names[name] = names.get(name, 0) + 1
    return name if names[name] == 1 else f"{name} ({names[name]})"


def _dag_node(graph: Graph, node: _Found) -> DagNode:
    primitive = node.primitive
    title, detail = plain_op(primitive.op), window_of(primitive)
    shape = shape_text(graph.tensors.get(primitive.outputs[0]))
    operators = tuple(dict.fromkeys(node.operators))
    lines = [f"{title} {detail}".rstrip(), f"name: {node.name}", f"output: {shape}"]
    lines.append(f"operator: {listed(operators)}")
    if node.folded:
        lines.append(f"folded in: {listed(node.folded)}")
    return DagNode(
        name=node.name,
        kind=str(node.kind),
        title=title,
        detail=detail,
        shape=shape,
        alias=node.name.removeprefix("node_").strip("/"),
        description=described(lines),
        operators=operators,
        sources=tuple(dict.fromkeys((primitive.source or node.name, *node.folded))),
        block=node.block,
    )
