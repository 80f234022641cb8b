"""Runs primitives one at a time on ONNX Runtime, with one session per structure however often it occurs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from warploom.graph import DType, Graph, Primitive, Tensor
from warploom.graph.constant import Array
from warploom.importer.export import export_primitives
from warploom.onnx_runtime import load_onnx_runtime

_Spec = tuple[tuple[int, ...], DType]


class PrimitiveRunner:
    """Executes primitives of one Graph; sessions are kept by operator, attributes, shapes and element types."""

    def __init__(self, graph: Graph) -> None:
        self._tensors = graph.tensors
        self._sessions: dict[object, Any] = {}

    def run(self, primitive: Primitive, inputs: Sequence[Array | None]) -> list[Array | None]:
        """The outputs of a primitive, None where it leaves one out.

        Args:
            primitive: Of the graph.
            inputs: One array per input, None for an absent one.
        """
        given = [
            None if array is None else self._spec(name) for name, array in zip(primitive.inputs, inputs, strict=True)
        ]
        wanted = [self._spec(name) if name else None for name in primitive.outputs]
        key = (primitive.op, primitive.attributes, tuple(given), tuple(wanted))
        if key not in self._sessions:
            self._sessions[key] = _session(primitive, given, wanted)
        feeds = {f"i{i}": np.ascontiguousarray(array) for i, array in enumerate(inputs) if array is not None}
        results = iter(self._sessions[key].run(None, feeds))
        return [next(results) if spec is not None else None for spec in wanted]

    def _spec(self, name: str) -> _Spec:
        tensor = self._tensors[name]
        return tensor.shape, tensor.dtype


def _session(primitive: Primitive, given: Sequence[_Spec | None], wanted: Sequence[_Spec | None]) -> Any:
    """A session for one primitive with tensors named i0, i1, ... and o0, o1, ..."""
    inputs = tuple("" if spec is None else f"i{position}" for position, spec in enumerate(given))
    outputs = tuple("" if spec is None else f"o{position}" for position, spec in enumerate(wanted))
    specs = (*zip(inputs, given, strict=True), *zip(outputs, wanted, strict=True))
    tensors = {name: Tensor(name, *spec) for name, spec in specs if spec is not None}
    renamed = Primitive(primitive.op, inputs, outputs, primitive.attributes, primitive.source)
    graph = Graph("single", (), tensors, {}, (), ())
    return open_session(export_primitives(graph, [renamed], filter(None, inputs), filter(None, outputs)), threads=1)


def open_session(model: bytes, *, optimized: bool = True, threads: int = 0) -> Any:
    """An ONNX Runtime session on the CPU that keeps its warnings to itself.

    Args:
        model: The ONNX model.
        optimized: Whether the runtime may rewrite it.
        threads: Of the session's pool; 0 leaves it to the runtime. Many sessions at a time should have one each: pools
            cost more to start and to join than a small operator takes.
    """
    onnxruntime = load_onnx_runtime()
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    settings.use_deterministic_compute = True
    settings.intra_op_num_threads = threads
    if not optimized:
        settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
