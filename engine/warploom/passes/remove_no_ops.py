"""Removes operators that hand their input on unchanged: Identity, Dropout, casts and reshapes to the same, ..."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from warploom.graph import Graph, Operator, Primitive, attributes
from warploom.passes.derived import is_filled_with
from warploom.passes.editor import GraphEditor
from warploom.passes.facts import same_spec
from warploom.passes.result import PassResult


def remove_no_ops(graph: Graph) -> PassResult:
    """Removes no-ops and shortens chains of views.

    Rules (an operator goes when its output would equal its input, spec and values):
        1. Identity; Dropout whose mask nobody reads.
        2. Reshape, Flatten, Squeeze, Unsqueeze, Expand, Tile, Split, Resize (without a crop) to the same shape; Cast to
           the same type.
        3. Transpose that keeps the order of axes; Pad by nothing; Slice that takes everything forwards.
        4. Concat of one tensor; pooling with a 1x1 window, stride 1 and no padding; Clip without bounds.
        5. Adding or subtracting zeros, multiplying or dividing by ones (constants that are cheap to look at).
        6. Relu of a Relu.
        7. A view of a view is one Reshape; a Transpose of a Transpose is one Transpose (or none).

    Declines:
        - When both its input and its output belong to the caller (graph inputs and outputs): then it is a copy.
        - Sum, Mean, Max and Min of a single tensor stay, as every aggregation does (see `is_aggregation`).
    """
    editor = GraphEditor(graph, "remove_no_ops")
    for operator in editor.operators():
        shortened = _try_compose(editor, operator)
        reason = _no_op_reason(editor, shortened)
        if reason is not None:
            _try_remove(editor, shortened, reason)
    return editor.finish()


def _try_remove(editor: GraphEditor, operator: Operator, reason: str) -> bool:
    source, target = _data_input(editor, operator), operator.outputs[0]
    writer = editor.writer(source)
    if editor.is_output(target) and (writer is None or editor.is_output(source)):
        editor.log("kept", [operator.name], f"{reason}, but it copies the model's input or output to an output")
        return False
    readers = tuple(editor.readers.get(target, ()))
    editor.remove(operator.name)
    if editor.is_output(target):
        editor.rename_output(source, target)
    else:
        editor.redirect(target, source)
    _hand_on_sources(editor, operator, (writer.name,) if writer is not None else readers[:1])
    editor.log("removed", [operator.name], reason)
    return True


def _hand_on_sources(editor: GraphEditor, operator: Operator, heirs: tuple[str, ...]) -> None:
    for name in heirs:
        editor.adopt(name, operator.sources)


def _data_input(editor: GraphEditor, operator: Operator) -> str:
    """The tensor handed on: the one computed input, or the first one."""
    computed = [name for name in operator.body[0].inputs if name and not editor.is_constant(name)]
    return computed[0] if computed else operator.body[0].inputs[0]


def _no_op_reason(editor: GraphEditor, operator: Operator) -> str | None:
    """Why the operator does nothing; None when it does something."""
    if len(operator.body) != 1 or len(operator.outputs) != 1 or len(operator.inputs) != 1:
        return None
    primitive = operator.body[0]
    rule = _RULES.get(primitive.op)
    if rule is None or not same_spec(editor, _data_input(editor, operator), operator.outputs[0]):
        return None
    return f"{primitive.op} hands its input on unchanged" if rule(editor, primitive) else None


Rule = Callable[[GraphEditor, Primitive], bool]


def _always(_editor: GraphEditor, _primitive: Primitive) -> bool:
    return True


def _keeps_order(editor: GraphEditor, primitive: Primitive) -> bool:
    return primitive.integers("perm") == tuple(range(len(editor.tensors[primitive.inputs[0]].shape)))


def _pads_nothing(_editor: GraphEditor, primitive: Primitive) -> bool:
    return primitive.has("pads") and not any(primitive.integers("pads"))


def _takes_all(_editor: GraphEditor, primitive: Primitive) -> bool:
    return primitive.has("starts") and all(step > 0 for step in primitive.integers("steps", (1,)))


def _is_single(_editor: GraphEditor, primitive: Primitive) -> bool:
    return len(primitive.inputs) == 1


def _pools_nothing(_editor: GraphEditor, primitive: Primitive) -> bool:
    window = (*primitive.integers("kernel_shape"), *primitive.integers("strides", (1,)))
    return all(size == 1 for size in window) and not any(primitive.integers("pads", (0,)))


def _keeps_samples(_editor: GraphEditor, primitive: Primitive) -> bool:
    return primitive.text("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize"


def _has_no_bounds(_editor: GraphEditor, primitive: Primitive) -> bool:
    return len([name for name in primitive.inputs if name]) == 1 and not (primitive.has("min") or primitive.has("max"))


def _neutral(value: float, *, either_side: bool) -> Rule:
    def rule(editor: GraphEditor, primitive: Primitive) -> bool:
        first, second = primitive.inputs
        if editor.is_constant(second):
            return is_filled_with(editor.constants[second], value)
        return either_side and editor.is_constant(first) and is_filled_with(editor.constants[first], value)

    return rule


def _is_relu_of_relu(editor: GraphEditor, primitive: Primitive) -> bool:
    writer = editor.writer(primitive.inputs[0])
    return writer is not None and writer.body[-1].op == "Relu"


_RULES: dict[str, Rule] = {
    **dict.fromkeys(("Identity", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand", "Tile"), _always),
    **dict.fromkeys(("Split", "Cast"), _always),
    "Resize": _keeps_samples,
    "Transpose": _keeps_order,
    "Pad": _pads_nothing,
    "Slice": _takes_all,
    "Concat": _is_single,
    "MaxPool": _pools_nothing,
    "AveragePool": _pools_nothing,
    "Clip": _has_no_bounds,
    "Add": _neutral(0.0, either_side=True),
    "Sub": _neutral(0.0, either_side=False),
    "Mul": _neutral(1.0, either_side=True),
    "Div": _neutral(1.0, either_side=False),
    "Relu": _is_relu_of_relu,
}

_VIEWS = frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze"})


def _try_compose(editor: GraphEditor, operator: Operator) -> Operator:
    """Rule 7: lets a view of a view, or a Transpose of a Transpose, read what the first one reads."""
    before = editor.writer(operator.body[0].inputs[0]) if operator.body[0].inputs else None
    if before is None or len(before.body) != 1 or len(operator.body) != 1 or not operator.inputs:
        return operator
    first, second = before.body[0], operator.body[0]
    if first.op in _VIEWS and second.op in _VIEWS:
        shape = editor.tensors[operator.outputs[0]].shape
        composed = dataclasses.replace(second, op="Reshape", attributes=attributes(shape=shape))
        if 0 in shape:
            return operator
    elif first.op == second.op == "Transpose":
        perm = tuple(int(axis) for axis in np.asarray(first.integers("perm"))[list(second.integers("perm"))])
        composed = dataclasses.replace(second, attributes=attributes(perm=perm))
    else:
        return operator
    composed = dataclasses.replace(composed, inputs=first.inputs[:1])
    rewritten = editor.rewrite(operator.name, [composed])
    editor.adopt(operator.name, before.sources)
    editor.log("composed", [before.name, operator.name], f"{first.op} and {second.op} in a row are one {composed.op}")
    _drop_unread(editor, before)
    return editor[rewritten.name]


def _drop_unread(editor: GraphEditor, operator: Operator) -> None:
    if not any(editor.readers.get(name) or editor.is_output(name) for name in operator.outputs):
        editor.remove(operator.name)
