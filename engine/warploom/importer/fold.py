"""Constant folding that costs nothing until a value is used: folded nodes become constants that compute themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from onnx import AttributeProto, ModelProto, NodeProto, defs, helper, numpy_helper

from warploom.errors import ModelImportError
from warploom.graph import ArrayConstant, Constant, DType, FillConstant, Tensor
from warploom.graph.constant import Array
from warploom.importer.element_types import onnx_type
from warploom.importer.node import Node
from warploom.importer.weights import SMALL_ELEMENTS, tensor_constant

_SAME_VALUES = frozenset(
    {"Reshape", "Unsqueeze", "Squeeze", "Flatten", "Transpose", "Expand", "Identity", "Tile", "Slice", "Cast"}
)
_RANDOM = frozenset({"RandomUniform", "RandomNormal", "RandomUniformLike", "RandomNormalLike", "Multinomial"})


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


def fold_fill(node: Node, output: Tensor) -> FillConstant:
    """ConstantOfShape with a known shape, kept symbolic."""
    tensor = node.values.get("value")
    value = 0.0 if tensor is None else np.ravel(numpy_helper.to_array(tensor))[0].item()
    return FillConstant(output.shape, output.dtype, value)


def fold_node(
    proto: NodeProto, node: Node, inputs: Sequence[Constant | None], outputs: Sequence[Tensor]
) -> list[Constant] | None:
    """The outputs of a node whose inputs are all constant.

    Args:
        proto: The node.
        node: The same, decoded.
        inputs: Its inputs, None for an absent one.
        outputs: What shape inference says of its outputs.

    Returns:
        One constant per output, or None when the node must stay (unknown operator, random, subgraphs).
    """
    first = inputs[0] if inputs else None
    if node.op in _SAME_VALUES and isinstance(first, FillConstant):
        return [FillConstant(outputs[0].shape, outputs[0].dtype, first.value)]
    if node.op == "Identity" and first is not None:
        return [first]
    if node.op in _RANDOM or not inputs or not _has_definition(proto, node):
        return None
    if any(attribute.type in (AttributeProto.GRAPH, AttributeProto.GRAPHS) for attribute in proto.attribute):
        return None
    evaluation = _Evaluation(proto, node, tuple(inputs), tuple(outputs))
    if sum(output.elements for output in outputs) <= SMALL_ELEMENTS and _are_small(inputs):
        return [ArrayConstant.of(array, tensor.dtype) for array, tensor in zip(evaluation.run(), outputs, strict=True)]
    return [evaluation.constant(position) for position in range(len(outputs))]


def _has_definition(proto: NodeProto, node: Node) -> bool:
    return proto.domain in ("", "ai.onnx") and defs.has(proto.op_type, node.opset, "")


def _are_small(inputs: Sequence[Constant | None]) -> bool:
    return all(constant is None or math.prod(constant.shape) <= SMALL_ELEMENTS for constant in inputs)


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
    feeds: dict[str, Array] = {}
    infos = []
    for name, constant in zip(proto.input, inputs, strict=False):
        if constant is not None and name not in feeds:
            feeds[name] = np.asarray(constant.numpy(), order="C")  # ascontiguousarray makes scalars 1-d
            infos.append(helper.make_tensor_value_info(name, _run_type(constant.dtype), list(constant.shape)))
    results = [helper.make_tensor_value_info(tensor.name, _run_type(tensor.dtype), None) for tensor in outputs]
    graph = helper.make_graph([proto], "fold", infos, results)
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", node.opset)])
    arrays = _run(model, feeds, node)
    for array, tensor in zip(arrays, outputs, strict=True):
        if tuple(array.shape) != tensor.shape:
            raise node.failure(f"computes a constant of shape {list(array.shape)} where {list(tensor.shape)} was due.")
    return arrays


def _run(model: ModelProto, feeds: Mapping[str, Array], node: Node) -> list[Array]:
    import onnxruntime  # type: ignore[import-untyped]

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
        return [np.asarray(array) for array in session.run(None, dict(feeds))]
    except Exception as error:  # ONNX Runtime's exceptions share no base class below Exception
        raise node.failure(f"works on constants only, but cannot be computed: {str(error).splitlines()[0]}") from None


def _run_type(dtype: DType) -> int:
    """bfloat16 constants are held as float32."""
    return onnx_type(DType.FLOAT32 if dtype is DType.BFLOAT16 else dtype)
