"""Convolutions and matrix products as library steps: every form against ONNX Runtime, and what is fused when."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cuda_graphs import Builder
from cuda_interpreter import Kernels, Machine, random_feeds
from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.lowering.lowered import LoweredGraph
from warploom.device.cuda.steps import Choice, ConvStep, KernelStep, MatmulStep, Step
from warploom.graph import FillConstant, Graph, Precision
from warploom.importer.export import export_graph
from warploom.importer.single import open_session
from warploom.passes.pipeline import optimize_graph

Make = Callable[[Builder], str]


def steps_of(graph: Graph, precision: Precision = Precision.FP16) -> tuple[Step, ...]:
    lowered = lower_graph(graph, precision, registry=Kernels().registry)
    return tuple(step for program in lowered.programs for step in program.steps)


def assert_exact(graph: Graph) -> LoweredGraph:
    feeds = random_feeds(graph, 5)
    session = open_session(export_graph(graph), optimized=False)
    expected = session.run(None, feeds)
    for precision in Precision:
        for alternative in (0, -1):
            kernels = Kernels()
            lowered = lower_graph(graph, precision, registry=kernels.registry)
            outputs = Machine(lowered, kernels, alternative).run(feeds)
            for output, values in zip(session.get_outputs(), expected, strict=True):
                error = np.linalg.norm(outputs[output.name] - values)
                assert error <= 1e-5 * np.linalg.norm(values) + 1e-7, (precision, alternative)
    return lowered


def image(*shape: int) -> Callable[[Callable[[Builder, str], str]], Make]:
    return lambda make: lambda builder: make(builder, builder.input(*shape))


CONVOLUTIONS: dict[str, Make] = {
    "odd channels": image(2, 3, 7, 6)(lambda b, x: b.conv(x, 13, 3)),
    "asymmetric padding": image(1, 8, 7, 6)(lambda b, x: b.conv(x, 8, 3, stride=2, pads=(0, 1, 2, 0))),
    "dilated": image(1, 8, 9, 9)(lambda b, x: b.conv(x, 8, 3, dilation=3)),
    "groups of whole vectors": image(1, 16, 5, 5)(lambda b, x: b.conv(x, 32, 3, group=2)),
    "groups shifted by padding": image(1, 12, 5, 5)(lambda b, x: b.conv(x, 6, 3, group=3)),
    "one dimension": image(2, 5, 11)(lambda b, x: b.pointwise("Relu", b.conv(x, 7, 3, stride=2))),
    "one dimension, residual": image(2, 8, 11)(lambda b, x: b.pointwise("Add", x, b.conv(x, 8, 3))),
    "patches": image(2, 3, 9, 8)(lambda b, x: b.pointwise("Relu", b.conv(x, 13, 4, stride=4, pads=(0, 0, 0, 0)))),
    "patches with a residual behind": image(1, 1, 6, 6)(
        lambda b, x: b.pointwise("Add", b.conv(x, 8, 3, stride=3, pads=(0, 0, 0, 0)), b.constant(1, 8, 2, 2))
    ),
    "patches of one dimension": image(2, 5, 11)(lambda b, x: b.conv(x, 7, 3, stride=3, pads=(0, 0))),
    "one channel": image(1, 1, 5, 5)(lambda b, x: b.conv(x, 1, 3)),
    "transposed": image(1, 5, 4, 3)(lambda b, x: b.conv_transpose(x, 9, 3, 2, extra=1)),
    "transposed, activated": image(2, 8, 4, 3)(lambda b, x: b.pointwise("Relu", b.conv_transpose(x, 8, 2, 2))),
    "transposed in groups": image(1, 16, 4, 3)(lambda b, x: b.conv_transpose(x, 16, 3, 2, group=2)),
    "transposed in shifted groups": image(1, 6, 4, 3)(lambda b, x: b.conv_transpose(x, 4, 3, 2, group=2)),
    "transposed, one dimension": image(1, 6, 5)(lambda b, x: b.conv_transpose(x, 4, 3, 2)),
    "of a view without channels as neighbours": image(1, 9, 8)(
        lambda b, x: b.conv(b.reshape(b.transpose(b.pointwise("Relu", x), 0, 2, 1), 1, 8, 3, 3), 8, 3)
    ),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_that_every_form_of_convolution_is_lowered_exactly(name: str) -> None:
    builder = Builder()
    graph = builder.graph([CONVOLUTIONS[name](builder)])
    assert_exact(graph)
    assert_exact(optimize_graph(graph).graph)


def test_that_a_computed_bias_is_added_by_an_own_kernel() -> None:
    builder = Builder()
    x = builder.input(1, 8, 4, 4)
    bias = builder.input(8)
    weight = builder.constant(8, 8, 1, 1)
    window = {"kernel_shape": (1, 1), "strides": (1, 1), "dilations": (1, 1), "pads": (0, 0, 0, 0), "group": 1}
    y = builder.add("Conv", [x, weight, bias], (1, 8, 4, 4), **window)  # type: ignore[arg-type]
    assert_exact(builder.graph([y]))


def test_that_weights_are_padded_with_zeros_and_channels_innermost() -> None:
    builder = Builder()
    graph = builder.graph([builder.conv(builder.input(1, 3, 5, 5), 5, 3)])
    lowered = lower_graph(graph, Precision.FP16, registry=Kernels().registry)
    (step,) = (step for step in lowered.programs[0].steps if isinstance(step, ConvStep))
    weight, bias = lowered.weights[step.w.buffer], lowered.weights[step.bias.buffer]  # type: ignore[union-attr]
    values = weight.values().reshape(weight.layout.shape)
    assert values.shape == (8, 3, 3, 8)
    assert values.dtype == np.float16
    original = graph.constants["c0"].numpy().transpose(0, 2, 3, 1).astype(np.float16)
    assert np.array_equal(values[:5, :, :, :3], original)
    assert not values[5:].any()
    assert not values[..., 3:].any()
    assert bias.values().dtype == np.float32
    assert not bias.values()[5:].any()
    stored = lowered.weights[step.bias_stored.buffer]  # type: ignore[union-attr]
    assert np.array_equal(stored.values(), bias.values().astype(np.float16))


def test_that_filled_weights_are_made_only_when_asked_for() -> None:
    builder = Builder()
    y = builder.conv(builder.input(1, 8, 5, 5), 8, 3, bias=False)
    builder.constants["c0"] = FillConstant((8, 8, 3, 3), builder.tensors["c0"].dtype, 0.5)
    lowered = lower_graph(builder.graph([y]), Precision.BF16, registry=Kernels().registry)
    (weight,) = lowered.weights.values()
    assert set(weight.values().tolist()) == {0x3F00}


def linear(columns: int, **options: object) -> Callable[[Builder, str], str]:
    return lambda b, x: b.gemm(x, columns, **options)  # type: ignore[arg-type]


def with_addend(shape: tuple[int, ...], *, computed: bool = False, **factors: float) -> Callable[[Builder, str], str]:
    def make(b: Builder, x: str) -> str:
        addend = b.input(*shape) if computed else b.constant(*shape)
        rows, depth = b.shape(x)
        weight = b.constant(depth, 12)
        values = {"alpha": 1.0, "beta": 1.0, "transA": 0, "transB": 0, **factors}
        return b.add("Gemm", [x, weight, addend], (rows, 12), **values)  # type: ignore[arg-type]

    return make


def times(*shape: int) -> Callable[[Builder, str], str]:
    return lambda b, x: b.matmul(x, b.input(*shape))


def gemm_of_inputs(b: Builder, x: str) -> str:
    return b.add("Gemm", [x, b.input(8, 5)], (7, 8), alpha=0.5, beta=1.0, transA=1, transB=1)


MATRICES: dict[str, Make] = {
    "linear": image(3, 16)(linear(10)),
    "linear, not transposed": image(3, 16)(linear(16, trans_b=False)),
    "linear of odd depth": image(3, 13)(linear(5)),
    "linear with factors": image(3, 8)(linear(8, alpha=0.5, beta=2.0)),
    "constant addend of all elements": image(3, 8)(with_addend((3, 12))),
    "constant addend per row": image(3, 8)(with_addend((3, 1), beta=0.5)),
    "constant scalar addend": image(3, 8)(with_addend((1,), beta=0.5)),
    "computed addend": image(3, 8)(with_addend((3, 12), computed=True, alpha=2.0, beta=0.5)),
    "computed addend per column": image(3, 8)(with_addend((12,), computed=True)),
    "both transposed and computed": image(5, 7)(gemm_of_inputs),
    "batched": image(2, 3, 4, 8)(times(2, 3, 8, 8)),
    "batched, odd sizes": image(2, 3, 4, 5)(times(2, 3, 5, 7)),
    "right broadcast": image(2, 3, 4, 8)(times(8, 16)),
    "left broadcast": image(4, 8)(times(2, 3, 8, 8)),
    "both broadcast": image(2, 1, 4, 8)(times(3, 8, 8)),
    "vector on the left": image(8)(times(2, 8, 5)),
    "vector on the right": image(2, 3, 8)(times(8)),
    "one row": image(1, 8)(times(8, 8)),
    "one column": image(6, 8)(times(8, 1)),
    "single element": image(1, 1)(times(1, 1)),
    "expanded factor": image(4, 1, 8)(
        lambda b, x: b.matmul(b.add("Expand", [x], (4, 6, 8), shape=(4, 6, 8)), b.input(4, 8, 8))
    ),
    "sliced factor": image(4, 24)(lambda b, x: b.matmul(b.slice(x, 1, 4, 20), b.constant(16, 8))),
    "with bias, residual and gelu": image(6, 8)(
        lambda b, x: b.pointwise(
            "Gelu",
            b.pointwise("Add", b.pointwise("Add", b.matmul(x, b.constant(8, 8)), b.constant(8)), x),
            approximate="none",
        )
    ),
    "with bias per row": image(6, 8)(lambda b, x: b.pointwise("Add", b.matmul(x, b.constant(8, 8)), b.constant(6, 1))),
}


@pytest.mark.parametrize("name", MATRICES)
def test_that_every_form_of_matrix_product_is_lowered_exactly(name: str) -> None:
    builder = Builder()
    graph = builder.graph([MATRICES[name](builder)])
    assert_exact(graph)
    assert_exact(optimize_graph(graph).graph)


def fused(make: Callable[[Builder, str], str], precision: Precision) -> tuple[Step, ...]:
    builder = Builder()
    x = builder.input(1, 8, 4, 4)
    graph = optimize_graph(builder.graph([builder.pool(make(builder, builder.pool(x)))])).graph
    lowered = lower_graph(graph, precision, registry=Kernels().registry)
    (program,) = (p for p, o in zip(lowered.programs, graph.operators, strict=True) if o.body[0].op == "Conv")
    return program.steps


def swish(builder: Builder, x: str) -> str:
    return builder.pointwise("Mul", x, builder.pointwise("Sigmoid", x))


EPILOGUES: dict[str, tuple[Callable[[Builder, str], str], dict[Precision, str]]] = {
    # How each precision computes it: "fused" alone, a "choice" between that and an own kernel, or the latter only.
    "relu": (
        lambda b, x: b.pointwise("Relu", b.conv(x, 8)),
        {Precision.FP16: "fused", Precision.TF32: "fused", Precision.FP32: "fused"},
    ),
    "swish": (
        lambda b, x: swish(b, b.conv(x, 8)),
        {Precision.FP16: "choice", Precision.TF32: "choice", Precision.FP32: "own"},
    ),
    "clip": (
        lambda b, x: b.add("Clip", [b.conv(x, 8)], (1, 8, 4, 4), min=0.0, max=6.0),
        {Precision.FP16: "choice", Precision.TF32: "own", Precision.FP32: "own"},
    ),
    "residual and relu": (
        lambda b, x: b.pointwise("Relu", b.pointwise("Add", b.conv(x, 8), x)),
        {Precision.FP16: "choice", Precision.TF32: "choice", Precision.FP32: "own"},
    ),
    "a function that the library lacks": (
        lambda b, x: b.pointwise("HardSwish", b.conv(x, 8)),
        {Precision.FP16: "own", Precision.TF32: "own", Precision.FP32: "own"},
    ),
    "residual behind the activation": (
        lambda b, x: b.pointwise("Add", b.pointwise("Relu", b.conv(x, 8)), x),
        {Precision.FP16: "own", Precision.TF32: "own", Precision.FP32: "own"},
    ),
}


@pytest.mark.parametrize(
    ("name", "precision"), [(name, precision) for name, (_, ways) in EPILOGUES.items() for precision in ways]
)
def test_that_the_library_fuses_what_it_can_in_each_precision(name: str, precision: Precision) -> None:
    make, ways = EPILOGUES[name]
    steps = fused(make, precision)
    match ways[precision]:
        case "fused":
            assert [type(step) for step in steps] == [ConvStep]
        case "choice":
            (choice,) = steps
            assert isinstance(choice, Choice)
            first, last = choice.alternatives
            assert [type(step) for step in first] == [ConvStep]
            assert [type(step) for step in last] == [ConvStep, KernelStep]
            assert last[0].activation in ((), ("Relu",))  # type: ignore[union-attr]
            assert last[0].residual is None  # type: ignore[union-attr]
        case _:
            assert [type(step) for step in steps] == [ConvStep, KernelStep]


def test_that_a_value_read_again_later_ends_what_is_fused() -> None:
    """relu(y) * y needs y, which a library that applies the ReLU never writes."""
    steps = fused(lambda b, x: _gated(b, b.conv(x, 8)), Precision.FP16)
    assert isinstance(steps[0], ConvStep)
    assert steps[0].activation == ()


def _gated(builder: Builder, y: str) -> str:
    return builder.pointwise("Mul", builder.pointwise("Relu", y), y)


def test_that_a_matrix_product_keeps_constant_addends_as_bias() -> None:
    builder = Builder()
    x = builder.input(4, 8)
    y = builder.pointwise("Add", builder.matmul(x, builder.constant(8, 16)), builder.constant(16))
    steps = steps_of(optimize_graph(builder.graph([builder.pointwise("Softplus", y)])).graph)
    products = [step for step in steps if isinstance(step, MatmulStep)]
    choices = [step for step in steps if isinstance(step, Choice)]
    assert len(products) + len(choices) == 1
    step = products[0] if products else choices[0].alternatives[0][0]
    assert isinstance(step, MatmulStep)
    assert step.bias is not None


def test_that_a_convolution_into_a_slice_may_also_be_copied_there() -> None:
    """Library kernels that are best for a tensor of its own may be slow in a slice: the faster way is measured."""
    builder = Builder()
    x = builder.input(1, 8, 4, 4)
    parts = [builder.conv(x, 8, 3), builder.conv(x, 16, 1)]
    whole = builder.pool(builder.concat(parts, 1))
    result = lower_graph(builder.graph([whole]), Precision.FP16, registry=Kernels().registry)
    (choice,) = result.programs[0].steps
    assert isinstance(choice, Choice)
    straight, copied = choice.alternatives
    place = result.placements[parts[0]]
    assert straight[-1].writes == (place,)
    assert copied[-1].writes == (place,)
    assert copied[0].writes[0].layout.strides == (128, 1, 32, 8)
