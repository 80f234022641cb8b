"""Finds what nobody has to convert at the boundary: inputs and outputs that one kernel reads or writes as they are."""

from __future__ import annotations

from warploom.device.cuda.lowering.movement import VIEWS
from warploom.device.cuda.lowering.registry import Registry
from warploom.device.cuda.lowering.segment import Segment
from warploom.device.cuda.lowering.usage import Usage
from warploom.graph import Graph, Precision, Primitive


def unconverted(usage: Usage, precision: Precision, registry: Registry) -> frozenset[str]:
    """Tensors that lie at the boundary although they are of another order or type than inside.

    1. Graph inputs that only an own product reads, and what is only another view of them: a model that was made for
       channels-last images begins with a Transpose, say; then its input and the result of that Transpose are named.
    2. Graph outputs that only the caller reads and an own product can write.
    """
    found: set[str] = set()
    for segment in (segment for part in usage.segments for segment in part if segment.anchor is not None):
        if _reads_anything(segment.main, usage.graph, precision, registry):
            found.update(_path_to_input(segment, usage))
        if any(own.writes_anything(segment.main, usage.graph, precision) for own in registry.own_products):
            found.update(name for name in segment.writes if usage.is_only_output(name))
    return frozenset(found)


def _reads_anything(main: Primitive, graph: Graph, precision: Precision, registry: Registry) -> bool:
    return any(own.reads_anything(main, graph, precision) for own in registry.own_products)


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
