"""Cases of pooling, over windows and over everything."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from gpu_checks.cases import Case, CaseBuilder

_WINDOWS: tuple[dict[str, Any], ...] = (
    {"kernel_shape": [2, 2], "strides": [2, 2]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]},
    {"kernel_shape": [3, 3], "strides": [1, 1], "pads": [1, 1, 1, 1]},
    {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 2, 1]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
    {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 0, 1, 1], "ceil_mode": 1},
    {"kernel_shape": [5, 5], "strides": [3, 3], "pads": [2, 2, 2, 2]},
    {"kernel_shape": [13, 10], "strides": [1, 1]},
)
_SHAPES = ((1, 3, 13, 10), (2, 42, 14, 11), (1, 375, 15, 13), (8, 16, 13, 12))


def _pool(b: CaseBuilder, op: str, shape: Sequence[int], **how: Any) -> str:
    result: str = b.op(op, b.input(*shape), **how)
    return result


def windows() -> list[Case]:
    """MaxPool, AveragePool and LpPool."""
    cases = []
    for shape in _SHAPES:
        for i, window in enumerate(_WINDOWS):
            tag = f"{shape[1]}_n{shape[0]}_w{i}"
            cases.append(Case(f"max_{tag}", partial(_pool, op="MaxPool", shape=shape, **window)))
            cases.append(Case(f"average_{tag}", partial(_pool, op="AveragePool", shape=shape, **window)))
            if any(window.get("pads", ())):
                counting = {**window, "count_include_pad": 1}
                cases.append(Case(f"counting_{tag}", partial(_pool, op="AveragePool", shape=shape, **counting)))
    dilated = {"kernel_shape": [2, 3], "dilations": [2, 1], "strides": [2, 2], "ceil_mode": 1}
    norm = {"kernel_shape": [3, 3], "pads": [1, 0, 0, 1], "p": 2}
    return [
        *cases,
        Case("max_dilated", partial(_pool, op="MaxPool", shape=(1, 42, 13, 10), **dilated)),
        Case("average_dilated", partial(_pool, op="AveragePool", shape=(1, 42, 13, 10), **dilated)),
        Case("lp", partial(_pool, op="LpPool", shape=(1, 6, 9, 10), **norm)),
        Case(
            "max_line",
            partial(_pool, op="MaxPool", shape=(1, 6, 19), kernel_shape=[3], strides=[2], pads=[1, 0]),
            optional=True,
        ),
        Case(
            "average_line",
            partial(_pool, op="AveragePool", shape=(1, 6, 19), kernel_shape=[4], strides=[3]),
            optional=True,
        ),
        Case("max_volume", partial(_pool, op="MaxPool", shape=(1, 3, 5, 6, 7), kernel_shape=[2, 3, 2]), optional=True),
        Case("max_indices", _max_indices, optional=True),
        Case("max_all_negative", _max_all_negative),
    ]


def _max_indices(b: CaseBuilder) -> Sequence[str]:
    values, indices = b.op("MaxPool", b.input(1, 4, 9, 10, kind="distinct"), results=2, kernel_shape=[3, 3])
    b.types[indices] = "int64"
    return values, indices


def _max_all_negative(b: CaseBuilder) -> str:
    """Padding must not count as zero."""
    below = b.op("Sub", b.input(1, 10, 7, 7, kind="unit"), b.constant(5.0, "float32"))
    result: str = b.op("MaxPool", below, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    return result


def everything() -> list[Case]:
    """Global pooling."""
    shapes = ((1, 3, 13, 10), (2, 42, 8, 8), (1, 375, 15, 15), (8, 2048, 8, 8), (1, 4032, 11, 11), (1, 1000, 1, 1))
    cases = [
        Case(f"{op}_{shape[1]}_n{shape[0]}_{shape[2]}", partial(_pool, op=op, shape=shape))
        for shape in shapes
        for op in ("GlobalAveragePool", "GlobalMaxPool")
    ]
    power = partial(_pool, op="GlobalLpPool", shape=(2, 42, 8, 8), p=2)
    return [
        *cases,
        Case("lp", power),
        Case("average_line", partial(_pool, op="GlobalAveragePool", shape=(2, 6, 19)), optional=True),
    ]
