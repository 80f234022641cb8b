"""Fuses conversions between floats and integers into the operators around them: QDQ models become integer operators."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from warploom.graph import Graph, Operator, OperatorKind, Primitive
from warploom.graph.quantized import MOVES, is_quantized
from warploom.passes.editor import GraphEditor, rename_inputs, rename_outputs
from warploom.passes.facts import readers_of
from warploom.passes.result import PassResult


def fuse_quantized(graph: Graph) -> PassResult:
    """Fuses QuantizeLinear and DequantizeLinear, which models with int8 (or fp8) data have around their operators.

    Rules:
        1. Every reader of a DequantizeLinear dequantizes by itself: it reads integers then, which are fewer bytes, and
           a convolution or matrix product of two such operands is a product of integers.
        2. A QuantizeLinear that alone reads a result is the last thing that whoever computes the result does.
        3. A function of what a product of integers computes, from integers to integers of the same shape, that alone
           reads it is applied before the result is written, rounding included.
        4. An operator that only moves elements, from integers to integers of the same scale and zero, moves integers.

    Declines when the caller reads the floats, or the integers of a model's input have no operator before them.
    """
    editor = GraphEditor(graph, "fuse_quantized")
    for operator in editor.operators():
        if _is(operator, "DequantizeLinear") and operator.inputs:
            _push_down(editor, operator)
    for operator in editor.operators():
        if _is(operator, "DequantizeLinear") and not operator.inputs:
            _push_down(editor, operator)
    for operator in editor.operators():
        if _is_only_quantizing(operator):
            _pull_up(editor, operator)
    for operator in editor.operators():
        _append(editor, operator)
    for operator in editor.operators():
        _move_integers(editor, operator)
    _log_products(editor)
    return editor.finish()


def _is(operator: Operator, op: str) -> bool:
    return len(operator.body) == 1 and operator.body[0].op == op


def _is_only_quantizing(operator: Operator) -> bool:
    return _is(operator, "QuantizeLinear") and len(operator.inputs) == 1


def _push_down(editor: GraphEditor, operator: Operator) -> None:
    """Rule 1."""
    tensor = operator.outputs[0]
    readers = readers_of(editor, tensor)
    if editor.is_output(tensor) or not readers:
        return
    for reader in readers:
        local = editor.add_tensor(f"{tensor}/{reader.name}", editor.tensors[tensor])
        own = rename_outputs(operator.body[0], {tensor: local})
        body = (own, *(rename_inputs(primitive, {tensor: local}) for primitive in reader.body))
        editor.rewrite(reader.name, body, kind=reader.kind)
        editor.adopt(reader.name, operator.sources)
    editor.remove(operator.name)


def _pull_up(editor: GraphEditor, operator: Operator) -> None:
    """Rule 2."""
    tensor, integers = operator.inputs[0], operator.outputs[0]
    writer = editor.writer(tensor)
    if writer is None or editor.sole_reader(tensor) is None:
        return
    outputs = [integers if name == tensor else name for name in writer.outputs]
    made = editor.make(
        writer.name,
        (*writer.body, *operator.body),
        outputs=outputs,
        sources=(*writer.sources, *operator.sources),
        kind=writer.kind,
    )
    # It takes the writer's place: others of its outputs may be read before the QuantizeLinear stood.
    editor.replace((writer.name, operator.name), made, place=writer.name)


def _append(editor: GraphEditor, operator: Operator) -> None:
    """Rule 3."""
    if operator.kind is not OperatorKind.POINTWISE or len(operator.inputs) != 1 or len(operator.outputs) != 1:
        return
    tensor, result = operator.inputs[0], operator.outputs[0]
    product = editor.writer(tensor)
    if product is None or editor.sole_reader(tensor) is None or not is_quantized(product):
        return
    if product.outputs != (tensor,) or editor.tensors[tensor].shape != editor.tensors[result].shape:
        return
    if editor.tensors[tensor].dtype.is_float or editor.tensors[result].dtype.is_float:
        return
    made = editor.make(
        product.name,
        (*product.body, *operator.body),
        outputs=operator.outputs,
        sources=(*product.sources, *operator.sources),
        kind=product.kind,
    )
    editor.replace((product.name, operator.name), made)


def _move_integers(editor: GraphEditor, operator: Operator) -> None:
    """Rule 4."""
    inside = [primitive for primitive in operator.body if primitive.op in MOVES]
    before = [primitive for primitive in operator.body if primitive.op == "DequantizeLinear"]
    after = [primitive for primitive in operator.body if primitive.op == "QuantizeLinear"]
    if not inside or not before or len(after) != 1 or len(inside) + len(before) + 1 != len(operator.body):
        return
    if operator.outputs != after[0].outputs or {p.inputs[0] for p in before} != set(operator.inputs):
        return
    if not _same_steps(editor, [*before, *after]):
        return
    names = {primitive.outputs[0]: primitive.inputs[0] for primitive in before}
    body = [rename_inputs(primitive, names) for primitive in inside]
    body = [rename_outputs(primitive, {after[0].inputs[0]: after[0].outputs[0]}) for primitive in body]
    integer = editor.tensors[after[0].outputs[0]].dtype
    for name in {name for primitive in body for name in primitive.outputs}:
        editor.tensors[name] = dataclasses.replace(editor.tensors[name], dtype=integer)
    kind = operator.kind if operator.kind is not OperatorKind.POINTWISE else None
    editor.rewrite(operator.name, body, kind=kind)


def _same_steps(editor: GraphEditor, conversions: Sequence[Primitive]) -> bool:
    """Whether all convert with one scale and one zero, for the same integers."""
    types = {editor.tensors[p.inputs[0] if p.op == "DequantizeLinear" else p.outputs[0]].dtype for p in conversions}
    if len(types) != 1:
        return False
    found = set()
    for primitive in conversions:
        parts = [editor.constants.get(name) for name in primitive.inputs[1:] if name]
        if any(part is None for part in parts):
            return False
        values = [np.asarray(part.numpy()).reshape(-1) for part in parts if part is not None]
        if any(value.size != 1 for value in values):
            return False
        found.add((float(values[0][0]), int(values[1][0]) if len(values) > 1 else 0))
    return len(found) == 1


def _log_products(editor: GraphEditor) -> None:
    products = [operator.name for operator in editor.operators() if is_quantized(operator)]
    if products:
        reason = f"{len(products)} operators multiply 8-bit integers with the model's own scales"
        editor.log("recognized", products, reason)
