"""Prints how far the simulated H200 is from what was measured on one, and how fast the simulator is.

Run: .venv/bin/python benchmarks/simulator.py [--models FOLDER]

FOLDER holds torchvision's inception_v3.onnx and squeezenet1_1.onnx and timm's nasnetalarge.onnx; without it the lines
about whole networks are left out. The measured figures were taken on one NVIDIA H200 (cuDNN 9.19, driver 580), batch 1,
by replaying CUDA graphs; they are listed, with their settings, in docs/simulated-gpu.md.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from warploom.device.simulated.description import GpuDescription, load_description
from warploom.device.simulated.device import SimulatedDevice
from warploom.device.simulated.kernel import Kernel
from warploom.device.simulated.load import load_of
from warploom.device.simulated.simulator import Task, simulate
from warploom.graph import (
    ArrayConstant,
    DType,
    FillConstant,
    Graph,
    Operator,
    OperatorKind,
    Precision,
    Primitive,
    Tensor,
    attributes,
)
from warploom.graph.build import make_operator
from warploom.schedule import Group, Schedule, Stage

Conv = tuple[int, int, int, int, int]  # input channels, height and width, output channels, kernel height, kernel width


@dataclass(frozen=True, slots=True)
class Block:
    """Branches of convolutions that were measured one after another and side by side (microseconds)."""

    name: str
    branches: Sequence[Sequence[Conv]]
    fp16: tuple[float, float]
    tf32: tuple[float, float]
    depthwise: bool = False


def sample(channels: int) -> list[list[Conv]]:
    """The sample network of the IOS paper."""
    c = channels
    return [[(c, 15, c, 3, 3), (c, 15, 2 * c, 3, 3)], [(c, 15, 2 * c, 3, 3)], [(c, 15, c, 3, 3)]]


MIXED5: list[list[Conv]] = [
    [(288, 35, 64, 1, 1)],
    [(288, 35, 48, 1, 1), (48, 35, 64, 5, 5)],
    [(288, 35, 64, 1, 1), (64, 35, 96, 3, 3), (96, 35, 96, 3, 3)],
    [(288, 35, 64, 1, 1)],
]
MIXED6: list[list[Conv]] = [
    [(768, 17, 192, 1, 1)],
    [(768, 17, 160, 1, 1), (160, 17, 160, 1, 7), (160, 17, 192, 7, 1)],
    [(768, 17, 160, 1, 1), (160, 17, 160, 7, 1), (160, 17, 160, 1, 7), (160, 17, 160, 7, 1), (160, 17, 192, 1, 7)],
    [(768, 17, 192, 1, 1)],
]
MIXED7: list[list[Conv]] = [
    [(2048, 8, 320, 1, 1)],
    [(2048, 8, 384, 1, 1), (384, 8, 384, 1, 3)],
    [(384, 8, 384, 3, 1)],
    [(2048, 8, 448, 1, 1), (448, 8, 384, 3, 3), (384, 8, 384, 1, 3)],
    [(384, 8, 384, 3, 1)],
    [(2048, 8, 192, 1, 1)],
]
BLOCKS = (
    Block("inception 35x35, 7 convs", MIXED5, fp16=(31.9, 21.7), tf32=(44.3, 24.4)),
    Block("inception 17x17, 10 convs", MIXED6, fp16=(51.8, 41.1), tf32=(68.6, 41.3)),
    Block("inception 8x8, 9 convs", MIXED7, fp16=(54.9, 28.0), tf32=(73.7, 39.3)),
)
SAMPLE = Block("sample network, 376 channels", sample(376), fp16=(45.9, 26.8), tf32=(0.0, 0.0))
# Depthwise convolutions, fp16: channels, size, kernel; cuDNN without epilogue, a naive own kernel with bias and ReLU.
DEPTHWISE = ((336, 42, 5, 6.7, 11.8), (672, 21, 5, 5.6, 10.6), (1344, 11, 3, 2.8, 4.9))
EMPTY_STAGES = {
    1: ((1, 0.75), (2, 1.0), (3, 1.4), (4, 2.0), (6, 3.3), (8, 4.2)),
    3: ((1, 2.1), (2, 2.6), (3, 3.1), (4, 3.8), (6, 5.3), (8, 6.6)),
}
FORKS = ((2, 5, 61.9), (2, 10, 119.9), (4, 5, 67.2), (4, 10, 129.6), (8, 5, 76.9), (8, 10, 147.1))
# fp16, milliseconds: the best of PyTorch (eager, CUDA graph, torch.compile) and ONNX Runtime (with CUDA graph).
PEERS = (("inception_v3", 0.834), ("squeezenet1_1", 0.169), ("nasnetalarge", 3.286))


class ConvGraph:
    """A Graph of convolutions with bias and ReLU that do not depend on one another."""

    def __init__(self) -> None:
        self.operators: list[Operator] = []
        self.ends: list[Operator] = []
        self.tensors: dict[str, Tensor] = {}
        self.constants: dict[str, FillConstant | ArrayConstant] = {}

    def add(self, conv: Conv, group: int = 1) -> str:
        channels, size, out, kh, kw = conv
        name = f"conv{len(self.operators)}"
        x, w, b, y, z = (f"{name}.{part}" for part in "xwbyz")
        for tensor, shape in ((x, (1, channels, size, size)), (w, (out, channels // group, kh, kw)), (b, (out,))):
            self.tensors[tensor] = Tensor(tensor, shape, DType.FLOAT32)
        for tensor in (w, b):
            self.constants[tensor] = FillConstant(self.tensors[tensor].shape, DType.FLOAT32, 0.5)
        for tensor in (y, z):
            self.tensors[tensor] = Tensor(tensor, (1, out, size, size), DType.FLOAT32)
        settings = attributes(
            kernel_shape=(kh, kw), strides=(1, 1), dilations=(1, 1), group=group, pads=(kh // 2, kw // 2) * 2
        )
        body = (Primitive("Conv", (x, w, b), (y,), settings), Primitive("Relu", (y,), (z,)))
        kind = OperatorKind.CONV if group == 1 else OperatorKind.DEPTHWISE
        self.operators.append(make_operator(name, kind, body, constants=self.constants, outputs=(z,), sources=(name,)))
        self.ends.append(self._end(z))
        return name

    def _end(self, name: str) -> Operator:
        """What the caller gets, so that the convolution's own result need not be brought into the caller's form."""
        out = f"{name}.out"
        self.tensors[out] = Tensor(out, self.tensors[name].shape, DType.FLOAT32)
        body = (Primitive("Relu", (name,), (out,)),)
        kind = OperatorKind.POINTWISE
        return make_operator(out, kind, body, constants=self.constants, outputs=(out,), sources=(out,))

    def graph(self) -> Graph:
        inputs = tuple(name for operator in self.operators for name in operator.inputs)
        outputs = tuple(name for operator in self.ends for name in operator.outputs)
        return Graph("convolutions", (*self.operators, *self.ends), self.tensors, self.constants, inputs, outputs)


def block_latencies(
    branches: Sequence[Sequence[Conv]], precision: Precision, device: SimulatedDevice
) -> tuple[float, float]:
    """Sequential and parallel latency of a block in the steady state of a long graph."""
    made = ConvGraph()
    groups = tuple(Group(tuple(made.add(conv) for conv in branch)) for branch in branches)
    costs = device.cost_model(made.graph(), precision)
    chain = Stage((Group(tuple(name for group in groups for name in group.operators)),))
    sequential, parallel = costs.stage_costs([chain, Stage(groups)])
    return sequential.median_us, parallel.median_us


def accuracy(device: SimulatedDevice) -> Iterator[tuple[str, str, float, float, float]]:
    """Lines of the table: what, setting, simulated, measured from, measured to.

    The convolutions were measured as they were launched then: none started early.
    """
    gpu = msgspec.structs.replace(device.description, early_us=0.0)
    device = SimulatedDevice(gpu)
    for precision in (Precision.FP16, Precision.TF32):
        if precision is Precision.FP16:
            solo, _ = block_latencies([[(376, 15, 376, 3, 3)]], precision, device)
            yield "conv 3x3, 376 -> 376 on 15x15", precision.value, solo, 11.3, 11.3
        for block in (SAMPLE, *BLOCKS) if precision is Precision.FP16 else BLOCKS:
            measured = block.fp16 if precision is Precision.FP16 else block.tf32
            for how, us, fact in zip(
                ("sequential", "parallel"), block_latencies(block.branches, precision, device), measured, strict=True
            ):
                yield f"{block.name}, {how}", precision.value, us, fact, fact
    for channels, size, k, library, naive in DEPTHWISE:
        made = ConvGraph()
        name = made.add((channels, size, channels, k, k), group=channels)
        (cost,) = device.cost_model(made.graph(), Precision.FP16).stage_costs([Stage((Group((name,)),))])
        yield f"depthwise {k}x{k}, {channels} x {size} x {size}", "fp16", cost.median_us, library, naive
    yield from fork_lines(gpu)


def fork_lines(gpu: GpuDescription) -> Iterator[tuple[str, str, float, float, float]]:
    """Chains and fork-join stages of empty and of 5 us kernels."""
    empty, five = (load_of(spinning(us, blocks), gpu) for us, blocks in ((1e-3, 1), (5.0, 20)))
    for kernels, rows in EMPTY_STAGES.items():
        for branches, fact in rows:
            us = simulate([Task((empty,) * kernels)] * branches, gpu).end_us
            yield f"fork-join, {branches} x {kernels} empty kernels", "", us, fact, fact
    for branches, forks, fact in FORKS:
        tasks: list[Task] = []
        for fork in range(forks):
            before = tuple(range((fork - 1) * branches, fork * branches)) if fork else ()
            tasks += [Task((five, five), before)] * branches
        yield (
            f"{forks} forks of {branches} x 2 kernels of 5 us",
            "",
            simulate(tasks, gpu, gpu.graph_launch_us).end_us,
            fact,
            fact,
        )


def spinning(us: float, blocks: int) -> Kernel:
    """A kernel that only waits."""
    return Kernel("spin", (blocks, 1, 1), (32, 1, 1), 16, 0, 0, 0, 0, 0, 0, us, 0.0)


def network(folder: Path, name: str) -> Graph:
    """A network as the schedulers see it."""
    from warploom.importer.load import import_model
    from warploom.passes.pipeline import optimize_graph

    return optimize_graph(import_model(folder / f"{name}.onnx").graph).graph


def network_us(folder: Path, name: str, device: SimulatedDevice, precision: Precision = Precision.FP16) -> float:
    """Latency of a network, operator after operator."""
    from warploom.schedule.lowering import lower_schedule

    graph = network(folder, name)
    stages = tuple(Stage((Group((operator.name,)),)) for operator in graph.operators)
    with device.compile(graph, lower_schedule(Schedule("sequential", stages), graph), precision) as executable:
        return executable.measure(1).median_us


def print_accuracy(models: Path | None) -> None:
    device = SimulatedDevice(load_description("h200"))
    errors = []
    print(f"{'what':46} {'':5} {'simulated':>9} {'measured':>15} {'error':>7}")
    for what, setting, us, low, high in accuracy(device):
        nearest = min(max(us, low), high)
        errors.append(us / nearest - 1)
        fact = f"{low:.4g}" if low == high else f"{low:.4g} - {high:.4g}"
        print(f"{what:46} {setting:5} {us:9.2f} {fact:>15} {errors[-1]:+7.0%}")
    print(f"mean absolute error {statistics.fmean(map(abs, errors)):.1%} of {len(errors)} figures")
    for name, peer_ms in PEERS if models else ():
        us = network_us(models, name, device)
        error = us / peer_ms / 1e3 - 1
        print(f"{name + ', sequential':46} fp16  {us:9.2f} {peer_ms * 1e3:>10.4g} peer {error:+7.0%}")


def print_speed() -> None:
    """Medians of repeated runs on this machine."""
    gpu = load_description("h200")
    small = [load_of(spinning_gemm(blocks), gpu) for blocks in (16, 20, 24, 30, 40, 48)]
    stage = [Task((small[i], small[-1 - i])) for i in range(4)]
    plan = [Task((small[i % 6],), tuple({max(0, i - 4), max(0, i - 3)}) if i else ()) for i in range(1000)]
    for what, limit, tasks, repeats in (
        ("stage of 4 groups, 8 kernels", 0.2, stage, 500),
        ("plan of 1000 operators", 100, plan, 9),
    ):
        print(f"{what}: {milliseconds(lambda tasks=tasks: simulate(tasks, gpu), repeats):.3f} ms (limit {limit} ms)")


def spinning_gemm(blocks: int) -> Kernel:
    """A kernel with the needs of a small convolution."""
    return Kernel("gemm", (blocks, 1, 1), (128, 1, 1), 104, 65536, 0, 0, 0, blocks * 4e5, 0, 5.0 + blocks / 100, 2.5)


def milliseconds(function: Callable[[], object], repeats: int) -> float:
    """Median time of a call."""
    samples = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        samples.append((time.perf_counter() - start) * 1e3)
    return statistics.median(samples)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, help="folder with the three networks")
    arguments = parser.parse_args()
    print_accuracy(arguments.models)
    print_speed()
