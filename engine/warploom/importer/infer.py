"""Shape inference over a skeleton: every tensor with its shape and element type, or the node where that fails."""

from __future__ import annotations

import onnx
from onnx import ModelProto, ValueInfoProto

from warploom.errors import ModelImportError
from warploom.importer.check import first_line
from warploom.importer.stand_ins import put_stand_ins


def infer_shapes(skeleton: ModelProto) -> dict[str, ValueInfoProto]:
    """Infers the shapes of all tensors from the inputs' shapes.

    Shapes that the file declares are used only for operators that ONNX does not know: those of the others may be
    stale (another batch) and are inferred again.

    Args:
        skeleton: Without large initializers; not changed.

    Returns:
        Types by tensor name (inputs and outputs included).

    Raises:
        ModelImportError: If shapes contradict each other.
    """
    model = ModelProto()
    model.CopyFrom(skeleton)
    _forget_declared_shapes(model)
    put_stand_ins(model)
    try:
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError) as error:
        raise ModelImportError(f"The model's shapes do not fit together: {_readable(error)}") from None
    graph = inferred.graph
    return {info.name: info for info in (*graph.value_info, *graph.input, *graph.output)}


def _forget_declared_shapes(model: ModelProto) -> None:
    graph = model.graph
    versions = {entry.domain: entry.version for entry in model.opset_import}
    unknown = {
        output
        for node in graph.node
        if not onnx.defs.has(node.op_type, versions.get(node.domain, 0), node.domain)
        for output in node.output
    }
    kept = [info for info in graph.value_info if info.name in unknown]
    del graph.value_info[:]
    graph.value_info.extend(kept)
    for info in graph.output:
        if info.name not in unknown:
            info.type.tensor_type.ClearField("shape")


def _readable(error: BaseException) -> str:
    """The part of an inference error that says where and what, without the library's prefixes."""
    text = first_line(error)
    for prefix in ("[ShapeInferenceError] ", "Inference error(s): ", "[TypeInferenceError] "):
        text = text.replace(prefix, "")
    return text


def static_shape(info: ValueInfoProto | None) -> tuple[int, ...] | None:
    """The shape when every dimension is known, None otherwise."""
    if info is None or not info.type.tensor_type.HasField("shape"):
        return None
    dims = info.type.tensor_type.shape.dim
    if not all(dimension.HasField("dim_value") and dimension.dim_value >= 0 for dimension in dims):
        return None
    return tuple(dimension.dim_value for dimension in dims)
