"""What a model computes according to ONNX Runtime, run on the original file: the reference for every check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from warploom.errors import ModelImportError
from warploom.graph import Constant, DType, Graph
from warploom.graph.constant import Array
from warploom.importer.check import first_line, subgraphs
from warploom.importer.element_types import onnx_type
from warploom.importer.export import to_tensor
from warploom.importer.external import is_external
from warploom.importer.options import ImportOptions
from warploom.importer.prepare import PreparedModel, naming_file, prepare_model
from warploom.importer.single import open_session

if TYPE_CHECKING:
    from warploom.importer.random_weights import Replacement

_SAME_INDICES = ("Cast", "Reshape", "Unsqueeze", "Squeeze", "Identity", "Expand", "Transpose", "Where", "Slice")
_INDEXED = ("Gather", "GatherElements", "ScatterElements", "OneHot")


def random_inputs(graph: Graph, seed: int) -> dict[str, Array]:
    """Random values for a Graph's inputs: normal ones, or integers that are valid where they are used as indices.

    Args:
        graph: Whose inputs they are.
        seed: The same seed gives the same values.
    """
    generator = np.random.default_rng(seed)
    return {name: _random_input(graph, name, generator) for name in graph.inputs}


def _random_input(graph: Graph, name: str, generator: np.random.Generator) -> Array:
    tensor = graph.tensors[name]
    dtype = tensor.dtype.to_numpy()
    if tensor.dtype.is_float:
        return generator.standard_normal(tensor.shape, np.float32).astype(dtype)
    values: Array = generator.integers(0, _index_bound(graph, name) or 2, tensor.shape).astype(dtype)
    if _index_bound(graph, name) is None and values.ndim and values.size:
        values[..., 0] = 1  # a mask that is all zero in some row would make a softmax undefined
    return values


def _index_bound(graph: Graph, name: str) -> int | None:
    """The smallest size of the axes that an integer input selects from, None if it selects nothing."""
    bounds = []
    aliases = {name}
    for operator in graph.operators:
        for primitive in operator.body:
            if primitive.op in _SAME_INDICES and not aliases.isdisjoint(primitive.inputs):
                aliases.add(primitive.outputs[0])
            if primitive.op in _INDEXED and primitive.inputs[1:2] and primitive.inputs[1] in aliases:
                bounds.append(graph.tensors[primitive.inputs[0]].shape[primitive.integer("axis", 0)])
    return min(bounds, default=None)


def reference_outputs(
    path: Path,
    options: ImportOptions,
    inputs: Mapping[str, Array],
    *,
    intermediates: bool = False,
    replacements: Sequence[Replacement] | None = None,
) -> dict[str, Array]:
    """Runs the original model on ONNX Runtime's CPU provider, with its own optimizations off.

    Args:
        path: The .onnx file.
        options: The same as for the import that it is compared with.
        inputs: Arrays by input name.
        intermediates: Whether to return every tensor that a node writes, not only the model's outputs.
        replacements: Constants that were chosen already (`find_replacements`), so that they need not be found again
            for `options.random_weights`.

    Returns:
        Arrays by tensor name.

    Raises:
        ModelImportError: If ONNX Runtime refuses the model.
    """
    path = Path(path)
    with naming_file(path):
        prepared = prepare_model(path, options)
    model = prepared.model
    if replacements is None and options.random_weights is not None:
        from warploom.importer.load import graph_of
        from warploom.importer.random_weights import find_replacements

        graph, _ = graph_of(prepared, path.stem)
        replacements = find_replacements(graph, options.random_weights)
    feeds = {**inputs, **replace_inputs(model, replacements or ()), **_feed_external(prepared)}
    names = [info.name for info in model.graph.output]
    if intermediates:
        names = _add_outputs(model)
    for node in model.graph.node:
        node.ClearField("name")  # names of nodes mean nothing, but ONNX Runtime takes each only once
    try:
        session = open_session(model.SerializeToString(), optimized=False)
        wanted = {info.name for info in session.get_inputs()}
        arrays = session.run(names, {name: array for name, array in feeds.items() if name in wanted})
    except Exception as error:  # ONNX Runtime's exceptions share no base class below Exception
        raise ModelImportError(f"ONNX Runtime does not run {path}: {first_line(error)}") from None
    return dict(zip(names, arrays, strict=True))


def replace_inputs(model: ModelProto, replacements: Sequence[Replacement]) -> dict[str, Array]:
    """Gives nodes of an ONNX model other constants, each as an input of its own (large weights in a file are slow).

    Args:
        model: Changed in place.
        replacements: What to replace.

    Returns:
        The values to feed.
    """
    by_output = {node.output[0]: node for node in _all_nodes(model.graph) if node.output}
    feeds: dict[str, Array] = {}
    for item in replacements:
        by_output[item.output].input[item.position] = item.name
        _add_input(model, item.name, item.constant, feeds)
    return feeds


def _add_input(model: ModelProto, name: str, constant: Constant, feeds: dict[str, Array]) -> None:
    """A constant as an input; bfloat16, which cannot be fed, as an initializer."""
    if constant.dtype is DType.BFLOAT16:
        model.graph.initializer.append(to_tensor(name, constant.numpy(), constant.dtype))
        return
    model.graph.input.append(helper.make_tensor_value_info(name, onnx_type(constant.dtype), list(constant.shape)))
    feeds[name] = constant.numpy()


def _all_nodes(graph: GraphProto) -> Iterator[NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in subgraphs(attribute):
                yield from _all_nodes(inner)


def _add_outputs(model: ModelProto) -> list[str]:
    names = [name for node in model.graph.node for name in node.output if name]
    listed = {info.name for info in model.graph.output}
    model.graph.output.extend(ValueInfoProto(name=name) for name in names if name not in listed)
    return [info.name for info in model.graph.output]


def _feed_external(prepared: PreparedModel) -> dict[str, Array]:
    """Makes inputs of the initializers with external data (their place was checked when the model was prepared)."""
    graph = prepared.model.graph
    external = [tensor.name for tensor in graph.initializer if is_external(tensor)]
    inner = [tensor for tensor in graph.initializer if not is_external(tensor)]
    if not external:
        return {}
    copies = [TensorProto.FromString(tensor.SerializeToString()) for tensor in inner]
    del graph.initializer[:]
    graph.initializer.extend(copies)
    listed = {info.name for info in graph.input}
    feeds: dict[str, Array] = {}
    for name in external:
        if name in listed:
            feeds[name] = prepared.constants[name].numpy()
        else:
            _add_input(prepared.model, name, prepared.constants[name], feeds)
    return feeds
