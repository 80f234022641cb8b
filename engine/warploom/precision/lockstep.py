"""Runs a Graph and its quantized form side by side and measures the noise of every operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from warploom.device.protocol import Array
from warploom.device.simulated.execution import run_operator, stored
from warploom.device.simulated.sessions import SessionCache
from warploom.graph import DType, Graph, Operator, Precision
from warploom.passes.quantize import STEPS
from warploom.precision.noise import Ratio
from warploom.precision.samples import Sample
from warploom.precision.walk import walk


@dataclass(slots=True)
class OutputNoise:
    """Noise of one operator's results.

    Attributes:
        is_output: Whether the caller gets them.
        alone: With exact inputs: what this operator adds, the rounding of its inputs and results included.
        carried: In the quantized Graph, with the noise of everything before it.
    """

    is_output: bool
    alone: Ratio = field(default_factory=Ratio)
    carried: Ratio = field(default_factory=Ratio)


def measure_noise(
    graph: Graph, quantized: Graph, scales: Mapping[str, float], samples: Sequence[Sample], sessions: SessionCache
) -> dict[str, OutputNoise]:
    """The noise of every operator.

    Args:
        graph: In float32.
        quantized: The same operators, some of them quantized.
        scales: Value of one integer step, by tensor of `graph`.
        samples: Inputs by name.
        sessions: Where CPU sessions are kept.
    """
    outputs = frozenset(graph.outputs)
    noise = {op.name: OutputNoise(not outputs.isdisjoint(op.outputs)) for op in graph.operators}
    for sample in samples:
        _Lockstep(graph, quantized, scales, sessions, noise).run(sample)
    return noise


class _Lockstep:
    def __init__(
        self,
        graph: Graph,
        quantized: Graph,
        scales: Mapping[str, float],
        sessions: SessionCache,
        noise: Mapping[str, OutputNoise],
    ) -> None:
        self._graph = graph
        self._quantized = quantized
        self._scales = scales
        self._sessions = sessions
        self._noise = noise
        self._carried: dict[str, Array] = {}
        self._uses = {name: len(readers) for name, readers in quantized.consumers.items()}

    def run(self, sample: Sample) -> None:
        tensors = self._quantized.tensors
        self._carried = {name: stored(array, tensors[name], Precision.INT8) for name, array in sample.items()}
        walk(self._graph, Precision.FP32, sample, self._sessions, self._visit)

    def _visit(self, operator: Operator, values: Mapping[str, Array], results: Mapping[str, Array]) -> None:
        """Runs the quantized form of an operator twice: on what it really gets, and on exact data."""
        other = self._quantized.operator(operator.name)
        noise = self._noise[operator.name]
        carried = run_operator(self._quantized, other, Precision.INT8, self._carried, self._sessions)
        self._compare(operator, other, results, carried, noise.carried)
        exact = {name: self._as_stored(name, values) for name in other.inputs}
        alone = run_operator(self._quantized, other, Precision.INT8, exact, self._sessions)
        self._compare(operator, other, results, alone, noise.alone)
        self._carried |= {name: array for name, array in carried.items() if self._uses.get(name)}
        for name in other.inputs:
            self._uses[name] -= 1
            if not self._uses[name]:
                del self._carried[name]

    def _compare(
        self,
        operator: Operator,
        other: Operator,
        exact: Mapping[str, Array],
        rounded: Mapping[str, Array],
        ratio: Ratio,
    ) -> None:
        for name, written in zip(operator.outputs, other.outputs, strict=True):
            ratio.add(exact[name], self._as_float(written, name, rounded[written]))

    def _as_float(self, written: str, name: str, array: Array) -> Array:
        if written == name or self._quantized.tensors[written].dtype is not DType.INT8:
            return array
        return array.astype(np.float32) * np.float32(self._scales[name])

    def _as_stored(self, name: str, values: Mapping[str, Array]) -> Array:
        """An exact value as the quantized Graph stores it."""
        if name in values:
            return stored(values[name], self._quantized.tensors[name], Precision.INT8)
        original = name.removesuffix("@int8")
        steps = np.rint(values[original] / np.float32(self._scales[original]))
        return np.clip(steps, -STEPS - 1, STEPS).astype(np.int8)
