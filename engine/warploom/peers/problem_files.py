"""Writes a problem into a folder, and reads it in the process of a peer: model, inputs, and what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from warploom.graph import Graph, Precision
from warploom.peers.protocol import Array, Problem

_MODEL, _INPUTS, _SETTINGS = "model.onnx", "inputs.npz", "problem.json"


class _Settings(msgspec.Struct, frozen=True):
    precision: str
    inputs: tuple[str, ...]


def write_problem(folder: Path, graph: Graph, inputs: Mapping[str, Array], precision: Precision) -> Problem:
    """Writes a problem.

    Args:
        folder: That exists and is empty.
        graph: Raw, with real weights.
        inputs: Of the graph, by name.
        precision: Arithmetic of float operators.

    Raises:
        GraphError: If the weights do not fit into one ONNX file.
    """
    from warploom.importer.export import export_graph

    path = folder / _MODEL
    path.write_bytes(export_graph(graph))
    write_arrays(folder / _INPUTS, inputs)
    settings = _Settings(precision.value, tuple(inputs))
    (folder / _SETTINGS).write_bytes(msgspec.json.encode(settings))
    return Problem(path, graph, dict(inputs), precision)


def read_problem(folder: Path) -> Problem:
    """Reads what `write_problem` wrote."""
    from warploom.importer.load import import_model

    settings = msgspec.json.decode((folder / _SETTINGS).read_bytes(), type=_Settings)
    inputs = read_arrays(folder / _INPUTS, settings.inputs)
    graph = import_model(folder / _MODEL).graph
    return Problem(folder / _MODEL, graph, inputs, Precision(settings.precision))


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Arrays in the order given; their names may hold any character."""
    np.savez(path, *arrays.values())


def read_arrays(path: Path, names: tuple[str, ...]) -> dict[str, Array]:
    """Arrays by the names given, in that order."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[f"arr_{i}"] for i, name in enumerate(names)}
