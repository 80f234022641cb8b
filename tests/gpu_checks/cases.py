"""Cases: small ONNX models built in code, and how many of them become one model, so that they compile together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from gpu_checks.values import Array, draw

OPSET = 20
_IR_VERSION = 10


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to try.

    Attributes:
        name: Unique within its family, without "/".
        build: Adds nodes to a builder and returns the names of the outputs.
        slack: Factor on the tolerance, for operators that magnify what is rounded.
        least: The smallest tolerance that makes sense, where the reference itself rounds.
        merges: Positions among the case's operators that are merged into one launch each.
        optional: A form of a required operator that a device may refuse.
    """

    name: str
    build: Callable[[CaseBuilder], str | Sequence[str]]
    slack: float = 1.0
    least: float = 0.0
    merges: tuple[tuple[int, ...], ...] = ()
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Input:
    """A model input and how its values are drawn."""

    shape: tuple[int, ...]
    dtype: str
    kind: str


@dataclass(slots=True)
class CaseBuilder:
    """Collects the nodes of one case; every name starts with the case's.

    Attributes:
        case: The case's name.
    """

    case: str
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)
    inputs: dict[str, Input] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    _count: int = 0

    def input(self, *shape: int, kind: str = "normal", dtype: str = "float32") -> str:
        """An input of the model."""
        name = self._name("in")
        self.inputs[name] = Input(shape, dtype, kind)
        return name

    def weight(self, *shape: int, kind: str = "normal", scale: float = 1.0) -> str:
        """A float constant of random values, times `scale`."""
        name = self._name("weight")
        return self._store(name, draw(kind, shape, "float32", name, 0) * np.float32(scale))

    def filter(self, *shape: int, fan_in: int | None = None) -> str:
        """A weight of a convolution or matrix product: results have about the deviation of what is read."""
        reads = fan_in or int(np.prod(shape[1:]))
        return self.weight(*shape, scale=reads**-0.5)

    def constant(self, values: Any, dtype: str = "int64") -> str:
        """A constant of given values."""
        return self._store(self._name("constant"), np.asarray(values, dtype))

    def op(
        self,
        op: str,
        *inputs: str | None,
        results: int = 1,
        gives: str = "float32",
        domain: str = "",
        **attributes: Any,
    ) -> Any:
        """A node; returns the name of its output, or of each where there are several.

        Args:
            op: The ONNX operator.
            inputs: Names; None for an absent one.
            results: Number of outputs.
            gives: Element type of the outputs, as NumPy calls it.
            domain: Of the operator.
            attributes: Of the node.
        """
        name = self._name(op.lower())
        outputs = [name] if results == 1 else [f"{name}.{i}" for i in range(results)]
        self.types.update(dict.fromkeys(outputs, gives))
        read = [item or "" for item in inputs]
        self.nodes.append(helper.make_node(op, read, outputs, name=name, domain=domain, **attributes))
        return name if results == 1 else tuple(outputs)

    def _store(self, name: str, values: Array) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values).reshape(values.shape), name))
        return name

    def _name(self, what: str) -> str:
        self._count += 1
        return f"{self.case}/{what}{self._count}"


@dataclass(frozen=True, slots=True)
class CaseModel:
    """Several cases as one model.

    Attributes:
        proto: The ONNX model.
        inputs: By input name.
        outputs: Names of each case's outputs.
    """

    proto: onnx.ModelProto
    inputs: Mapping[str, Input]
    outputs: Mapping[str, tuple[str, ...]]

    def values(self, seed: int) -> dict[str, Array]:
        """Random values of all inputs."""
        return {name: draw(i.kind, i.shape, i.dtype, name, seed) for name, i in self.inputs.items()}


def combine(cases: Iterable[Case], opset: int = OPSET) -> CaseModel:
    """One model in which the cases stand side by side, with nothing in common."""
    nodes: list[onnx.NodeProto] = []
    initializers: list[onnx.TensorProto] = []
    inputs: dict[str, Input] = {}
    outputs: dict[str, tuple[str, ...]] = {}
    infos: list[onnx.ValueInfoProto] = []
    for case in cases:
        builder = CaseBuilder(case.name)
        built = case.build(builder)
        outputs[case.name] = (built,) if isinstance(built, str) else tuple(built)
        infos += [_info(name, builder.types[name], None) for name in outputs[case.name]]
        nodes += builder.nodes
        initializers += builder.initializers
        inputs |= builder.inputs
    ports = [_info(name, port.dtype, port.shape) for name, port in inputs.items()]
    graph = helper.make_graph(nodes, "cases", ports, infos, initializers)
    domains = [helper.make_opsetid("", opset)]
    return CaseModel(helper.make_model(graph, opset_imports=domains, ir_version=_IR_VERSION), inputs, outputs)


def _info(name: str, dtype: str, shape: Sequence[int] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)
