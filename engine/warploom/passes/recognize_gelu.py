"""Recognizes the exact Gelu spelled out with Erf, as exporters write it for older operator sets."""

from __future__ import annotations

import math

from warploom.graph import Graph, Operator, Primitive, attributes
from warploom.passes.derived import small_value
from warploom.passes.editor import GraphEditor
from warploom.passes.result import PassResult


def recognize_gelu(graph: Graph) -> PassResult:
    """Rewrites `0.5 * x * (1 + erf(x / sqrt(2)))` as one Gelu.

    Rules:
        1. Erf of x divided by sqrt(2) or multiplied by sqrt(1/2); plus 1; and multiplied by x and by 0.5 in any order.

    Declines when another operator reads a value in between, or when a constant differs by more than rounding.
    """
    editor = GraphEditor(graph, "recognize_gelu")
    for operator in editor.operators():
        if len(operator.body) == 1 and operator.body[0].op == "Erf":
            _try_recognize(editor, operator)
    return editor.finish()


def _try_recognize(editor: GraphEditor, erf: Operator) -> bool:
    scaled = editor.writer(erf.inputs[0]) if erf.inputs else None
    data = None if scaled is None else _scaled_input(editor, scaled)
    if scaled is None or data is None or editor.sole_reader(scaled.outputs[0]) is None:
        return False
    plus_one = editor.sole_reader(erf.outputs[0])
    if plus_one is None or _constant_operand(editor, plus_one, "Add", 1.0) != erf.outputs[0]:
        return False
    products = _products(editor, plus_one, data)
    if products is None:
        return False
    parts = sorted([scaled, erf, plus_one, *products], key=lambda part: editor.position(part.name))
    last = parts[-1]
    gelu = Primitive("Gelu", (data,), last.outputs, attributes(approximate="none"), last.body[0].source)
    sources = [source for part in parts for source in part.sources]
    names = [part.name for part in parts]
    editor.replace(names, editor.make(last.name, [gelu], outputs=last.outputs, sources=sources))
    editor.log("recognized", names, "together they are the exact Gelu")
    return True


def _scaled_input(editor: GraphEditor, operator: Operator) -> str | None:
    """The x of `x / sqrt(2)` or `x * sqrt(1/2)`."""
    divided = _constant_operand(editor, operator, "Div", math.sqrt(2))
    return divided or _constant_operand(editor, operator, "Mul", math.sqrt(0.5))


def _constant_operand(editor: GraphEditor, operator: Operator, op: str, value: float) -> str | None:
    """The computed operand of `op` whose other operand is the scalar `value`; None if the operator is not that."""
    primitive = operator.body[0]
    if len(operator.body) != 1 or primitive.op != op or len(operator.inputs) != 1 or len(operator.weights) != 1:
        return None
    if op == "Div" and primitive.inputs[0] != operator.inputs[0]:
        return None
    values = small_value(editor.constants[operator.weights[0]], limit=1)
    if values is None or abs(float(values.reshape(-1)[0]) - value) > 1e-6 * value:
        return None
    return operator.inputs[0]


def _products(editor: GraphEditor, plus_one: Operator, data: str) -> list[Operator] | None:
    """The two multiplications, by x and by 0.5, that end the formula."""
    first = editor.sole_reader(plus_one.outputs[0])
    if first is None or len(first.body) != 1 or first.body[0].op != "Mul":
        return None
    half = _constant_operand(editor, first, "Mul", 0.5)
    other = [name for name in first.inputs if name != plus_one.outputs[0]]
    if half is not None or other == [data]:
        second = editor.sole_reader(first.outputs[0])
        if second is None or not _completes(editor, first, second, data, halved=half is not None):
            return None
        return [first, second]
    before = editor.writer(other[0]) if len(other) == 1 else None
    if before is None or _constant_operand(editor, before, "Mul", 0.5) != data:
        return None
    return None if editor.sole_reader(before.outputs[0]) is None else [before, first]


def _completes(editor: GraphEditor, first: Operator, second: Operator, data: str, *, halved: bool) -> bool:
    """Whether the second multiplication is the one that the first leaves over."""
    if not halved:
        return _constant_operand(editor, second, "Mul", 0.5) == first.outputs[0]
    primitive = second.body[0]
    return len(second.body) == 1 and primitive.op == "Mul" and set(primitive.inputs) == {first.outputs[0], data}
