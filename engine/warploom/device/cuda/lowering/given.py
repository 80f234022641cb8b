"""Finds the inputs that nobody has to convert before everything else: their only reader reads them as they are."""

from __future__ import annotations

from warploom.device.cuda.lowering.movement import VIEWS
from warploom.device.cuda.lowering.registry import Registry
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.lowering.usage import Usage
from warploom.graph import Precision


def tensors_as_given(usage: Usage, precision: Precision, registry: Registry) -> frozenset[str]:
    """Graph inputs that an own product may read as the caller gave them, and what is only another view of them.

    A model that was made for channels-last images begins with a Transpose, say; then its input and the result of that
    Transpose are named.
    """
    own = registry.own_products
    if own is None:
        return frozenset()
    found: set[str] = set()
    for segment in (segment for part in usage.segments for segment in part):
        if segment.anchor is not None and own.reads_anything(segment.anchor, usage.graph, precision):
            found.update(_path_to_input(segment, usage))
    return frozenset(found)


def _path_to_input(segment: Segment, usage: Usage) -> list[str]:
    """Tensors from a segment's first operand back to an input, nothing else reading any; empty if there is none."""
    if segment.main.inputs.count(segment.main.inputs[0]) > 1 or segment.prologue:
        return []
    reader, path = segment, [segment.main.inputs[0]]
    if any(path[0] in primitive.inputs for primitive in segment.epilogue):
        return []
    while usage.sole_reader(path[-1]) is reader:
        if path[-1] in usage.graph.inputs:
            return path
        writer = usage.writer.get(path[-1])
        if writer is None or writer.anchor is None or writer.anchor.op not in VIEWS or len(writer.writes) > 1:
            return []
        reader = writer
        path.append(writer.anchor.inputs[0])
    return []
