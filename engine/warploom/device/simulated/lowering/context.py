"""Lowering context: the tensors, the precision and the GPU that kernels are chosen for."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.lowering.placement import placed_in_concats, strided
from warploom.graph import Graph, Operator, Precision, Tensor
from warploom.graph.quantized import operator_precision
from warploom.graph.work import stored_bytes

# L2 has two halves, and what SMs on both sides read lies in both.
_L2_FOR_WEIGHTS = 0.5
_ITERATIONS = 100
_L2_FOR_ONE_ACTIVATION = 0.5


@dataclass(frozen=True, slots=True)
class Lowering:
    """What the choice of kernels depends on beside the Operator itself.

    Attributes:
        gpu: The GPU.
        precision: How floats are stored and multiplied.
        tensors: Every tensor by name.
        weights: Names of constants.
        weight_misses: Part of the weight bytes that a replay has to fetch from DRAM.
        operands: What the products of the Operator at hand multiply; INT8 where it is quantized.
        placed: Tensors that are written straight into the result of a Concat, and results of Transposes that products
            read or write with strides.
        leads: Whether the kernel at hand is the Operator's first.
        outputs: Tensors that the caller gets, in the boundary's form: row-major, in their own type.
        roomy: Whether kernels shall leave room for others rather than be the fastest alone.
    """

    gpu: GpuDescription
    precision: Precision
    tensors: Mapping[str, Tensor]
    weights: Container[str]
    weight_misses: float = 0.0
    operands: Precision = Precision.FP32
    placed: frozenset[str] = frozenset()
    leads: bool = True
    outputs: frozenset[str] = frozenset()
    roomy: bool = False

    def of_operator(self, operator: Operator) -> Lowering:
        """The same context for the products of one Operator."""
        return dataclasses.replace(self, operands=operator_precision(operator, self.tensors, self.precision))

    @property
    def operand_bytes(self) -> int:
        """Bytes of one element that a product reads."""
        return 1 if self.operands is Precision.INT8 else self.operands.itemsize

    def bytes_of(self, name: str) -> int:
        """Stored bytes of a tensor."""
        return stored_bytes(self.tensors[name], self.precision)

    def itemsize(self, name: str) -> int:
        """Stored bytes of one element of a tensor."""
        dtype = self.tensors[name].dtype
        return self.precision.stored_itemsize(dtype)

    def dram_bytes(self, names: Iterable[str]) -> float:
        """Bytes of these tensors that miss L2 when each is touched once."""
        return sum(self._missing(name) for name in names)

    def _missing(self, name: str) -> float:
        size = self.bytes_of(name)
        if name in self.weights:
            return size * self.weight_misses
        return max(0.0, size - self.gpu.l2_bytes * _L2_FOR_ONE_ACTIVATION)


def lowering_for(graph: Graph, precision: Precision, gpu: GpuDescription) -> Lowering:
    """The context for one Graph: how many of its weights stay in L2 between replays follows from their sum."""
    total = sum(stored_bytes(graph.tensors[name], precision) for name in graph.constants)
    lowering = Lowering(
        gpu,
        precision,
        graph.tensors,
        graph.constants.keys(),
        weight_misses(total / gpu.l2_bytes),
        outputs=frozenset(graph.outputs),
    )
    return dataclasses.replace(lowering, placed=placed_in_concats(graph, lowering) | strided(graph))


def weight_misses(part_of_l2: float) -> float:
    """The part of the weights that a replay has to fetch from DRAM, by how much of L2 all of them would fill.

    Replays use weights in turns. A cache of n lines that evicts any of them at random keeps a line through one more
    miss with probability 1 - 1/n. Between two uses of a line all others are used; of f * n of them the part m misses,
    so that 1 - m = exp(-m * f). That has a solution above 0 where the weights do not fit (f > 1).
    """
    fill = part_of_l2 / _L2_FOR_WEIGHTS
    if fill <= 1.0:
        return 0.0
    missed = 1.0
    for _ in range(_ITERATIONS):
        missed = 1.0 - math.exp(-missed * fill)
    return missed
