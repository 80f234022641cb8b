"""The CUDA device says beforehand what it cannot run, and why."""

from __future__ import annotations

import pytest

from cuda_graphs import Builder
from cuda_interpreter import Kernels
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.lowering.support import support_of
from warploom.device.cuda.steps import KernelStep
from warploom.errors import UnsupportedOperatorError
from warploom.graph import Graph, Precision


def reason(graph: Graph) -> str:
    registry = Kernels().registry
    (found,) = (
        support.reason
        for operator in graph.operators
        if not (support := support_of(graph, operator, Precision.FP16, registry)).supported
    )
    with pytest.raises(UnsupportedOperatorError) as error:
        lower_graph(graph, Precision.FP16, registry=registry)
    assert found in str(error.value)
    return found


def test_that_an_operator_without_a_kernel_is_named() -> None:
    builder = Builder()
    y = builder.add("NeverHeardOf", [builder.input(1, 8)], (1, 8))
    assert reason(builder.graph([y])) == "NeverHeardOf of the node 'node0' has no kernel on the CUDA device"


def test_that_computed_weights_and_volumes_have_own_kernels() -> None:
    builder = Builder()
    x, weight = builder.input(1, 8, 4, 4), builder.input(8, 8, 1, 1)
    window = {"kernel_shape": (1, 1), "strides": (1, 1), "dilations": (1, 1), "pads": (0, 0, 0, 0), "group": 1}
    y = builder.add("Conv", [x, weight], (1, 8, 4, 4), **window)  # type: ignore[arg-type]
    z = builder.conv(builder.input(1, 8, 4, 4, 4), 8, 1)
    lowered = lower_graph(builder.graph([y, z]), Precision.FP16)
    names = [step.kernel.name for program in lowered.programs for step in program.steps if isinstance(step, KernelStep)]
    assert sum(name.startswith("direct_conv2d") for name in names) == 1
    assert sum(name.startswith("direct_conv3d") for name in names) == 1


def test_that_a_mask_of_dropout_is_refused() -> None:
    builder = Builder()
    y = builder.add("Dropout", [builder.input(1, 8)], (1, 8), (1, 8))
    assert "hands out a mask" in reason(builder.graph([y, f"{y}.1"]))


def test_that_supported_operators_say_what_runs_them() -> None:
    builder = Builder()
    x = builder.input(1, 8, 4, 4)
    graph = builder.graph([builder.pointwise("Relu", builder.reshape(builder.conv(x, 8, 1), 1, 128))])
    registry = Kernels().registry
    reasons = [support_of(graph, operator, Precision.FP16, registry).reason for operator in graph.operators]
    assert reasons == [
        "library: convolution",
        "a view of the same bytes, or a strided copy",
        "own kernel: pointwise, fused with its neighbours",
    ]
