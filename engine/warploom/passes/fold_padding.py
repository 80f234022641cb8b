"""Folds explicit padding into the convolution or pooling that reads it."""

from __future__ import annotations

import dataclasses
import math

from warploom.graph import Graph, Operator, Primitive
from warploom.passes.editor import GraphEditor
from warploom.passes.result import PassResult


def fold_padding(graph: Graph) -> PassResult:
    """Folds Pad with a constant value into its only reader.

    Rules:
        1. Zeros beside height and width before a Conv, or before an AveragePool that has no padding of its own (which
           counts them from then on).
        2. Minus infinity before a MaxPool.

    Declines when the padding crops (negative), covers batch or channels, is at least as wide as the pooling window
    (some windows would see nothing else), or when the pooling rounds its size up.
    """
    editor = GraphEditor(graph, "fold_padding")
    for operator in editor.operators():
        if len(operator.body) == 1 and operator.body[0].op == "Pad":
            _try_fold(editor, operator)
    return editor.finish()


def _try_fold(editor: GraphEditor, pad: Operator) -> bool:
    reader = editor.sole_reader(pad.outputs[0])
    if reader is None or len(reader.body) != 1 or reader.body[0].inputs[0] != pad.outputs[0]:
        return False
    first, second = pad.body[0], reader.body[0]
    if second.op not in _VALUES:
        return False
    obstacle = _obstacle(first, second, len(editor.tensors[pad.outputs[0]].shape))
    if obstacle is not None:
        editor.log("kept apart", [pad.name, reader.name], obstacle)
        return False
    body = [_padded(first, second)]
    sources = (*pad.sources, *reader.sources)
    fused = editor.make(reader.name, body, outputs=reader.outputs, sources=sources, kind=reader.kind)
    editor.replace((pad.name, reader.name), fused)
    editor.log("folded", [pad.name, reader.name], f"{second.op} pads with {_VALUES[second.op]} itself")
    return True


_VALUES = {"Conv": 0.0, "AveragePool": 0.0, "MaxPool": -math.inf}


def _obstacle(pad: Primitive, reader: Primitive, rank: int) -> str | None:
    if len(pad.inputs) != 1 or pad.text("mode", "constant") != "constant" or not pad.has("pads"):
        return "its padding is computed or not constant"
    pads = pad.integers("pads")
    if pad.number("constant_value", 0.0) != _VALUES[reader.op]:
        return f"{reader.op} pads with {_VALUES[reader.op]}, not with this value"
    if min(pads) < 0 or any((*pads[:2], *pads[rank : rank + 2])):
        return "it crops, or pads batch or channels"
    if reader.op == "Conv":
        return None
    if reader.integer("ceil_mode", 0):
        return f"{reader.op} rounds its size up"
    if reader.op == "AveragePool" and any(reader.integers("pads")) and not reader.integer("count_include_pad", 0):
        return f"{reader.op} has padding of its own that it does not count"
    widest = max(_sum_pads(pad, reader))
    return "the padding is as wide as the window" if widest >= min(reader.integers("kernel_shape")) else None


def _sum_pads(pad: Primitive, reader: Primitive) -> tuple[int, ...]:
    pads = pad.integers("pads")
    rank = len(pads) // 2
    added = (*pads[2:rank], *pads[rank + 2 :])
    return tuple(a + b for a, b in zip(added, reader.integers("pads"), strict=True))


def _padded(pad: Primitive, reader: Primitive) -> Primitive:
    changes: dict[str, int | tuple[int, ...]] = {"pads": _sum_pads(pad, reader)}
    if reader.op == "AveragePool":
        changes["count_include_pad"] = 1
    values = tuple(sorted({**dict(reader.attributes), **changes}.items()))
    return dataclasses.replace(reader, inputs=(pad.inputs[0], *reader.inputs[1:]), attributes=values)
