"""Merged operators compute what their members compute, and refuse whenever they would not."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warploom.errors import ScheduleError
from warploom.graph import ArrayConstant, FillConstant, Graph, MissingConstant, Operator, Primitive, Tensor, attributes
from warploom.graph.build import make_operator
from warploom.importer.export import export_operators
from warploom.passes.merge import lower_merges, merge_obstacle, merge_operators
from warploom.passes.merge_windows import CommonWindow, Window, common_window
from warploom.schedule import Launch, StreamPlan

Values = dict[str, Any]


def add_conv(
    maker: Any,
    name: str,
    channels: int,
    kernel: Sequence[int] = (3, 3),
    *,
    pads: Sequence[int] = (1, 1, 1, 1),
    strides: Sequence[int] = (1, 1),
    dilations: Sequence[int] = (1, 1),
    bias: bool = True,
    data: str = "x",
) -> str:
    n, c, *extent = maker.tensors[data].shape
    inputs = [data, maker.constant(f"{name}.w", channels, c, *kernel)]
    if bias:
        inputs.append(maker.constant(f"{name}.b", channels))
    half = len(pads) // 2
    size = [
        (extent[i] + pads[i] + pads[i + half] - dilations[i] * (kernel[i] - 1) - 1) // strides[i] + 1
        for i in range(half)
    ]
    window: Values = {"kernel_shape": kernel, "strides": strides, "dilations": dilations, "pads": pads}
    window = {key: tuple(value) for key, value in window.items()}
    added: str = maker.add("Conv", name, inputs, (n, channels, *size), group=1, **window)
    return added


def fuse(maker: Any, name: str, op: str, *operands: str, **values: Any) -> str:
    """Appends a pointwise primitive to the body of the last operator, which is renamed to its output."""
    last: Operator = maker.operators.pop()
    output = maker.tensor(name, maker.tensors[last.outputs[0]].shape)
    inputs = tuple(last.body[-1].outputs[0] if operand == "." else operand for operand in (".", *operands))
    body = (*last.body, Primitive(op, inputs, (output,), attributes(**values), f"node_{name}"))
    sources = (*last.sources, f"node_{name}")
    maker.operators.append(
        make_operator(name, last.kind, body, constants=maker.constants, outputs=(output,), sources=sources)
    )
    return name


def run(graph: Graph, operators: Sequence[Operator], values: Values) -> Values:
    session = onnxruntime.InferenceSession(export_operators(graph, operators), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, values), strict=True))


def check_merge(graph: Graph, names: Sequence[str]) -> Operator:
    """The merged operator, after comparing what it writes with what its members write."""
    assert merge_obstacle(graph, names) is None
    plan = StreamPlan("plan", (Launch(tuple(names), 0), *(Launch((n,), 0) for n in graph.index if n not in names)))
    lowered = lower_merges(graph, plan)
    lowered.verify()
    merged = lowered.operators[0]
    random = np.random.default_rng(3)
    values = {name: random.standard_normal(graph.tensors[name].shape).astype(np.float32) for name in merged.inputs}
    expected = run(graph, [graph.operator(name) for name in names], values)
    computed = run(lowered, [merged], values)
    assert list(computed) == [graph.operator(name).outputs[0] for name in names]
    for name, value in expected.items():
        np.testing.assert_allclose(computed[name], value, rtol=1e-4, atol=1e-4)
    return merged


def test_that_convolutions_of_one_input_become_one_and_a_split(maker: Any) -> None:
    maker.input("x", 2, 5, 9, 8)
    names = [add_conv(maker, "a", 3), add_conv(maker, "b", 4), add_conv(maker, "c", 2)]
    merged = check_merge(maker.graph(*names), names)
    assert merged.label == "Conv+Split"
    assert merged.name == "a & b & c"
    assert merged.members == ("a", "b", "c")
    assert merged.sources == ("node_a", "node_b", "node_c")


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (((1, 1), (0, 0, 0, 0)), ((3, 3), (1, 1, 1, 1))),
        (((1, 1), (0, 0, 0, 0)), ((5, 5), (2, 2, 2, 2))),
        (((3, 3), (1, 1, 1, 1)), ((5, 5), (2, 2, 2, 2))),
        (((1, 3), (0, 1, 0, 1)), ((3, 1), (1, 0, 1, 0))),
        (((1, 7), (0, 3, 0, 3)), ((7, 1), (3, 0, 3, 0))),
        (((2, 2), (0, 0, 1, 1)), ((3, 3), (1, 1, 1, 1))),
        (((2, 2), (1, 1, 0, 0)), ((1, 1), (0, 0, 0, 0))),
    ],
)
def test_that_kernels_that_align_are_padded_to_a_common_size(maker: Any, stride: int, first: Any, second: Any) -> None:
    maker.input("x", 1, 3, 13, 12)
    strides = (stride, stride)
    add_conv(maker, "a", 3, first[0], pads=first[1], strides=strides)
    add_conv(maker, "b", 2, second[0], pads=second[1], strides=strides)
    check_merge(maker.graph("a", "b"), ("a", "b"))


def test_that_a_dilated_kernel_takes_in_a_pointwise_one(maker: Any) -> None:
    maker.input("x", 1, 3, 11, 11)
    add_conv(maker, "a", 3, (1, 1), pads=(0, 0, 0, 0))
    add_conv(maker, "b", 2, (3, 3), pads=(2, 2, 2, 2), dilations=(2, 2))
    merged = check_merge(maker.graph("a", "b"), ("a", "b"))
    assert merged.main.integers("dilations") == (2, 2)


window_axes = st.tuples(st.integers(1, 5), st.integers(0, 3), st.integers(0, 3), st.integers(1, 3))


@settings(max_examples=300, deadline=None)
@given(st.lists(window_axes, min_size=2, max_size=3), st.integers(1, 3), st.integers(4, 13))
def test_that_a_common_window_computes_each_member_exactly(
    drawn: list[tuple[int, int, int, int]], stride: int, size: int
) -> None:
    """In one dimension, against the definition of a convolution; whatever is refused is refused for a reason."""
    windows = []
    for kernel, begin, end, dilation in drawn:
        span = size + begin + end - dilation * (kernel - 1) - 1
        if span < 0:
            return
        windows.append(Window(kernel, begin, end, stride, dilation, size, span // stride + 1))
    common = common_window(windows)
    if isinstance(common, str):
        assert not _fits_by_trial(windows), common
        return
    x = np.random.default_rng(1).standard_normal(size)
    for window, offset in zip(windows, common.offsets, strict=True):
        weight = np.arange(1.0, window.kernel + 1)
        wide = np.zeros(common.kernel)
        wide[offset : offset + window.kernel] = weight
        expected = _convolve(x, weight, window.pad_begin, window.pad_end, window.dilation, stride)
        computed = _convolve(x, wide, common.pad_begin, common.pad_end, common.dilation, stride)
        np.testing.assert_allclose(computed, expected)


def _fits_by_trial(windows: Sequence[Window]) -> bool:
    """Whether any larger window reads the taps of all members and has as many outputs, by trying them all."""
    outputs = {window.output for window in windows}
    if len(outputs) > 1:
        return False
    stride, size, output = windows[0].stride, windows[0].size, windows[0].output
    taps = [{i * w.dilation - w.pad_begin for i in range(w.kernel)} for w in windows]
    for dilation in range(1, 4):
        if any(w.kernel > 1 and w.dilation != dilation for w in windows):
            continue
        for begin in range(8):
            for kernel in range(1, 12):
                reach = {i * dilation - begin for i in range(kernel)}
                for end in range(10):
                    span = size + begin + end - dilation * (kernel - 1) - 1
                    if span >= 0 and span // stride + 1 == output and all(tap <= reach for tap in taps):
                        return True
    return False


def _convolve(x: Any, weight: Any, begin: int, end: int, dilation: int, stride: int) -> Any:
    padded = np.concatenate([np.zeros(begin), x, np.zeros(end)])
    span = dilation * (len(weight) - 1) + 1
    starts = range(0, len(padded) - span + 1, stride)
    return np.array([padded[start : start + span : dilation] @ weight for start in starts])


def test_that_kernels_that_do_not_align_are_refused(maker: Any) -> None:
    maker.input("x", 1, 3, 12, 12)
    add_conv(maker, "a", 3, (1, 1), pads=(0, 0, 0, 0), strides=(2, 2))
    add_conv(maker, "b", 2, (3, 3), pads=(0, 0, 0, 0), strides=(2, 2))
    assert "outputs differ" in (merge_obstacle(maker.graph("a", "b"), ("a", "b")) or "")


def test_that_dilation_decides_about_alignment(maker: Any) -> None:
    maker.input("x", 1, 3, 12, 12)
    add_conv(maker, "a", 3, (3, 3), pads=(1, 1, 3, 3), dilations=(2, 2))
    add_conv(maker, "b", 2, (3, 3), pads=(2, 2, 2, 2), dilations=(2, 2))
    assert "do not align" in (merge_obstacle(maker.graph("a", "b"), ("a", "b")) or "")


def test_that_equal_activations_are_merged_with_their_convolutions(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    for name, kernel in (("a", 1), ("b", 3)):
        add_conv(maker, f"{name}.conv", 3, (kernel, kernel), pads=(kernel // 2,) * 4)
        fuse(maker, name, "LeakyRelu", alpha=0.25)
    merged = check_merge(maker.graph("a", "b"), ("a", "b"))
    assert merged.label == "Conv+LeakyRelu+Split"


def test_that_an_activation_of_several_primitives_keeps_its_shape(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    for name in ("a", "b"):
        add_conv(maker, f"{name}.conv", 3)
        fuse(maker, f"{name}.gate", "Sigmoid")
        fuse(maker, name, "Mul", f"{name}.conv")
    assert check_merge(maker.graph("a", "b"), ("a", "b")).label == "Conv+Sigmoid+Mul+Split"


def test_that_constants_per_channel_are_joined_and_equal_ones_kept(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    for name, channels in (("a", 3), ("b", 5)):
        add_conv(maker, f"{name}.conv", channels, bias=name == "a")
        fuse(maker, f"{name}.scaled", "Mul", maker.constant(f"{name}.scale", channels, 1, 1))
        fuse(maker, f"{name}.slope", "PRelu", maker.constant(f"{name}.slopes", 1, 1, 1) if name == "a" else "a.slopes")
        fuse(maker, name, "Add", maker.constant(f"{name}.shift", fill=0.5))
    merged = check_merge(maker.graph("a", "b"), ("a", "b"))
    assert merged.label == "Conv+Mul+PRelu+Add+Split"


@pytest.mark.parametrize("transposed", [0, 1])
def test_that_gemms_of_one_input_are_merged(maker: Any, transposed: int) -> None:
    maker.input("x", 4, 6)
    for name, columns, bias in (("q", 5, (5,)), ("k", 3, (1, 3)), ("v", 2, ())):
        shape = (columns, 6) if transposed else (6, columns)
        inputs = ["x", maker.constant(f"{name}.w", *shape), maker.constant(f"{name}.b", *bias)]
        maker.add("Gemm", name, inputs, (4, columns), alpha=0.5, beta=2.0, transA=0, transB=transposed)
    check_merge(maker.graph("q", "k", "v"), ("q", "k", "v"))


def test_that_matrix_products_with_a_bias_are_merged_as_in_attention(maker: Any) -> None:
    maker.input("x", 2, 7, 6)
    for name in "qkv":
        maker.add("MatMul", f"{name}.product", ["x", maker.constant(f"{name}.w", 6, 4)], (2, 7, 4))
        fuse(maker, name, "Add", maker.constant(f"{name}.b", 4))
    check_merge(maker.graph("q", "k", "v"), ("q", "k", "v"))


def test_that_fills_stay_symbolic_and_arrays_are_read_late(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    for name in ("a", "b"):
        maker.conv(name, "x", 4, fill=0.25)
    maker.conv("c", "x", 4)
    graph = maker.graph("a", "b", "c")
    _, _, constants = merge_operators(graph, ("a", "b"))
    assert constants["a & b/weight"] == FillConstant((8, 3, 3, 3), graph.constants["a.w"].dtype, 0.25)
    _, _, constants = merge_operators(graph, ("a", "c"))
    weight = constants["a & c/weight"]
    assert isinstance(weight, ArrayConstant)
    assert not weight._loaded
    np.testing.assert_array_equal(weight.numpy()[:4], np.float32(0.25))


def test_that_a_graph_without_weights_is_merged_too(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    names = [maker.conv("a", "x", 4), maker.conv("b", "x", 4, 1)]
    graph = maker.graph(*names)
    missing = {name: MissingConstant(constant.shape, constant.dtype) for name, constant in graph.constants.items()}
    lowered = lower_merges(graph.replace(constants=missing), StreamPlan("p", (Launch(("a", "b"), 0),)))
    lowered.verify()


def obstacle(maker: Any, *names: str) -> str:
    return merge_obstacle(maker.graph(*names), names) or "none"


def test_that_one_operator_or_one_named_twice_is_refused(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    add_conv(maker, "a", 3)
    graph = maker.graph("a")
    assert "single" in (merge_obstacle(graph, ("a",)) or "")
    assert "twice" in (merge_obstacle(graph, ("a", "a")) or "")


def test_that_different_inputs_are_refused(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    maker.input("y", 1, 3, 8, 8)
    assert "read different tensors" in obstacle(maker, add_conv(maker, "a", 3), add_conv(maker, "b", 3, data="y"))


def test_that_different_strides_are_refused(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    add_conv(maker, "a", 3)
    assert "strides differ" in obstacle(maker, "a", add_conv(maker, "b", 3, strides=(2, 2), pads=(1,) * 4))


def test_that_different_dilations_are_refused(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    add_conv(maker, "a", 3)
    assert "dilations differ" in obstacle(maker, "a", add_conv(maker, "b", 3, pads=(2,) * 4, dilations=(2, 2)))


def test_that_grouped_convolutions_are_refused(maker: Any) -> None:
    maker.input("x", 1, 4, 8, 8)
    assert "grouped" in obstacle(maker, maker.conv("a", "x", 4, group=2), maker.conv("b", "x", 4, group=2))


def test_that_different_activations_are_refused(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    for name, function in (("a", "Relu"), ("b", "Sigmoid")):
        add_conv(maker, f"{name}.conv", 3)
        fuse(maker, name, function)
    assert "end in different functions" in obstacle(maker, "a", "b")


def test_that_an_activation_beside_none_is_refused(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    add_conv(maker, "a", 3)
    add_conv(maker, "b.conv", 3)
    assert "end in different functions" in obstacle(maker, "a", fuse(maker, "b", "Relu"))


def test_that_a_residual_addition_is_refused(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    maker.input("r", 1, 3, 8, 8)
    add_conv(maker, "a", 3)
    add_conv(maker, "b.conv", 3)
    assert "second computed tensor" in obstacle(maker, "a", fuse(maker, "b", "Add", "r"))


def test_that_adding_the_input_again_is_refused(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    for name in ("a", "b"):
        add_conv(maker, f"{name}.conv", 3)
        fuse(maker, name, "Add", "x")
    assert "uses its input again" in obstacle(maker, "a", "b")


def test_that_a_prologue_is_refused(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    add_conv(maker, "a", 3)
    add_conv(maker, "b", 3)
    conv = maker.operators.pop()
    maker.tensor("b.relu", (1, 3, 8, 8))
    prologue = Primitive("Relu", ("x",), ("b.relu",), source="relu")
    body = (prologue, dataclasses.replace(conv.body[0], inputs=("b.relu", *conv.body[0].inputs[1:])))
    maker.operators.append(
        make_operator("b", conv.kind, body, constants=maker.constants, outputs=("b",), sources=conv.sources)
    )
    assert "begins with Relu" in obstacle(maker, "a", "b")


def test_that_constants_that_differ_by_position_are_refused(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    for name in ("a", "b"):
        add_conv(maker, f"{name}.conv", 3)
        fuse(maker, name, "Add", maker.constant(f"{name}.map", 8, 8))
    assert "not one value per output channel" in obstacle(maker, "a", "b")


def test_that_computed_weights_and_poolings_are_refused(maker: Any) -> None:
    maker.input("x", 4, 6)
    maker.input("w", 6, 3)
    maker.add("MatMul", "a", ["x", "w"], (4, 3))
    maker.add("MatMul", "b", ["x", maker.constant("b.w", 6, 3)], (4, 3))
    maker.add("Relu", "c", ["x"])
    graph = maker.graph("a", "b", "c")
    assert "second computed tensor" in (merge_obstacle(graph, ("a", "b")) or "")
    assert "begins with Relu" in (merge_obstacle(graph, ("b", "c")) or "")


def test_that_a_refused_merge_cannot_be_made(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    add_conv(maker, "a", 3)
    add_conv(maker, "b", 3, strides=(2, 2))
    graph = maker.graph("a", "b")
    with pytest.raises(ScheduleError, match=r"'a', 'b' cannot be merged: their strides differ"):
        merge_operators(graph, ("a", "b"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_that_whatever_is_accepted_computes_the_same(maker: Any, data: st.DataObject) -> None:
    fresh = type(maker)()
    fresh.input("x", 1, data.draw(st.integers(1, 3)), data.draw(st.integers(5, 9)), data.draw(st.integers(5, 9)))
    stride = data.draw(st.integers(1, 2))
    names = []
    for name in ("a", "b", "c"):
        kernel = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
        pads = data.draw(st.tuples(*[st.integers(0, 1)] * 4))
        dilation = data.draw(st.integers(1, 2))
        names.append(
            add_conv(fresh, name, 2, kernel, pads=pads, strides=(stride, stride), dilations=(dilation, dilation))
        )
    graph = fresh.graph(*names)
    for pair in [*combinations(names, 2), tuple(names)]:
        if merge_obstacle(graph, pair) is None:
            check_merge(graph, pair)


def test_that_common_window_keeps_equal_windows_as_they_are() -> None:
    window = Window(kernel=3, pad_begin=1, pad_end=1, stride=2, dilation=1, size=9, output=5)
    assert common_window([window, window]) == CommonWindow(3, 1, 1, 1, (0, 0))


def test_that_merged_tensors_are_new_to_the_graph(maker: Any) -> None:
    maker.input("x", 1, 3, 8, 8)
    graph = maker.graph(add_conv(maker, "a", 3), add_conv(maker, "b", 3))
    _, tensors, constants = merge_operators(graph, ("a", "b"))
    assert not set(tensors) & set(graph.tensors)
    assert all(isinstance(tensor, Tensor) and tensor.name == name for name, tensor in tensors.items())
    assert set(constants) <= set(tensors)
