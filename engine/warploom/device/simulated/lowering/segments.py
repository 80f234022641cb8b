"""Segments: cuts an Operator's body into the parts that one kernel each computes.

1. Every primitive that is more than pointwise anchors a segment.
2. Pointwise primitives and views that read what a segment wrote join it, as its epilogue, if its kernel takes them:
   libraries' kernels of products know a few activations, kernels of our own all of them.
3. A Split or Slice of what the same body computed is free: the kernel writes each part where it belongs. (So are the
   outputs of merged convolutions handed out.)
4. Pointwise primitives before a window kernel that reads them, and that nobody outside reads, join it as its prologue;
   so do changes of type before any kernel.
5. What is left are pointwise chains: those that follow one another and are independent are one kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from warploom.device.simulated.lowering.families import FAMILIES, Family
from warploom.graph import Operator, Primitive, Tensor

_HANDS_OUT = ("Split", "Slice")
_CHANGES_TYPES = ("Cast", "QuantizeLinear", "DequantizeLinear")
_PRODUCTS = (Family.CONVOLUTION, Family.TRANSPOSED, Family.MATRIX)
_ADDS = ("Add", "Sum")
_ACTIVATIONS = frozenset(("Relu", "LeakyRelu", "Elu", "Clip", "Tanh", "Softplus", "Gelu", "Swish"))
_IMAGE_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class Segment:
    """What one kernel computes.

    Attributes:
        anchor: The primitive that decides the kernel; None for a chain of pointwise primitives.
        body: All primitives, in order.
        reads: Tensors read from outside, each once.
        writes: Tensors that other segments or other Operators read, each once.
    """

    anchor: Primitive | None
    body: tuple[Primitive, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]


class _Open:
    """A segment that still grows; `own` where its kernel is not a library's."""

    def __init__(self, anchor: Primitive | None, body: list[Primitive], *, own: bool = True) -> None:
        self.anchor = anchor
        self.body = body
        self.own = own

    def feeds(self, primitive: Primitive) -> bool:
        written = {name for inner in self.body for name in inner.outputs}
        return not written.isdisjoint(primitive.inputs)

    @property
    def changes_types(self) -> bool:
        return all(inner.op in _CHANGES_TYPES or FAMILIES[inner.op] is Family.VIEW for inner in self.body)

    def takes(self, primitive: Primitive, operator: Operator) -> bool:
        """Whether this pointwise primitive may be part of its epilogue."""
        if self.anchor is None or FAMILIES[self.anchor.op] is Family.POOL:
            return True
        return FAMILIES[self.anchor.op] in _PRODUCTS and (self.own or self._fused_by_library(primitive, operator))

    def _fused_by_library(self, primitive: Primitive, operator: Operator) -> bool:
        """Libraries add, then apply one activation."""
        if primitive.op in _CHANGES_TYPES:
            return True
        if self.body[-1].op == "Sigmoid":
            return _gates(self.body[-1], primitive)
        if any(inner.op in _ACTIVATIONS or inner.op == "Sigmoid" for inner in self.body):
            return False
        follows = operator.body[operator.body.index(primitive) + 1 :][:1]
        opens_gate = primitive.op == "Sigmoid" and any(_gates(primitive, after) for after in follows)
        return opens_gate or primitive.op in (*_ADDS, *_ACTIVATIONS)

    def wrote_any(self, names: tuple[str, ...]) -> bool:
        return any(output in names for inner in self.body for output in inner.outputs)


def _gates(sigmoid: Primitive, product: Primitive) -> bool:
    """Whether a Mul multiplies a value by its own Sigmoid."""
    return product.op == "Mul" and sorted(product.inputs) == sorted((sigmoid.inputs[0], sigmoid.outputs[0]))


def is_depthwise(conv: Primitive, tensors: Mapping[str, Tensor]) -> bool:
    """Whether a convolution has as many groups as channels, so that no output needs two of them."""
    weight = tensors[conv.inputs[1]].shape
    groups = conv.integer("group", 1)
    return groups > 1 and weight[1] == 1 and weight[0] == groups


def segments(operator: Operator, tensors: Mapping[str, Tensor]) -> tuple[Segment, ...]:
    """The segments of an Operator whose primitives are all supported, in execution order; none for pure views."""
    parts: list[_Open] = []
    for primitive in operator.body:
        _place(primitive, parts, operator, tensors)
    kernels = _side_by_side(
        [part for part in parts if any(FAMILIES[inner.op] is not Family.VIEW for inner in part.body)]
    )
    readers = _readers(kernels)
    return tuple(_closed(part, i, readers, operator) for i, part in enumerate(kernels))


def _place(primitive: Primitive, parts: list[_Open], operator: Operator, tensors: Mapping[str, Tensor]) -> None:
    family = FAMILIES[primitive.op]
    joins = family in (Family.POINTWISE, Family.VIEW) or primitive.op in _HANDS_OUT
    feeding = [part for part in parts if part.feeds(primitive)]
    if joins and feeding and (family is not Family.POINTWISE or feeding[-1].takes(primitive, operator)):
        feeding[-1].body.append(primitive)
    elif family in (Family.POINTWISE, Family.VIEW):
        parts.append(_Open(None, [primitive]))
    else:
        window = family is Family.POOL or (family is Family.CONVOLUTION and is_depthwise(primitive, tensors))
        own = window or (family is Family.CONVOLUTION and tensors[primitive.inputs[1]].shape[1] < _IMAGE_CHANNELS)
        prologue = [
            part
            for part in feeding
            if part.anchor is None and (window or part.changes_types) and not part.wrote_any(operator.outputs)
        ]
        for part in prologue:
            parts.remove(part)
        parts.append(_Open(primitive, [*(inner for part in prologue for inner in part.body), primitive], own=own))


def _side_by_side(parts: list[_Open]) -> list[_Open]:
    """Neighbouring pointwise chains that do not read one another, as one."""
    made: list[_Open] = []
    for part in parts:
        last = made[-1] if made else None
        if last and last.anchor is part.anchor is None and not any(last.feeds(inner) for inner in part.body):
            last.body.extend(part.body)
        else:
            made.append(part)
    return made


def _readers(parts: list[_Open]) -> Mapping[str, set[int]]:
    readers: dict[str, set[int]] = {}
    for i, part in enumerate(parts):
        for primitive in part.body:
            for name in primitive.inputs:
                readers.setdefault(name, set()).add(i)
    return readers


def _closed(part: _Open, index: int, readers: Mapping[str, set[int]], operator: Operator) -> Segment:
    written = dict.fromkeys(name for inner in part.body for name in inner.outputs if name)
    read = dict.fromkeys(name for inner in part.body for name in inner.inputs if name and name not in written)
    outside = set(operator.outputs)
    return Segment(
        anchor=part.anchor,
        body=tuple(part.body),
        reads=tuple(read),
        writes=tuple(name for name in written if name in outside or readers.get(name, set()) - {index}),
    )
