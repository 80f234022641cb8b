"""Executes a Graph on the CPU by exporting it, and measures how far two results are apart."""

from __future__ import annotations

import functools
from collections.abc import Mapping

import numpy as np

from warploom.graph import Graph
from warploom.graph.constant import Array
from warploom.importer.export import export_graph, export_operators
from warploom.importer.single import open_session


def execute_graph(graph: Graph, inputs: Mapping[str, Array], *, intermediates: bool = False) -> dict[str, Array]:
    """Runs a Graph (raw, fused or merged) on ONNX Runtime's CPU provider.

    Args:
        graph: Any Graph whose constants are there.
        inputs: Arrays by input name.
        intermediates: Whether to return the outputs of every Operator, not only the graph's.

    Returns:
        Arrays by tensor name.
    """
    # Weights as inputs: large ones in a file are slow to parse.
    everything = functools.partial(export_operators, graph, graph.operators, weights_as_inputs=True)
    session = open_session(everything() if intermediates else export_graph(graph), optimized=False)
    names = [info.name for info in session.get_outputs()]
    feeds = {
        info.name: inputs[info.name] if info.name in inputs else graph.constants[info.name].numpy()
        for info in session.get_inputs()
    }
    arrays = session.run(names, {name: np.asarray(array, order="C") for name, array in feeds.items()})
    return dict(zip(names, arrays, strict=True))


def relative_error(reference: Array, value: Array) -> float:
    """Relative L2 error of `value`; infinities must be equal and in the same places, shapes and types too.

    Returns:
        The norm of the difference over the norm of the reference; infinity when they cannot be compared.
    """
    if reference.shape != value.shape or reference.dtype != value.dtype:
        return float("inf")
    if reference.dtype.kind != "f":
        return 0.0 if np.array_equal(reference, value) else float("inf")
    left, right = (array.astype(np.float64).ravel() for array in (reference, value))
    with np.errstate(invalid="ignore"):  # of infinities
        difference, norm = _length(left - right), _length(left)
    if np.isfinite(difference):
        return difference if norm == 0 else difference / norm
    finite = np.isfinite(reference)
    if finite.all() or not np.array_equal(reference[~finite], value[~finite]) or not np.isfinite(value[finite]).all():
        return float("inf")
    return relative_error(reference[finite], value[finite])


def standard_deviation(values: Array) -> float:
    """Of the finite values."""
    flat = values.astype(np.float64).ravel()
    squares = float(flat @ flat)
    if not np.isfinite(squares):
        return standard_deviation(flat[np.isfinite(flat)])
    mean = float(flat.sum()) / len(flat)
    return float(np.sqrt(max(0.0, squares / len(flat) - mean * mean)))


def _length(flat: Array) -> float:
    """Norm of a vector; not finite where an element is not."""
    return float(np.sqrt(flat @ flat))
