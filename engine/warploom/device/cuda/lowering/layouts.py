"""Chooses the layout of every tensor: channels-last for images and what is joined to them, row-major for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from warploom.device.cuda.layout import Layout, channels_last, row_major, storage_type, vector_lanes
from warploom.graph import Graph, OperatorKind, Precision, Primitive, Tensor
from warploom.graph.kinds import kind_of

_IMAGE_KINDS = (
    OperatorKind.CONV,
    OperatorKind.DEPTHWISE,
    OperatorKind.CONV_TRANSPOSE,
    OperatorKind.POOL,
    OperatorKind.RESIZE,
)
_IMAGE_OPS = ("BatchNormalization", "InstanceNormalization", "LRN", "DepthToSpace", "SpaceToDepth")
_IMAGE_RANKS = (3, 4, 5)
# What reads and writes tensors in one order of the dimensions, whatever that order is.
_JOINING_KINDS = (OperatorKind.POINTWISE, OperatorKind.CONCAT, OperatorKind.NORM, OperatorKind.SOFTMAX)
_JOINING_OPS = ("Split", "Slice", "Pad", "Identity", "Dropout", "Tile", "CumSum")
_DENSE_KINDS = (OperatorKind.CONV, OperatorKind.CONV_TRANSPOSE)


def choose_layouts(graph: Graph, precision: Precision) -> dict[str, Layout]:
    """A layout for every tensor of the Graph that is not a constant.

    Tensors of rank 3 to 5 that an image operator (convolution, pooling, resize, ...) reads or writes are channels-last,
    and so is whatever pointwise functions, concatenations and slices join to them; all others are row-major.
    Channels are padded to whole vectors of 16 bytes; a single channel only where a dense convolution touches it.
    """
    joined, dense = _Joined(graph), set[str]()
    for operator in graph.operators:
        for primitive in operator.body:
            kind = kind_of(primitive, graph.tensors)
            if kind in _IMAGE_KINDS or primitive.op in _IMAGE_OPS:
                joined.mark(_data(primitive, graph))
            elif kind in _JOINING_KINDS or primitive.op in _JOINING_OPS:
                joined.join(name for name in (*primitive.inputs, *primitive.outputs) if name)
            if kind in _DENSE_KINDS:
                dense.update(_data(primitive, graph))
                dense.update(name for fused in operator.body for name in fused.outputs)
    images = joined.images()
    return {
        name: _layout(tensor, precision, image=name in images, dense=name in dense)
        for name, tensor in graph.tensors.items()
        if name not in graph.constants
    }


def _layout(tensor: Tensor, precision: Precision, *, image: bool, dense: bool) -> Layout:
    dtype = storage_type(tensor.dtype, precision)
    if not image:
        return row_major(tensor.shape, dtype)
    single = dense and tensor.shape[1] == 1
    return channels_last(tensor.shape, dtype, channels=vector_lanes(dtype) if single else None)


def _data(primitive: Primitive, graph: Graph) -> list[str]:
    """The tensors whose second dimension is the channels of an image operator: its first input and its results."""
    names = (primitive.inputs[0], *primitive.outputs)
    return [name for name in names if name and name not in graph.constants]


class _Joined:
    """Tensors joined into sets that share the order of their dimensions (union by pointers with path halving)."""

    def __init__(self, graph: Graph) -> None:
        self._tensors: Mapping[str, Tensor] = {
            name: tensor
            for name, tensor in graph.tensors.items()
            if name not in graph.constants and len(tensor.shape) in _IMAGE_RANKS
        }
        self._parent = {name: name for name in self._tensors}
        self._marked: set[str] = set()

    def mark(self, names: Iterable[str]) -> None:
        """Says that these are images."""
        self._marked.update(names)

    def join(self, names: Iterable[str]) -> None:
        """Says that these are in one order. Only tensors of one rank can be: others align at their ends."""
        first: dict[int, str] = {}
        for name in names:
            if name in self._tensors:
                root = self._root(name)
                other = first.setdefault(len(self._tensors[name].shape), root)
                self._parent[root] = self._root(other)

    def images(self) -> frozenset[str]:
        """Every tensor that is an image, or joined to one."""
        roots = {self._root(name) for name in self._marked if name in self._tensors}
        return frozenset(name for name in self._tensors if self._root(name) in roots)

    def _root(self, name: str) -> str:
        parent = self._parent
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name
