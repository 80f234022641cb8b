from __future__ import annotations

import math
from typing import Any

import pytest

from warploom.passes.fold_padding import fold_padding


def pad(maker: Any, data: str, value: float, pads: tuple[int, ...] = (0, 0, 1, 0, 0, 0, 2, 1)) -> str:
    shape = maker.tensors[data].shape
    padded = [size + pads[i] + pads[i + 4] for i, size in enumerate(shape)]
    return maker.add("Pad", "p", [data], padded, mode="constant", pads=pads, constant_value=value)


def pool(maker: Any, op: str, size: tuple[int, int], **values: int) -> None:
    window = {"kernel_shape": (3, 3), "strides": (1, 1), "dilations": (1, 1), "pads": (0, 0, 0, 0), "ceil_mode": 0}
    maker.add(op, "q", ["p"], (1, 4, *size), **{**window, **values})


@pytest.mark.parametrize(
    ("op", "value", "extra"), [("AveragePool", 0.0, {"count_include_pad": 0}), ("MaxPool", -math.inf, {})]
)
def test_that_pooling_takes_over_the_padding(
    maker: Any, assert_same_results: Any, op: str, value: float, extra: dict[str, int]
) -> None:
    pad(maker, maker.input("x", 1, 4, 6, 6), value)
    pool(maker, op, (7, 5), **extra)
    before = maker.graph("q")
    graph = fold_padding(before).graph
    assert [operator.label for operator in graph.operators] == [op]
    assert graph.operators[0].sources == ("node_p", "node_q")
    assert_same_results(before, graph)


def test_that_a_convolution_adds_it_to_its_own(maker: Any, assert_same_results: Any) -> None:
    pad(maker, maker.input("x", 1, 4, 6, 6), 0.0, (0, 0, 1, 1, 0, 0, 1, 1))
    maker.conv("c", "p", 8)
    before = maker.graph("c")
    graph = fold_padding(before).graph
    assert graph.operators[0].main.integers("pads") == (2, 2, 2, 2)
    assert_same_results(before, graph)


@pytest.mark.parametrize(
    ("op", "value", "pads", "size"),
    [
        ("MaxPool", 0.0, (0, 0, 1, 1, 0, 0, 1, 1), (6, 6)),
        ("MaxPool", -math.inf, (0, 0, -1, -1, 0, 0, 1, 1), (4, 4)),
        ("MaxPool", -math.inf, (0, 0, 3, 3, 0, 0, 0, 0), (7, 7)),
        ("AveragePool", 1.0, (0, 0, 1, 1, 0, 0, 1, 1), (6, 6)),
    ],
)
def test_that_other_padding_stays_and_says_why(
    maker: Any, op: str, value: float, pads: tuple[int, ...], size: tuple[int, int]
) -> None:
    pad(maker, maker.input("x", 1, 4, 6, 6), value, pads)
    pool(maker, op, size)
    result = fold_padding(maker.graph("q"))
    assert not result.changed
    assert result.log[0].decision == "kept apart"
