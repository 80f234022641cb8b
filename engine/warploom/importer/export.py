"""Writes Operators, or a whole Graph, as an ONNX model that ONNX Runtime can execute."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from warploom.errors import GraphError
from warploom.graph import AttributeValue, Constant, DType, FillConstant, Graph, Operator, Primitive, Tensor
from warploom.graph.constant import Array
from warploom.importer.canonical.configuration import CONFIGURATION, ConfigurationInput
from warploom.importer.element_types import onnx_type
from warploom.importer.read import MAX_MODEL_BYTES

_OPSET = 20
_NEWER = {
    "QuantizeLinear": 21,  # which takes 16-bit integers
    "DequantizeLinear": 21,
    "GroupNormalization": 21,
    "RMSNormalization": 23,
    "RotaryEmbedding": 23,
    "Attention": 23,
    "Swish": 24,
}
_IR_VERSION = 10
_SYMBOLIC_ELEMENTS = 64
"""Smaller fills are written out."""


def export_operators(graph: Graph, operators: Sequence[Operator], *, weights_as_inputs: bool = False) -> bytes:
    """An ONNX model of some Operators.

    Its inputs are the tensors that the operators read from outside (in the order of first use, then the weights where
    these are inputs); its outputs are every Operator's `outputs`.

    Args:
        graph: Where they come from.
        operators: In topological order.
        weights_as_inputs: Leave the constants out, so that equal structures give equal models and weights are fed.

    Raises:
        GraphError: If the weights do not fit into one file.
    """
    written = {output for operator in operators for output in operator.outputs}
    inputs = dict.fromkeys(name for operator in operators for name in operator.inputs if name not in written)
    outputs = [output for operator in operators for output in operator.outputs]
    return export_primitives(
        graph,
        [primitive for operator in operators for primitive in operator.body],
        inputs,
        outputs,
        weights_as_inputs=weights_as_inputs,
    )


def export_graph(graph: Graph) -> bytes:
    """An ONNX model of a whole Graph with its own inputs and outputs.

    Raises:
        GraphError: If the weights do not fit into one file.
    """
    primitives = [primitive for operator in graph.operators for primitive in operator.body]
    return export_primitives(graph, primitives, graph.inputs, graph.outputs)


def export_primitives(
    graph: Graph,
    primitives: Sequence[Primitive],
    inputs: Iterable[str],
    outputs: Iterable[str],
    *,
    weights_as_inputs: bool = False,
) -> bytes:
    """An ONNX model of some primitives with the inputs and outputs given."""
    outputs = tuple(outputs)
    used = dict.fromkeys(name for primitive in primitives for name in primitive.inputs if name in graph.constants)
    used |= dict.fromkeys(name for name in outputs if name in graph.constants)
    infos = [_info(graph.tensors[name]) for name in inputs]
    nodes: list[NodeProto] = []
    initializers: list[TensorProto] = []
    if weights_as_inputs:
        infos += [_info(graph.tensors[name]) for name in used]
    else:
        _check_size(graph.constants[name] for name in used)
        for name in used:
            _write_constant(name, graph.constants[name], nodes, initializers)
    for position, primitive in enumerate(primitives):
        nodes.append(_node(primitive, position, graph.tensors, initializers))
    results = [_info(graph.tensors[name]) for name in outputs]
    model = helper.make_model(
        helper.make_graph(nodes, graph.name or "graph", infos, results, initializers),
        opset_imports=_opsets(primitives),
        ir_version=_IR_VERSION,
    )
    return _serialize(model)


def _serialize(model: ModelProto) -> bytes:
    return bytes(model.SerializeToString(deterministic=True))


def _check_size(constants: Iterable[Constant]) -> None:
    size = sum(
        math.prod(constant.shape) * constant.dtype.itemsize
        for constant in constants
        if not isinstance(constant, FillConstant)
    )
    if size > MAX_MODEL_BYTES * 0.98:
        raise GraphError(f"The weights take {size / 1e9:.1f} GB, more than one ONNX file holds: pass them as inputs.")


def _opsets(primitives: Sequence[Primitive]) -> list[object]:
    domains = {primitive.op.partition("::")[0] for primitive in primitives if "::" in primitive.op}
    version = max([_OPSET, *(_NEWER.get(primitive.op, _OPSET) for primitive in primitives)])
    return [helper.make_opsetid("", version), *(helper.make_opsetid(domain, 1) for domain in sorted(domains))]


def _info(tensor: Tensor) -> ValueInfoProto:
    return helper.make_tensor_value_info(tensor.name, onnx_type(tensor.dtype), list(tensor.shape))


def _write_constant(name: str, constant: Constant, nodes: list[NodeProto], initializers: list[TensorProto]) -> None:
    """A large fill stays a ConstantOfShape node; everything else becomes an initializer."""
    if not isinstance(constant, FillConstant) or math.prod(constant.shape) < _SYMBOLIC_ELEMENTS:
        initializers.append(to_tensor(name, constant.numpy(), constant.dtype))
        return
    shape = numpy_helper.from_array(np.asarray(constant.shape, np.int64), f"{name}/shape")
    value = to_tensor("value", np.asarray([constant.value], constant.dtype.to_numpy()), constant.dtype)
    initializers.append(shape)
    nodes.append(helper.make_node("ConstantOfShape", [shape.name], [name], name=f"{name}/fill", value=value))


def to_tensor(name: str, array: Array, dtype: DType) -> TensorProto:
    """An array as an ONNX tensor of the element type given (bfloat16 is held as float32 in NumPy)."""
    if dtype is DType.BFLOAT16:
        return helper.make_tensor(name, TensorProto.BFLOAT16, array.shape, np.ravel(array).astype(np.float32))
    return numpy_helper.from_array(np.ascontiguousarray(array).reshape(array.shape), name)


def _node(
    primitive: Primitive, position: int, tensors: Mapping[str, Tensor], initializers: list[TensorProto]
) -> NodeProto:
    domain, _, op = primitive.op.rpartition("::")
    configuration = CONFIGURATION.get(primitive.op, {})
    inputs = list(primitive.inputs)
    attributes: dict[str, AttributeValue | int] = {}
    for name, value in primitive.attributes:
        where = configuration.get(name)
        if where is None:
            attributes[name] = value
            continue
        tensor = _configuration_tensor(f"{position}/{name}", value, where, primitive, tensors)
        inputs += [""] * (where.position + 1 - len(inputs))
        inputs[where.position] = tensor.name
        initializers.append(tensor)
    if primitive.op == "Cast":
        attributes["to"] = onnx_type(DType(primitive.text("to")))
    node = helper.make_node(op, inputs, list(primitive.outputs), name=f"{position}/{primitive.source}", domain=domain)
    node.attribute.extend(helper.make_attribute(name, value) for name, value in attributes.items() if value != ())
    return node


def _configuration_tensor(
    name: str,
    value: AttributeValue,
    where: ConfigurationInput,
    primitive: Primitive,
    tensors: Mapping[str, Tensor],
) -> TensorProto:
    dtype = where.dtype or tensors[primitive.inputs[0]].dtype
    return to_tensor(name, np.asarray(value if where.scalar else np.atleast_1d(value), dtype.to_numpy()), dtype)
