"""Lists the files that a model consists of besides its own: the external data of its initializers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from onnx import AttributeProto, GraphProto, NodeProto, TensorProto

from warploom.importer.external import beside, inside, is_external
from warploom.importer.read import read_model


def external_files(path: Path) -> tuple[Path, ...]:
    """The files that hold external data of a model, each once, as they are called in its folder.

    Raises:
        ModelImportError: If the model cannot be read, or such a file is missing or lies outside the model's folder.
    """
    model, _ = read_model(path)
    found: dict[Path, None] = {}
    for tensor in (*_tensors(model.graph), *(one for f in model.functions for one in _of_nodes(f.node))):
        if is_external(tensor):
            location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
            where = f"The external data {location!r} of the tensor {tensor.name!r}"
            inside(path, location, where)
            found[beside(path, location)] = None
    return tuple(found)


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _of_nodes(graph.node)


def _of_nodes(nodes: Iterable[NodeProto]) -> Iterator[TensorProto]:
    for node in nodes:
        for attribute in node.attribute:
            yield from _of_attribute(attribute)


def _of_attribute(attribute: AttributeProto) -> Iterator[TensorProto]:
    if attribute.HasField("t"):
        yield attribute.t
    yield from attribute.tensors
    if attribute.HasField("g"):
        yield from _tensors(attribute.g)
    for graph in attribute.graphs:
        yield from _tensors(graph)
