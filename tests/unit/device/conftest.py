"""A small GPU with round figures, kernels with known needs, and a maker of graphs, for the simulated device's tests."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from warploom.device.simulated.description import GpuDescription, load_description
from warploom.device.simulated.kernel import Kernel
from warploom.device.simulated.load import Load, load_of
from warploom.graph import (
    ArrayConstant,
    Attributes,
    DType,
    Graph,
    Operator,
    OperatorKind,
    Primitive,
    Tensor,
    attributes,
)
from warploom.graph.build import make_operator

MakeLoad = Callable[..., Load]


@pytest.fixture(scope="session")
def gpu() -> GpuDescription:
    """Four SMs of 64 warps; L2 gives 1000 and DRAM 500 bytes per microsecond; latencies are round."""
    return msgspec.structs.replace(
        load_description("h200"),
        id="sim:toy",
        name="Toy",
        sm_count=4,
        registers_per_sm=65536,
        shared_memory_per_sm_bytes=102400,
        shared_memory_per_block_bytes=102400,
        shared_memory_reserved_bytes=0,
        clock_mhz=1000.0,
        l2_bandwidth_gb_s=1.0,
        memory_bandwidth_gb_s=0.5,
        graph_launch_us=3.0,
        dependency_us=1.0,
        launch_interval_us=0.25,
        fork_us=0.5,
        early_us=0.4,
        loaded_latency=1.5,
    )


@pytest.fixture(scope="session")
def make_load(gpu: GpuDescription) -> MakeLoad:
    """Makes a Load of so many blocks of one warp that live so long; other needs by keyword."""

    def make(
        blocks: int,
        latency_us: float,
        *,
        threads: int = 32,
        shared: int = 0,
        sm_us: float = 0.0,
        l2_bytes: float = 0.0,
        dram_bytes: float = 0.0,
        early: bool = False,
    ) -> Load:
        kernel = Kernel(
            name="kernel",
            grid=(blocks, 1, 1),
            block=(threads, 1, 1),
            registers=16,
            shared_memory_bytes=shared,
            flops=0.0,
            bytes_read=0.0,
            bytes_written=0.0,
            l2_bytes=l2_bytes,
            dram_bytes=dram_bytes,
            latency_us=latency_us,
            sm_us=sm_us,
            early=early,
        )
        return load_of(kernel, gpu)

    return make


class GraphMaker:
    """Builds small graphs, primitive by primitive."""

    def __init__(self) -> None:
        self.operators: list[Operator] = []
        self.tensors: dict[str, Tensor] = {}
        self.constants: dict[str, ArrayConstant] = {}
        self.inputs: list[str] = []
        self._random = np.random.default_rng(7)

    def input(self, name: str, *shape: int, dtype: DType = DType.FLOAT32) -> str:
        self.inputs.append(name)
        return self.tensor(name, *shape, dtype=dtype)

    def tensor(self, name: str, *shape: int, dtype: DType = DType.FLOAT32) -> str:
        self.tensors[name] = Tensor(name, shape, dtype)
        return name

    def weight(self, name: str, *shape: int) -> str:
        fan_in = max(1, int(np.prod(shape[1:])))
        values = (self._random.standard_normal(shape) / np.sqrt(fan_in)).astype(np.float32)
        self.constants[name] = ArrayConstant.of(values)
        return self.tensor(name, *shape)

    def conv(
        self,
        name: str,
        source: str,
        channels: int,
        kernel: int = 3,
        *,
        group: int = 1,
        stride: int = 1,
        relu: bool = True,
    ) -> str:
        """A convolution with bias (and ReLU) that keeps the size; returns its output."""
        n, c, h, w = self.tensors[source].shape
        weight = self.weight(f"{name}.w", channels, c // group, kernel, kernel)
        bias = self.weight(f"{name}.b", channels)
        size = (n, channels, -(-h // stride), -(-w // stride))
        out = self.tensor(f"{name}.y", *size)
        settings = attributes(
            kernel_shape=(kernel, kernel),
            strides=(stride, stride),
            dilations=(1, 1),
            group=group,
            pads=(kernel // 2,) * 4,
        )
        body = [Primitive("Conv", (source, weight, bias), (out,), settings)]
        if relu:
            out = self.tensor(f"{name}.z", *size)
            body.append(Primitive("Relu", (f"{name}.y",), (out,)))
        kind = OperatorKind.DEPTHWISE if group > 1 else OperatorKind.CONV
        self.operator(name, kind, body, out)
        return out

    def concat(self, name: str, *sources: str) -> str:
        shapes = [self.tensors[source].shape for source in sources]
        shape = (shapes[0][0], sum(s[1] for s in shapes), *shapes[0][2:])
        out = self.tensor(f"{name}.y", *shape)
        self.operator(name, OperatorKind.CONCAT, [Primitive("Concat", sources, (out,), attributes(axis=1))], out)
        return out

    def single(
        self, op: str, kind: OperatorKind, inputs: tuple[str, ...], shape: tuple[int, ...], settings: Attributes = ()
    ) -> Operator:
        """An Operator of one primitive whose output has this shape."""
        out = self.tensor(f"{op}{len(self.operators)}.y", *shape)
        return self.operator(f"{op}{len(self.operators)}", kind, [Primitive(op, inputs, (out,), settings)], out)

    def operator(self, name: str, kind: OperatorKind, body: list[Primitive], *outputs: str) -> Operator:
        made = make_operator(name, kind, body, constants=self.constants, outputs=outputs, sources=(name,))
        self.operators.append(made)
        return made

    def graph(self, *outputs: str) -> Graph:
        graph = Graph("made", tuple(self.operators), self.tensors, self.constants, tuple(self.inputs), outputs)
        graph.verify()
        return graph


@pytest.fixture
def maker() -> GraphMaker:
    return GraphMaker()


@pytest.fixture
def branches(maker: GraphMaker) -> Graph:
    """A stem, three branches of 3x3 and 1x1 convolutions, a concat and a convolution behind it."""
    stem = maker.conv("stem", maker.input("x", 1, 16, 14, 14), 64)
    left = maker.conv("left2", maker.conv("left1", stem, 48, 1), 64, 3)
    middle = maker.conv("middle", stem, 64, 3)
    right = maker.conv("right", stem, 32, 3)
    joined = maker.concat("concat", left, middle, right)
    return maker.graph(maker.conv("last", joined, 32, 1, relu=False))
