"""What the fused graphs compute is what ONNX Runtime computes from the original files, tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warploom.graph import Graph
from warploom.importer.export import export_operators
from warploom.importer.load import import_model
from warploom.importer.options import ImportOptions
from warploom.importer.random_weights import apply_replacements, find_replacements
from warploom.importer.reference import random_inputs, reference_outputs
from warploom.importer.single import open_session
from warploom.passes.pipeline import optimize_graph
from warploom.samples.builder import NetworkBuilder, Value
from warploom.samples.recipes import RECIPES, describe
from warploom.samples.writing import write_network

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
LIGHT_MODELS = sorted(path.name for path in LIGHT.glob("*.onnx"))
SHARED_MODELS = {"inception_v3.onnx": 107, "nasnetalarge.onnx": 75, "squeezenet1_1.onnx": 107}
"""With sizes of input that keep the parities of all inner sizes; the files say 224 to 331."""
SMALL = {
    "sample_network": (15, 0.2),
    "inception_v3": (95, 0.5),
    "randwire_large": (64, 0.25),
    "nasnet_large": (65, 2 / 21),
    "squeezenet": (96, 1.0),
    "googlenet": (96, 1.0),
    "resnet50": (64, 0.5),
    "mobilenet_heads": (144, 1.0),
    "yolo": (128, 1.0),
    "bert_small": (32, 1.0),
    "randwire_small": (64, 1.0),
}
TOLERANCE = 1e-5


def assert_operators_agree(graph: Graph, path: Path, options: ImportOptions, **reference: Any) -> Mapping[str, Any]:
    """Every operator's output, in one run of the fused graph, against the tensor of that name in the original."""
    inputs = random_inputs(graph, seed=5)
    expected = reference_outputs(path, options, inputs, intermediates=True, **reference)
    session = open_session(export_operators(graph, graph.operators, weights_as_inputs=True), optimized=False)
    names = [output.name for output in session.get_outputs()]
    feeds = [port.name for port in session.get_inputs()]
    arrays = {name: graph.constants[name].numpy() if name in graph.constants else inputs[name] for name in feeds}
    actual = session.run(names, {name: np.require(array, requirements="C") for name, array in arrays.items()})
    assert set(graph.outputs) <= set(names)
    assert set(names) <= expected.keys(), "an operator's output has another name than in the file"
    for name, values in zip(names, actual, strict=True):
        assert values.shape == expected[name].shape
        error = np.linalg.norm(values - expected[name]) / max(float(np.linalg.norm(expected[name])), 1e-30)
        assert error <= TOLERANCE, f"{name}: {error:.2e}"
    return expected


def check_with_random_weights(path: Path, options: ImportOptions = ImportOptions()) -> None:  # noqa: B008 - frozen
    """Calibrates once (import and reference would each do it again)."""
    raw = import_model(path, options).graph
    replacements = find_replacements(raw, seed=1)
    graph = optimize_graph(apply_replacements(raw, replacements), verify=True).graph
    assert_operators_agree(graph, path, options, replacements=replacements)
    assert_sources_kept(raw, graph)


def assert_sources_kept(raw: Graph, graph: Graph) -> None:
    """Every ONNX node stands in some operator still."""
    before = {source for operator in raw.operators for source in operator.sources}
    assert before == {source for operator in graph.operators for source in operator.sources}


@pytest.mark.parametrize("name", LIGHT_MODELS)
def test_that_the_models_of_the_onnx_package_keep_their_values(name: str) -> None:
    check_with_random_weights(LIGHT / name)


@pytest.mark.parametrize("name", SHARED_MODELS)
def test_that_the_reference_models_keep_their_values(name: str, shared_path: Path) -> None:
    size = SHARED_MODELS[name]
    check_with_random_weights(shared_path / "models" / name, ImportOptions(shapes={"x": (1, 3, size, size)}))


@pytest.mark.parametrize("name", RECIPES)
def test_that_the_sample_models_keep_their_values(name: str, tmp_path: Path) -> None:
    size, width = SMALL[name]
    path = write_network(describe(name, size=size, width=width), name, tmp_path / "model.onnx")
    raw = import_model(path).graph
    graph = optimize_graph(raw, verify=True).graph
    expected = assert_operators_agree(graph, path, ImportOptions())
    assert_sources_kept(raw, graph)
    deviations = [float(expected[name].std()) for name in raw.outputs]
    assert min(deviations) > 0.01, "outputs that hardly vary prove nothing"


Step = Callable[[NetworkBuilder, list[Value], Value], Value]


def _like(values: list[Value], x: Value) -> Value:
    """The oldest value of the same shape (often the value itself)."""
    return next(value for value in values if value.shape == x.shape)


STEPS: dict[str, Step] = {
    "conv": lambda b, _, x: b.conv(x, 6, 3, pad=1),
    "pointwise_conv": lambda b, _, x: b.conv(x, 6),
    "strided": lambda b, _, x: b.conv(x, 4, 3, stride=2, pad=1, bias=False) if x.shape[2] > 2 else x,
    "depthwise": lambda b, _, x: b.depthwise(x),
    "norm": lambda b, _, x: b.norm(x),
    "relu": lambda b, _, x: b.relu(x),
    "silu": lambda b, _, x: b.silu(x),
    "hard_swish": lambda b, _, x: b.hard_swish(x),
    "relu6": lambda b, _, x: b.relu6(x),
    "sigmoid": lambda b, _, x: b.activation("Sigmoid", x),
    "max_pool": lambda b, _, x: b.max_pool(x, 3, pad=1),
    "avg_pool": lambda b, _, x: b.avg_pool(x, 3, pad=1),
    "add": lambda b, values, x: b.add(x, _like(values, x)),
    "sum": lambda b, values, x: b.add(x, _like(values, x), _like(values[::-1], x)),
    "multiply": lambda b, values, x: b.multiply(x, _like(values, x)),
    "concat": lambda b, values, x: b.concat(x, _like(values, x)),
    "split": lambda b, _, x: b.add(*b.split(x)) if x.channels % 2 == 0 else x,
    "gate": lambda b, _, x: b.multiply(x, b.activation("Sigmoid", b.conv(b.global_pool(x), x))),
    "identity": lambda b, _, x: Value(b.node("Identity", [x.name])[0], x.shape, x.mean, x.variance),
    "transposes": lambda b, _, x: _transposed_twice(b, x),
    "scale": lambda b, _, x: _channel_scale(b, x),
}


def _transposed_twice(b: NetworkBuilder, x: Value) -> Value:
    (once,) = b.node("Transpose", [x.name], perm=(0, 2, 3, 1))
    (twice,) = b.node("Transpose", [once], perm=(0, 3, 1, 2))
    return Value(twice, x.shape, x.mean, x.variance)


def _channel_scale(b: NetworkBuilder, x: Value) -> Value:
    (scaled,) = b.node("Mul", [x.name, b.weight("scale", (x.channels, 1, 1), 0.5, 1.5)])
    (shifted,) = b.node("Add", [b.weight("shift", (1, x.channels, 1, 1), -0.5, 0.5), scaled])
    return Value(shifted, x.shape, x.mean, x.variance)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 30)), min_size=3, max_size=22),
    outputs=st.sets(st.integers(0, 30), min_size=1, max_size=3),
)
def test_that_random_networks_keep_their_values(
    steps: list[tuple[str, int]], outputs: set[int], tmp_path: Path
) -> None:
    """Each step reads a recent value, so that chains, joins, and values read several times all occur."""
    b = NetworkBuilder()
    values = [b.conv(b.input("input", 4, 9, 9), 6, 3, pad=1)]
    for step, back in steps:
        made = STEPS[step](b, values, values[max(0, len(values) - 1 - back // 4)])
        if made.power < 100 and made.channels <= 24:  # products of products would overflow, concats of concats swell
            values.append(made)
    for name in {values[-1].name, *(values[i % len(values)].name for i in outputs)}:
        value = next(value for value in values if value.name == name)
        b.output(value, f"output_{len(b.outputs)}")
        values = [Value(b.outputs[-1].name, v.shape) if v.name == name else v for v in values]
    path = write_network(b, "random", tmp_path / "random.onnx")
    raw = import_model(path).graph
    graph = optimize_graph(raw, verify=True).graph
    assert_operators_agree(graph, path, ImportOptions())
    assert_sources_kept(raw, graph)
    assert optimize_graph(graph, verify=True).graph.outputs == graph.outputs
