"""Builds small Graphs by hand for the tests of the passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from warploom.graph import (
    ArrayConstant,
    AttributeValue,
    Constant,
    DType,
    FillConstant,
    Graph,
    Operator,
    Primitive,
    Tensor,
    attributes,
)
from warploom.graph.build import make_operator
from warploom.graph.kinds import kind_of
from warploom.importer.export import export_graph
from warploom.importer.single import open_session


class GraphMaker:
    """Adds primitives one by one; every one is an Operator named after its output."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.constants: dict[str, Constant] = {}
        self.operators: list[Operator] = []
        self.inputs: list[str] = []
        self._random = np.random.default_rng(7)

    def input(self, name: str, *shape: int) -> str:
        self.inputs.append(name)
        return self.tensor(name, shape)

    def tensor(self, name: str, shape: Sequence[int], dtype: DType = DType.FLOAT32) -> str:
        self.tensors[name] = Tensor(name, tuple(shape), dtype)
        return name

    def constant(self, name: str, *shape: int, fill: float | None = None, positive: bool = False) -> str:
        if fill is not None:
            self.constants[name] = FillConstant(shape, DType.FLOAT32, fill)
        else:
            values = self._random.standard_normal(shape).astype(np.float32)
            self.constants[name] = ArrayConstant.of(np.abs(values) + np.float32(0.5) if positive else values)
        return self.tensor(name, shape)

    def add(
        self,
        op: str,
        output: str,
        inputs: Sequence[str],
        shape: Sequence[int] | None = None,
        /,
        **values: AttributeValue,
    ) -> str:
        self.tensor(output, self.tensors[inputs[0]].shape if shape is None else shape)
        primitive = Primitive(op, tuple(inputs), (output,), attributes(**values), source=f"node_{output}")
        kind = kind_of(primitive, self.tensors)
        self.operators.append(
            make_operator(
                output, kind, (primitive,), constants=self.constants, outputs=(output,), sources=(f"node_{output}",)
            )
        )
        return output

    def conv(
        self,
        output: str,
        data: str,
        channels: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        group: int = 1,
        fill: float | None = None,
        bias: bool = True,
        pad: int | None = None,
    ) -> str:
        n, c, h, w = self.tensors[data].shape
        pad = kernel // 2 if pad is None else pad
        weight = self.constant(f"{output}.w", channels, c // group, kernel, kernel, fill=fill)
        biases = (self.constant(f"{output}.b", channels, fill=fill),) if bias else ()
        size = [(extent + 2 * pad - kernel) // stride + 1 for extent in (h, w)]
        return self.add(
            "Conv",
            output,
            (data, weight, *biases),
            (n, channels, *size),
            kernel_shape=(kernel, kernel),
            strides=(stride, stride),
            dilations=(1, 1),
            pads=(pad,) * 4,
            group=group,
        )

    def batch_norm(self, output: str, data: str, *, fill: float | None = None) -> str:
        channels = self.tensors[data].shape[1]
        gamma, beta, mean = (self.constant(f"{output}.{part}", channels, fill=fill) for part in ("g", "b", "m"))
        variance = self.constant(f"{output}.v", channels, fill=fill, positive=True)
        return self.add("BatchNormalization", output, (data, gamma, beta, mean, variance), epsilon=1e-5)

    def concat(self, output: str, *parts: str) -> str:
        shapes = [self.tensors[part].shape for part in parts]
        shape = (shapes[0][0], sum(s[1] for s in shapes), *shapes[0][2:])
        return self.add("Concat", output, parts, shape, axis=1)

    def pool(self, output: str, data: str, kernel: int = 3) -> str:
        return self.add(
            "MaxPool",
            output,
            (data,),
            kernel_shape=(kernel, kernel),
            strides=(1, 1),
            dilations=(1, 1),
            pads=(kernel // 2,) * 4,
            ceil_mode=0,
            storage_order=0,
        )

    def graph(self, *outputs: str) -> Graph:
        graph = Graph("test", tuple(self.operators), self.tensors, self.constants, tuple(self.inputs), outputs)
        graph.verify()
        return graph


@pytest.fixture
def maker() -> GraphMaker:
    """An empty GraphMaker."""
    return GraphMaker()


def evaluate(graph: Graph, seed: int = 3) -> dict[str, np.ndarray]:
    """What the graph computes for random inputs, by ONNX Runtime without optimizations."""
    random = np.random.default_rng(seed)
    feeds = {name: random.standard_normal(graph.tensors[name].shape, np.float32) for name in sorted(graph.inputs)}
    session = open_session(export_graph(graph), optimized=False)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


@pytest.fixture
def assert_same_results() -> Callable[[Graph, Graph], None]:
    """Asserts that two graphs compute the same, to a relative L2 error of 1e-5."""

    def check(before: Graph, after: Graph) -> None:
        after.verify()
        expected, actual = evaluate(before), evaluate(after)
        assert actual.keys() == expected.keys()
        for name, values in expected.items():
            error = np.linalg.norm(actual[name] - values) / np.linalg.norm(values)
            assert error <= 1e-5, f"{name}: {error}"

    return check
