"""Pointwise primitives as C++ expressions: one table from operator names to text, with ONNX Runtime's semantics.

Floats are computed in float32 with correctly rounded division and square root; integers in their own type (division
truncates, overflow wraps).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from warploom.device.cuda.kernels.codegen.types import float_literal, literal, value_type
from warploom.graph import DType, Primitive


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a pointwise primitive.

    Attributes:
        primitive: In canonical form.
        inputs: C++ expressions of its inputs, "" for absent ones; cheap to repeat.
        types: Element types of its inputs.
        result: Element type of its output.
    """

    primitive: Primitive
    inputs: tuple[str, ...]
    types: tuple[DType, ...]
    result: DType

    def number(self, name: str) -> str:
        """An attribute as a float32 literal."""
        return float_literal(self.primitive.number(name))


Function = Callable[[Call], str]


def expression(call: Call) -> str:
    """The C++ expression of one primitive.

    Raises:
        KeyError: If it is not pointwise.
    """
    return FUNCTIONS[call.primitive.op](call)


def cast(text: str, source: DType, target: DType) -> str:
    """Converts a value: floats truncate towards zero, bool is whether it is not zero, integers wrap."""
    if target is DType.BOOL:
        return text if source is DType.BOOL else f"({text} != 0)"
    if target is DType.FLOAT16 and source is not DType.FLOAT16:
        return f"wl::rounded_to_f16({value_type(DType.FLOAT32)}({text}))"
    if target is DType.BFLOAT16 and source is not DType.BFLOAT16:
        return f"wl::rounded_to_bf16({value_type(DType.FLOAT32)}({text}))"
    if value_type(source) == value_type(target):
        return text
    if source.is_float and target in (DType.INT8, DType.UINT8, DType.INT16, DType.UINT16):
        return f"({value_type(target)})(int)({text})"
    if source.is_float and target is DType.UINT32:
        return f"(unsigned int)(long long)({text})"
    return f"({value_type(target)})({text})"


def _format(template: str) -> Function:
    return lambda call: template.format(*call.inputs)


def _joined(operator: str) -> Function:
    return lambda call: "(" + f" {operator} ".join(call.inputs) + ")"


def _nested(function: str) -> Function:
    def build(call: Call) -> str:
        text = call.inputs[0]
        for other in call.inputs[1:]:
            text = f"wl::{function}<{value_type(call.result)}>({text}, {other})"
        return text

    return build


def _mean(call: Call) -> str:
    total = "(" + " + ".join(call.inputs) + ")"
    return total if len(call.inputs) == 1 else f"({total} / {float_literal(len(call.inputs))})"


def _with(template: str, *names: str) -> Function:
    return lambda call: template.format(*call.inputs, *(call.number(name) for name in names))


def _clip(call: Call) -> str:
    kind = value_type(call.result)
    text = call.inputs[0]
    for position, name, function in ((1, "min", "maximum"), (2, "max", "minimum")):
        bound = call.inputs[position] if len(call.inputs) > position else ""
        if call.primitive.has(name):
            value = call.primitive.number(name) if call.result.is_float else call.primitive.attribute(name)
            bound = literal(value, call.result) if isinstance(value, int | float) else bound
        if bound:
            text = f"wl::{function}<{kind}>({text}, {bound})"
    return text


def _mod(call: Call) -> str:
    a, b = call.inputs
    if call.result.is_float:
        return f"fmodf({a}, {b})"
    if call.primitive.integer("fmod", 0):
        return f"({value_type(call.result)})({a} % {b})"
    return f"wl::mod_floor<{value_type(call.result)}>({a}, {b})"


def _pow(call: Call) -> str:
    base, exponent = call.inputs
    if not call.result.is_float:
        return f"wl::whole_power<{value_type(call.result)}>({base}, (double)({exponent}))"
    simple = {"2.0f": f"({base} * {base})", "3.0f": f"({base} * {base} * {base})", "0.5f": f"sqrtf({base})"}
    return simple.get(exponent, f"powf({base}, (float)({exponent}))")


def _gelu(call: Call) -> str:
    tanh = call.primitive.text("approximate", "none") == "tanh"
    return f"wl::gelu{'_tanh' if tanh else ''}({call.inputs[0]})"


def _cast(call: Call) -> str:
    return cast(call.inputs[0], call.types[0], DType(call.primitive.text("to")))


def _shift(call: Call) -> str:
    operator = "<<" if call.primitive.text("direction") == "LEFT" else ">>"
    a, b = call.inputs
    bits = 8 * call.result.itemsize
    return f"({value_type(call.result)})({b} < {bits} ? {a} {operator} {b} : 0)"


def _is_infinite(call: Call) -> str:
    x = call.inputs[0]
    tests = [
        f"{x} == {limit}"
        for name, limit in (("detect_positive", "wl::infinity()"), ("detect_negative", "-wl::infinity()"))
        if call.primitive.integer(name, 1)
    ]
    return "(" + (" || ".join(tests) or "false") + ")"


def _bitwise_not(call: Call) -> str:
    return f"({value_type(call.result)})(~{call.inputs[0]})"


def _quantize(call: Call) -> str:
    x, scale = call.inputs[0], call.inputs[1]
    zero = call.inputs[2] if len(call.inputs) > 2 and call.inputs[2] else "0"
    low, high = _INTEGER_RANGES[call.result]
    return f"({value_type(call.result)})(int)wl::quantized({x}, {scale}, (float)({zero}), {low}, {high})"


def _dequantize(call: Call) -> str:
    x, scale = call.inputs[0], call.inputs[1]
    zero = call.inputs[2] if len(call.inputs) > 2 and call.inputs[2] else "0"
    return f"((float)((int)({x}) - (int)({zero})) * {scale})"


_INTEGER_RANGES: Mapping[DType, tuple[str, str]] = {
    DType.INT8: ("-128.0f", "127.0f"),
    DType.UINT8: ("0.0f", "255.0f"),
    DType.INT16: ("-32768.0f", "32767.0f"),
    DType.UINT16: ("0.0f", "65535.0f"),
}

FUNCTIONS: Mapping[str, Function] = {
    "Identity": _format("{0}"),
    "Relu": _format("wl::relu({0})"),
    "PRelu": _format("({0} < 0 ? {1} * {0} : {0})"),
    "LeakyRelu": _with("({0} >= 0.0f ? {0} : {1} * {0})", "alpha"),
    "ThresholdedRelu": _with("({0} > {1} ? {0} : 0.0f)", "alpha"),
    "Elu": _with("wl::elu({0}, {1})", "alpha"),
    "Selu": _with("wl::selu({0}, {1}, {2})", "alpha", "gamma"),
    "Celu": _with("wl::celu({0}, {1})", "alpha"),
    "Gelu": _gelu,
    "Mish": _format("wl::mish({0})"),
    "Swish": _with("({0} * wl::sigmoid({1} * {0}))", "alpha"),
    "QuickGelu": _with("({0} * wl::sigmoid({1} * {0}))", "alpha"),
    "Clip": _clip,
    "Sigmoid": _format("wl::sigmoid({0})"),
    "HardSigmoid": _with("wl::hard_sigmoid({0}, {1}, {2})", "alpha", "beta"),
    "HardSwish": _format("({0} * wl::hard_sigmoid({0}, 0.16666667f, 0.5f))"),
    "Softplus": _format("wl::softplus({0})"),
    "Softsign": _format("wl::softsign({0})"),
    "Tanh": _format("tanhf({0})"),
    "Erf": _format("erff({0})"),
    "Shrink": _with("({0} < -{2} ? {0} + {1} : ({0} > {2} ? {0} - {1} : 0.0f))", "bias", "lambd"),
    "Add": _joined("+"),
    "Sub": _joined("-"),
    "Mul": _joined("*"),
    "Div": _joined("/"),
    "Pow": _pow,
    "Mod": _mod,
    "Sum": _joined("+"),
    "Mean": _mean,
    "Max": _nested("maximum"),
    "Min": _nested("minimum"),
    "Abs": _format("wl::magnitude({0})"),
    "Neg": _format("(-{0})"),
    "Sign": _format("wl::sign({0})"),
    "Ceil": _format("ceilf({0})"),
    "Floor": _format("floorf({0})"),
    "Round": _format("rintf({0})"),
    "Exp": _format("expf({0})"),
    "Log": _format("logf({0})"),
    "Sqrt": _format("sqrtf({0})"),
    "Reciprocal": _format("(1.0f / {0})"),
    "Sin": _format("sinf({0})"),
    "Cos": _format("cosf({0})"),
    "Tan": _format("tanf({0})"),
    "Asin": _format("asinf({0})"),
    "Acos": _format("acosf({0})"),
    "Atan": _format("atanf({0})"),
    "Sinh": _format("sinhf({0})"),
    "Cosh": _format("coshf({0})"),
    "Asinh": _format("asinhf({0})"),
    "Acosh": _format("acoshf({0})"),
    "Atanh": _format("atanhf({0})"),
    "Equal": _format("({0} == {1})"),
    "Greater": _format("({0} > {1})"),
    "GreaterOrEqual": _format("({0} >= {1})"),
    "Less": _format("({0} < {1})"),
    "LessOrEqual": _format("({0} <= {1})"),
    "And": _format("({0} && {1})"),
    "Or": _format("({0} || {1})"),
    "Xor": _format("({0} != {1})"),
    "Not": _format("(!{0})"),
    "Where": _format("({0} ? {1} : {2})"),
    "BitwiseAnd": _joined("&"),
    "BitwiseOr": _joined("|"),
    "BitwiseXor": _joined("^"),
    "BitwiseNot": _bitwise_not,
    "BitShift": _shift,
    "IsNaN": _format("({0} != {0})"),
    "IsInf": _is_infinite,
    "Cast": _cast,
    "QuantizeLinear": _quantize,
    "DequantizeLinear": _dequantize,
    # A BatchNormalization that nothing could fold: input, scale, shift, mean, variance.
    "BatchNormalization": _with("(({0} - {3}) * ({1} / sqrtf({4} + {5})) + {2})", "epsilon"),
}
"""Every pointwise primitive."""
