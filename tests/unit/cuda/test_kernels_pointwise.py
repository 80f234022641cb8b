"""Pointwise kernels: special values, types, layouts and broadcasting."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pytest

from cuda_host import Array, HostKernels, Memory, compiler, from_storage, to_storage
from warploom.device.cuda.kernels.codegen.chain import Chain
from warploom.device.cuda.kernels.codegen.elementwise import Part, elementwise_steps
from warploom.device.cuda.kernels.codegen.functions import FUNCTIONS, cast
from warploom.device.cuda.kernels.codegen.types import float_literal, literal
from warploom.device.cuda.kernels.copies import copy_steps
from warploom.device.cuda.layout import Layout, channels_last, row_major
from warploom.device.cuda.lowering.broadcast import broadcast_view
from warploom.device.cuda.steps import KernelStep, Region
from warploom.graph import DType, Graph, Primitive, Tensor, attributes
from warploom.importer.single import PrimitiveRunner

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C++ compiler that runs kernels' text on the CPU")

_SPECIAL = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, 2.5, -2.5, 0.5, -0.5, 1.5, -1.5, 3.0, -3.0, 1e-30, -1e-30, 88.0, -104.0, 1e4],
    np.float32,
)
_PARAMETERS: Mapping[str, Mapping[str, object]] = {
    "LeakyRelu": {"alpha": 0.1},
    "Elu": {"alpha": 0.7},
    "Celu": {"alpha": 1.3},
    "Selu": {"alpha": 1.67, "gamma": 1.05},
    "HardSigmoid": {"alpha": 0.2, "beta": 0.5},
    "ThresholdedRelu": {"alpha": 0.6},
    "Shrink": {"bias": 0.25, "lambd": 0.5},
    "Gelu": {"approximate": "none"},
}
_UNARY = (
    *("Relu", "LeakyRelu", "Elu", "Celu", "Selu", "HardSigmoid", "HardSwish", "ThresholdedRelu", "Shrink", "Sigmoid"),
    *("Tanh", "Erf", "Abs", "Neg", "Sign", "Ceil", "Floor", "Round", "Exp", "Log", "Sqrt", "Reciprocal", "Softsign"),
)
_BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "PRelu")
_COMPARISONS = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")


def _run(
    steps: tuple[KernelStep, ...],
    arrays: Mapping[str, tuple[Layout, Array]],
    kernels: HostKernels | None = None,
) -> dict[str, Memory]:
    memory = {name: Memory(layout.size_bytes) for name, (layout, _) in arrays.items()}
    for step in steps:
        for region in step.writes:
            memory.setdefault(region.buffer, Memory(region.layout.size_bytes))
    for name, (layout, values) in arrays.items():
        memory[name].view(layout)[...] = to_storage(values, layout.dtype)
    (kernels or HostKernels(step.kernel for step in steps)).run(steps, memory)
    for one in memory.values():
        one.check_guards()
    return memory


def _compare(op: str, inputs: list[Array], result: DType) -> None:
    """One primitive on arrays of one shape, against ONNX Runtime."""
    names = [f"i{i}" for i in range(len(inputs))]
    parameters: Mapping[str, object] = _PARAMETERS.get(op, {})
    primitive = Primitive(op, tuple(names), ("y",), attributes(**parameters))  # type: ignore[arg-type]
    types = {name: DType(str(values.dtype)) for name, values in zip(names, inputs, strict=True)} | {"y": result}
    tensors = {name: Tensor(name, inputs[0].shape, dtype) for name, dtype in types.items()}
    (expected,) = PrimitiveRunner(Graph("one", (), tensors, {}, (), ())).run(primitive, inputs)
    layouts = {name: row_major(inputs[0].shape, dtype) for name, dtype in types.items()}
    part = Part(
        Chain((primitive,), types),
        (("y", Region("y", 0, layouts["y"])),),
        tuple((name, Region(name, 0, layouts[name])) for name in names),
    )
    memory = _run(elementwise_steps("test", [part]), {n: (layouts[n], v) for n, v in zip(names, inputs, strict=True)})
    np.testing.assert_allclose(memory["y"].view(layouts["y"]), expected, rtol=2e-6, atol=1e-7, err_msg=op)


@needs_compiler
@pytest.mark.parametrize("op", _UNARY)
def test_that_special_values_go_through_functions_as_in_onnxruntime(op: str) -> None:
    values = _SPECIAL
    if op == "HardSwish":
        values = values[np.abs(values) < np.inf]  # ONNX Runtime gives NaN for -inf, the definition 0 * -inf too
    _compare(op, [values], DType.FLOAT32)


@needs_compiler
@pytest.mark.parametrize("op", _BINARY)
def test_that_special_values_meet_as_in_onnxruntime(op: str) -> None:
    left, right = (grid.reshape(-1).copy() for grid in np.meshgrid(_SPECIAL, _SPECIAL))
    if op in ("Max", "Min", "PRelu"):
        left, right = left + np.float32(0), right + np.float32(0)  # which zero wins is not said
    _compare(op, [left, right], DType.FLOAT32)


@needs_compiler
@pytest.mark.parametrize("op", _COMPARISONS)
def test_that_comparisons_with_special_values_are_as_in_onnxruntime(op: str) -> None:
    left, right = (grid.reshape(-1).copy() for grid in np.meshgrid(_SPECIAL, _SPECIAL))
    _compare(op, [left, right], DType.BOOL)


@needs_compiler
@pytest.mark.parametrize("dtype", [np.int64, np.int32])
@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Div", "Mod", "Max", "Min"])
def test_that_integers_are_computed_as_integers(op: str, dtype: type) -> None:
    left = np.array([7, -7, 7, -7, 2**31 - 1, -(2**31) + 1, 0, 1 << 30], dtype)
    right = np.array([3, 3, -3, -3, 2, 2, 5, 3], dtype)
    if dtype is np.int64 and op in ("Add", "Sub", "Mul"):
        left, right = left * (1 << 20), right * 1001
    _compare(op, [left, right], DType(np.dtype(dtype).name))


def _region(name: str, layout: Layout, offset: int = 0) -> Region:
    return Region(name, offset, layout)


def _bias_relu(y: Layout, x: Layout, b: Layout) -> tuple[KernelStep, ...]:
    types = dict.fromkeys("xbsy", DType.FLOAT32)
    chain = Chain((Primitive("Add", ("x", "b"), ("s",)), Primitive("Relu", ("s",), ("y",))), types)
    part = Part(chain, (("y", _region("y", y)),), (("x", _region("x", x)), ("b", _region("b", b))))
    return elementwise_steps("pointwise_add_relu", [part])


_BIASES = ((1, -1, 1, 1), (2, -1, 5, 7), (1, 1, 1, 7), (1, 1, 5, 1), (1, 1, 1, 1))


@needs_compiler
@pytest.mark.parametrize("dtype", [DType.FLOAT16, DType.BFLOAT16, DType.FLOAT32])
def test_that_operands_broadcast_over_padded_channels(dtype: DType) -> None:
    random = np.random.default_rng(1)
    cases = []
    for channels, form in itertools.product((1, 3, 8, 19, 64), _BIASES):
        shape = (2, channels, 5, 7)
        bias = tuple(channels if size == -1 else size for size in form)
        y, x, b = channels_last(shape, dtype), row_major(shape, DType.FLOAT32), row_major(bias, DType.FLOAT32)
        steps = _bias_relu(y, x, broadcast_view(_region("b", b), shape).layout)
        cases.append((steps, y, {name: (one, _normal(random, one)) for name, one in (("x", x), ("b", b))}))
    kernels = HostKernels(step.kernel for steps, _, _ in cases for step in steps)
    for steps, y, arrays in cases:
        memory = _run(steps, arrays, kernels)
        expected = to_storage(np.maximum(arrays["x"][1] + arrays["b"][1], 0), dtype)
        assert np.array_equal(memory["y"].view(y), expected)
        assert not memory["y"].view(y, lanes=True)[:, y.shape[1] :].any()


def _normal(random: np.random.Generator, layout: Layout) -> Array:
    return random.standard_normal(layout.shape).astype(np.float32)


@needs_compiler
@pytest.mark.parametrize("size", [1, 5, 8, 127, 128, 1001])
def test_that_the_end_of_a_line_that_fills_no_vector_is_computed(size: int) -> None:
    layout = row_major((size,), DType.FLOAT16)
    values = np.arange(size, dtype=np.float32) - 3
    memory = _run(_bias_relu(layout, layout, layout), {"x": (layout, values), "b": (layout, values)})
    assert np.array_equal(memory["y"].view(layout), np.maximum(2 * values, 0).astype(np.float16))


def test_that_aligned_operands_are_read_as_vectors_and_others_are_not() -> None:
    dense = channels_last((1, 64, 5, 5), DType.FLOAT16)
    (step,) = _bias_relu(dense, dense, dense)
    assert "wl::load<8>" in step.kernel.code
    assert "wl::store<8>" in step.kernel.code
    odd = Layout((1, 64, 5, 5), (65 * 25, 1, 65 * 5, 65), DType.FLOAT16, 64)
    (step,) = _bias_relu(dense, odd, dense)
    assert "wl::store<1>" in step.kernel.code


def test_that_one_text_has_one_name_and_another_text_another() -> None:
    layouts = [channels_last((1, channels, 5, 5), DType.FLOAT16) for channels in (64, 64, 72)]
    names = [_bias_relu(layout, layout, layout)[0].kernel.name for layout in layouts]
    assert names[0] == names[1]
    assert names[0] != names[2]
    assert all(name.startswith("pointwise_add_relu_fp16_") and name.isidentifier() for name in names)


@needs_compiler
def test_that_several_parts_share_a_launch() -> None:
    whole = channels_last((1, 48, 3, 3), DType.FLOAT16)
    parts, arrays = [], {}
    random = np.random.default_rng(2)
    for i, (start, size) in enumerate(((0, 16), (16, 8), (24, 24))):
        layout = channels_last((1, size, 3, 3), DType.FLOAT16)
        target = Layout((1, size, 3, 3), whole.strides, DType.FLOAT16, size)
        arrays[f"x{i}"] = layout, random.standard_normal((1, size, 3, 3)).astype(np.float16)
        parts.append((_region(f"x{i}", layout), _region("y", target, start)))
    steps = copy_steps(parts)
    assert len(steps) == 1
    memory = {"y": Memory(whole.size_bytes)} | {name: Memory(layout.size_bytes) for name, (layout, _) in arrays.items()}
    for name, (layout, values) in arrays.items():
        memory[name].view(layout)[...] = values
    HostKernels(step.kernel for step in steps).run(steps, memory)
    assert np.array_equal(memory["y"].view(whole), np.concatenate([values for _, values in arrays.values()], axis=1))


@needs_compiler
@pytest.mark.parametrize("dtype", [DType.FLOAT16, DType.BFLOAT16])
def test_that_copies_keep_finite_values_finite_in_a_smaller_type(dtype: DType) -> None:
    source, target = row_major((6,), DType.FLOAT32), row_major((6,), dtype)
    values = np.array([3.4e38, -3.4e38, np.inf, -np.inf, np.nan, 1.5], np.float32)
    memory = _run(copy_steps([(_region("x", source), _region("y", target))]), {"x": (source, values)})
    result = from_storage(memory["y"].view(target), dtype)
    assert np.isfinite(result[:2]).all()
    assert np.array_equal(result[2:], [np.inf, -np.inf, np.nan, 1.5], equal_nan=True)


@needs_compiler
@pytest.mark.parametrize("shape", [(2, 40, 33), (1, 17, 64), (3, 16, 16), (1, 300, 20)])
@pytest.mark.parametrize("target", [DType.FLOAT16, DType.FLOAT32])
def test_that_transpositions_go_through_tiles(shape: tuple[int, ...], target: DType) -> None:
    source = row_major(shape, DType.FLOAT32)
    turned = Layout((shape[0], shape[2], shape[1]), (shape[1] * shape[2], 1, shape[2]), DType.FLOAT32)
    y = row_major(turned.shape, target)
    values = np.random.default_rng(3).standard_normal(shape).astype(np.float32)
    steps = copy_steps([(_region("x", turned), _region("y", y))])
    assert steps[0].kernel.name.startswith("transpose")
    memory = _run(steps, {"x": (source, values)})
    assert np.array_equal(memory["y"].view(y), values.transpose(0, 2, 1).astype(target.value))


@needs_compiler
def test_that_several_transpositions_are_one_launch() -> None:
    """The parts of a network's outputs, say: each tile of each of them is a block."""
    random = np.random.default_rng(4)
    shapes = [(2, 40, 33), (1, 17, 64), (3, 100, 20)]
    kinds = [(DType.FLOAT16, DType.FLOAT32), (DType.FLOAT32, DType.FLOAT32), (DType.FLOAT32, DType.FLOAT16)]
    pairs, arrays, expected = [], {}, {}
    for i, (shape, (source, target)) in enumerate(zip(shapes, kinds, strict=True)):
        turned = Layout((shape[0], shape[2], shape[1]), (shape[1] * shape[2], 1, shape[2]), source)
        pairs.append((_region(f"x{i}", turned), _region(f"y{i}", row_major(turned.shape, target))))
        values = random.standard_normal(shape).astype(source.value)
        arrays[f"x{i}"] = (row_major(shape, source), values)
        expected[f"y{i}"] = values.transpose(0, 2, 1).astype(target.value)
    (step,) = copy_steps(pairs)
    memory = _run((step,), arrays)
    for _, write in pairs:
        assert np.array_equal(memory[write.buffer].view(write.layout), expected[write.buffer])


@needs_compiler
def test_that_very_many_transpositions_are_a_few_launches() -> None:
    turned = Layout((1, 20, 30), (600, 1, 20), DType.FLOAT32)
    pairs = [(_region(f"x{i}", turned), _region(f"y{i}", row_major((1, 20, 30), DType.FLOAT32))) for i in range(23)]
    values = np.random.default_rng(5).standard_normal((1, 30, 20)).astype(np.float32)
    steps = copy_steps(pairs)
    assert len(steps) == 3
    memory = _run(steps, {read.buffer: (row_major((1, 30, 20), DType.FLOAT32), values) for read, _ in pairs})
    assert all(np.array_equal(memory[w.buffer].view(w.layout), values.transpose(0, 2, 1)) for _, w in pairs)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.10000000149011612f"),
        (-2.0, "(-2.0f)"),
        (1e300, "wl::infinity()"),
        (-np.inf, "(-wl::infinity())"),
        (np.nan, "wl::quiet_nan()"),
        (1e-45, "1.401298464324817e-45f"),
    ],
)
def test_that_numbers_are_written_exactly(value: float, text: str) -> None:
    assert float_literal(value) == text


def test_that_the_least_integers_are_written_as_cpp_can_read_them() -> None:
    assert literal(-(2**63), DType.INT64) == "(-9223372036854775807ll - 1)"
    assert literal(-(2**31), DType.INT32) == "(-2147483647 - 1)"
    assert literal(True, DType.BOOL) == "true"


def test_that_a_cast_between_one_type_is_nothing() -> None:
    assert cast("v", DType.INT64, DType.INT64) == "v"
    assert cast("v", DType.FLOAT32, DType.FLOAT64) == "v"
    assert cast("v", DType.FLOAT32, DType.FLOAT16) != "v"


def test_that_every_pointwise_operator_of_the_graph_has_a_function() -> None:
    from warploom.graph import OperatorKind
    from warploom.graph.kinds import KINDS

    known = {op for op, kind in KINDS.items() if kind is OperatorKind.POINTWISE} - {"CastLike"}
    assert known <= FUNCTIONS.keys()
