from __future__ import annotations

import pytest

from warploom.graph import DType, FillConstant, Operator, OperatorKind, Precision, Primitive, Tensor, attributes
from warploom.graph.build import make_operator
from warploom.graph.quantized import is_quantized, operator_precision, quantized_product
from warploom.graph.work import stored_bytes


def tensors(result: DType = DType.FLOAT32) -> dict[str, Tensor]:
    types = {"x8": DType.INT8, "w8": DType.INT8, "y": result}
    return {name: Tensor(name, (4, 4), types.get(name, DType.FLOAT32)) for name in ("x8", "w8", "s", "x", "w", "y")}


def product(*converted: str) -> Operator:
    body = [Primitive("DequantizeLinear", (f"{name}8", "s"), (name,), attributes(axis=0)) for name in converted]
    body.append(Primitive("MatMul", ("x", "w"), ("y",)))
    constants = {name: FillConstant((4, 4), DType.INT8, 1) for name in ("w8", "s")}
    return make_operator("p", OperatorKind.MATMUL, body, constants=constants, outputs=("y",), sources=())


def test_that_a_product_of_two_dequantized_operands_is_one_of_integers() -> None:
    found = quantized_product(product("x", "w"))
    assert found is not None
    assert (found.data.inputs[0], found.weight.inputs[0]) == ("x8", "w8")
    assert not is_quantized(product("w"))
    assert not is_quantized(product("x"))
    assert not is_quantized(product())


@pytest.mark.parametrize(
    ("asked", "result", "own"),
    [
        (Precision.INT8, DType.FLOAT32, Precision.FP16),
        (Precision.MIXED, DType.FLOAT32, Precision.FP32),
        (Precision.MIXED, DType.FLOAT16, Precision.FP16),
        (Precision.MIXED, DType.BFLOAT16, Precision.BF16),
        (Precision.TF32, DType.FLOAT32, Precision.TF32),
    ],
)
def test_that_operators_have_an_arithmetic_of_their_own(asked: Precision, result: DType, own: Precision) -> None:
    assert operator_precision(product(), tensors(result), asked) is own
    assert operator_precision(product("x", "w"), tensors(result), asked) is Precision.INT8


def test_that_mixed_tensors_take_the_bytes_of_their_type() -> None:
    sizes = {dtype: stored_bytes(Tensor("t", (4,), dtype), Precision.MIXED) for dtype in DType if dtype.is_float}
    assert sizes == {DType.FLOAT32: 16, DType.FLOAT16: 8, DType.BFLOAT16: 8, DType.FLOAT64: 16}
    assert stored_bytes(Tensor("t", (4,), DType.INT8), Precision.INT8) == 4
    assert stored_bytes(Tensor("t", (4,), DType.FLOAT32), Precision.INT8) == 8
    assert stored_bytes(Tensor("t", (4,), DType.FLOAT64), None) == 32
