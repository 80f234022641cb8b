"""Turns a Graph into what its picture says: the lines of text of each operator, and the edges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from warploom.graph import Graph, Operator, Primitive, Tensor

_QUIET = frozenset({"Identity", "Dropout"})
_MOST_LABEL_PARTS = 3


@dataclass(frozen=True, slots=True)
class DagNode:
    """An operator as the picture shows it.

    Attributes:
        name: The operator's name.
        kind: Its kind, for the colour ("conv", "pool", ...).
        title: "Conv+Relu".
        detail: What follows the title in a lighter tone: "3x3", "3x3 s2" or "".
        shape: Shape of its (first) output without the batch: "160 x 17 x 17".
        alias: A short form of where it is in the model: "Mixed_6b.branch7x7_1.conv".
        description: Plain text for the tooltip and for screen readers.
    """

    name: str
    kind: str
    title: str
    detail: str
    shape: str
    alias: str
    description: str


def dag_nodes(graph: Graph) -> Iterator[DagNode]:
    """The nodes in the graph's order, one by one so that the caller can spread the work."""
    return (_node(graph, operator) for operator in graph.operators)


def dag_edges(graph: Graph) -> list[tuple[int, int]]:
    """Pairs of operator positions (writer, reader), each pair once."""
    return [(before, i) for i, predecessors in enumerate(graph.predecessors) for before in predecessors]


def shape_text(tensor: Tensor | None) -> str:
    """A tensor's shape without its batch: "160 x 17 x 17", "scalar" for none."""
    if tensor is None:
        return ""
    dimensions = tensor.shape[1:] if len(tensor.shape) > 1 else tensor.shape
    return " x ".join(f"{dimension}" for dimension in dimensions) if dimensions else "scalar"


def title_of(operator: Operator) -> str:
    """The fused primitives, long chains cut: "Conv+Add+Relu", "Mul+Add+Sub+2 more"."""
    parts = [_plain(primitive.op) for primitive in operator.body if primitive.op not in _QUIET]
    parts = parts or [_plain(operator.body[0].op)]
    if len(parts) > _MOST_LABEL_PARTS + 1:
        parts = [*parts[:_MOST_LABEL_PARTS], f"{len(parts) - _MOST_LABEL_PARTS} more"]
    return "+".join(parts)


def alias_of(operator: Operator) -> str:
    """The module path that its weights name, which says more than an exporter's node name; else the name itself."""
    for weight in operator.weights:
        path, _, leaf = weight.rpartition(".")
        if path and leaf in ("weight", "bias"):
            return path
    return operator.name.removeprefix("node_").strip("/")


def _node(graph: Graph, operator: Operator) -> DagNode:
    title, detail = title_of(operator), _detail(operator.main)
    shape = shape_text(graph.tensors.get(operator.outputs[0]) if operator.outputs else None)
    alias = alias_of(operator)
    lines = [f"{title} {detail}".rstrip(), f"name: {operator.name}", f"output: {shape}"]
    if alias != operator.name:
        lines.append(f"module: {alias}")
    if operator.sources:
        lines.append(f"ONNX nodes: {_listed(operator.sources)}")
    return DagNode(operator.name, str(operator.kind), title, detail, shape, alias, "\n".join(lines))


def _detail(primitive: Primitive) -> str:
    """Kernel and stride of a convolution or pool."""
    if not primitive.has("kernel_shape"):
        return ""
    text = "x".join(str(size) for size in primitive.integers("kernel_shape"))
    strides = primitive.integers("strides", (1,))
    if any(stride != 1 for stride in strides):
        text += f" s{strides[0]}" if len(set(strides)) == 1 else " s" + "x".join(map(str, strides))
    return text


def _plain(op: str) -> str:
    return op.rpartition("::")[2]


def _listed(names: tuple[str, ...], most: int = 4) -> str:
    listed = ", ".join(names[:most])
    return listed if len(names) <= most else f"{listed} and {len(names) - most} more"
