"""Cases of pointwise operators: every function, broadcasts, comparisons, integers, conversions, chains."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from gpu_checks.cases import Case, CaseBuilder

SHAPES = ((2, 3, 4), (1, 375, 7, 7), (8, 42, 5, 3), (1000,), (1, 64, 12, 10), ())

_UNARY: dict[str, tuple[str, dict[str, Any]]] = {
    **dict.fromkeys(("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Abs", "Neg", "Erf"), ("normal", {})),
    **dict.fromkeys(("HardSwish", "Mish", "HardSigmoid", "Selu", "Elu", "Celu", "Gelu"), ("normal", {})),
    **dict.fromkeys(
        ("Exp", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Atanh"), ("unit", {})
    ),
    **dict.fromkeys(("Sqrt", "Reciprocal"), ("positive", {})),
    "Log": ("above_one", {}),
    "Acosh": ("above_one", {}),
    **dict.fromkeys(("Sign", "Ceil", "Floor", "Round"), ("grid", {})),
    "LeakyRelu": ("normal", {"alpha": 0.3}),
    "ThresholdedRelu": ("grid", {"alpha": 0.3}),
    "Shrink": ("grid", {"lambd": 0.55, "bias": 0.25}),
}
_VARIANTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "gelu_tanh": ("Gelu", "normal", {"approximate": "tanh"}),
    "elu_alpha": ("Elu", "normal", {"alpha": 0.4}),
    "celu_alpha": ("Celu", "normal", {"alpha": 0.7}),
    "hard_sigmoid_alpha": ("HardSigmoid", "normal", {"alpha": 1 / 6, "beta": 0.5}),
    "selu_alpha": ("Selu", "normal", {"alpha": 1.2, "gamma": 0.9}),
}


def _unary(b: CaseBuilder, op: str, shape: Sequence[int], kind: str, how: dict[str, Any]) -> str:
    result: str = b.op(op, b.input(*shape, kind=kind), **how)
    return result


def unary() -> list[Case]:
    """Functions of one tensor."""
    cases = []
    for i, (op, (kind, how)) in enumerate(_UNARY.items()):
        for j in range(3):
            shape = SHAPES[(i + 2 * j) % len(SHAPES)]
            cases.append(Case(f"{op}_{j}", partial(_unary, op=op, shape=shape, kind=kind, how=how)))
    for name, (op, kind, how) in _VARIANTS.items():
        cases.append(Case(name, partial(_unary, op=op, shape=(2, 42, 9, 5), kind=kind, how=how)))
    for name, limits in {"both": (-0.5, 0.75), "low": (0.0, None), "high": (None, 6.0), "six": (0.0, 6.0)}.items():
        cases.append(Case(f"clip_{name}", partial(_clip, limits=limits)))
    return [*cases, Case("extremes", _extremes)]


def _clip(b: CaseBuilder, limits: tuple[float | None, float | None]) -> str:
    bounds = [None if limit is None else b.constant(limit, "float32") for limit in limits]
    result: str = b.op("Clip", b.input(2, 42, 5, 7), *bounds)
    return result


def _extremes(b: CaseBuilder) -> Sequence[str]:
    """Large arguments saturate; they do not overflow on the way."""
    x = b.constant(np.linspace(-80, 80, 161), "float32")
    large = b.op("Mul", b.input(161, kind="positive"), x)
    return [b.op(op, large) for op in ("Sigmoid", "Tanh", "Softplus", "Mish", "Elu", "Gelu", "HardSwish", "Erf")]


_BROADCASTS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((2, 42, 5, 7), (2, 42, 5, 7)),
    ((2, 42, 5, 7), (42, 1, 1)),
    ((2, 375, 5, 7), (2, 375, 1, 1)),
    ((1, 42, 5, 7), (1, 1, 5, 7)),
    ((1, 42, 5, 1), (8, 1, 1, 7)),
    ((3, 5, 8), (8,)),
    ((4, 1), (3, 1, 6)),
    ((2, 3, 4), ()),
    ((2, 7, 33), (1, 7, 1)),
    ((1, 64, 9, 9), (1, 64, 9, 9)),
)
_PAIRS = {
    "Add": "normal",
    "Sub": "normal",
    "Mul": "normal",
    "Div": "away",
    "Max": "normal",
    "Min": "normal",
    "Mod": "away",
}


def _binary(b: CaseBuilder, op: str, shapes: Sequence[Sequence[int]], kind: str, swapped: bool, **how: Any) -> str:
    left, right = (b.input(*shape, kind=kind) for shape in shapes)
    result: str = b.op(op, *((right, left) if swapped else (left, right)), **how)
    return result


def binary() -> list[Case]:
    """Functions of several tensors, with broadcasts in either direction and on both sides."""
    cases = []
    for op, kind in _PAIRS.items():
        how = {"fmod": 1} if op == "Mod" else {}
        for i, shapes in enumerate(_BROADCASTS):
            build = partial(
                _binary, op=op, shapes=shapes, kind="grid" if op == "Mod" else kind, swapped=i % 2 == 1, **how
            )
            if op != "Mod":  # divisors of zero
                cases.append(Case(f"{op}_{i}", build))
    cases += [
        Case("pow", partial(_power, exponent=None)),
        Case("square", partial(_power, exponent=2.0)),
        Case("root", partial(_power, exponent=0.5)),
        Case("cube", partial(_power, exponent=3.0)),
        Case("mod", _float_mod),
        Case("prelu", _prelu),
        Case("constant_image", _constant_image),
        *(Case(f"{op}_of_three", partial(_several, op=op)) for op in ("Sum", "Mean", "Max", "Min")),
        *(Case(f"{op}_of_one", partial(_several, op=op, count=1)) for op in ("Sum", "Max")),
    ]
    return cases


def _power(b: CaseBuilder, exponent: float | None) -> str:
    right = b.input(2, 42, 5, 7, kind="unit") if exponent is None else b.constant(exponent, "float32")
    result: str = b.op("Pow", b.input(2, 42, 5, 7, kind="positive"), right)
    return result


def _float_mod(b: CaseBuilder) -> str:
    result: str = b.op("Mod", b.input(3, 41, kind="grid"), b.constant(1.5, "float32"), fmod=1)
    return result


def _prelu(b: CaseBuilder) -> Sequence[str]:
    x = b.input(2, 42, 5, 7)
    return b.op("PRelu", x, b.weight(42, 1, 1)), b.op("PRelu", x, b.weight(1))


def _constant_image(b: CaseBuilder) -> str:
    """A large constant operand lies on the device in the layout of the image."""
    result: str = b.op("Add", b.input(2, 42, 5, 7), b.weight(1, 42, 5, 7))
    return result


def _several(b: CaseBuilder, op: str, count: int = 3) -> str:
    shapes = ((2, 42, 5, 7), (42, 1, 1), (2, 42, 5, 7))
    result: str = b.op(op, *(b.input(*shape) for shape in shapes[:count]))
    return result


def logic() -> list[Case]:
    """Comparisons, truth values and choices."""
    cases = []
    for op in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"):
        for i in (0, 4, 5, 7):
            build = partial(_binary, op=op, shapes=_BROADCASTS[i], kind="grid", swapped=False, gives="bool")
            cases.append(Case(f"{op}_{i}", build))
        cases.append(Case(f"{op}_integers", partial(_integers, op=op, gives="bool")))
    return [
        *cases,
        Case("truth", _truth),
        Case("where", _where),
        Case("where_broadcast", partial(_where, shapes=((3, 1), (1, 5), (2, 3, 5)))),
        Case("where_mask", _where_mask),
        Case("nan_and_infinity", _nan_and_infinity),
    ]


def _truth(b: CaseBuilder) -> Sequence[str]:
    x, y = b.input(3, 7, kind="bits", dtype="bool"), b.input(7, kind="bits", dtype="bool")
    return [b.op(op, x, y, gives="bool") for op in ("And", "Or", "Xor")] + [b.op("Not", x, gives="bool")]


def _where(b: CaseBuilder, shapes: Sequence[Sequence[int]] = ((2, 42, 5, 7),) * 3) -> str:
    condition = b.input(*shapes[0], kind="bits", dtype="bool")
    result: str = b.op("Where", condition, b.input(*shapes[1]), b.input(*shapes[2]))
    return result


def _where_mask(b: CaseBuilder) -> str:
    """An attention mask: minus infinity where it is not set, zero where it is, then a softmax."""
    allowed = b.op("Cast", b.input(1, 1, 1, 9, kind="bits", dtype="int64"), gives="bool", to=9)
    forced = b.op("Or", allowed, b.constant([[[[True] + [False] * 8]]], "bool"), gives="bool")
    bias = b.op("Where", forced, b.constant(0.0, "float32"), b.constant(-np.inf, "float32"))
    result: str = b.op("Softmax", b.op("Add", b.input(1, 2, 9, 9), bias), axis=-1)
    return result


def _nan_and_infinity(b: CaseBuilder) -> Sequence[str]:
    x = b.input(3, 50, kind="special")
    infinite = b.op("IsInf", x, gives="bool"), b.op("IsInf", x, gives="bool", detect_negative=0)
    return [b.op("IsNaN", x, gives="bool"), *infinite, b.op("Relu", x), b.op("Abs", x)]


def _integers(b: CaseBuilder, op: str, dtype: str = "int64", gives: str = "", **how: Any) -> str:
    left = b.input(2, 3, 11, kind="small_integers" if dtype.startswith("int") else "positive_integers", dtype=dtype)
    right = b.input(3, 1, kind="positive_integers", dtype=dtype)
    result: str = b.op(op, left, right, gives=gives or dtype, **how)
    return result


def integers() -> list[Case]:
    """Arithmetic on whole numbers."""
    cases = [
        Case(f"{op}_{dtype}", partial(_integers, op=op, dtype=dtype))
        for op in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Mod")
        for dtype in ("int32", "int64")
    ]
    bits = [
        Case(f"{op}_int32", partial(_integers, op=op, dtype="int32"))
        for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor")
    ]
    shifts = [
        Case(f"shift_{direction}", partial(_integers, op="BitShift", dtype="uint8", direction=direction.upper()))
        for direction in ("left", "right")
    ]
    return [*cases, *bits, *shifts, Case("unary", _unary_integers), Case("fmod", partial(_integers, op="Mod", fmod=1))]


def _unary_integers(b: CaseBuilder) -> Sequence[str]:
    x = b.input(2, 3, 11, kind="small_integers", dtype="int64")
    y = b.input(2, 3, 11, kind="small_integers", dtype="int32")
    ops = [b.op(op, x, gives="int64") for op in ("Abs", "Neg", "Sign")]
    return [*ops, b.op("BitwiseNot", y, gives="int32")]


_CODES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9, "float16": 10, "float64": 11}


def casts() -> list[Case]:
    """Conversions between all element types, and models whose inputs and outputs are not float32."""
    cases = []
    for source in _CODES:
        kind = {"bool": "bits", "uint8": "positive_integers"}.get(
            source, "grid" if "float" in source else "small_integers"
        )
        cases.append(Case(f"from_{source}", partial(_casts, source=source, kind=kind)))
    return [
        *cases,
        Case("cast_like", _cast_like),
        Case("quantized", _quantized),
        Case("quantized_per_channel", _quantized_per_channel),
        Case("half_model", partial(_typed, dtype="float16"), least=1e-3),
        Case("double_model", partial(_typed, dtype="float64")),
    ]


def _cast_like(b: CaseBuilder) -> str:
    result: str = b.op("CastLike", b.input(3, 37, kind="grid"), b.constant([1]), gives="int64")
    return result


def _quantized(b: CaseBuilder) -> Sequence[str]:
    scale, zero = b.constant(0.25, "float32"), b.constant(3, "int8")
    stored = b.op("QuantizeLinear", b.input(2, 42, 5, 7, kind="grid"), scale, zero, gives="int8")
    return stored, b.op("DequantizeLinear", stored, scale, zero)


def _quantized_per_channel(b: CaseBuilder) -> str:
    scale, zero = b.constant(np.exp2(np.arange(6) - 4), "float32"), b.constant(np.arange(6), "uint8")
    stored = b.op("QuantizeLinear", b.input(2, 6, 5, 7, kind="grid"), scale, zero, gives="uint8", axis=1)
    result: str = b.op("DequantizeLinear", stored, scale, zero, axis=1)
    return result


def _casts(b: CaseBuilder, source: str, kind: str) -> Sequence[str]:
    x = b.input(3, 37, kind=kind, dtype=source)
    return [b.op("Cast", x, gives=to, to=code) for to, code in _CODES.items() if _defined(source, to)]


def _defined(source: str, to: str) -> bool:
    """Negative numbers in an unsigned type mean nothing."""
    return to != source and not (to == "uint8" and source not in ("bool", "uint8"))


def _typed(b: CaseBuilder, dtype: str) -> str:
    x = b.op("Mul", b.input(2, 6, 5, 7, dtype=dtype), b.constant(0.5, dtype), gives=dtype)
    result: str = b.op("Relu", b.op("Add", x, b.input(6, 1, 1, dtype=dtype), gives=dtype), gives=dtype)
    return result


def chains() -> list[Case]:
    """Several pointwise operators that become one kernel."""
    return [
        Case("polynomial", _polynomial),
        Case("hard_swish", _hard_swish),
        Case("silu", _silu),
        Case("tree", _tree),
        Case("broadcast_late", _broadcast_late),
        Case("mixed_types", _mixed_types),
        Case("normalize", _normalize),
        Case("two_readers", _two_readers),
        Case("row_major", partial(_polynomial, shape=(7, 129))),
        Case("many_inputs", _many_inputs),
        Case("gates", _gates),
    ]


def _polynomial(b: CaseBuilder, shape: Sequence[int] = (2, 42, 5, 7)) -> str:
    x = b.input(*shape)
    y = b.op("Add", b.op("Mul", x, b.constant(0.3, "float32")), b.constant(1.0, "float32"))
    result: str = b.op("Tanh", b.op("Sub", b.op("Mul", y, x), b.constant(0.25, "float32")))
    return result


def _gates(b: CaseBuilder) -> str:
    """A step of a recurrent layer: parts of one tensor, each through its own function."""
    gates, state = b.input(3, 64), b.input(3, 16)
    i, f, o, c = b.op("Split", gates, b.constant([16, 16, 16, 16]), results=4, axis=1)
    made = b.op("Mul", b.op("Sigmoid", i), b.op("Tanh", c))
    kept = b.op("Mul", b.op("Sigmoid", f), state)
    result: str = b.op("Mul", b.op("Sigmoid", o), b.op("Tanh", b.op("Add", kept, made)))
    return result


def _hard_swish(b: CaseBuilder) -> str:
    x = b.input(2, 42, 5, 7)
    gate = b.op(
        "Clip", b.op("Add", x, b.constant(3.0, "float32")), b.constant(0.0, "float32"), b.constant(6.0, "float32")
    )
    result: str = b.op("Div", b.op("Mul", x, gate), b.constant(6.0, "float32"))
    return result


def _silu(b: CaseBuilder) -> str:
    x = b.input(1, 375, 7, 7)
    result: str = b.op("Mul", x, b.op("Sigmoid", x))
    return result


def _tree(b: CaseBuilder) -> str:
    left = b.op("Relu", b.op("Add", b.input(2, 42, 5, 7), b.input(42, 1, 1)))
    right = b.op("Sigmoid", b.op("Mul", b.input(2, 42, 5, 7), b.input(2, 1, 5, 7)))
    result: str = b.op("Sub", left, right)
    return result


def _broadcast_late(b: CaseBuilder) -> str:
    """The chain starts small and grows."""
    small = b.op("Exp", b.op("Neg", b.input(42, 1, 1, kind="positive")))
    result: str = b.op("Mul", b.op("Add", small, b.input(42, 5, 7)), b.input(2, 1, 1, 1))
    return result


def _mixed_types(b: CaseBuilder) -> str:
    x = b.input(3, 41, kind="grid")
    positive = b.op("Cast", b.op("Greater", x, b.constant(0.0, "float32"), gives="bool"), to=1)
    count = b.op("Cast", b.input(3, 41, kind="small_integers", dtype="int64"), to=1)
    result: str = b.op("Add", b.op("Mul", positive, x), count)
    return result


def _normalize(b: CaseBuilder) -> str:
    x = b.op("Div", b.op("Sub", b.input(2, 3, 9, 8), b.weight(3, 1, 1)), b.weight(3, 1, 1, kind="positive"))
    result: str = b.op("Sqrt", b.op("Add", b.op("Mul", x, x), b.constant(0.01, "float32")))
    return result


def _two_readers(b: CaseBuilder) -> Sequence[str]:
    shared = b.op("Relu", b.op("Add", b.input(2, 42, 5, 7), b.input(2, 42, 5, 7)))
    return b.op("Tanh", shared), b.op("Mul", shared, shared)


def _many_inputs(b: CaseBuilder) -> str:
    total = b.input(2, 42, 5, 7)
    for i in range(12):
        total = b.op("Add", b.op("Mul", total, b.constant(0.5 + i / 16, "float32")), b.input(2, 42, 5, 7))
    return total
