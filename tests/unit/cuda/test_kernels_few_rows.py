"""Products of a few rows: what they compute, in every share of the work, and what they take off the boundary."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cuda_graphs import Builder
from cuda_host import HostKernels, compiler
from cuda_host_device import HostDevice
from cuda_interpreter import random_feeds
from few_rows_cases import check_few_rows
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.lowering.lowered import LoweredGraph
from warploom.device.cuda.steps import Choice, ConvStep, KernelStep, MatmulStep
from warploom.graph import DType, Graph, Precision
from warploom.graph.precision import UNIFORM
from warploom.importer.export import export_graph
from warploom.importer.single import open_session
from warploom.passes.pipeline import optimize_graph
from warploom.schedule import Launch, StreamPlan

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler that runs kernels' text on the CPU")
_TOLERANCES = {Precision.TF32: 1e-5, Precision.FP16: 2e-3, Precision.BF16: 1.5e-2, Precision.FP32: 1e-5}


@needs_compiler
@pytest.mark.parametrize("dtype", [DType.FLOAT16, DType.BFLOAT16, DType.FLOAT32])
def test_that_every_share_of_a_product_computes_the_same(dtype: DType) -> None:
    check_few_rows(dtype, HostKernels)


Make = Callable[[Builder], str]


def _pooled(b: Builder, x: str) -> str:
    batch, channels, *_ = b.shape(x)
    return b.add("GlobalAveragePool", [x], (batch, channels, 1, 1))


def _classifier(b: Builder) -> str:
    return b.gemm(b.reshape(_pooled(b, b.conv(b.input(1, 8, 4, 4), 24)), 1, 24), 10)


def _gate(b: Builder) -> str:
    x = b.conv(b.input(2, 8, 6, 6), 20)
    inner = b.pointwise("Relu", b.conv(_pooled(b, x), 6, 1))
    return b.pointwise("Mul", x, b.pointwise("Sigmoid", b.conv(inner, 20, 1)))


NETWORKS: dict[str, Make] = {
    "classifier": _classifier,
    "token": lambda b: b.pointwise("Relu", b.matmul(b.input(1, 3, 40), b.constant(40, 24))),
    "vector": lambda b: b.matmul(b.input(1, 40), b.constant(40, 24)),
    "gate": _gate,
    "network of products": lambda b: b.gemm(b.pointwise("Relu", b.gemm(b.input(2, 20), 16)), 4),
}


def _optimized(make: Make) -> Graph:
    builder = Builder()
    return optimize_graph(builder.graph([make(builder)])).graph


def _few_rows(lowered: LoweredGraph) -> list[KernelStep]:
    steps = [step for program in lowered.programs for step in program.steps if isinstance(step, Choice)]
    found = [step for choice in steps for way in choice.alternatives for step in way if isinstance(step, KernelStep)]
    return [step for step in found if step.kernel.name.startswith("product_")]


@needs_compiler
@pytest.mark.parametrize("precision", UNIFORM)
@pytest.mark.parametrize("name", NETWORKS)
def test_that_networks_with_few_rows_compute_what_onnxruntime_does(name: str, precision: Precision) -> None:
    graph = _optimized(NETWORKS[name])
    assert _few_rows(lower_graph(graph, precision))
    feeds = random_feeds(graph, 3)
    plan = StreamPlan("sequential", tuple(Launch((operator.name,), 0) for operator in graph.operators))
    with HostDevice().compile(graph, plan, precision) as executable:
        (found,) = executable.run(feeds).values()
    (expected,) = open_session(export_graph(graph), optimized=False).run(None, feeds)
    assert np.linalg.norm(found - expected) <= _TOLERANCES[precision] * np.linalg.norm(expected)


def test_that_a_classifier_writes_what_the_caller_wants() -> None:
    """The library's way converts the result, which counts when the two are compared."""
    lowered = lower_graph(_optimized(NETWORKS["classifier"]), Precision.FP16)
    (output,) = lowered.outputs.values()
    (choice,) = lowered.programs[-1].steps
    assert isinstance(choice, Choice)
    library, *own = choice.alternatives
    assert [type(step) for step in library] == [MatmulStep, KernelStep]  # a single row needs no copy before
    assert library[-1].writes == (output,)
    assert own
    assert all(way[0].writes[0].buffer == output.buffer for way in own)
    assert all(way[0].writes[0].layout.dtype is DType.FLOAT32 for way in own)


def test_that_a_network_of_products_reads_what_the_caller_gives() -> None:
    graph = _optimized(lambda b: b.gemm(b.pointwise("Relu", b.gemm(b.input(2, 20), 16)), 4))
    lowered = lower_graph(graph, Precision.FP16)
    (given,) = lowered.inputs.values()
    assert not lowered.entry.steps
    (first,) = lowered.programs[0].steps
    assert isinstance(first, Choice)
    library, *own = first.alternatives
    assert [type(step) for step in library] == [KernelStep, MatmulStep]
    assert library[0].reads[0] == given
    assert library[1].reads[0].layout.dtype is DType.FLOAT16
    assert all(way[0].reads[0].layout.dtype is DType.FLOAT32 for way in own)


def test_that_many_rows_and_windows_are_the_librarys() -> None:
    many: Make = lambda b: b.matmul(b.input(1, 9, 40), b.constant(40, 24))  # noqa: E731
    window: Make = lambda b: b.conv(b.input(1, 8, 3, 3), 16, 3, pads=(0,) * 4)  # noqa: E731
    for make in (many, window):
        lowered = lower_graph(_optimized(make), Precision.FP16)
        assert not _few_rows(lowered)
        steps = [step for program in lowered.programs for step in program.steps]
        assert any(isinstance(step, MatmulStep | ConvStep) for step in steps)
