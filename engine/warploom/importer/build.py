"""Builds the raw Graph from a skeleton whose shapes are known: constants apart, one Operator per remaining node."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from onnx import ModelProto, NodeProto, ValueInfoProto

from warploom.graph import ArrayConstant, Constant, DType, Graph, LogEntry, Operator, Primitive, Tensor
from warploom.graph.build import make_operator
from warploom.graph.constant import Array
from warploom.graph.kinds import kind_of
from warploom.importer.canonical import canonicalize
from warploom.importer.check import reads
from warploom.importer.element_types import dtype_of
from warploom.importer.fold import constant_node_value, fold_fill, fold_node
from warploom.importer.infer import static_shape
from warploom.importer.node import Node, Scope, decode_node
from warploom.importer.weights import check_shape


def build_graph(
    name: str,
    skeleton: ModelProto,
    types: Mapping[str, ValueInfoProto],
    constants: Mapping[str, Constant],
    inputs: Sequence[str],
) -> tuple[Graph, list[LogEntry]]:
    """Turns a skeleton into the raw Graph.

    Args:
        name: Of the Graph.
        skeleton: Checked, in topological order.
        types: Types of all its tensors.
        constants: Initializers.
        inputs: Names that the caller provides.

    Returns:
        The Graph, and what was folded and dropped.

    Raises:
        ModelImportError: Naming the node whose shape stays unknown, or that is not valid.
    """
    builder = _Builder(skeleton, types, constants)
    builder.visit_inputs(inputs)
    for proto, node in zip(builder.live, builder.names(), strict=True):
        builder.visit(proto, node)
    return builder.graph(name, tuple(inputs)), builder.log()


class _Builder:
    """State of one build: tensors, constants and operators so far."""

    def __init__(
        self, skeleton: ModelProto, types: Mapping[str, ValueInfoProto], constants: Mapping[str, Constant]
    ) -> None:
        self._skeleton = skeleton
        self._types = types
        self._tensors: dict[str, Tensor] = {}
        self._constants: dict[str, Constant] = {}
        self._operators: list[Operator] = []
        self._operator_names: set[str] = set()
        self._folded: collections.Counter[str] = collections.Counter()
        self._filled: list[str] = []
        self._outputs = tuple(info.name for info in skeleton.graph.output)
        self.live, self._dead = _live_nodes(skeleton.graph.node, self._outputs)
        self._opsets = {"" if e.domain == "ai.onnx" else e.domain: e.version for e in skeleton.opset_import}
        read = {*self._outputs}.union(*(reads(node) for node in self.live))
        self._taken = {*read, *(output for node in self.live for output in node.output), *constants}
        self._scope = Scope(self._tensors, self._constants, read, self._add_tensor, self._add_array)
        for name, constant in constants.items():
            self._add_constant(name, constant)

    def names(self) -> Iterable[Node]:
        """The live nodes, decoded, each with a unique name."""
        taken: set[str] = set()
        for position, proto in enumerate(self.live):
            name = _unique(proto.name or f"{proto.op_type}_{position}", taken)
            taken.add(name)
            yield decode_node(proto, name, self._opsets)

    def visit_inputs(self, inputs: Sequence[str]) -> None:
        for name in inputs:
            shape = static_shape(self._types[name])
            dtype = dtype_of(self._types[name].type.tensor_type.elem_type, f"The input {name!r}")
            self._tensors[name] = Tensor(name, shape or (), dtype)

    def visit(self, proto: NodeProto, node: Node) -> None:
        """Turns a node into constants or into operators."""
        folded = self._try_fold(proto, node)
        if folded is None:
            node = self._without_unknown_unread(node)
            for output in filter(None, node.outputs):
                self._tensors[output] = self._output_tensor(node, output)
            self._add_operators(node, canonicalize(_with_outer_reads(proto, node), self._scope))
            return
        self._folded[node.op] += node.op != "Constant"
        for output, constant in zip(node.outputs, folded, strict=True):
            if output:
                self._add_constant(output, constant)

    def _without_unknown_unread(self, node: Node) -> Node:
        """Shape inference leaves out some optional outputs (Dropout's mask): no matter if nobody reads them."""
        outputs = tuple(
            name if name in self._scope.read or static_shape(self._types.get(name)) is not None else ""
            for name in node.outputs
        )
        return node if outputs == node.outputs else dataclasses.replace(node, outputs=outputs)

    def _try_fold(self, proto: NodeProto, node: Node) -> list[Constant] | None:
        if node.op == "Constant":
            return [constant_node_value(proto)]
        if node.op in ("Shape", "Size") and node.inputs[0] in self._tensors:
            return [self._shape_value(node)]
        if not node.inputs or not all(name in self._constants for name in filter(None, node.inputs)):
            return None
        if any(not name or static_shape(self._types.get(name)) is None for name in node.outputs):
            return None
        outputs = [self._output_tensor(node, name) for name in node.outputs]
        if node.op == "ConstantOfShape":
            self._filled.append(outputs[0].name)
            return [fold_fill(node, outputs[0])]
        return fold_node(proto, node, [self._constants.get(name) for name in node.inputs], outputs)

    def _shape_value(self, node: Node) -> Constant:
        tensor = self._tensors[node.inputs[0]]
        if node.op == "Size":
            return ArrayConstant.of(np.asarray(tensor.elements, np.int64))
        end = node.integer("end", len(tensor.shape))
        return ArrayConstant.of(np.asarray(tensor.shape[node.integer("start", 0) : end], np.int64))

    def _output_tensor(self, node: Node, name: str) -> Tensor:
        info = self._types.get(name)
        shape = static_shape(info)
        if info is None or shape is None:
            raise node.failure(
                f"has an output {name!r} whose shape cannot be known before the model runs; Warploom needs fixed "
                "shapes: export the model with fixed input sizes, or without this operator."
            )
        where = f"The output {name!r} of the node {node.name!r} ({node.op})"
        dtype = dtype_of(info.type.tensor_type.elem_type, where)
        check_shape(shape, where)
        return Tensor(name, shape, dtype)

    def _add_operators(self, node: Node, primitives: Sequence[Primitive]) -> None:
        for primitive in primitives:
            name = _unique(node.name, self._operator_names)
            self._operator_names.add(name)
            empty = next((out for out in primitive.outputs if out and not self._tensors[out].elements), None)
            if empty is not None:
                shape = list(self._tensors[empty].shape)
                raise node.failure(f"makes the empty tensor {empty!r} of shape {shape}: check the model's input sizes.")
            self._operators.append(
                make_operator(
                    name,
                    kind_of(primitive, self._tensors),
                    (primitive,),
                    constants=self._constants,
                    outputs=tuple(filter(None, primitive.outputs)),
                    sources=(node.name,),
                )
            )

    def _add_constant(self, name: str, constant: Constant) -> None:
        self._constants[name] = constant
        self._tensors[name] = Tensor(name, constant.shape, constant.dtype)

    def _add_array(self, name: str, array: Array, dtype: DType) -> str:
        name = _unique(name, self._taken)
        self._taken.add(name)
        self._add_constant(name, ArrayConstant.of(array, dtype))
        return name

    def _add_tensor(self, name: str, shape: tuple[int, ...], dtype: DType) -> str:
        name = _unique(name, self._taken)
        self._taken.add(name)
        self._tensors[name] = Tensor(name, shape, dtype)
        return name

    def graph(self, name: str, inputs: tuple[str, ...]) -> Graph:
        """The finished Graph, without constants that only configured something."""
        graph = Graph(name, tuple(self._operators), self._tensors, self._constants, inputs, self._outputs)
        return graph.replace()

    def log(self) -> list[LogEntry]:
        """What was folded and dropped."""
        log = []
        if self._dead:
            reason = f"{len(self._dead)} nodes are read by no output of the model."
            log.append(LogEntry("import", tuple(self._dead), "dropped", reason))
        folded = +self._folded
        fills = folded.pop("ConstantOfShape", 0)
        if fills:
            reason = f"{fills} constants repeat one value (ConstantOfShape): kept symbolic, they take no memory."
            log.append(LogEntry("import", tuple(self._filled), "kept as fills", reason))
        if folded:
            listed = ", ".join(f"{count} {op}" for op, count in folded.most_common())
            reason = f"{folded.total()} nodes work on constants only ({listed}): their values are computed once."
            log.append(LogEntry("import", tuple(folded), "folded", reason))
        return log


def _live_nodes(nodes: Sequence[NodeProto], outputs: Sequence[str]) -> tuple[list[NodeProto], list[str]]:
    """The nodes that some output needs, in order, and the names of the others."""
    needed = set(outputs)
    live: list[NodeProto] = []
    dead: list[str] = []
    for node in reversed(nodes):
        if any(output in needed for output in node.output if output):
            live.append(node)
            needed |= reads(node)
        elif node.op_type != "Constant":
            dead.append(node.name or node.output[0])
    return live[::-1], dead[::-1]


def _with_outer_reads(proto: NodeProto, node: Node) -> Node:
    """A node with subgraphs also depends on what these read from outside."""
    extra = sorted(reads(proto) - set(node.inputs))
    if not extra:
        return node
    return dataclasses.replace(node, inputs=(*node.inputs, *extra))


def _unique(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = 1
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
