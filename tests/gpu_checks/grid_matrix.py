"""Cases of matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from gpu_checks.cases import Case, CaseBuilder


def _gemm(
    b: CaseBuilder, m: int, k: int, n: int, *, bias: tuple[int, ...] | None = None, act: str = "", **how: Any
) -> str:
    x = b.input(*((k, m) if how.get("transA") else (m, k)))
    weight = b.filter(*((n, k) if how.get("transB") else (k, n)), fan_in=k)
    inputs = [x, weight, *([b.weight(*bias)] if bias is not None else [])]
    result: str = b.op("Gemm", *inputs, **how)
    return b.op(act, result) if act else result


def gemms() -> list[Case]:
    """Gemm with constant weights in every form of transposition, scaling and bias."""
    sizes = ((1, 2048, 1000), (8, 512, 42), (3, 5, 7), (128, 256, 375), (2, 375, 42), (1, 9216, 64), (17, 1, 3))
    cases = []
    for m, k, n in sizes:
        cases.append(Case(f"b_{m}_{k}_{n}", partial(_gemm, m=m, k=k, n=n, transB=1, bias=(n,))))
        cases.append(Case(f"plain_{m}_{k}_{n}", partial(_gemm, m=m, k=k, n=n)))
    return [
        *cases,
        Case("a", partial(_gemm, m=9, k=42, n=16, transA=1, bias=(16,))),
        Case("both", partial(_gemm, m=9, k=42, n=16, transA=1, transB=1)),
        Case("scaled", partial(_gemm, m=9, k=42, n=16, alpha=0.5, beta=2.0, bias=(16,))),
        Case("bias_scalar", partial(_gemm, m=9, k=42, n=16, bias=(1,))),
        Case("bias_column", partial(_gemm, m=9, k=42, n=16, bias=(9, 1))),
        Case("bias_full", partial(_gemm, m=9, k=42, n=16, bias=(9, 16))),
        *(
            Case(f"then_{act}", partial(_gemm, m=8, k=64, n=42, transB=1, bias=(42,), act=act))
            for act in ("Relu", "Gelu")
        ),
        *(
            Case(f"then_{act}", partial(_gemm, m=8, k=64, n=40, transB=1, bias=(40,), act=act))
            for act in ("Tanh", "Elu")
        ),
        Case("computed", _computed_gemm),
    ]


def _computed_gemm(b: CaseBuilder) -> str:
    result: str = b.op("Gemm", b.input(5, 12), b.input(7, 12), b.input(7), transB=1, alpha=0.25)
    return result


def _matmul(b: CaseBuilder, left: Sequence[int], right: Sequence[int], *, constant: bool = True) -> str:
    scale = right[-2] ** -0.5 if len(right) > 1 else right[0] ** -0.5
    operand = b.weight(*right, scale=scale) if constant else b.input(*right)
    result: str = b.op("MatMul", b.input(*left), operand)
    return result


def matmuls() -> list[Case]:
    """MatMul with constant and computed operands, batches, broadcasts and vectors."""
    shapes: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
        ((2, 3, 4), (4, 5)),
        ((1, 128, 256), (256, 1024)),
        ((8, 31, 375), (375, 42)),
        ((2, 1, 3, 4), (5, 4, 6)),
        ((2, 4, 32, 16), (2, 4, 16, 32)),
        ((1, 4, 128, 64), (1, 4, 64, 128)),
        ((3, 7), (7, 2)),
        ((7,), (7, 5)),
        ((4, 7), (7,)),
        ((5, 4, 6), (6, 8)),
    )
    cases = []
    for i, (left, right) in enumerate(shapes):
        cases.append(Case(f"constant_{i}", partial(_matmul, left=left, right=right)))
        cases.append(Case(f"computed_{i}", partial(_matmul, left=left, right=right, constant=False), slack=1.5))
    return [
        *cases,
        Case("vectors", partial(_matmul, left=(37,), right=(37,), constant=False)),
        Case("vectors_constant", partial(_matmul, left=(37,), right=(37,))),
        Case("vector_by_batches", partial(_matmul, left=(9,), right=(3, 9, 4), constant=False)),
        Case("batches_by_vector", partial(_matmul, left=(3, 4, 9), right=(9,), constant=False)),
        Case("integers", partial(_integers, left=(2, 5, 7), right=(7, 3), dtype="int64")),
        Case("integers_shared", partial(_integers, left=(2, 1, 3, 4), right=(5, 4, 6), dtype="int32")),
        Case("attention", partial(_attention, tokens=33, heads=4, size=16)),
        Case("attention_128", partial(_attention, tokens=128, heads=2, size=64)),
        Case("linear_gelu_residual", _linear_gelu_residual),
        Case("transposed_operand", _transposed_operand),
    ]


def _integers(b: CaseBuilder, left: tuple[int, ...], right: tuple[int, ...], dtype: str) -> str:
    factors = (b.input(*shape, kind="small_integers", dtype=dtype) for shape in (left, right))
    result: str = b.op("MatMul", *factors, gives=dtype)
    return result


def _linear(b: CaseBuilder, x: str, k: int, n: int) -> str:
    result: str = b.op("Add", b.op("MatMul", x, b.filter(k, n, fan_in=k)), b.weight(n))
    return result


def _attention(b: CaseBuilder, tokens: int, heads: int, size: int) -> str:
    width = heads * size
    x = b.input(2, tokens, width)
    parts = []
    for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]):
        split = b.op("Reshape", _linear(b, x, width, width), b.constant([2, tokens, heads, size]))
        parts.append(b.op("Transpose", split, perm=perm))
    scores = b.op("Div", b.op("MatMul", parts[0], parts[1]), b.constant(size**0.5, "float32"))
    mixed = b.op("MatMul", b.op("Softmax", scores, axis=-1), parts[2])
    joined = b.op("Reshape", b.op("Transpose", mixed, perm=[0, 2, 1, 3]), b.constant([2, tokens, width]))
    result: str = b.op("Add", _linear(b, joined, width, width), x)
    return result


def _linear_gelu_residual(b: CaseBuilder) -> str:
    x = b.input(1, 50, 64)
    hidden = b.op("Gelu", _linear(b, x, 64, 200))
    result: str = b.op("Add", _linear(b, hidden, 200, 64), x)
    return result


def _transposed_operand(b: CaseBuilder) -> str:
    turned = b.op("Transpose", b.input(2, 9, 24), perm=[0, 2, 1])
    result: str = b.op("MatMul", b.input(2, 5, 24), turned)
    return result
