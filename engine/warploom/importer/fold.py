"""Constant folding: small values are computed at once (shapes are made of them), large ones when first used."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from onnx import AttributeProto, ModelProto, NodeProto, defs, helper, numpy_helper

from warploom.errors import ModelImportError
from warploom.graph import ArrayConstant, Constant, DType, FillConstant, Tensor
from warploom.graph.constant import Array
from warploom.importer.check import first_line
from warploom.importer.element_types import onnx_type
from warploom.importer.node import Node, has_subgraph
from warploom.importer.weights import SMALL_ELEMENTS, tensor_constant
from warploom.onnx_runtime import load_onnx_runtime

_SAME_VALUES = frozenset(
    {"Reshape", "Unsqueeze", "Squeeze", "Flatten", "Transpose", "Expand", "Identity", "Tile", "Slice", "Cast"}
)
_RANDOM = frozenset(
    {"RandomUniform", "RandomNormal", "RandomUniformLike", "RandomNormalLike", "Multinomial", "Bernoulli"}
)
_UNSIZED = frozenset({"NonZero", "Compress", "Unique"})
"""Their output's size depends on values, but cannot be much larger than their input."""


def try_fold(
    proto: NodeProto,
    node: Node,
    tensors: Mapping[str, Tensor],
    constants: Mapping[str, Constant],
    outputs: Sequence[Tensor | None],
) -> list[Constant] | None:
    """The outputs of a node as constants, None if it depends on data (or must stay: unknown, random, a branch).

    Args:
        proto: The node.
        node: The same, decoded.
        tensors: At least its inputs.
        constants: Values known so far.
        outputs: What shape inference says of its outputs.
    """
    if node.op == "Constant":
        return [constant_node_value(proto)]
    if node.op in ("Shape", "Size"):
        return [_shape_value(node, tensors[node.inputs[0]])]
    if not node.inputs or node.op in _RANDOM or not _has_definition(proto, node) or has_subgraph(proto):
        return None
    if not all(name in constants for name in node.inputs if name):
        return None
    inputs = [constants.get(name) for name in node.inputs]
    known = [tensor for tensor in outputs if tensor is not None]
    if len(known) < len(outputs):
        return _evaluate_unsized(proto, node, inputs)
    symbolic = _try_symbolic(node, inputs, known[0])
    if symbolic is not None or DType.BFLOAT16 in {item.dtype for item in (*known, *inputs) if item is not None}:
        return symbolic  # NumPy and ONNX Runtime's Python interface have no bfloat16: such nodes stay
    return _evaluate(proto, node, inputs, known)


def _shape_value(node: Node, tensor: Tensor) -> Constant:
    if node.op == "Size":
        return ArrayConstant.of(np.asarray(tensor.elements, np.int64))
    end = node.integer("end", len(tensor.shape))
    return ArrayConstant.of(np.asarray(tensor.shape[node.integer("start", 0) : end], np.int64))


def _try_symbolic(node: Node, inputs: Sequence[Constant | None], output: Tensor) -> list[Constant] | None:
    """Fills stay fills, and a copy is the same constant."""
    first = inputs[0]
    if node.op == "ConstantOfShape":
        return [_fill(node, output)]
    if node.op in _SAME_VALUES and isinstance(first, FillConstant):
        return [FillConstant(output.shape, output.dtype, _as_type(first.value, output.dtype))]
    if node.op == "Identity" and first is not None:
        return [first]
    return None


def _fill(node: Node, output: Tensor) -> FillConstant:
    tensor = node.values.get("value")
    value = 0.0 if tensor is None else np.ravel(numpy_helper.to_array(tensor))[0].item()
    return FillConstant(output.shape, output.dtype, value)


def _as_type(value: float, dtype: DType) -> float | int | bool:
    converted: float | int | bool = np.asarray(value).astype(dtype.to_numpy()).item()
    return converted


def _evaluate(
    proto: NodeProto, node: Node, inputs: Sequence[Constant | None], outputs: Sequence[Tensor]
) -> list[Constant]:
    if sum(output.elements for output in outputs) <= SMALL_ELEMENTS and _are_small(inputs):
        arrays = _run_reference(proto, node, [None if item is None else item.numpy() for item in inputs])
        return [
            ArrayConstant.of(_sized(array, tensor, node), tensor.dtype)
            for array, tensor in zip(arrays, outputs, strict=True)
        ]
    evaluation = _Evaluation(proto, node, tuple(inputs), tuple(outputs))
    return [evaluation.constant(position) for position in range(len(outputs))]


def _evaluate_unsized(proto: NodeProto, node: Node, inputs: Sequence[Constant | None]) -> list[Constant] | None:
    if node.op not in _UNSIZED or not _are_small(inputs):
        return None
    arrays = [None if constant is None else constant.numpy() for constant in inputs]
    return [ArrayConstant.of(array) for array in _run_reference(proto, node, arrays)]


def constant_node_value(proto: NodeProto) -> Constant:
    """The value of a Constant node.

    Raises:
        ModelImportError: If it is a string or sparse.
    """
    attribute = proto.attribute[0] if proto.attribute else AttributeProto()
    if attribute.name == "value":
        return tensor_constant(attribute.t)
    if attribute.name in ("value_int", "value_ints"):
        values = attribute.i if attribute.name == "value_int" else list(attribute.ints)
        return ArrayConstant.of(np.asarray(values, np.int64))
    if attribute.name in ("value_float", "value_floats"):
        values = attribute.f if attribute.name == "value_float" else list(attribute.floats)
        return ArrayConstant.of(np.asarray(values, np.float32))
    raise ModelImportError(
        f"The constant {proto.output[0]!r} is sparse or text, which Warploom does not support: export it as numbers."
    )


def _has_definition(proto: NodeProto, node: Node) -> bool:
    return proto.domain in ("", "ai.onnx") and defs.has(proto.op_type, node.opset, "")


def _are_small(inputs: Sequence[Constant | None]) -> bool:
    return all(constant is None or math.prod(constant.shape) <= SMALL_ELEMENTS for constant in inputs)


def _run_reference(proto: NodeProto, node: Node, inputs: Sequence[Array | None]) -> list[Array]:
    """Runs one node on ONNX's own reference implementation: slow, but there is no session to make.

    What the reference cannot do (some of its operators are stricter than the standard) goes to onnxruntime.

    Raises:
        ModelImportError: If both refuse the node.
    """
    from onnx.reference import ReferenceEvaluator

    feeds = {name: array for name, array in zip(proto.input, inputs, strict=False) if array is not None}
    types = {name: onnx_type(DType(str(array.dtype))) for name, array in feeds.items()}
    model = _single_node_model(proto, node, types, dict.fromkeys(filter(None, proto.output), 0))
    try:
        with np.errstate(all="ignore"):
            results = ReferenceEvaluator(model).run(None, feeds)
    except Exception:  # the reference raises whatever NumPy raises
        results = _run_session(model, node, feeds)
    return [np.asarray(result) for result in results]


def _run_session(model: ModelProto, node: Node, feeds: Mapping[str, Array]) -> list[Array]:
    from warploom.importer.single import open_session

    for output in model.graph.output:
        output.ClearField("type")  # onnxruntime infers it
    try:
        results: list[Array] = open_session(model.SerializeToString(), threads=1).run(None, dict(feeds))
    except Exception as error:  # onnxruntime has no common class of its errors
        raise node.failure(f"works on constants only, but cannot be computed: {first_line(error)}") from None
    return results


def _single_node_model(
    proto: NodeProto, node: Node, inputs: Mapping[str, int], outputs: Mapping[str, int]
) -> ModelProto:
    """A model of one node; inputs and outputs with their ONNX element types."""
    model = ModelProto(ir_version=10, opset_import=[helper.make_opsetid("", node.opset)])
    model.graph.name = "fold"
    model.graph.node.append(proto)
    model.graph.input.extend(helper.make_tensor_value_info(name, element, None) for name, element in inputs.items())
    model.graph.output.extend(helper.make_tensor_value_info(name, element, None) for name, element in outputs.items())
    return model


def _sized(array: Array, tensor: Tensor, node: Node) -> Array:
    if tuple(array.shape) != tensor.shape:
        raise node.failure(f"computes a constant of shape {list(array.shape)} where {list(tensor.shape)} was due.")
    return array.astype(tensor.dtype.to_numpy(), copy=False)


class _Evaluation:
    """Runs one node on its constant inputs, once, when the first of its outputs is asked for."""

    def __init__(
        self, proto: NodeProto, node: Node, inputs: tuple[Constant | None, ...], outputs: tuple[Tensor, ...]
    ) -> None:
        self._proto = proto
        self._node = node
        self._inputs = inputs
        self._outputs = outputs
        self._arrays: list[Array] | None = None

    def constant(self, position: int) -> Constant:
        tensor = self._outputs[position]
        return ArrayConstant(tensor.shape, tensor.dtype, lambda: self.run()[position])

    def run(self) -> list[Array]:
        if self._arrays is None:
            self._arrays = evaluate(self._proto, self._node, self._inputs, self._outputs)
        return self._arrays


def evaluate(proto: NodeProto, node: Node, inputs: Sequence[Constant | None], outputs: Sequence[Tensor]) -> list[Array]:
    """Runs one node on ONNX Runtime.

    Raises:
        ModelImportError: If it refuses the node.
    """
    onnxruntime = load_onnx_runtime()
    named = {name: item for name, item in zip(proto.input, inputs, strict=False) if item is not None}
    model = _single_node_model(
        proto,
        node,
        {name: onnx_type(item.dtype) for name, item in named.items()},
        {tensor.name: onnx_type(tensor.dtype) for tensor in outputs},
    )
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    feeds = {name: np.asarray(item.numpy(), order="C") for name, item in named.items()}
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
        arrays = session.run(None, feeds)
    except Exception as error:  # ONNX Runtime's exceptions share no base class below Exception
        raise node.failure(f"works on constants only, but cannot be computed: {first_line(error)}") from None
    return [_sized(np.asarray(array), tensor, node) for array, tensor in zip(arrays, outputs, strict=True)]
