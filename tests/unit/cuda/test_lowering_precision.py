"""Operators of different precisions in one Graph: lowered kernels and products against the simulated GPU's numerics."""

from __future__ import annotations

import numpy as np
import pytest

from cuda_host_device import HostDevice
from warploom.device.cuda.library.signature import arithmetic, precision_of, signature
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.lowering.quantized import fold_dequantized
from warploom.device.cuda.steps import Choice, ConvStep
from warploom.device.registry import open_device
from warploom.graph import (
    DType,
    FillConstant,
    Graph,
    OperatorKind,
    Precision,
    PrecisionPlan,
    Primitive,
    Tensor,
    attributes,
)
from warploom.graph.build import make_operator
from warploom.graph.quantized import is_quantized
from warploom.importer.load import import_model
from warploom.importer.reference import random_inputs
from warploom.passes.apply_precision import apply_precision
from warploom.passes.pipeline import optimize_graph
from warploom.passes.quantize import calibrated_tensors
from warploom.samples.network import Network
from warploom.schedule import Launch, StreamPlan

PLAN = "sequential"


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    """A convolution, two branches that are joined, a depthwise one, a pool, a residual sum and a matrix product."""
    net = Network("mixed")
    x = net.placeholder(5, 12, 12, name="x")
    stem = net.conv2d(x, 16, 3, pad=1, act="relu")
    joined = net.concat(net.conv2d(stem, 16, 3, pad=1, act="relu"), net.conv2d(stem, 16, 1))
    deep = net.conv2d(net.pool2d(joined, "max", 2), 32, 3, pad=1, groups=32)
    total = net.add(net.conv2d(deep, 32, 1), deep)
    net.output(net.pool2d(net.conv2d(total, 10, 1), "global_avg"), "y")
    path = net.write(tmp_path_factory.mktemp("precision") / "mixed.onnx")
    return optimize_graph(import_model(path).graph).graph


def run(device: object, graph: Graph, precision: Precision) -> dict[str, np.ndarray]:
    plan = StreamPlan(PLAN, tuple(Launch((operator.name,), 0) for operator in graph.operators))
    with device.compile(graph, plan, precision) as executable:  # type: ignore[attr-defined]
        return dict(executable.run(random_inputs(graph, 4)))


def products(graph: Graph) -> tuple[str, ...]:
    return tuple(operator.name for operator in graph.operators if operator.kind is OperatorKind.CONV)


def quantized(graph: Graph) -> Graph:
    names = products(graph)
    scales = tuple((name, 0.05) for name in sorted(calibrated_tensors(graph, names)))
    return apply_precision(graph, PrecisionPlan(Precision.INT8, tuple((n, Precision.INT8) for n in names), scales))


def alternating(graph: Graph, *precisions: Precision) -> Graph:
    plan = tuple((name, precisions[i % len(precisions)]) for i, name in enumerate(graph.index))
    return apply_precision(graph, PrecisionPlan(Precision.MIXED, plan))


@pytest.mark.parametrize(
    "precisions",
    [
        (Precision.FP16, Precision.FP32),
        (Precision.FP32, Precision.FP16),
        (Precision.FP16, Precision.BF16, Precision.FP32),
        (Precision.BF16, Precision.FP32),
    ],
)
def test_that_mixed_operators_compute_what_the_simulated_gpu_does(
    graph: Graph, precisions: tuple[Precision, ...]
) -> None:
    mixed = alternating(graph, *precisions)
    expected = run(open_device("sim:h200"), mixed, Precision.MIXED)
    exact = run(open_device("sim:h200"), graph, Precision.FP32)
    found = run(HostDevice(), mixed, Precision.MIXED)
    bound = 1e-2 if Precision.BF16 in precisions else 1e-3
    for name, value in expected.items():
        assert found[name].dtype == value.dtype == np.float32
        norm = np.linalg.norm(exact[name])
        assert 0.0 < np.linalg.norm(value - exact[name]) < bound * norm
        assert np.linalg.norm(found[name] - value) < bound * norm


def test_that_products_multiply_what_their_operators_store(graph: Graph) -> None:
    mixed = alternating(graph, Precision.FP16, Precision.FP32, Precision.BF16)
    lowered = lower_graph(mixed, Precision.MIXED)
    seen = set()
    for program in lowered.programs:
        for step in program.steps:
            for plain in step.alternatives[0] if isinstance(step, Choice) else (step,):
                if isinstance(plain, ConvStep):
                    stored = {DType.FLOAT16: Precision.FP16, DType.BFLOAT16: Precision.BF16}
                    wanted = stored.get(plain.x.layout.dtype, Precision.FP32)
                    assert plain.y.layout.dtype is plain.x.layout.dtype is plain.w.layout.dtype
                    assert arithmetic(plain, Precision.MIXED) is wanted
                    assert precision_of(signature(plain, Precision.MIXED)) is wanted
                    assert arithmetic(plain, Precision.TF32) is Precision.TF32
                    seen.add(wanted)
    assert seen == {Precision.FP16, Precision.FP32, Precision.BF16}


@pytest.mark.parametrize("libraries", [True, False])
def test_that_quantized_operators_compute_what_the_simulated_gpu_does(graph: Graph, libraries: bool) -> None:
    integer = quantized(graph)
    assert sum(map(is_quantized, integer.operators)) == len(products(graph))
    expected = run(open_device("sim:h200"), integer, Precision.INT8)
    exact = run(open_device("sim:h200"), graph, Precision.FP32)
    found = run(HostDevice(libraries=libraries), integer, Precision.INT8)
    for name, value in expected.items():
        assert np.linalg.norm(value - exact[name]) < 0.1 * np.linalg.norm(exact[name])
        assert np.linalg.norm(found[name] - value) < 2e-2 * np.linalg.norm(exact[name])


def test_that_weights_are_dequantized_once(graph: Graph) -> None:
    folded = fold_dequantized(quantized(graph))
    folded.verify()
    for operator in folded.operators:
        if operator.name in products(graph):
            assert operator.main.inputs[1] in folded.constants
    plain = graph.operator(products(graph)[0]).main.inputs[1]
    restored = next(
        folded.constants[operator.main.inputs[1]]
        for operator in folded.operators
        if operator.name == products(graph)[0]
    )
    weight = graph.constants[plain].numpy()
    assert np.abs(restored.numpy() - weight).max() <= np.abs(weight).max() / 127
    assert fold_dequantized(graph) is graph


@pytest.mark.parametrize(("dtype", "zero"), [(DType.INT8, 0), (DType.INT8, 5), (DType.UINT8, 47)])
@pytest.mark.parametrize("pads", [0, 1])
def test_that_pools_of_integers_compute_in_floats(dtype: DType, zero: int, pads: int) -> None:
    size = 5 if pads else 4
    tensors = {
        "x": Tensor("x", (1, 16, 9, 9), dtype),
        "f": Tensor("f", (1, 16, 9, 9), DType.FLOAT32),
        "p": Tensor("p", (1, 16, size, size), DType.FLOAT32),
        "y": Tensor("y", (1, 16, size, size), dtype),
        "s": Tensor("s", (), DType.FLOAT32),
        "z": Tensor("z", (), dtype),
    }
    constants = {"s": FillConstant((), DType.FLOAT32, 0.05), "z": FillConstant((), dtype, zero)}
    window = {"kernel_shape": (3, 3), "strides": (2, 2), "pads": (pads,) * 4, "dilations": (1, 1)}
    body = [
        Primitive("DequantizeLinear", ("x", "s", "z"), ("f",), attributes(axis=1)),
        Primitive("MaxPool", ("f",), ("p",), attributes(**window, ceil_mode=0, storage_order=0)),
        Primitive("QuantizeLinear", ("p", "s", "z"), ("y",), attributes(axis=1)),
    ]
    pool = make_operator("pool", OperatorKind.POOL, body, constants=constants, outputs=("y",), sources=("pool",))
    alone = Graph("pool", (pool,), tensors, constants, ("x",), ("y",))
    alone.verify()
    expected = run(open_device("sim:h200"), alone, Precision.FP32)["y"]
    np.testing.assert_array_equal(run(HostDevice(), alone, Precision.FP32)["y"], expected)
