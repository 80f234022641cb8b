"""Quantized models become kernels for integers, which compute what ONNX Runtime does, up to a rounding boundary."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from cuda_host_device import HostDevice
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.steps import Choice, KernelStep
from warploom.device.registry import open_device
from warploom.graph import Graph, Precision, PrecisionPlan
from warploom.importer.load import import_model
from warploom.importer.reference import random_inputs
from warploom.passes.apply_precision import apply_precision
from warploom.passes.pipeline import optimize_graph
from warploom.passes.quantize import calibrated_tensors
from warploom.samples.network import Network
from warploom.schedule import Launch, StreamPlan

RESULT_STEP = 0.5


class Model:
    """A model with conversions to integers, as quantizing tools write it."""

    def __init__(self, *shape: int, stored: Any = np.int8, zero: int = 0) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.shape = shape
        self.stored, self.zero = stored, zero
        self._generator = np.random.default_rng(7)

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        name = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        return name

    def constant(self, values: Any) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def stepped(self, value: str, step: float) -> str:
        parts = (self.constant(np.float32(step)), self.constant(self.stored(self.zero)))
        return self.add("DequantizeLinear", self.add("QuantizeLinear", value, *parts), *parts)

    def weight(self, *shape: int, axis: int = 0, stored: Any = np.int8, zero: int = 0) -> str:
        integers = (self._generator.integers(-127, 128, shape) + zero).astype(stored)
        scales = self._generator.uniform(0.005, 0.01, shape[axis]).astype(np.float32)
        zeros = self.constant(np.full(shape[axis], zero, stored))
        return self.add("DequantizeLinear", self.constant(integers), self.constant(scales), zeros, axis=axis)

    def bias(self, size: int) -> str:
        return self.constant(self._generator.standard_normal(size).astype(np.float32))

    def graph(self, output: str, folder: Path) -> Graph:
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, self.shape)
        y = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
        whole = helper.make_graph(self.nodes, "quantized", [x], [y], self.constants)
        path = folder / "model.onnx"
        save(helper.make_model(whole, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), path)
        return optimize_graph(import_model(path).graph).graph


def _conv(model: Model, **attributes: Any) -> str:
    x = model.stepped("x", 0.02)
    y = model.add("Conv", x, model.weight(24, 20, 3, 3), model.bias(24), **attributes)
    return model.stepped(model.add("Relu", y), RESULT_STEP)


def _twice_read(model: Model) -> str:
    """Reads one tensor of integers as data and as a residual."""
    x = model.stepped("x", 0.02)
    first = model.stepped(model.add("Conv", x, model.weight(20, 20, 1, 1)), RESULT_STEP)
    y = model.add("Conv", first, model.weight(20, 20, 3, 3), model.bias(20), pads=[1] * 4)
    return model.stepped(model.add("Relu", model.add("Add", y, first)), RESULT_STEP)


def _residual(model: Model) -> str:
    x = model.stepped("x", 0.02)
    first = model.stepped(model.add("Conv", x, model.weight(24, 20, 1, 1)), RESULT_STEP)
    y = model.add("Conv", x, model.weight(24, 20, 3, 3), pads=[1] * 4)
    return model.stepped(model.add("Sigmoid", model.add("Add", y, first)), 0.01)


def _clip(model: Model) -> str:
    limits = (model.constant(np.float32(0)), model.constant(np.float32(6)))
    y = model.add("Conv", model.stepped("x", 0.02), model.weight(33, 20, 1, 1), strides=[2, 2])
    return model.stepped(model.add("Clip", y, *limits), 0.1)


def _floats(model: Model) -> str:
    return model.add("Conv", model.stepped("x", 0.02), model.weight(7, 20, 2, 2), dilations=[2, 2])


def _line(model: Model) -> str:
    y = model.add("Conv", model.stepped("x", 0.02), model.weight(24, 20, 3), pads=[2, 1])
    return model.stepped(y, RESULT_STEP)


def _matmul(model: Model) -> str:
    y = model.add("MatMul", model.stepped("x", 0.02), model.weight(20, 30, axis=1))
    return model.stepped(model.add("Add", y, model.bias(30)), RESULT_STEP)


def _gemm(model: Model) -> str:
    y = model.add("Gemm", model.stepped("x", 0.02), model.weight(10, 20), model.bias(10), transB=1, alpha=0.5)
    return model.stepped(y, RESULT_STEP)


def _unsigned_weight(model: Model) -> str:
    return model.add("Conv", model.stepped("x", 0.02), model.weight(16, 20, 3, 3, stored=np.uint8, zero=128))


FORMS: dict[str, tuple[Callable[[Model], str], Model]] = {
    "padded": (lambda model: _conv(model, pads=[1, 2, 0, 1], strides=[2, 1]), Model(2, 20, 9, 8)),
    "padded, another zero": (
        lambda model: _conv(model, pads=[1, 2, 0, 1]),
        Model(1, 20, 9, 8, stored=np.uint8, zero=117),
    ),
    "signed, another zero": (lambda model: _conv(model, pads=[1] * 4), Model(1, 20, 5, 5, zero=-9)),
    "a residual": (_residual, Model(1, 20, 6, 6)),
    "its own data as a residual": (_twice_read, Model(1, 20, 6, 6)),
    "a clamp": (_clip, Model(1, 20, 7, 7)),
    "floats": (_floats, Model(1, 20, 7, 7)),
    "a row": (_line, Model(2, 20, 17)),
    "rows of matrices": (_matmul, Model(2, 5, 20)),
    "a matrix": (_gemm, Model(3, 20)),
    "unsigned weights": (_unsigned_weight, Model(1, 20, 6, 6)),
}


def _kernel_names(graph: Graph, precision: Precision) -> Iterable[str]:
    for program in lower_graph(graph, precision).programs:
        for step in program.steps:
            for part in step.alternatives[-1] if isinstance(step, Choice) else (step,):
                yield part.kernel.name if isinstance(part, KernelStep) else type(part).__name__


def _run(device: Any, graph: Graph, precision: Precision) -> np.ndarray:
    plan = StreamPlan("sequential", tuple(Launch((operator.name,), 0) for operator in graph.operators))
    with device.compile(graph, plan, precision) as executable:
        (value,) = executable.run(random_inputs(graph, 4)).values()
    return np.asarray(value)


@pytest.mark.parametrize("form", FORMS)
def test_that_quantized_products_multiply_integers(form: str, tmp_path: Path) -> None:
    build, given = FORMS[form]
    model = Model(*given.shape, stored=given.stored, zero=given.zero)
    graph = model.graph(build(model), tmp_path)
    names = list(_kernel_names(graph, Precision.FP32))
    products = sum(operator.main.op in ("Conv", "MatMul", "Gemm") for operator in graph.operators)
    assert sum(name.startswith("int8_") for name in names) == products
    assert not {"ConvStep", "MatmulStep"} & set(names)
    expected = _run(open_device("sim:h200"), graph, Precision.FP32)
    found = _run(HostDevice(), graph, Precision.FP32)
    off = np.abs(found - expected)
    assert np.linalg.norm(expected) > 0
    assert off.max() <= RESULT_STEP * 1.001
    assert (off > 1e-4 * np.abs(expected).max()).mean() < 0.01


def test_that_groups_compute_in_floats(tmp_path: Path) -> None:
    model = Model(1, 32, 5, 5)
    y = model.add("Conv", model.stepped("x", 0.02), model.weight(32, 16, 3, 3), group=2)
    graph = model.graph(model.stepped(y, RESULT_STEP), tmp_path)
    assert "ConvStep" in _kernel_names(graph, Precision.FP16)
    expected = _run(open_device("sim:h200"), graph, Precision.FP32)
    assert np.linalg.norm(_run(HostDevice(), graph, Precision.FP32) - expected) < 1e-2 * np.linalg.norm(expected)


def test_that_a_residual_of_integers_takes_no_launch_of_its_own(tmp_path: Path) -> None:
    net = Network("residual")
    x = net.placeholder(16, 8, 8, name="x")
    stem = net.conv2d(x, 16, 3, pad=1, act="relu")
    inner = net.conv2d(stem, 16, 3, pad=1, act="relu")
    total = net.relu(net.add(net.conv2d(inner, 16, 3, pad=1), stem))
    net.output(net.conv2d(total, 8, 1), "y")
    graph = optimize_graph(import_model(net.write(tmp_path / "residual.onnx")).graph).graph
    names = [operator.name for operator in graph.operators]
    assert len(names) == 4
    scales = tuple((name, 0.05) for name in sorted(calibrated_tensors(graph, names)))
    plan = PrecisionPlan(Precision.INT8, tuple((name, Precision.INT8) for name in names), scales)
    integer = apply_precision(graph, plan)
    kernels = [name for name in _kernel_names(integer, Precision.INT8) if "residual" not in name]
    assert [name.split("_")[0] for name in kernels] == ["pointwise", "int8", "int8", "int8", "int8", "copy"]
    expected = _run(open_device("sim:h200"), integer, Precision.INT8)
    assert np.linalg.norm(_run(HostDevice(), integer, Precision.INT8) - expected) < 2e-2 * np.linalg.norm(expected)


POOLS: dict[str, tuple[str, dict[str, Any], Model]] = {
    "maxima": ("MaxPool", {"kernel_shape": [3, 3], "strides": [2, 2]}, Model(2, 20, 9, 8)),
    "padded maxima": ("MaxPool", {"kernel_shape": [3, 2], "pads": [1, 1, 0, 0]}, Model(1, 40, 7, 6, zero=3)),
    "means": ("AveragePool", {"kernel_shape": [3, 3], "pads": [1] * 4}, Model(2, 33, 6, 6)),
    "means over padding": (
        "AveragePool",
        {"kernel_shape": [3, 3], "pads": [1] * 4, "count_include_pad": 1},
        Model(1, 20, 6, 7, stored=np.uint8, zero=117),
    ),
    "a ragged end": ("AveragePool", {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}, Model(1, 16, 5, 7)),
}


@pytest.mark.parametrize("form", POOLS)
@pytest.mark.parametrize("quantized", [True, False])
def test_that_pools_combine_integers(form: str, quantized: bool, tmp_path: Path) -> None:
    op, attributes, given = POOLS[form]
    model = Model(*given.shape, stored=given.stored, zero=given.zero)
    y = model.add(op, model.stepped("x", 0.02), **attributes)
    graph = model.graph(model.stepped(model.add("Relu", y), 0.0313) if quantized else y, tmp_path)
    names = list(_kernel_names(graph, Precision.FP16))
    assert sum(name.startswith(f"int8_{op.lower()}") for name in names) == 1
    expected = _run(open_device("sim:h200"), graph, Precision.FP32)
    off = np.abs(_run(HostDevice(), graph, Precision.FP32) - expected)
    if not quantized:
        assert off.max() < 1e-5
    assert off.max() <= 0.0313 * 1.001
    assert (off > 1e-3).mean() < 0.01


def test_that_a_first_convolution_in_floats_writes_integers_itself(tmp_path: Path) -> None:
    net = Network("first")
    x = net.placeholder(3, 12, 12, name="x")
    first = net.conv2d(x, 16, 3, pad=1, act="relu")
    net.output(net.conv2d(first, 8, 1), "y")
    graph = optimize_graph(import_model(net.write(tmp_path / "first.onnx")).graph).graph
    second = graph.operators[1].name
    scales = tuple((name, 0.05) for name in sorted(calibrated_tensors(graph, [second])))
    plan = PrecisionPlan(Precision.INT8, ((second, Precision.INT8),), scales)
    integer = apply_precision(graph, plan)
    kernels = list(_kernel_names(integer, Precision.INT8))
    assert [name.split("_")[0] for name in kernels] == ["conv", "int8", "copy"]
    expected = _run(open_device("sim:h200"), integer, Precision.INT8)
    assert np.linalg.norm(_run(HostDevice(), integer, Precision.INT8) - expected) < 2e-2 * np.linalg.norm(expected)
