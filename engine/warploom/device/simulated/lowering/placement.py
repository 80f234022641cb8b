"""Placement: which tensors kernels write straight into the result of the Concat that reads them.

As libraries for NHWC tensors can: a part of a Concat along the channels begins at a whole vector of 16 bytes, and all
but the last fill whole vectors; a tensor lies in one Concat only; what only moves data is copied, and so are a graph's
inputs and weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from warploom.device.simulated.lowering.families import FAMILIES, Family
from warploom.graph import Graph, Primitive

_VECTOR_BYTES = 16
_IMAGE_RANK = 4
_MOVES = (Family.COPY, Family.TRANSPOSE, Family.GATHER, Family.VIEW)


class Sizes(Protocol):
    """Tells how many bytes an element of a tensor takes (a Lowering)."""

    def itemsize(self, name: str) -> int: ...


def placed_in_concats(graph: Graph, sizes: Sizes) -> frozenset[str]:
    """The tensors that need no copy into the Concat that reads them."""
    writers = {name: body for operator in graph.operators for body in operator.body for name in body.outputs}
    placed: set[str] = set()
    for operator in graph.operators:
        for primitive in operator.body:
            if primitive.op == "Concat":
                found = {name for name in _fitting(primitive, graph, sizes, writers) if name not in placed}
                whole = primitive.outputs[0]
                if found == set(primitive.inputs) or whole not in graph.outputs:
                    placed |= found
    return frozenset(placed)


def _fitting(concat: Primitive, graph: Graph, sizes: Sizes, writers: Mapping[str, Primitive]) -> Iterator[str]:
    whole = graph.tensors[concat.outputs[0]].shape
    axis = concat.integer("axis") % max(len(whole), 1)
    lanes = _VECTOR_BYTES // sizes.itemsize(concat.outputs[0]) if axis == 1 and len(whole) >= _IMAGE_RANK else 1
    start = 0
    for position, name in enumerate(concat.inputs):
        size = graph.tensors[name].shape[axis]
        last = position == len(concat.inputs) - 1
        aligned = not start % lanes and (last or not size % lanes)
        if aligned and _is_computed(writers.get(name)) and concat.inputs.count(name) == 1:
            yield name
        start += size


def _is_computed(writer: Primitive | None) -> bool:
    return writer is not None and (writer.op == "Concat" or FAMILIES.get(writer.op) not in (None, *_MOVES))
