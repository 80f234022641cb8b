"""Imports an ONNX file into a raw Graph: the importer's front door."""

from __future__ import annotations

import os
from pathlib import Path

from onnx import ModelProto

from warploom.graph import Graph, LogEntry
from warploom.importer.build import build_graph, infer_known
from warploom.importer.options import ImportedModel, ImportOptions
from warploom.importer.prepare import PreparedModel, naming_file, prepare_model
from warploom.importer.simplify import decide_branches, subgraph_count
from warploom.importer.weights import make_skeleton

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
    name = os.fsencode(path.stem).decode(errors="replace")  # a file's name may be any bytes, a Graph's is text
    with naming_file(path):
        prepared = prepare_model(path, options)
        graph, log = graph_of(prepared, name)
    if options.random_weights is not None:
        from warploom.importer.random_weights import with_random_weights

        graph, entry = with_random_weights(graph, options.random_weights)
        log.append(entry)
    return ImportedModel(
        path=path,
        name=name,
        sha256=prepared.sha256,
        opset=prepared.opset,
        graph=graph,
        log=(*prepared.log, *log),
        node_count=prepared.node_count,
    )


def graph_of(prepared: PreparedModel, name: str) -> tuple[Graph, list[LogEntry]]:
    """The raw Graph of a prepared model, with what was folded on the way."""
    skeleton, log = _without_branches(prepared)
    graph, built = build_graph(name, skeleton, prepared.constants, prepared.inputs)
    graph.verify()
    return graph, [*log, *built]


def _without_branches(prepared: PreparedModel) -> tuple[ModelProto, list[LogEntry]]:
    """The skeleton with constant branches decided, one level of nesting after the other."""
    skeleton = make_skeleton(prepared.model, prepared.constants)
    log: list[LogEntry] = []
    before = 0
    while subgraph_count(skeleton) not in (0, before):
        before = subgraph_count(skeleton)
        known = infer_known(skeleton, prepared.constants, prepared.inputs)
        skeleton, entry = decide_branches(skeleton, known.scope)
        log += [entry] if entry else []
    return skeleton, log
