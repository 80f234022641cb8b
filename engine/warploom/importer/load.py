"""Imports an ONNX file into a raw Graph: the importer's front door."""

from __future__ import annotations

from pathlib import Path

from warploom.graph import Graph, LogEntry
from warploom.importer.build import build_graph
from warploom.importer.infer import infer_shapes
from warploom.importer.options import ImportedModel, ImportOptions
from warploom.importer.prepare import PreparedModel, naming_file, prepare_model
from warploom.importer.simplify import needs_simplification, simplify
from warploom.importer.weights import make_skeleton, tensor_constant

__all__ = ["ImportOptions", "ImportedModel", "import_model"]


def import_model(path: Path, options: ImportOptions = ImportOptions()) -> ImportedModel:  # noqa: B008 - frozen value
    """Imports an ONNX model: every shape known, every operator in canonical form, weights not read yet.

    Args:
        path: The .onnx file.
        options: Batch, input shapes, random weights.

    Raises:
        ModelImportError: One sentence about the file, node or dimension that is wrong, and what to do.
    """
    path = Path(path)
    with naming_file(path):
        prepared = prepare_model(path, options)
        graph, log = graph_of(prepared, path.stem)
    if options.random_weights is not None:
        from warploom.importer.random_weights import with_random_weights

        graph, entry = with_random_weights(graph, options.random_weights)
        log.append(entry)
    return ImportedModel(
        path=path,
        name=path.stem,
        sha256=prepared.sha256,
        opset=prepared.opset,
        graph=graph,
        log=(*prepared.log, *log),
        node_count=prepared.node_count,
    )


def graph_of(prepared: PreparedModel, name: str) -> tuple[Graph, list[LogEntry]]:
    """The raw Graph of a prepared model, with what was folded on the way."""
    skeleton = make_skeleton(prepared.model, prepared.constants)
    types = infer_shapes(skeleton)
    log: list[LogEntry] = []
    constants = dict(prepared.constants)
    if needs_simplification(skeleton, types):
        skeleton, entry = simplify(skeleton, types)
        log += [entry] if entry else []
        constants |= {t.name: tensor_constant(t) for t in skeleton.graph.initializer if t.name not in constants}
        types = infer_shapes(skeleton)
    graph, built = build_graph(name, skeleton, types, constants, prepared.inputs)
    graph.verify()
    return graph, [*log, *built]
