"""Helps ONNX's shape inference where it knows less than the runtimes: edits a copy that is used for nothing else."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, numpy_helper

_LIKE_FIRST_INPUT = frozenset({"GroupNormalization"})
"""Their output has the shape of their first input, but ONNX has no inference for them."""

_SCALED = {"Upsample": 1, "Resize": 2}

Array = npt.NDArray[np.float32]


def put_stand_ins(model: ModelProto) -> None:
    """Edits a model so that inference finds the shapes that runtimes compute; in place.

    1. Operators without inference become an Identity of their first input.
    2. Scales of Resize are raised by one unit in the last place: runtimes multiply size and scale in float32, where
       10 * 0.7 is 7; inference multiplies exactly and rounds 6.9999999 down to 6.
    """
    values = {tensor.name: tensor for tensor in model.graph.initializer}
    values |= {
        node.output[0]: node.attribute[0].t
        for node in model.graph.node
        if node.op_type == "Constant" and node.attribute and node.attribute[0].type == AttributeProto.TENSOR
    }
    for node in model.graph.node:
        if node.domain not in ("", "ai.onnx"):
            continue
        if node.op_type in _LIKE_FIRST_INPUT:
            _become_identity(node)
        elif node.op_type in _SCALED:
            _raise_scales(node, model, values)


def _become_identity(node: NodeProto) -> None:
    node.op_type = "Identity"
    del node.input[1:], node.attribute[:]


def _raise_scales(node: NodeProto, model: ModelProto, values: dict[str, TensorProto]) -> None:
    for attribute in node.attribute:
        if attribute.name == "scales":
            raised = _raised(np.asarray(attribute.floats, np.float32))
            del attribute.floats[:]
            attribute.floats.extend(raised.tolist())
    position = 1 if len(node.input) == 2 else _SCALED[node.op_type]  # opset 10 has no region input
    tensor = values.get(node.input[position]) if len(node.input) > position else None
    if tensor is not None and tensor.data_type == TensorProto.FLOAT and any(tensor.dims):
        name = f"{node.output[0]}/raised_scales"
        model.graph.initializer.append(numpy_helper.from_array(_raised(numpy_helper.to_array(tensor)), name))
        node.input[position] = name


def _raised(scales: Array) -> Array:
    whole = scales == np.rint(scales)
    return np.where(whole, scales, np.nextafter(scales, np.float32(np.inf))).astype(np.float32)
