"""Takes the weights out of a model: constants that are read when first used, and a skeleton without their bytes.

Shape inference, inlining and folding work on the skeleton, in which every large initializer is a plain input: they
stay fast and small whatever the model weighs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from warploom.errors import ModelImportError
from warploom.graph import ArrayConstant, Constant, DType
from warploom.graph.constant import Array
from warploom.importer.element_types import dtype_of, onnx_type
from warploom.importer.external import is_external, locate, read_external

SMALL_ELEMENTS = 1024
"""Constants up to this size may hold shapes and indices: they stay visible to shape inference and folding."""

MAX_ELEMENTS = 2**32
"""More elements than this in one tensor is a mistake in the file (or a model that no device could hold)."""

_TYPED_FIELDS = {
    TensorProto.FLOAT: "float_data",
    TensorProto.DOUBLE: "double_data",
    TensorProto.INT64: "int64_data",
    TensorProto.UINT64: "uint64_data",
    TensorProto.UINT32: "uint64_data",
}


def initializer_constants(model: ModelProto, path: Path) -> dict[str, Constant]:
    """The initializers of a model as constants, each checked for size but not read yet.

    Args:
        model: Whole, with its initializers.
        path: Its file, beside which its external data lies.

    Raises:
        ModelImportError: Naming the first initializer that is not whole.
    """
    constants: dict[str, Constant] = {}
    for tensor in model.graph.initializer:
        if not tensor.name or tensor.name in constants:
            raise ModelImportError(f"The model has two initializers called {tensor.name!r}, or one without a name.")
        constants[tensor.name] = tensor_constant(tensor, path)
    return constants


def tensor_constant(tensor: TensorProto, model: Path | None = None) -> Constant:
    """A tensor of the file as a constant that is read when first used.

    Args:
        tensor: An initializer, or the value of a Constant node.
        model: The file beside which external data lies; None allows none.
    """
    shape = tuple(tensor.dims)
    where = f"The tensor {tensor.name!r}"
    dtype = dtype_of(tensor.data_type, where)
    check_shape(shape, where)
    if is_external(tensor):
        if model is None:
            raise ModelImportError(f"{where} keeps external data inside a node, which ONNX does not allow.")
        path, offset = locate(tensor, model, math.prod(shape) * dtype.itemsize)
        return ArrayConstant(shape, dtype, lambda: read_external(tensor, path, offset))
    _check_length(tensor, dtype, where)
    return ArrayConstant(shape, dtype, lambda: _to_array(tensor))


def check_shape(shape: tuple[int, ...], where: str) -> None:
    """Refuses negative and absurd dimensions.

    Raises:
        ModelImportError: `where` begins the sentence.
    """
    if any(dimension < 0 for dimension in shape):
        raise ModelImportError(f"{where} has a negative dimension in its shape {list(shape)}.")
    if math.prod(shape) > MAX_ELEMENTS:
        raise ModelImportError(
            f"{where} has the shape {list(shape)}, {math.prod(shape):.2g} elements; at most {MAX_ELEMENTS:.2g} are "
            "allowed in one tensor: check the model's dimensions."
        )


def _check_length(tensor: TensorProto, dtype: DType, where: str) -> None:
    elements = math.prod(tensor.dims)
    if tensor.HasField("raw_data"):
        whole = len(tensor.raw_data) == elements * dtype.itemsize
    else:
        field = _TYPED_FIELDS.get(tensor.data_type, "int32_data")  # type: ignore[call-overload]
        whole = len(getattr(tensor, field)) == elements
    if not whole:
        raise ModelImportError(f"{where} holds fewer or more values than its shape {list(tensor.dims)} says.")


def _to_array(tensor: TensorProto) -> Array:
    array: Array = numpy_helper.to_array(tensor)
    return array.astype(np.float32) if tensor.data_type == TensorProto.BFLOAT16 else array


def make_skeleton(model: ModelProto, constants: Mapping[str, Constant]) -> ModelProto:
    """A copy of a model in which large and external initializers are inputs without values.

    Args:
        model: Whole, with its initializers; it is not changed.
        constants: Its initializers (see `initializer_constants`).
    """
    skeleton = ModelProto(ir_version=max(model.ir_version, 8))
    skeleton.opset_import.extend(model.opset_import)
    skeleton.functions.extend(model.functions)
    graph = skeleton.graph
    graph.name = model.graph.name or "graph"
    graph.node.extend(model.graph.node)
    graph.output.extend(model.graph.output)
    graph.value_info.extend(model.graph.value_info)
    graph.input.extend(info for info in model.graph.input if info.name not in constants)
    for tensor in model.graph.initializer:
        constant = constants[tensor.name]
        if math.prod(constant.shape) <= SMALL_ELEMENTS and not is_external(tensor):
            graph.initializer.append(tensor)
        else:
            graph.input.append(
                helper.make_tensor_value_info(tensor.name, onnx_type(constant.dtype), list(constant.shape))
            )
    return skeleton
