"""Cases of reductions, softmax and normalizations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from gpu_checks.cases import Case, CaseBuilder

_SUMS = ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare")
_OF_POSITIVES = ("ReduceProd", "ReduceLogSum", "ReduceLogSumExp")
_PLACES: tuple[tuple[tuple[int, ...], tuple[int, ...] | None], ...] = (
    ((2, 3, 4), (1,)),
    ((2, 42, 5, 7), (2, 3)),
    ((1, 375, 15, 15), (2, 3)),
    ((2, 42, 5, 7), (1,)),
    ((2, 42, 5, 7), (0, 2)),
    ((3, 7, 513), (-1,)),
    ((2, 3, 4), None),
)


def _reduce(
    b: CaseBuilder, op: str, shape: Sequence[int], axes: Sequence[int] | None, keep: int, kind: str = "positive"
) -> str:
    where = [] if axes is None else [b.constant(axes)]
    result: str = b.op(op, b.input(*shape, kind=kind), *where, keepdims=keep)
    return result


def reductions() -> list[Case]:
    """Every reduction along inner, outer, split and all axes."""
    cases = []
    for i, op in enumerate((*_SUMS, *_OF_POSITIVES)):
        for j, (shape, axes) in enumerate(_PLACES):
            if op == "ReduceProd" and (np.prod(shape) > 1000 or axes is None):
                continue  # products of hundreds of factors leave the range of fp16
            kind = "positive" if op in (*_OF_POSITIVES, "ReduceMean", "ReduceSum") else "normal"
            kind = "unit" if op == "ReduceProd" else kind
            build = partial(_reduce, op=op, shape=shape, axes=axes, keep=(i + j) % 2, kind=kind)
            cases.append(Case(f"{op}_{j}", build))
    return [
        *cases,
        Case("of_integers", _of_integers),
        Case("long_row", partial(_reduce, op="ReduceMean", shape=(2, 100_003), axes=(1,), keep=0)),
        Case("long_column", partial(_reduce, op="ReduceMean", shape=(5003, 3), axes=(0,), keep=0)),
        Case("signed_mean", partial(_reduce, op="ReduceMean", shape=(2, 64, 8, 8), axes=(2, 3), keep=1, kind="away")),
    ]


def _of_integers(b: CaseBuilder) -> Sequence[str]:
    x = b.input(3, 5, 9, kind="small_integers", dtype="int64")
    y = b.input(3, 5, 9, kind="small_integers", dtype="int32")
    ops = ("ReduceSum", "ReduceMax", "ReduceMin")
    return [b.op(op, value, b.constant([1]), gives=t) for op in ops for value, t in ((x, "int64"), (y, "int32"))]


def positions() -> list[Case]:
    """ArgMax, ArgMin, TopK and CumSum."""
    cases = []
    for op in ("ArgMax", "ArgMin"):
        for i, (shape, axis) in enumerate((((2, 3, 4), 1), ((1, 42, 5, 7), 1), ((4, 1000), -1), ((9, 5), 0))):
            build = partial(_arg, op=op, shape=shape, axis=axis, keepdims=i % 2, kind="distinct")
            cases.append(Case(f"{op}_{i}", build))
        for last in (0, 1):
            ties = partial(_arg, op=op, shape=(6, 40), axis=1, keepdims=0, kind="bits", select_last_index=last)
            cases.append(Case(f"{op}_ties_{last}", ties))
    for k, axis, largest in ((1, -1, 1), (5, -1, 1), (3, 1, 0), (2, 0, 1)):
        cases.append(Case(f"top{k}_{axis}_{largest}", partial(_top, k=k, axis=axis, largest=largest)))
    for axis, how in ((1, {}), (-1, {"reverse": 1}), (0, {"exclusive": 1}), (1, {"exclusive": 1, "reverse": 1})):
        cases.append(Case(f"cumsum_{len(cases)}", partial(_cumsum, axis=axis, how=how)))
    return cases


def _arg(b: CaseBuilder, op: str, shape: Sequence[int], kind: str, **how: Any) -> str:
    result: str = b.op(op, b.input(*shape, kind=kind), gives="int64", **how)
    return result


def _top(b: CaseBuilder, k: int, axis: int, largest: int) -> Sequence[str]:
    shape = {-1: (3, 4, 100), 1: (2, 50, 3), 0: (20, 5)}[axis]
    values, indices = b.op(
        "TopK", b.input(*shape, kind="distinct"), b.constant([k]), results=2, axis=axis, largest=largest
    )
    b.types[indices] = "int64"
    return values, indices


def _cumsum(b: CaseBuilder, axis: int, how: dict[str, int]) -> str:
    result: str = b.op("CumSum", b.input(5, 40, 6, kind="positive"), b.constant(axis), **how)
    return result


def softmaxes() -> list[Case]:
    """Softmax, LogSoftmax and Hardmax along every axis, over short and long rows."""
    places = (((2, 3, 4), -1), ((1, 1000), -1), ((8, 42, 5, 7), 1), ((2, 42, 5, 7), -1), ((3, 5000), 1), ((6, 5), 0))
    cases = [
        Case(f"{op}_{i}", partial(_softmax, op=op, shape=shape, axis=axis))
        for op in ("Softmax", "LogSoftmax")
        for i, (shape, axis) in enumerate((*places, ((1, 4, 128, 128), -1), ((2, 1, 7), 1)))
    ]
    hard = [
        Case(f"Hardmax_{i}", partial(_softmax, op="Hardmax", shape=shape, axis=axis, kind="distinct"))
        for i, (shape, axis) in enumerate((((2, 3, 40), -1), ((1, 42, 5), 1)))
    ]
    return [*cases, *hard, Case("large_values", _large_softmax)]


def _softmax(b: CaseBuilder, op: str, shape: Sequence[int], axis: int, kind: str = "normal") -> str:
    result: str = b.op(op, b.input(*shape, kind=kind), axis=axis)
    return result


def _large_softmax(b: CaseBuilder) -> str:
    large = b.op("Mul", b.input(4, 33, kind="grid"), b.constant(64.0, "float32"))
    result: str = b.op("Softmax", large, axis=-1)
    return result


def norms() -> list[Case]:
    """Normalizations, batch normalization by itself among them."""
    cases = []
    for shape, axis in (((2, 3, 8), -1), ((1, 128, 256), -1), ((5, 375), -1), ((2, 6, 5, 7), 1), ((3, 4, 42), 2)):
        cases.append(
            Case(f"layer_{len(cases)}", partial(_layer_norm, shape=shape, axis=axis, bias=len(cases) % 2 == 0))
        )
    cases += [
        Case(f"instance_{shape[1]}_n{shape[0]}", partial(_per_channel, op="InstanceNormalization", shape=shape))
        for shape in ((1, 4, 9, 10), (2, 42, 5, 7), (8, 375, 3, 3), (1, 64, 40, 41), (2, 6, 30))
    ]
    cases += [
        Case(f"batch_{shape[1]}_n{shape[0]}_{len(shape)}", partial(_batch_norm, shape=shape))
        for shape in ((1, 42, 9, 10), (2, 375, 5, 7), (8, 16, 4, 4), (3, 5), (2, 6, 30))
    ]
    for size, shape in ((3, (1, 4, 9, 10)), (5, (2, 96, 13, 13)), (5, (1, 42, 7, 7)), (9, (1, 5, 4, 4))):
        how = {"size": size, "alpha": 0.1, "beta": 0.75, "bias": 1.5}
        cases.append(Case(f"lrn{size}_{shape[1]}", partial(_plain, op="LRN", shape=shape, how=how)))
    return [
        *cases,
        *(
            Case(f"lp{p}", partial(_plain, op="LpNormalization", shape=(2, 42, 7), how={"axis": 1, "p": p}))
            for p in (1, 2)
        ),
        Case(
            "mean_variance",
            partial(_plain, op="MeanVarianceNormalization", shape=(2, 6, 9, 10), how={"axes": [0, 2, 3]}),
        ),
        Case("large_mean", _large_mean, slack=8.0),
        Case("decomposed_layer", _decomposed_layer),
    ]


def newer_norms() -> list[Case]:
    """Normalizations that ONNX has since operator set 21 or 23."""
    cases = [
        Case(f"group{groups}_{shape[1]}", partial(_group_norm, shape=shape, groups=groups))
        for groups, shape in ((2, (1, 4, 9, 10)), (3, (2, 42, 5, 7)), (32, (1, 64, 14, 14)), (1, (2, 6, 7)))
    ]
    return [*cases, Case("rms", partial(_rms, shape=(2, 5, 64))), Case("rms_odd", partial(_rms, shape=(3, 375)))]


def _layer_norm(b: CaseBuilder, shape: Sequence[int], axis: int, *, bias: bool) -> str:
    inner = shape[axis:]
    inputs = [b.input(*shape), b.weight(*inner, kind="positive"), *([b.weight(*inner)] if bias else [])]
    result: str = b.op("LayerNormalization", *inputs, axis=axis, epsilon=1e-5)
    return result


def _per_channel(b: CaseBuilder, op: str, shape: Sequence[int], **how: Any) -> str:
    result: str = b.op(op, b.input(*shape), b.weight(shape[1], kind="positive"), b.weight(shape[1]), **how)
    return result


def _batch_norm(b: CaseBuilder, shape: Sequence[int]) -> str:
    names = [b.weight(shape[1], kind=kind) for kind in ("positive", "normal", "normal", "positive")]
    result: str = b.op("BatchNormalization", b.input(*shape), *names, epsilon=1e-3)
    return result


def _group_norm(b: CaseBuilder, shape: Sequence[int], groups: int) -> str:
    return _per_channel(b, "GroupNormalization", shape, num_groups=groups)


def _rms(b: CaseBuilder, shape: Sequence[int]) -> str:
    result: str = b.op("RMSNormalization", b.input(*shape), b.weight(shape[-1], kind="positive"))
    return result


def _plain(b: CaseBuilder, op: str, shape: Sequence[int], how: dict[str, Any]) -> str:
    result: str = b.op(op, b.input(*shape), **how)
    return result


def _large_mean(b: CaseBuilder) -> str:
    """A variance taken as a difference of squares would be noise here."""
    shifted = b.op("Mul", b.input(2, 5, 64, kind="above_one"), b.constant(16.0, "float32"))
    result: str = b.op("LayerNormalization", shifted, b.weight(64, kind="positive"), axis=-1)
    return result


def _decomposed_layer(b: CaseBuilder) -> str:
    """A layer normalization as old exporters write it."""
    x = b.input(2, 9, 48)
    centred = b.op("Sub", x, b.op("ReduceMean", x, b.constant([-1])))
    variance = b.op("ReduceMean", b.op("Pow", centred, b.constant(2.0, "float32")), b.constant([-1]))
    deviation = b.op("Sqrt", b.op("Add", variance, b.constant(1e-5, "float32")))
    scaled = b.op("Mul", b.op("Div", centred, deviation), b.weight(48))
    result: str = b.op("Add", scaled, b.weight(48))
    return result
