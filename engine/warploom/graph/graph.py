"""Graph: the DAG of Operators over Tensors, immutable, with its derived indices."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from warploom.errors import GraphError
from warploom.graph.adjacency import successors_of
from warploom.graph.constant import Constant
from warploom.graph.operator import Operator
from warploom.graph.tensor import Tensor

if TYPE_CHECKING:
    import networkx as nx


@dataclasses.dataclass(frozen=True)  # no slots: the derived indices are cached on first use
class Graph:
    """Operators in topological order, the tensors that they exchange, and the constants that they read.

    Attributes:
        name: The model's name.
        operators: In a topological order; names are unique.
        tensors: Every tensor by name: inputs, constants, outputs and those inside an Operator's body.
        constants: The constants' values by tensor name.
        inputs: Tensor names that the caller provides.
        outputs: Tensor names that the caller gets back, in the model's order.
    """

    name: str
    operators: tuple[Operator, ...]
    tensors: Mapping[str, Tensor]
    constants: Mapping[str, Constant]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @functools.cached_property
    def index(self) -> Mapping[str, int]:
        """Position of each Operator by name."""
        return {operator.name: position for position, operator in enumerate(self.operators)}

    @functools.cached_property
    def producer(self) -> Mapping[str, int]:
        """Position of the Operator that writes each tensor (graph inputs and constants have none)."""
        return {output: i for i, operator in enumerate(self.operators) for output in operator.outputs}

    @functools.cached_property
    def consumers(self) -> Mapping[str, tuple[int, ...]]:
        """Positions of the Operators that read each tensor from outside their body (constants included)."""
        readers: dict[str, list[int]] = {}
        for i, operator in enumerate(self.operators):
            for name in (*operator.inputs, *operator.weights):
                readers.setdefault(name, []).append(i)
        return {name: tuple(positions) for name, positions in readers.items()}

    @functools.cached_property
    def predecessors(self) -> tuple[tuple[int, ...], ...]:
        """For each Operator the positions of those whose outputs it reads, ascending, each once."""
        return tuple(
            tuple(sorted({self.producer[name] for name in operator.inputs if name in self.producer}))
            for operator in self.operators
        )

    @functools.cached_property
    def successors(self) -> tuple[tuple[int, ...], ...]:
        """For each Operator the positions of those that read its outputs, ascending, each once."""
        return successors_of(self.predecessors)

    def operator(self, name: str) -> Operator:
        """The Operator of that name.

        Raises:
            GraphError: If there is none.
        """
        try:
            return self.operators[self.index[name]]
        except KeyError:
            raise GraphError(f"The graph {self.name!r} has no operator {name!r}.") from None

    def replace(
        self,
        *,
        operators: Iterable[Operator] | None = None,
        tensors: Mapping[str, Tensor] | None = None,
        constants: Mapping[str, Constant] | None = None,
        outputs: tuple[str, ...] | None = None,
    ) -> Graph:
        """A copy with some parts replaced; tensors and constants that nothing names any more are dropped."""
        changed = Graph(
            name=self.name,
            operators=self.operators if operators is None else tuple(operators),
            tensors=self.tensors if tensors is None else tensors,
            constants=self.constants if constants is None else constants,
            inputs=self.inputs,
            outputs=self.outputs if outputs is None else outputs,
        )
        return changed._without_unnamed()

    def _without_unnamed(self) -> Graph:
        named = {*self.inputs, *self.outputs}
        for operator in self.operators:
            for primitive in operator.body:
                named.update(primitive.inputs, primitive.outputs)
        return dataclasses.replace(
            self,
            tensors={name: tensor for name, tensor in self.tensors.items() if name in named},
            constants={name: constant for name, constant in self.constants.items() if name in named},
        )

    def verify(self) -> None:
        """Checks every invariant.

        Raises:
            GraphError: Naming the first Operator or tensor that breaks one.
        """
        from warploom.graph.verify import verify_graph

        verify_graph(self)

    def to_networkx(self) -> nx.DiGraph[str]:
        """The DAG for graph algorithms: one node per Operator name (attribute `operator`), one edge per dependency."""
        import networkx as nx

        digraph: nx.DiGraph[str] = nx.DiGraph()
        for operator in self.operators:
            digraph.add_node(operator.name, operator=operator)
        for i, before in enumerate(self.predecessors):
            digraph.add_edges_from((self.operators[j].name, self.operators[i].name) for j in before)
        return digraph
