"""Shape inference, one node at a time, so that every shape is checked before the next node sees it.

ONNX infers a whole model in one call too, but a dimension that became zero or negative on the way (an image smaller
than a kernel, then a Slice) makes that call abort the process.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import (
    ModelProto,
    NodeProto,
    OperatorSetIdProto,
    TensorProto,
    TypeProto,
    ValueInfoProto,
    helper,
    numpy_helper,
)

from warploom.graph import Constant, Tensor
from warploom.importer.check import first_line
from warploom.importer.element_types import dtype_of, onnx_type
from warploom.importer.node import Node, has_subgraph
from warploom.importer.weights import check_shape

_LIKE_FIRST_INPUT = frozenset({"GroupNormalization"})
"""Their output has the shape of their first input, but ONNX has no inference for them."""

_REFUSALS = (onnx.shape_inference.InferenceError, onnx.checker.ValidationError, RuntimeError, ValueError)
_POOLS = frozenset({"MaxPool", "AveragePool", "LpPool"})
_SCALED = frozenset({"Resize", "Upsample"})
_SHAPE_ELEMENTS = 1024
"""Constants up to this size may tell the shape of an output."""


class ShapeInference:
    """Infers the outputs of one node after the other.

    Args:
        skeleton: Whose declared shapes stand in where ONNX knows no rule.
    """

    def __init__(self, skeleton: ModelProto) -> None:
        graph = skeleton.graph
        self._declared = {info.name: info.type for info in (*graph.value_info, *graph.output)}
        self._types: dict[str, TypeProto] = {}
        self._imports = list(skeleton.opset_import)

    def outputs(
        self, proto: NodeProto, node: Node, tensors: Mapping[str, Tensor], constants: Mapping[str, Constant]
    ) -> list[Tensor | None]:
        """The outputs of a node: None for one that is absent or whose shape is not known.

        Args:
            proto: The node.
            node: The same, decoded.
            tensors: At least its inputs.
            constants: Values that are known.

        Raises:
            ModelImportError: If the inputs do not fit the operator, or an output has an impossible size.
        """
        types = self._infer(proto, node, tensors, constants)
        if node.op in _LIKE_FIRST_INPUT:
            types[proto.output[0]] = self._type_of(tensors[node.inputs[0]])
        if node.op in _POOLS and node.integer("ceil_mode", 0):
            _count_windows(node, tensors[node.inputs[0]].shape, types)
        return [self._tensor(node, name, types.get(name)) if name else None for name in proto.output]

    def _infer(
        self, proto: NodeProto, node: Node, tensors: Mapping[str, Tensor], constants: Mapping[str, Constant]
    ) -> dict[str, TypeProto]:
        schema = _schema(proto.op_type, node.opset, proto.domain)
        if schema is None or has_subgraph(proto) or node.op == "Constant":
            return {}
        inputs = {name: self._type_of(tensors[name]) for name in proto.input if name}
        data = {
            name: _data(name, constants[name], raised=node.op in _SCALED)
            for name in proto.input
            if name in constants and _may_tell_shape(constants[name])
        }
        try:
            imports = self._imports_for(node)
            found = onnx.shape_inference.infer_node_outputs(schema, proto, inputs, data, opset_imports=imports)
            complete = all(_has_shape(found.get(name)) for name in proto.output if name)
            if not complete and getattr(schema, "has_function", False):
                found = _infer_by_definition(proto, inputs, imports)
            return dict(found)
        except _REFUSALS as error:
            raise node.failure(f"does not fit its inputs or attributes: {_readable(error)}") from None

    def _imports_for(self, node: Node) -> list[OperatorSetIdProto]:
        """The file's operator sets, or the one of a node that was written out."""
        return [helper.make_opsetid("", node.opset)] if node.part_of else self._imports

    def _type_of(self, tensor: Tensor) -> TypeProto:
        found = self._types.get(tensor.name)
        if found is None:
            found = self._types[tensor.name] = TypeProto()
            found.tensor_type.elem_type = onnx_type(tensor.dtype)
            found.tensor_type.shape.SetInParent()
            for size in tensor.shape:
                found.tensor_type.shape.dim.add(dim_value=size)
        return found

    def _tensor(self, node: Node, name: str, inferred: TypeProto | None) -> Tensor | None:
        found = inferred
        if found is None or static_shape(found) is None:
            found = self._declared.get(name) if inferred is None else inferred
        shape = None if found is None else static_shape(found)
        if found is None or shape is None:
            return None
        where = f"The output {name!r} of the node {node.name!r} ({node.op})"
        dtype = dtype_of(found.tensor_type.elem_type, where)
        check_shape(shape, where)
        return Tensor(name, shape, dtype)


def _count_windows(node: Node, shape: tuple[int, ...], types: Mapping[str, TypeProto]) -> None:
    """With `ceil_mode`, a last window that would begin in the padding does not count.

    Runtimes, PyTorch and ONNX since version 22 agree; inference for earlier versions counts it.
    """
    strides, pads = node.integers("strides"), node.integers("pads")
    same = node.text("auto_pad", "NOTSET").startswith("SAME")
    for name in filter(None, node.outputs):
        found = types.get(name)
        if found is None or not strides or len(found.tensor_type.shape.dim) != len(shape):
            continue
        for axis, (size, stride) in enumerate(zip(shape[2:], strides, strict=True)):
            dimension = found.tensor_type.shape.dim[axis + 2]
            if same:
                dimension.dim_value = -(-size // stride)
            elif (dimension.dim_value - 1) * stride >= size + (pads[axis] if pads else 0):
                dimension.dim_value -= 1


def _has_shape(found: TypeProto | None) -> bool:
    return found is not None and static_shape(found) is not None


def _infer_by_definition(
    proto: NodeProto, inputs: Mapping[str, TypeProto], imports: Sequence[OperatorSetIdProto]
) -> dict[str, TypeProto]:
    """Inference for an operator that ONNX defines by others: only its whole-model call looks inside."""
    model = ModelProto(ir_version=10, opset_import=imports)
    model.graph.name = "definition"
    model.graph.node.append(proto)
    model.graph.input.extend(ValueInfoProto(name=name, type=found) for name, found in inputs.items())
    model.graph.output.extend(ValueInfoProto(name=name) for name in proto.output if name)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    return {info.name: info.type for info in inferred.graph.output}


def _may_tell_shape(constant: Constant) -> bool:
    return len(constant.shape) < 2 and math.prod(constant.shape) <= _SHAPE_ELEMENTS


@functools.cache
def _schema(op: str, version: int, domain: str) -> onnx.defs.OpSchema | None:
    """What ONNX knows of an operator; nothing if it is unknown or deprecated."""
    domain = "" if domain == "ai.onnx" else domain
    if not onnx.defs.has(op, version, domain):
        return None
    schema = onnx.defs.get_schema(op, version, domain)
    return None if schema.deprecated else schema


def _data(name: str, constant: Constant, *, raised: bool) -> TensorProto:
    """A constant as inference reads it.

    Scales of Resize are raised by one unit in the last place: runtimes multiply size and scale in float32, where
    10 * 0.7 is 7; inference multiplies exactly and rounds 6.9999999 down to 6.
    """
    array = constant.numpy()
    if raised and array.dtype == np.float32:
        up = np.nextafter(array, np.float32(np.inf))
        array = np.where(array == np.rint(array), array, up)
    return numpy_helper.from_array(np.asarray(array), name)


def _readable(error: BaseException) -> str:
    """The part of an inference error that says what is wrong, without the library's prefixes."""
    text = first_line(error)
    for prefix in ("[ShapeInferenceError] ", "Inference error(s): ", "[TypeInferenceError] "):
        text = text.replace(prefix, "")
    return text


def static_shape(found: TypeProto) -> tuple[int, ...] | None:
    """The shape when every dimension is known (if wrongly negative), None otherwise."""
    if not found.HasField("tensor_type") or not found.tensor_type.HasField("shape"):
        return None
    dims: Sequence[onnx.TensorShapeProto.Dimension] = found.tensor_type.shape.dim
    if not all(dimension.HasField("dim_value") for dimension in dims):
        return None
    return tuple(dimension.dim_value for dimension in dims)
