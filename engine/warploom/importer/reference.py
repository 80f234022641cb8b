"""What a model computes according to ONNX Runtime, run on the original file: the reference for every check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from onnx import ModelProto, ValueInfoProto

from warploom.errors import ModelImportError
from warploom.graph import Graph
from warploom.graph.constant import Array
from warploom.importer.export import to_tensor
from warploom.importer.options import ImportOptions
from warploom.importer.prepare import PreparedModel, naming_file, prepare_model
from warploom.importer.single import open_session

if TYPE_CHECKING:
    from warploom.importer.random_weights import Replacement

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
    if _index_bound(graph, name) is None and values.ndim:
        values[..., 0] = 1  # a mask that is all zero in some row would make a softmax undefined
    return values


def _index_bound(graph: Graph, name: str) -> int | None:
    """The smallest size of the axes that an integer input selects from, None if it selects nothing."""
    bounds = []
    aliases = {name}
    for operator in graph.operators:
        for primitive in operator.body:
            if (
                primitive.op in ("Cast", "Reshape", "Unsqueeze", "Squeeze", "Identity")
                and primitive.inputs[0] in aliases
            ):
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
    replace_inputs(model, replacements or ())
    _load_external(prepared)
    names = [info.name for info in model.graph.output]
    if intermediates:
        names = _add_outputs(model)
    try:
        session = open_session(model.SerializeToString(), optimized=False)
        wanted = {info.name for info in session.get_inputs()}
        arrays = session.run(names, {name: array for name, array in inputs.items() if name in wanted})
    except Exception as error:  # ONNX Runtime's exceptions share no base class below Exception
        raise ModelImportError(f"ONNX Runtime does not run {path}: {str(error).splitlines()[0]}") from None
    return dict(zip(names, arrays, strict=True))


def replace_inputs(model: ModelProto, replacements: Sequence[Replacement]) -> None:
    """Gives nodes of an ONNX model other constants, each with an initializer of its own; in place."""
    by_output = {node.output[0]: node for node in model.graph.node if node.output}
    for item in replacements:
        by_output[item.output].input[item.position] = item.name
        model.graph.initializer.append(to_tensor(item.name, item.constant.numpy(), item.constant.dtype))


def _add_outputs(model: ModelProto) -> list[str]:
    names = [name for node in model.graph.node for name in node.output if name]
    listed = {info.name for info in model.graph.output}
    model.graph.output.extend(ValueInfoProto(name=name) for name in names if name not in listed)
    return [info.name for info in model.graph.output]


def _load_external(prepared: PreparedModel) -> None:
    """Puts external data into the message (its place was checked when the model was prepared)."""
    for tensor in prepared.model.graph.initializer:
        if tensor.external_data:
            constant = prepared.constants[tensor.name]
            tensor.CopyFrom(to_tensor(tensor.name, constant.numpy(), constant.dtype))
