"""Questions that several passes ask of an Operator: may it take an epilogue, is it a function of one tensor, ..."""

from __future__ import annotations

from collections.abc import Sequence

from warploom.graph import Operator, OperatorKind, Primitive
from warploom.passes.editor import GraphEditor

_VARIADIC = frozenset({"Sum", "Mean", "Max", "Min"})
_NOT_CHAINED = frozenset({"QuantizeLinear", "DequantizeLinear", "CastLike"})
_PRODUCTS = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
_PRODUCT_KINDS = frozenset(
    {
        OperatorKind.CONV,
        OperatorKind.DEPTHWISE,
        OperatorKind.SEPARABLE,
        OperatorKind.CONV_TRANSPOSE,
        OperatorKind.MATMUL,
    }
)


def is_product(operator: Operator) -> bool:
    """Whether it is a convolution or matrix product, whose kernel can apply an epilogue to what it writes."""
    return operator.kind in _PRODUCT_KINDS and operator.main.op in _PRODUCTS and len(operator.outputs) == 1


def is_aggregation(primitive: Primitive) -> bool:
    """Whether it is a Sum, Mean, Max or Min of other than two tensors.

    Such a node is where branches of the model meet; it stays an operator of its own whatever its arity, except as
    the prologue of a separable unit.
    """
    return primitive.op in _VARIADIC and len(primitive.inputs) != 2


def is_pointwise(operator: Operator) -> bool:
    """Whether it is one pointwise function (possibly fused already) that may be fused further."""
    return (
        operator.kind is OperatorKind.POINTWISE
        and len(operator.outputs) == 1
        and not any(is_aggregation(p) or p.op in _NOT_CHAINED for p in operator.body)
    )


def is_unary(editor: GraphEditor, operator: Operator) -> bool:
    """Whether it is a pointwise function of one tensor (and constants) that keeps its shape and element type."""
    if not is_pointwise(operator) or len(operator.inputs) != 1:
        return False
    return same_spec(editor, operator.inputs[0], operator.outputs[0])


def is_sum(operator: Operator) -> bool:
    """Whether it adds tensors and does nothing else: Add, or Sum of any number."""
    return len(operator.body) == 1 and operator.body[0].op in ("Add", "Sum") and len(operator.outputs) == 1


def is_plain_add(editor: GraphEditor, operator: Operator) -> bool:
    """Whether it adds two computed tensors of one shape (not a bias, not a broadcast)."""
    return (
        is_sum(operator)
        and len(operator.body[0].inputs) == 2
        and not operator.weights
        and all(same_spec(editor, name, operator.outputs[0]) for name in operator.inputs)
    )


def same_spec(editor: GraphEditor, first: str, second: str) -> bool:
    """Whether two tensors have one shape and element type."""
    a, b = editor.tensors[first], editor.tensors[second]
    return a.shape == b.shape and a.dtype is b.dtype


def same_function(operators: Sequence[Operator]) -> bool:
    """Whether all are the same single primitive, so that one may stand for all (given that they read one tensor)."""
    if any(len(operator.body) != 1 or operator.weights for operator in operators):
        return False
    return len({(operator.body[0].op, operator.body[0].attributes) for operator in operators}) == 1


def readers_of(editor: GraphEditor, tensor: str) -> list[Operator]:
    """The Operators that read a tensor, in topological order."""
    return [editor[name] for name in sorted(editor.readers.get(tensor, ()), key=editor.position)]


def belongs_to_writer(editor: GraphEditor, operator: Operator) -> bool:
    """Whether a unary function can be the epilogue of the Operator that computes its input.

    True when that is a convolution or matrix product (or a pointwise function) and nobody needs the value
    before the function: all readers apply the same one.
    """
    tensor = operator.inputs[0]
    writer = editor.writer(tensor)
    if writer is None or editor.is_output(tensor) or not (is_product(writer) or is_pointwise(writer)):
        return False
    readers = readers_of(editor, tensor)
    return len(readers) == 1 or (is_product(writer) and same_function(readers))
