"""Lets a Concat sum what it writes: additions that feed nothing else go straight into their slice."""

from __future__ import annotations

import dataclasses

from warploom.graph import Graph, Operator, Primitive
from warploom.passes.editor import GraphEditor
from warploom.passes.facts import is_plain_add
from warploom.passes.result import PassResult


def absorb_into_concat(graph: Graph) -> PassResult:
    """Fuses additions and inner Concats into the Concat that alone reads them.

    Rules:
        1. A Concat along the same axis that only this Concat reads is written into its place: one flat Concat.
        2. An Add of two computed tensors of one shape that only this Concat reads is summed into its slice.

    Declines when the sum has other readers (it must exist as a tensor then), when it adds a bias or broadcasts (the
    epilogue of whatever computes it is the better place), and for pointwise functions after the Concat: each
    of its parts would have to apply them.
    """
    editor = GraphEditor(graph, "absorb_into_concat")
    for operator in editor.operators():
        if operator.body[-1].op == "Concat":
            _flatten(editor, operator.name)
            _absorb(editor, operator.name)
    return editor.finish()


def _flatten(editor: GraphEditor, name: str) -> None:
    operator = editor[name]
    outer = operator.body[-1]
    inputs: list[str] = []
    inner: list[Operator] = []
    for tensor in outer.inputs:
        writer = editor.writer(tensor)
        if writer is not None and _is_inner(editor, writer, outer):
            inner.append(writer)
            inputs.extend(writer.body[-1].inputs)
        else:
            inputs.append(tensor)
    if not inner:
        return
    before = [primitive for writer in inner for primitive in writer.body[:-1]]
    body = [*before, *operator.body[:-1], dataclasses.replace(outer, inputs=tuple(inputs))]
    _merge(editor, inner, operator, body)
    editor.log("absorbed", [*(w.name for w in inner), name], "a Concat along the same axis is written into its place")


def _is_inner(editor: GraphEditor, writer: Operator, outer: Primitive) -> bool:
    last = writer.body[-1]
    if last.op != "Concat" or editor.sole_reader(writer.outputs[0]) is None or len(writer.outputs) != 1:
        return False
    once = outer.inputs.count(writer.outputs[0]) == 1
    rank = len(editor.tensors[last.outputs[0]].shape)
    return once and last.integer("axis") % rank == outer.integer("axis") % rank


def _absorb(editor: GraphEditor, name: str) -> None:
    operator = editor[name]
    sums = [writer for tensor in operator.inputs if (writer := editor.writer(tensor)) and is_plain_add(editor, writer)]
    absorbed = [total for total in sums if _is_absorbable(editor, total, operator)]
    if not absorbed:
        return
    body = [*(primitive for total in absorbed for primitive in total.body), *operator.body]
    _merge(editor, absorbed, operator, body)
    editor.log(
        "absorbed", [*(total.name for total in absorbed), name], "sums that feed nothing else go into their slice"
    )


def _is_absorbable(editor: GraphEditor, total: Operator, operator: Operator) -> bool:
    if editor.sole_reader(total.outputs[0]) is not None:
        return True
    editor.log("kept apart", [total.name, operator.name], "the sum has other readers than the Concat")
    return False


def _merge(editor: GraphEditor, parts: list[Operator], operator: Operator, body: list[Primitive]) -> None:
    sources = [source for part in parts for source in part.sources]
    merged = editor.make(
        operator.name, body, outputs=operator.outputs, sources=[*sources, *operator.sources], kind=operator.kind
    )
    editor.replace([*(part.name for part in parts), operator.name], merged)
