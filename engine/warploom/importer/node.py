"""Node: an ONNX node with decoded attributes, and Scope: what is known around it while the Graph is built."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import AttributeProto, NodeProto, helper

from warploom.errors import ModelImportError
from warploom.graph import AttributeValue, Constant, DType, Primitive, Tensor
from warploom.graph.constant import Array

_STANDARD_DOMAINS = ("", "ai.onnx")
_NONE: Mapping[str, AttributeValue] = {}


@dataclass(frozen=True, slots=True)
class Node:
    """An ONNX node.

    Attributes:
        op: Operator name; "domain::Name" outside the standard domain.
        name: Unique name of the node, never empty.
        inputs: Tensor names, "" for an absent one; trailing absences are dropped.
        outputs: Tensor names, "" for one that is not wanted.
        values: Attributes by name.
        opset: Version of the operator set of its domain.
        part_of: Name of the file's node that it was written out of, "" if it stands in the file.
    """

    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    values: Mapping[str, Any]
    opset: int
    part_of: str = ""

    @property
    def source(self) -> str:
        """Name of the node of the file."""
        return self.part_of or self.name

    def input(self, position: int) -> str:
        """The name of an input, "" when it is absent."""
        return self.inputs[position] if position < len(self.inputs) else ""

    def integer(self, name: str, default: int) -> int:
        """An integer attribute."""
        return int(self.values.get(name, default))

    def number(self, name: str, default: float) -> float:
        """A float attribute."""
        return float(self.values.get(name, default))

    def text(self, name: str, default: str) -> str:
        """A string attribute."""
        return str(self.values.get(name, default))

    def integers(self, name: str) -> tuple[int, ...] | None:
        """A list of integers, None when the attribute is absent."""
        values = self.values.get(name)
        return None if values is None else tuple(int(value) for value in values)

    def primitive(
        self,
        attributes: Mapping[str, AttributeValue] = _NONE,
        *,
        op: str | None = None,
        inputs: tuple[str, ...] | None = None,
        outputs: tuple[str, ...] | None = None,
        **more: AttributeValue,
    ) -> Primitive:
        """A Primitive that stands for this node, with its inputs and outputs unless others are given.

        Args:
            attributes: By name.
            op: Another operator than the node's.
            inputs: Other inputs than the node's.
            outputs: Other outputs than the node's.
            more: Further attributes.
        """
        return Primitive(
            op=op or self.op,
            inputs=_without_trailing_absences(self.inputs if inputs is None else inputs),
            outputs=_without_trailing_absences(self.outputs if outputs is None else outputs),
            attributes=tuple(sorted({**attributes, **more}.items())),
            source=self.source,
        )

    def failure(self, what: str) -> ModelImportError:
        """An error that names this node; `what` continues the sentence "The node 'x' (Conv) ..."."""
        return ModelImportError(f"The node {self.source!r} ({self.op}) {what}")


@dataclass(frozen=True, slots=True)
class Scope:
    """Tensors and constants known so far, and which tensors anybody reads.

    Attributes:
        tensors: Every tensor whose shape is known.
        constants: Every constant met so far.
        read: Names of the tensors that some node or the model's outputs read.
        add_tensor: Declares a tensor that canonicalization makes up; returns its (unique) name.
        add_constant: Declares a constant that canonicalization makes up; returns its (unique) name.
        new_name: Makes a tensor name unique and takes it.
        sequences: The tensors of every sequence met so far.
    """

    tensors: Mapping[str, Tensor]
    constants: Mapping[str, Constant]
    read: Container[str]
    add_tensor: Callable[[str, tuple[int, ...], DType], str]
    add_constant: Callable[[str, Array, DType], str]
    new_name: Callable[[str], str]
    sequences: dict[str, tuple[str, ...]]

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor that is known to be there."""
        return self.tensors[name].shape

    def rank(self, name: str) -> int:
        """Number of dimensions of a tensor that is known to be there."""
        return len(self.tensors[name].shape)

    def array(self, name: str) -> Array | None:
        """The values of a constant, None when the tensor is absent or computed."""
        constant = self.constants.get(name) if name else None
        return None if constant is None else constant.numpy()

    def integers(self, name: str) -> tuple[int, ...] | None:
        """The values of a constant list of integers (or one integer), None when absent or computed."""
        values = self.array(name)
        return None if values is None else tuple(int(value) for value in np.ravel(values))

    def required_integers(self, node: Node, position: int, what: str) -> tuple[int, ...]:
        """The values of an input that must be constant.

        Raises:
            ModelImportError: Naming the node, if the input is computed while the model runs.
        """
        values = self.integers(node.input(position))
        if values is None:
            raise node.failure(
                f"takes its {what} from a value that is computed while the model runs; Warploom needs fixed "
                "shapes: export the model with fixed input sizes."
            )
        return values


def decode_node(proto: NodeProto, name: str, opsets: Mapping[str, int], part_of: str = "") -> Node:
    """Decodes a protobuf node.

    Args:
        proto: The node.
        name: Its unique name.
        opsets: The version of every imported domain.
        part_of: Name of the file's node that it was written out of.
    """
    domain = "" if proto.domain in _STANDARD_DOMAINS else proto.domain
    return Node(
        op=f"{domain}::{proto.op_type}" if domain else proto.op_type,
        name=name,
        inputs=_without_trailing_absences(tuple(proto.input)),
        outputs=tuple(proto.output),
        values={attribute.name: _decode(attribute) for attribute in proto.attribute},
        opset=opsets.get(domain, 1),
        part_of=part_of,
    )


def has_subgraph(proto: NodeProto) -> bool:
    """Whether a node runs subgraphs (If, Loop, Scan)."""
    return any(attribute.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) for attribute in proto.attribute)


def _decode(attribute: AttributeProto) -> Any:
    value = helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if attribute.type in (AttributeProto.INTS, AttributeProto.FLOATS):
        return tuple(value)
    if attribute.type == AttributeProto.STRINGS:
        return tuple(item.decode("utf-8", "replace") for item in value)
    return value


def _without_trailing_absences(names: tuple[str, ...]) -> tuple[str, ...]:
    while names and not names[-1]:
        names = names[:-1]
    return names
