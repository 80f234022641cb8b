"""Turns a Graph into what its picture says: the lines of text of each operator, and the edges."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from warploom.graph import Graph, Operator, OperatorKind, Primitive, Tensor
from warploom.report.naming import place

_QUIET = frozenset({"Identity", "Dropout"})
_MOST_TITLE_PARTS = 4
_SMALLEST_BLOCK = 3
_LARGEST_BLOCK = 0.6
_WIDEST_LINE = 110


@dataclass(frozen=True, slots=True)
class DagNode:
    """An operator as the picture shows it.

    Attributes:
        name: The operator's name.
        kind: Its kind, for the colour ("conv", "pool", ...).
        title: "Conv+Relu".
        detail: What follows the title in a lighter tone: "3×3", "3×3 s2" or "".
        shape: Shape of its (first) output without the batch: "160 × 17 × 17".
        alias: A short form of where it is in the model: "Mixed_6b.branch7x7_1.conv".
        description: Plain text for the tooltip and for screen readers.
        operators: Names of the operators that it stands for: itself, those that an ONNX node went into, a whole block.
        sources: Names of the ONNX nodes behind it.
        block: Number of the block that it is in; -1 where that has nothing to collapse.
        collapsed: Whether it stands for the whole block.
    """

    name: str
    kind: str
    title: str
    detail: str
    shape: str
    alias: str
    description: str
    operators: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    block: int = -1
    collapsed: bool = False


def dag_nodes(graph: Graph, block_of: Sequence[int] = ()) -> Iterator[DagNode]:
    """The nodes in the graph's order, one by one so that the caller can spread the work."""
    blocks = block_of or [-1] * len(graph.operators)
    return (_node(graph, operator, block) for operator, block in zip(graph.operators, blocks, strict=True))


def dag_edges(graph: Graph) -> list[tuple[int, int]]:
    """Pairs of operator positions (writer, reader), each pair once."""
    return [(before, i) for i, predecessors in enumerate(graph.predecessors) for before in predecessors]


def shape_text(tensor: Tensor | None) -> str:
    """A tensor's shape without its batch: "160 × 17 × 17", "scalar" for none."""
    if tensor is None:
        return ""
    dimensions = tensor.shape[1:] if len(tensor.shape) > 1 else tensor.shape
    return " × ".join(f"{dimension}" for dimension in dimensions) if dimensions else "scalar"


def title_of(operator: Operator) -> str:
    """The fused primitives: "Conv+Add+Relu", "Relu+SepConv", "Add ×5+Concat", "Mul+Add+Sub+2 more"."""
    parts = [_repeated(op, len(list(run))) for op, run in itertools.groupby(_named_parts(operator))]
    if len(parts) > _MOST_TITLE_PARTS:
        parts = [*parts[: _MOST_TITLE_PARTS - 1], f"{len(parts) - _MOST_TITLE_PARTS + 1} more"]
    return "+".join(parts)


def _named_parts(operator: Operator) -> list[str]:
    """The primitives' names; a depthwise convolution is one by name, with its pointwise one a separable one."""
    parts = [plain_op(primitive.op) for primitive in operator.body if primitive.op not in _QUIET]
    if operator.kind is OperatorKind.SEPARABLE and parts.count("Conv") == 2:
        first = parts.index("Conv")
        del parts[parts.index("Conv", first + 1)]
        parts[first] = "SepConv"
    elif operator.kind is OperatorKind.DEPTHWISE:
        parts = ["DepthwiseConv" if part == "Conv" else part for part in parts]
    return parts or [plain_op(operator.body[0].op)]


def _repeated(op: str, times: int) -> str:
    return op if times == 1 else f"{op} ×{times}"


def alias_of(operator: Operator) -> str:
    """Where it is in the model, as reports call it: the module path that its weights share, else its own name."""
    return place(operator)


def worth_showing(members: int, operators: int) -> bool:
    """Whether a block gets a frame: it has several operators, and is not nearly the whole graph."""
    return _SMALLEST_BLOCK <= members <= _LARGEST_BLOCK * operators


def _node(graph: Graph, operator: Operator, block: int) -> DagNode:
    title, detail = title_of(operator), window_of(operator.main)
    shape = shape_text(graph.tensors.get(operator.outputs[0]) if operator.outputs else None)
    alias = alias_of(operator)
    lines = [f"{title} {detail}".rstrip(), f"name: {operator.name}", f"output: {shape}"]
    if alias != operator.name:
        lines.append(f"module: {alias}")
    if operator.sources:
        lines.append(f"ONNX nodes: {listed(operator.sources)}")
    return DagNode(
        name=operator.name,
        kind=str(operator.kind),
        title=title,
        detail=detail,
        shape=shape,
        alias=alias,
        description=described(lines),
        operators=(operator.name,),
        sources=operator.sources,
        block=block,
    )


def described(lines: Iterable[str]) -> str:
    """Lines of a tooltip, none much wider than a hand's breadth: names of 300 characters exist."""
    return "\n".join(line if len(line) <= _WIDEST_LINE else f"{line[:50]} … {line[-50:]}" for line in lines)


def window_of(primitive: Primitive) -> str:
    """Kernel and stride of a convolution or pool."""
    if not primitive.has("kernel_shape"):
        return ""
    text = "×".join(str(size) for size in primitive.integers("kernel_shape"))
    strides = primitive.integers("strides", (1,))
    if any(stride != 1 for stride in strides):
        text += f" s{strides[0]}" if len(set(strides)) == 1 else " s" + "×".join(map(str, strides))
    return text


def plain_op(op: str) -> str:
    """An ONNX operator's name without its domain."""
    return op.rpartition("::")[2]


def listed(names: Sequence[str], most: int = 4) -> str:
    """Some names, and how many more there are."""
    listed = ", ".join(names[:most])
    return listed if len(names) <= most else f"{listed} and {len(names) - most} more"
