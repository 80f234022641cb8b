from __future__ import annotations

import pytest

from warploom.graph import DType, OperatorKind, Precision, Primitive, attributes
from warploom.graph.work import Work, operator_work, primitive_flops


def test_that_a_convolution_counts_two_flops_per_multiply_add_and_every_byte_once(maker) -> None:
    out = maker.conv("conv", maker.input("x", 2, 8, 10, 10), 16, 3)
    graph = maker.graph(out)
    products = 2 * (2 * 16 * 10 * 10) * 8 * 3 * 3
    weights = 16 * 8 * 9 + 16
    expected = Work(
        flops=products + 2 * (2 * 16 * 100),  # bias and ReLU
        bytes_read=4 * (weights + 2 * 8 * 100),
        bytes_written=4 * 2 * 16 * 100,
        weight_bytes=4 * weights,
    )
    work = operator_work(graph, graph.operators[0])
    assert work == expected
    assert work.intensity == pytest.approx(expected.flops / (expected.bytes_read + expected.bytes_written))
    half = operator_work(graph, graph.operators[0], Precision.FP16)
    assert (half.flops, half.bytes_read) == (expected.flops, expected.bytes_read // 2)


def test_that_grouped_and_transposed_convolutions_count_their_own_taps(maker) -> None:
    x = maker.input("x", 1, 8, 6, 6)
    maker.conv("depthwise", x, 8, 3, group=8, relu=False)
    assert primitive_flops(maker.operators[0].body[0], maker.tensors) == 2 * 8 * 36 * 9 + 8 * 36
    w = maker.weight("wt", 8, 5, 2, 2)
    y = maker.tensor("yt", 1, 5, 12, 12)
    up = Primitive("ConvTranspose", (x, w), (y,), attributes(strides=(2, 2)))
    assert primitive_flops(up, maker.tensors) == 2 * (8 * 36) * 5 * 4


@pytest.mark.parametrize(
    ("op", "shapes", "out", "settings", "flops"),
    [
        ("MatMul", ((2, 3, 4), (4, 5)), (2, 3, 5), {}, 2 * 30 * 4),
        ("Gemm", ((4, 3), (4, 5), (5,)), (3, 5), {"transA": 1}, 2 * 15 * 4 + 15),
        ("MaxPool", ((1, 2, 4, 4),), (1, 2, 2, 2), {"kernel_shape": (3, 3)}, 8 * 9),
        ("ReduceMean", ((2, 6),), (2, 1), {}, 12),
        ("Sum", ((3, 3),) * 3, (3, 3), {}, 18),
        ("Relu", ((3, 3),), (3, 3), {}, 9),
        ("Transpose", ((3, 4),), (4, 3), {}, 0),
        ("Resize", ((1, 1, 2, 2),), (1, 1, 4, 4), {"mode": "linear"}, 16 * 8),
        ("Resize", ((1, 1, 2, 2),), (1, 1, 4, 4), {"mode": "nearest"}, 0),
    ],
)
def test_that_primitives_count_their_arithmetic(maker, op, shapes, out, settings, flops: int) -> None:
    inputs = tuple(maker.tensor(f"i{i}", *shape) for i, shape in enumerate(shapes))
    primitive = Primitive(op, inputs, (maker.tensor("y", *out),), attributes(**settings))
    assert primitive_flops(primitive, maker.tensors) == flops


def test_that_integers_keep_their_size_whatever_the_precision(maker) -> None:
    x = maker.input("x", 10, dtype=DType.INT64)
    y = maker.tensor("y", 10, dtype=DType.INT64)
    operator = maker.operator("neg", OperatorKind.POINTWISE, [Primitive("Neg", (x,), (y,))], y)
    assert operator_work(maker.graph(y), operator, Precision.FP16).bytes_read == 80
