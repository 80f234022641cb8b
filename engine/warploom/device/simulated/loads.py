"""LoadTable: the kernels of each Operator as Loads, worked out once per structure."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Hashable, Iterable, Mapping

from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.kernel import Kernel
from warploom.device.simulated.kernels import entry_kernels, lowered_kernels
from warploom.device.simulated.load import Load, load_of
from warploom.device.simulated.lowering.context import Lowering, lowering_for
from warploom.device.simulated.structure import structure_of
from warploom.graph import Graph, Operator, Precision, Tensor

Loads = tuple[Load, ...]


class LoadTable:
    """Loads by structure, for one GPU; shared by everything that one device makes."""

    def __init__(self, gpu: GpuDescription) -> None:
        self.gpu = gpu
        self._loads: dict[Hashable, Loads] = {}
        self._by_kernel: dict[Hashable, Load] = {}

    def for_graph(self, graph: Graph, precision: Precision) -> GraphLoads:
        """The Loads of one Graph's Operators."""
        lowering = lowering_for(graph, precision, self.gpu)
        kernels = entry_kernels(graph.inputs, lowering)
        return GraphLoads(self, lowering, tuple(self._load(kernel) for kernel in kernels))

    def loads(self, operator: Operator, lowering: Lowering) -> Loads:
        """The Loads of an Operator; equal kernels share one Load, whatever Operator they come from.

        Raises:
            UnsupportedOperatorError: If one of its primitives has no kernel.
        """
        structure = structure_of(operator, lowering.tensors, lowering.weights)
        places = _places(structure.names, lowering)
        key = (structure.key, lowering.precision, lowering.weight_misses, lowering.roomy, places)
        found = self._loads.get(key)
        if found is None:
            kernels = lowered_kernels(operator, lowering)
            found = self._loads[key] = tuple(self._load(kernel) for kernel in kernels)
        return found

    def _load(self, kernel: Kernel) -> Load:
        return self._by_kernel.setdefault(kernel, load_of(kernel, self.gpu))


def _places(names: Iterable[str], lowering: Lowering) -> Hashable:
    """Which of an Operator's tensors lie where it changes what its kernels do."""
    places = [(i, name in lowering.placed, name in lowering.outputs) for i, name in enumerate(names)]
    return tuple(place for place in places if any(place[1:]))


class GraphLoads:
    """Loads by Operator of one Graph.

    Attributes:
        entry: What brings the graph's inputs into the form that the kernels read.
    """

    def __init__(self, table: LoadTable, lowering: Lowering, entry: Loads) -> None:
        self.entry = entry
        self._table = table
        self._lowering = lowering
        self._by_name: dict[str, Loads] = {}
        self._roomy: GraphLoads | None = None

    @property
    def gpu(self) -> GpuDescription:
        """The GPU."""
        return self._table.gpu

    def of(self, operator: Operator) -> Loads:
        """The Loads of one of the graph's Operators."""
        found = self._by_name.get(operator.name)
        if found is None:
            found = self._by_name[operator.name] = self._table.loads(operator, self._lowering)
        return found

    def where(self, kernel: str) -> GraphLoads:
        """The same for a launch that names a kernel, or none.

        A plan names another kernel than the one that is fastest alone because of what runs beside it. The names are
        those of a library on hardware; here the kernel that leaves most room stands for each of them.
        """
        if not kernel or self._lowering.roomy:
            return self
        if self._roomy is None:
            self._roomy = GraphLoads(self._table, dataclasses.replace(self._lowering, roomy=True), self.entry)
        return self._roomy

    def beside(self, tensors: Mapping[str, Tensor], weights: Container[str]) -> GraphLoads:
        """The same for Operators made from this Graph's (merged ones): as much of the weights stays in L2."""
        lowering = dataclasses.replace(self._lowering, tensors=tensors, weights=weights)
        return GraphLoads(self._table, lowering, self.entry)
