"""Placement: which tensors kernels write straight to where their reader wants them.

As libraries for NHWC tensors can: a part of a Concat along the channels begins at a whole vector of 16 bytes, and all
but the last fill whole vectors; a tensor lies in one Concat only; what only moves data is copied, and so are a graph's
inputs and weights. Products of matrices read and write with strides, so that heads are told apart without a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from warploom.device.simulated.lowering.families import FAMILIES, Family
from warploom.graph import Graph, Primitive, Tensor

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
        writer = writers.get(name)
        written = _is_computed(writer) or _is_whole_split(writer, concat, graph, sizes, writers)
        if aligned and written and concat.inputs.count(name) == 1:
            yield name
        start += size


def strided(graph: Graph) -> frozenset[str]:
    """Results of Transposes without a kernel: rows stay rows, and what writes or reads them is a matrix product."""
    writers = {name: body for operator in graph.operators for body in operator.body for name in body.outputs}
    readers: dict[str, list[Primitive]] = {}
    for operator in graph.operators:
        for body in operator.body:
            for name in body.inputs:
                readers.setdefault(name, []).append(body)
    found = set()
    for name, writer in writers.items():
        if writer.op != "Transpose" or name in graph.outputs:
            continue
        order = writer.integers("perm", ())
        source = _through_views(writer.inputs[0], writers)
        read_by_products = bool(readers.get(name)) and all(_is_product(reader) for reader in readers[name])
        if order and (read_by_products or (_is_product(source) and order[-1] == len(order) - 1)):
            found.add(name)
    return frozenset(found)


def _through_views(name: str, writers: Mapping[str, Primitive]) -> Primitive | None:
    writer = writers.get(name)
    while writer is not None and FAMILIES.get(writer.op) is Family.VIEW:
        writer = writers.get(writer.inputs[0])
    return writer


def _is_product(primitive: Primitive | None) -> bool:
    return primitive is not None and FAMILIES.get(primitive.op) is Family.MATRIX


def is_split_of_channels(primitive: Primitive, tensors: Mapping[str, Tensor], sizes: Sizes) -> bool:
    """Whether it is a Split of an image's channels into parts of whole vectors, which readers can read in place."""
    if primitive.op != "Split":
        return False
    shapes = [tensors[name].shape for name in primitive.outputs]
    lanes = _VECTOR_BYTES // sizes.itemsize(primitive.inputs[0])
    along = primitive.integer("axis", 0) % max(len(shapes[0]), 1)
    return len(shapes[0]) >= _IMAGE_RANK and along == 1 and all(shape[1] % lanes == 0 for shape in shapes)


def _is_whole_split(
    writer: Primitive | None, concat: Primitive, graph: Graph, sizes: Sizes, writers: Mapping[str, Primitive]
) -> bool:
    """Whether a part comes from a Split all of whose parts follow one another in the Concat: its source lies there."""
    if writer is None or not is_split_of_channels(writer, graph.tensors, sizes):
        return False
    if writer.outputs[0] not in concat.inputs or not _is_computed(writers.get(writer.inputs[0])):
        return False
    first = concat.inputs.index(writer.outputs[0])
    return concat.inputs[first : first + len(writer.outputs)] == writer.outputs


def _is_computed(writer: Primitive | None) -> bool:
    return writer is not None and (writer.op == "Concat" or FAMILIES.get(writer.op) not in (None, *_MOVES))
