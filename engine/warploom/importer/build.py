"""Builds the raw Graph from a skeleton: shapes inferred, constants folded, one Operator per remaining node."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from onnx import ModelProto, NodeProto

from warploom.errors import ModelImportError
from warploom.graph import ArrayConstant, Constant, DType, FillConstant, Graph, LogEntry, Operator, Primitive, Tensor
from warploom.graph.build import make_operator
from warploom.graph.constant import Array
from warploom.graph.kinds import kind_of
from warploom.importer.canonical import canonicalize
from warploom.importer.check import reads
from warploom.importer.element_types import dtype_of
from warploom.importer.expand import WrittenNode, expand
from warploom.importer.fit import check_fit
from warploom.importer.fold import try_fold
from warploom.importer.infer import ShapeInference, static_shape
from warploom.importer.integer_weights import is_integer_weight, only_factors
from warploom.importer.names import Names
from warploom.importer.node import Node, Scope, decode_node, has_subgraph


def build_graph(
    name: str, skeleton: ModelProto, constants: Mapping[str, Constant], inputs: Sequence[str]
) -> tuple[Graph, list[LogEntry]]:
    """Turns a skeleton into the raw Graph.

    Args:
        name: Of the Graph.
        skeleton: Checked, in topological order, its inputs with fixed shapes.
        constants: Initializers.
        inputs: Names that the caller provides.

    Returns:
        The Graph, and what was folded and dropped.

    Raises:
        ModelImportError: Naming the node whose shape stays unknown, or that is not valid.
    """
    builder = GraphBuilder(skeleton, constants, inputs)
    for proto, node in builder.nodes():
        builder.visit(proto, node)
    return builder.graph(name), builder.log()


def infer_known(skeleton: ModelProto, constants: Mapping[str, Constant], inputs: Sequence[str]) -> GraphBuilder:
    """What can be known of a model without deciding what its branches do: the builder's tensors and constants."""
    builder = GraphBuilder(skeleton, constants, inputs)
    for proto, node in builder.nodes():
        if all(name in builder.tensors for name in reads(proto)):
            builder.infer(proto, node)
    return builder


_CUTTING = frozenset({"Slice", "Split", "Gather"})
"""Operators that may leave nothing of a tensor on purpose; an empty image is a mistake."""


class GraphBuilder:
    """State of one build: tensors, constants and operators so far.

    Attributes:
        tensors: Every tensor that is known, by name.
        constants: The values that are known, by name.
        scope: The same, for those who write nodes.
    """

    def __init__(self, skeleton: ModelProto, constants: Mapping[str, Constant], inputs: Sequence[str]) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.constants: dict[str, Constant] = {}
        self._inputs = tuple(inputs)
        self._outputs = tuple(info.name for info in skeleton.graph.output)
        self._inference = ShapeInference(skeleton)
        self._opsets = {"" if e.domain == "ai.onnx" else e.domain: e.version for e in skeleton.opset_import}
        self._live, self._dead = _live_nodes(skeleton.graph.node, self._outputs)
        self._factors = only_factors(self._live, self._outputs)
        self._operators: list[Operator] = []
        self._operator_names = Names()
        self._node_names = Names()
        self._folded: collections.Counter[str] = collections.Counter()
        self._filled: list[str] = []
        read = {*self._outputs}.union(*(reads(node) for node in self._live))
        self._read = read
        written = (output for node in self._live for output in node.output)
        self._names = Names({*read, *written, *constants})
        self.scope = Scope(
            self.tensors, self.constants, read, self._add_tensor, self._add_array, self._names.take, sequences={}
        )
        self._written_out: collections.Counter[str] = collections.Counter()
        self._parts = 0
        for name, constant in constants.items():
            self.add_constant(name, constant)
        self._add_inputs(skeleton)

    def _add_inputs(self, skeleton: ModelProto) -> None:
        for info in skeleton.graph.input:
            shape = static_shape(info.type)
            if info.name in self._inputs and shape is not None:
                dtype = dtype_of(info.type.tensor_type.elem_type, f"The input {info.name!r}")
                self.tensors[info.name] = Tensor(info.name, shape, dtype)
                if not self.tensors[info.name].elements:
                    self.constants[info.name] = FillConstant(shape, dtype, 0)

    def nodes(self) -> Iterator[tuple[NodeProto, Node]]:
        """The live nodes, each also decoded and with a unique name; some written out as simpler ones.

        What stands for a node may depend on its inputs: the caller infers every node before it asks for the next.
        """
        for position, proto in enumerate(self._live):
            name = self._node_names.take(proto.name or f"{proto.op_type}_{position}")
            yield from self._expanded(proto, decode_node(proto, name, self._opsets))

    def _expanded(self, proto: NodeProto, node: Node) -> Iterator[tuple[NodeProto, Node]]:
        """A node, or what it is written out as; that may be written out in turn."""
        pending = [(proto, node)]
        while pending:
            proto, node = pending.pop()
            known = all(name in self.tensors or name in self.scope.sequences for name in reads(proto))
            parts = expand(proto, node, self.scope) if known else None
            if parts is None:
                yield proto, node
                continue
            self._written_out[node.op] += not node.part_of
            pending += [self._decoded(*part, node) for part in reversed(self._needed(node, parts))]

    def _needed(self, node: Node, parts: Sequence[WrittenNode]) -> list[WrittenNode]:
        """The parts of a node that anybody needs."""
        opsets = {id(part): opset for part, opset in parts}
        wanted = [name for name in node.outputs if name in self._read]
        wanted += [name for output in wanted for name in self.scope.sequences.get(output, ())]
        self._read.update(wanted)
        live, _ = _live_nodes([part for part, _ in parts], wanted)
        self._parts += len(live)
        self._read.update(*(reads(part) for part in live))
        self._factors |= only_factors(live, node.outputs)
        return [(part, opsets[id(part)]) for part in live]

    def _decoded(self, part: NodeProto, opset: int, node: Node) -> tuple[NodeProto, Node]:
        name = self._node_names.take(f"{node.source}/{part.op_type}")
        return part, decode_node(part, name, {**self._opsets, "": opset}, node.source)

    def visit(self, proto: NodeProto, node: Node) -> None:
        """Turns a node into constants or into operators."""
        outputs = self.infer(proto, node)
        if outputs is not None:
            self._add_operators(self._checked(proto, node, outputs))

    def infer(self, proto: NodeProto, node: Node) -> list[Tensor | None] | None:
        """Adds what is known of a node's outputs; None if they are constants."""
        if not has_subgraph(proto) and any(name in self.scope.sequences for name in node.inputs):
            raise node.failure("works on a sequence, which Warploom does not support: export the model with tensors.")
        try:
            outputs = self._inference.outputs(proto, node, self.tensors, self.constants)
            whole = is_integer_weight(node, self._factors, self.constants)
            folded = None if whole else try_fold(proto, node, self.tensors, self.constants, outputs)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise node.failure(f"has inputs or attributes that do not fit its operator ({error}).") from None
        if folded is None:
            self.tensors.update((tensor.name, tensor) for tensor in outputs if tensor is not None)
            return None if self._fold_empty(node, outputs) else outputs
        self._folded[node.op] += node.op != "Constant"
        if node.op == "ConstantOfShape":
            self._filled.append(node.outputs[0])
        for name, constant in zip(node.outputs, folded, strict=True):
            if name:
                self.add_constant(name, constant)
        return None

    def _fold_empty(self, node: Node, outputs: Sequence[Tensor | None]) -> bool:
        """Makes outputs without elements constants, where that is meant: what is cut off, what was empty before.

        Returns:
            Whether nothing else is left of the node.
        """
        empty = [tensor for tensor in outputs if tensor is not None and not tensor.elements]
        if not empty or not (
            node.op in _CUTTING or any(not self.tensors[name].elements for name in node.inputs if name)
        ):
            return False
        for tensor in empty:
            self.add_constant(tensor.name, FillConstant(tensor.shape, tensor.dtype, 0))
        self._folded[node.op] += 1
        return len(empty) == sum(bool(name) for name in node.outputs)

    def _checked(self, proto: NodeProto, node: Node, outputs: Sequence[Tensor | None]) -> Node:
        """The node without outputs that nobody reads and whose shape is unknown; others must be known."""
        names = list(node.outputs)
        for position, (name, tensor) in enumerate(zip(node.outputs, outputs, strict=True)):
            if tensor is None and name:
                if name in self.scope.read:
                    raise _unknown_shape(node, name, proto)
                names[position] = ""
            elif tensor is not None and name in self.constants:
                names[position] = ""
            elif tensor is not None and not tensor.elements:
                raise node.failure(
                    f"makes the empty tensor {name!r} of shape {list(tensor.shape)}: check the model's input sizes."
                )
        extra = sorted(reads(proto) - set(node.inputs)) if has_subgraph(proto) else []
        return dataclasses.replace(node, inputs=(*node.inputs, *extra), outputs=tuple(names))

    def _add_operators(self, node: Node) -> None:
        check_fit(node, self.scope)
        for primitive in canonicalize(node, self.scope):
            name = self._operator_names.take(node.name)
            self._operators.append(self._operator(name, node, primitive))

    def _operator(self, name: str, node: Node, primitive: Primitive) -> Operator:
        return make_operator(
            name,
            kind_of(primitive, self.tensors),
            (primitive,),
            constants=self.constants,
            outputs=tuple(filter(None, primitive.outputs)),
            sources=(node.source,),
        )

    def add_constant(self, name: str, constant: Constant) -> None:
        """Makes a value known."""
        self.constants[name] = constant
        self.tensors[name] = Tensor(name, constant.shape, constant.dtype)

    def _add_array(self, name: str, array: Array, dtype: DType) -> str:
        name = self._names.take(name)
        self.add_constant(name, ArrayConstant.of(array, dtype))
        return name

    def _add_tensor(self, name: str, shape: tuple[int, ...], dtype: DType) -> str:
        name = self._names.take(name)
        self.tensors[name] = Tensor(name, shape, dtype)
        return name

    def graph(self, name: str) -> Graph:
        """The finished Graph, without constants that only configured something."""
        for output in self._outputs:
            if not self.tensors[output].elements:
                raise ModelImportError(
                    f"The model's output {output!r} is the empty tensor of shape {list(self.tensors[output].shape)}: "
                    "check the model's input sizes."
                )
        operators = _read_operators(self._operators, self._outputs)
        constants = {name: constant for name, constant in self.constants.items() if name not in self._inputs}
        graph = Graph(name, operators, self.tensors, constants, self._inputs, self._outputs)
        return graph.replace()

    def log(self) -> list[LogEntry]:
        """What was folded and dropped."""
        log = []
        if self._dead:
            reason = f"{len(self._dead)} nodes are read by no output of the model."
            log.append(LogEntry("import", tuple(self._dead), "dropped", reason))
        if self._written_out:
            listed = ", ".join(f"{count} {op}" for op, count in self._written_out.most_common())
            reason = f"{listed} stand for {self._parts} simpler operators."
            log.append(LogEntry("import", tuple(self._written_out), "written out", reason))
        folded = +self._folded
        fills = folded.pop("ConstantOfShape", 0)
        if fills:
            reason = f"{fills} constants repeat one value (ConstantOfShape): kept symbolic, they take no memory."
            log.append(LogEntry("import", tuple(self._filled), "kept as fills", reason))
        if folded:
            listed = ", ".join(f"{count} {op}" for op, count in folded.most_common())
            reason = f"{folded.total()} nodes depend on constants and shapes only ({listed}): computed once."
            log.append(LogEntry("import", tuple(folded), "folded", reason))
        return log


def _unknown_shape(node: Node, name: str, proto: NodeProto) -> ModelImportError:
    if has_subgraph(proto):
        return node.failure(
            "decides while the model runs what is computed; Warploom needs a fixed graph: export the model without "
            "branches and loops that depend on data."
        )
    domain, _, _ = node.op.rpartition("::")
    if domain:
        return node.failure(
            f"is an operator of the domain {domain!r} that Warploom does not know, nor the shape of its output "
            f"{name!r}: export the model with operators of ONNX's standard domain."
        )
    return node.failure(
        f"has an output {name!r} whose shape cannot be known before the model runs; Warploom needs fixed shapes: "
        "export the model with fixed input sizes, or without this operator."
    )


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
            dead.append(node.name or (node.output[0] if node.output else node.op_type))
    return live[::-1], dead[::-1]


def _read_operators(operators: Sequence[Operator], outputs: Sequence[str]) -> tuple[Operator, ...]:
    """Without Operators that nobody reads (they fed a branch of a written-out node that is not taken)."""
    needed = set(outputs)
    kept: list[Operator] = []
    for operator in reversed(operators):
        if not needed.isdisjoint(operator.outputs):
            kept.append(operator)
            needed.update(operator.inputs)
    return tuple(reversed(kept))
