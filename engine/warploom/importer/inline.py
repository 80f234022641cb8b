"""Inlining: the nodes of a subgraph or function under the names of the graph around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from onnx import AttributeProto, GraphProto, NodeProto, TensorProto


def inlined(
    graph: GraphProto, inputs: Iterable[str], new_name: Callable[[str], str], outputs: Iterable[str] = ()
) -> tuple[list[NodeProto], list[str]]:
    """A copy of a subgraph's nodes for one place in the graph around it.

    Args:
        graph: The subgraph; not changed. What it takes from outside keeps its name.
        inputs: Names outside for the subgraph's inputs, in order.
        new_name: Makes a name unique.
        outputs: Names outside for the subgraph's outputs: used for those that its nodes write.

    Returns:
        The nodes, and the names of the subgraph's outputs outside.
    """
    names = dict(zip((info.name for info in graph.input), inputs, strict=False))
    written = {output for node in graph.node for output in node.output}
    wanted = zip((info.name for info in graph.output), outputs, strict=False)
    names |= {inner: outer for inner, outer in wanted if outer and inner in written}
    nodes = [_constant(tensor, names, new_name) for tensor in graph.initializer if tensor.name not in names]
    nodes += renamed(graph.node, names, new_name)
    return nodes, [names.get(info.name, info.name) for info in graph.output]


def renamed(nodes: Iterable[NodeProto], names: dict[str, str], new_name: Callable[[str], str]) -> list[NodeProto]:
    """Copies of nodes, everything that they write under new names.

    Args:
        nodes: In topological order.
        names: New names by old ones; grows.
        new_name: Makes a name unique.
    """
    copies = []
    for node in nodes:
        for output in node.output:
            if output and output not in names:
                names[output] = new_name(output)
        copies.append(_with_names(node, names))
    return copies


def _with_names(node: NodeProto, names: Mapping[str, str]) -> NodeProto:
    copy = NodeProto()
    copy.CopyFrom(node)
    copy.input[:] = [names.get(name, name) for name in node.input]
    copy.output[:] = [names.get(name, name) for name in node.output]
    for attribute in copy.attribute:
        if attribute.type == AttributeProto.GRAPH:
            _rename_outer(attribute.g, names)
        for graph in attribute.graphs:
            _rename_outer(graph, names)
    return copy


def _rename_outer(graph: GraphProto, names: Mapping[str, str]) -> None:
    """Renames what a nested subgraph takes from outside, but not what it has itself under the same name."""
    own = {info.name for info in graph.input} | {tensor.name for tensor in graph.initializer}
    own.update(output for node in graph.node for output in node.output)
    outer = {old: new for old, new in names.items() if old not in own}
    copies = [_with_names(node, outer) for node in graph.node]
    del graph.node[:]
    graph.node.extend(copies)
    for info in graph.output:
        info.name = outer.get(info.name, info.name)


def _constant(tensor: TensorProto, names: dict[str, str], new_name: Callable[[str], str]) -> NodeProto:
    names[tensor.name] = new_name(tensor.name)
    value = AttributeProto(name="value", type=AttributeProto.TENSOR, t=tensor)
    return NodeProto(op_type="Constant", output=[names[tensor.name]], attribute=[value])
