"""Writer: collects the nodes that stand for one node of the file, under names that nothing else has."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import NodeProto, helper

from warploom.graph import DType
from warploom.importer.element_types import onnx_type
from warploom.importer.node import Node, Scope

OPSET = 23
"""Version of the operator set that written nodes use, whatever the model's."""


WrittenNode = tuple[NodeProto, int]
"""A node, and the version of the default operator set that it uses."""


@dataclass(slots=True)
class Writer:
    """The nodes that stand for one.

    Attributes:
        node: The node that is written out.
        scope: What is known around it.
        parts: What has been written.
    """

    node: Node
    scope: Scope
    parts: list[WrittenNode] = field(default_factory=list)

    def op(self, op: str, *inputs: str, to: str = "", **attributes: Any) -> str:
        """Writes a node with one output.

        Args:
            op: An operator of the standard domain.
            inputs: Tensor names, "" for an absent one.
            to: Name of its output; by default a new one.
            attributes: As ONNX has them; None leaves one out.

        Returns:
            The output's name.
        """
        return self.ops(op, *inputs, to=(to or self.name(op),), **attributes)[0]

    def ops(self, op: str, *inputs: str, to: Sequence[str], **attributes: Any) -> tuple[str, ...]:
        """Writes a node with several outputs; returns their names."""
        given = {name: value for name, value in attributes.items() if value is not None}
        self.add([helper.make_node(op, list(inputs), list(to), **given)], OPSET)
        return tuple(to)

    def add(self, nodes: Iterable[NodeProto], opset: int) -> None:
        """Writes nodes of another version of the operator set."""
        self.parts.extend((node, opset) for node in nodes)

    def name(self, what: str) -> str:
        """A new tensor name."""
        return self.scope.new_name(f"{self.node.source}/{what}")

    def constant(self, values: Any, dtype: DType, what: str = "constant") -> str:
        """A constant; returns its name."""
        array = np.asarray(values, dtype.to_numpy())
        return self.scope.add_constant(f"{self.node.source}/{what}", array, dtype)

    def integers(self, *values: int) -> str:
        """A constant list of integers, as shapes and axes are."""
        return self.constant(values, DType.INT64)

    def number(self, value: float, like: str) -> str:
        """A constant scalar of the same element type as another tensor."""
        return self.constant(value, self.dtype(like))

    def dtype(self, name: str) -> DType:
        """Element type of one of the node's inputs."""
        return self.scope.tensors[name].dtype

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of one of the node's inputs."""
        return self.scope.tensors[name].shape

    def reshape(self, x: str, *shape: int, to: str = "") -> str:
        """A tensor under another shape."""
        return self.op("Reshape", x, self.integers(*shape), to=to)

    def squeeze(self, x: str, *axes: int, to: str = "") -> str:
        """A tensor without dimensions of size 1."""
        return self.op("Squeeze", x, self.integers(*axes), to=to)

    def unsqueeze(self, x: str, *axes: int, to: str = "") -> str:
        """A tensor with further dimensions of size 1."""
        return self.op("Unsqueeze", x, self.integers(*axes), to=to)

    def transpose(self, x: str, perm: Sequence[int], to: str = "") -> str:
        """A tensor with its dimensions in another order."""
        return self.op("Transpose", x, perm=list(perm), to=to)

    def cut(self, x: str, axis: int, start: int, end: int, to: str = "") -> str:
        """A part of x along one axis."""
        return self.op("Slice", x, self.integers(start), self.integers(end), self.integers(axis), to=to)

    def split(self, x: str, axis: int, sizes: Sequence[int]) -> tuple[str, ...]:
        """A tensor in parts along one axis."""
        names = tuple(self.name("part") for _ in sizes)
        return self.ops("Split", x, self.integers(*sizes), to=names, axis=axis)

    def cast(self, x: str, dtype: DType, to: str = "") -> str:
        """A tensor in another element type."""
        name = to or self.name("Cast")
        node = helper.make_node("Cast", [x], [name])
        node.attribute.append(helper.make_attribute("to", onnx_type(dtype)))
        self.add([node], OPSET)
        return name

    def total(self, x: str, *axes: int, keepdims: int = 0, to: str = "") -> str:
        """The sum of x over axes."""
        return self.op("ReduceSum", x, self.integers(*axes), keepdims=keepdims, to=to)

    def output(self, position: int = 0) -> str:
        """Name of an output of the node; "" if it has none there or nobody reads it."""
        outputs = self.node.outputs
        name = outputs[position] if position < len(outputs) else ""
        return name if name in self.scope.read else ""

    def result(self, x: str, position: int = 0) -> None:
        """Makes x an output of the node."""
        if self.output(position):
            self.op("Identity", x, to=self.node.outputs[position])

    def array(self, position: int, what: str) -> np.ndarray[Any, Any]:
        """Values of an input that must be constant.

        Raises:
            ModelImportError: Naming the node, if it is computed.
        """
        values = self.scope.array(self.node.input(position))
        if values is None:
            raise self.node.failure(
                f"takes its {what} from a value that is computed while the model runs; Warploom needs it constant."
            )
        return values

    def elements(self, name: str) -> int:
        """Number of elements of one of the node's inputs."""
        return math.prod(self.shape(name))


Expander = Callable[[Writer], None]
"""Writes nodes that compute the outputs of the writer's node."""
