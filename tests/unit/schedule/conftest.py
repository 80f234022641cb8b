"""Graphs and cost models that the tests of the schedulers share."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from warploom.cost import Cost
from warploom.cost.table import graph_of_dependencies
from warploom.graph import ArrayConstant, DType, Graph, OperatorKind, Primitive, Tensor, attributes
from warploom.graph.build import make_operator
from warploom.schedule import Stage

MakeGraph = Callable[[dict[str, str]], Graph]


class ArbitraryCost:
    """Costs without any structure, but the same for equal stages whatever the order of their groups."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.asked: list[Stage] = []

    def stage_costs(self, stages: Sequence[Stage]) -> list[Cost]:
        self.asked += stages
        return [Cost.exactly(self.cost(stage)) for stage in stages]

    def cost(self, stage: Stage) -> float:
        text = repr((self.seed, sorted((group.operators, group.merged) for group in stage.groups)))
        return 1.0 + zlib.crc32(text.encode()) % 1000 * len(stage.operators)


@pytest.fixture(scope="session")
def arbitrary_cost() -> type[ArbitraryCost]:
    return ArbitraryCost


@pytest.fixture
def make_graph() -> MakeGraph:
    """Makes a graph from the names of each operator's predecessors: {"a": "", "b": "a", "c": "a b"}."""
    return lambda edges: graph_of_dependencies("test", [(name, before.split()) for name, before in edges.items()])


@pytest.fixture
def fork() -> Graph:
    """Three mergeable 1x1 convolutions on one input, joined by a Concat."""
    return make_fork()


def make_fork() -> Graph:
    names = ("left", "middle", "right")
    tensors = {"x": Tensor("x", (1, 4, 6, 6), DType.FLOAT32)}
    constants = {}
    operators = []
    for number, name in enumerate(names, start=1):
        weight, output = f"{name}.weight", f"{name}:0"
        values = np.full((number, 4, 1, 1), number, dtype=np.float32)
        constants[weight] = ArrayConstant.of(values)
        tensors[weight] = Tensor(weight, values.shape, DType.FLOAT32)
        tensors[output] = Tensor(output, (1, number, 6, 6), DType.FLOAT32)
        window = attributes(kernel_shape=(1, 1), strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), group=1)
        body = [Primitive("Conv", ("x", weight), (output,), window, name)]
        operators.append(
            make_operator(name, OperatorKind.CONV, body, constants=constants, outputs=[output], sources=[name])
        )
    tensors["y"] = Tensor("y", (1, 6, 6, 6), DType.FLOAT32)
    join = Primitive("Concat", tuple(f"{name}:0" for name in names), ("y",), attributes(axis=1), "join")
    operators.append(
        make_operator("join", OperatorKind.CONCAT, [join], constants=constants, outputs=["y"], sources=["join"])
    )
    graph = Graph("fork", tuple(operators), tensors, constants, ("x",), ("y",))
    graph.verify()
    return graph
