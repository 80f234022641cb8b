"""Fuses pointwise operators that feed each other into one kernel."""

from __future__ import annotations

from warploom.graph import Graph, Operator
from warploom.passes.editor import GraphEditor
from warploom.passes.facts import is_pointwise
from warploom.passes.result import PassResult

MAX_INPUTS = 8
"""Tensors that one pointwise kernel reads at most: each costs registers for its address and its strides."""

MAX_PRIMITIVES = 64
"""Primitives that one pointwise kernel computes at most: compilers take seconds for hundreds, minutes for thousands."""


def fuse_gates(graph: Graph) -> PassResult:
    """Fuses pointwise operators that together are a function of one tensor.

    Rules:
        1. A pointwise operator whose only reader is a pointwise operator of the same output shape is one with it if
           both together read a single computed tensor: `x * sigmoid(x)`, HardSwish or Gelu spelled out, an activation
           behind a bias.

    Such a function can then be the epilogue of whatever computes its input. Trees that read several tensors are left to
    `fuse_pointwise`, after the epilogues took theirs.
    """
    return _fuse(graph, "fuse_gates", 1)


def fuse_pointwise(graph: Graph) -> PassResult:
    """Fuses chains and small trees of pointwise operators.

    Rules:
        1. A pointwise operator whose only reader is a pointwise operator of the same output shape is one with it;
           operands of either may broadcast.

    Declines when the value has other readers, when shapes differ (a small operand would be computed again per element),
    when the kernel would read more than `MAX_INPUTS` tensors or compute more than `MAX_PRIMITIVES`, and for
    aggregations, which stay as they are.
    """
    return _fuse(graph, "fuse_pointwise", MAX_INPUTS)


def _fuse(graph: Graph, step: str, most_inputs: int) -> PassResult:
    editor = GraphEditor(graph, step)
    for operator in editor.operators():
        if is_pointwise(operator):
            _try_fuse(editor, operator, most_inputs)
    return editor.finish()


def _try_fuse(editor: GraphEditor, operator: Operator, most_inputs: int) -> bool:
    """Into its reader, which comes later in the worklist and may be fused on from there."""
    tensor = operator.outputs[0]
    reader = editor.sole_reader(tensor)
    if reader is None or not is_pointwise(reader):
        return False
    if len(operator.body) + len(reader.body) > MAX_PRIMITIVES:
        return False
    inputs = {*operator.inputs, *reader.inputs} - {tensor}
    if len(inputs) > most_inputs:
        if most_inputs > 1:
            editor.log("kept apart", [operator.name, reader.name], f"one kernel would read {len(inputs)} tensors")
        return False
    if editor.tensors[tensor].shape != editor.tensors[reader.outputs[0]].shape:
        return False
    body = (*operator.body, *reader.body)
    fused = editor.make(
        reader.name, body, outputs=reader.outputs, sources=(*operator.sources, *reader.sources), kind=operator.kind
    )
    editor.replace((operator.name, reader.name), fused)
    editor.log(
        "fused", [operator.name, reader.name], f"{operator.label} feeds {reader.label} alone: one pointwise kernel"
    )
    return True
