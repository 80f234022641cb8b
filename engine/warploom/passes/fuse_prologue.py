"""Lets convolutions apply the activation of their input themselves, where whatever computes it cannot."""

from __future__ import annotations

from warploom.graph import Graph, Operator, OperatorKind
from warploom.passes.editor import GraphEditor
from warploom.passes.facts import belongs_to_writer, is_unary, readers_of
from warploom.passes.fuse_separable import try_prologue
from warploom.passes.result import PassResult


def fuse_prologue(graph: Graph) -> PassResult:
    """Fuses activations into the convolutions and separable units that read them.

    Rules:
        1. An activation read by convolutions and separable units only becomes the prologue of each of them when the
           tensor that it reads has several readers, or comes from a Concat (which writes slices and applies nothing).
        2. The same when the activation itself has several readers.

    Declines when whatever computes its input can apply it; when an operator of another kind reads it too; and after an
    aggregation with no other reader (a Sum of branches: then the activation is part of where they meet).
    """
    editor = GraphEditor(graph, "fuse_prologue")
    for operator in editor.operators():
        if is_unary(editor, operator) and _is_wanted(editor, operator):
            try_prologue(editor, operator)
    return editor.finish()


def _is_wanted(editor: GraphEditor, activation: Operator) -> bool:
    readers = readers_of(editor, activation.outputs[0])
    if not any(reader.kind in (OperatorKind.CONV, OperatorKind.SEPARABLE) for reader in readers):
        return False
    writer = editor.writer(activation.inputs[0])
    several = len(readers) > 1 or editor.sole_reader(activation.inputs[0]) is None
    if writer is None or several or writer.kind is OperatorKind.CONCAT:
        return True
    if not belongs_to_writer(editor, activation):
        editor.log("kept apart", [activation.name], f"it alone reads {writer.name}, which is where branches meet")
    return False
