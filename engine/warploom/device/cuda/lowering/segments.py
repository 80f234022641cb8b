"""Cuts an Operator's body into Segments: what one kernel each computes.

1. A primitive of a family, or one that moves data, anchors a segment.
2. A pointwise primitive joins the last segment that computes one of its operands, if its result has the same shape and
   the family takes epilogues; otherwise it begins a pointwise chain. Pointwise chains of one shape that meet in it are
   one.
3. A pointwise chain that only feeds an anchor's first operand is that segment's prologue, if the family takes it.
4. A DequantizeLinear that only the epilogue of a product of integers reads is part of that epilogue.
5. A segment with an anchor writes one tensor of its chain: behind a value that others read too, the rest is cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from warploom.device.cuda.lowering.registry import Registry
from warploom.device.cuda.lowering.segment import Segment
from warploom.graph import Graph, Operator, Primitive

_DEQUANTIZE = "DequantizeLinear"


@dataclass(slots=True)
class _Part:
    """A segment that still grows."""

    anchor: Primitive | None
    epilogue: list[Primitive]
    takes_epilogue: bool
    prologue: list[Primitive] = field(default_factory=list)

    @property
    def body(self) -> list[Primitive]:
        anchor = [] if self.anchor is None else [self.anchor]
        return [*self.prologue, *anchor, *self.epilogue]

    def chain(self) -> list[str]:
        """Values that an epilogue may continue: the anchor's first output and what was made of it."""
        first = [] if self.anchor is None else [self.anchor.outputs[0]]
        return [*first, *(name for primitive in self.epilogue for name in primitive.outputs)]

    def written(self) -> set[str]:
        return {name for primitive in self.body for name in primitive.outputs if name}


def _reads(part: _Part) -> set[str]:
    return {name for primitive in part.body for name in primitive.inputs}


def cut(operator: Operator, graph: Graph, registry: Registry) -> tuple[Segment, ...]:
    """The segments of an Operator whose primitives are all supported, in execution order."""
    cutter = _Cutter(operator, graph, registry)
    for primitive in operator.body:
        cutter.place(primitive)
    cutter.take_dequantized()
    cutter.keep_one_result()
    return cutter.segments()


class _Cutter:
    def __init__(self, operator: Operator, graph: Graph, registry: Registry) -> None:
        self._graph = graph
        self._registry = registry
        self._visible = set(operator.outputs)
        self._parts: list[_Part] = []
        self._readers: dict[str, list[Primitive]] = {}
        for primitive in operator.body:
            for name in primitive.inputs:
                self._readers.setdefault(name, []).append(primitive)

    def place(self, primitive: Primitive) -> None:
        family = self._registry.family(primitive, self._graph)
        if family is None and primitive.op in self._registry.pointwise.ops:
            self._place_pointwise(primitive)
            return
        part = _Part(primitive, [], takes_epilogue=family is not None and family.takes_epilogue)
        if family is not None and family.takes_prologue:
            self._take_prologue(part, primitive, family.prologue_fits)
        self._parts.append(part)

    def _place_pointwise(self, primitive: Primitive) -> None:
        feeding = [part for part in self._parts if not part.written().isdisjoint(primitive.inputs)]
        if feeding and self._continues(feeding[-1], primitive):
            feeding[-1].epilogue.append(primitive)
            self._join(feeding)
        else:
            self._parts.append(_Part(None, [primitive], takes_epilogue=True))

    def _join(self, feeding: list[_Part]) -> None:
        """Joins pointwise chains that meet in the last one's newest primitive, unless others read them before."""
        *others, last = feeding
        shape = self._graph.tensors[last.chain()[0]].shape
        for other in others if last.anchor is None else ():
            written = other.written()
            behind = self._parts[self._parts.index(other) + 1 :]
            free = all(part is last or written.isdisjoint(_reads(part)) for part in behind)
            if free and other.anchor is None and all(self._graph.tensors[name].shape == shape for name in written):
                self._parts.remove(other)
                last.epilogue[:0] = other.epilogue

    def _continues(self, part: _Part, primitive: Primitive) -> bool:
        if not part.takes_epilogue:
            return False
        chain = part.chain()
        fed = [name for name in primitive.inputs if name in part.written()]
        tensors = self._graph.tensors
        shape = tensors[chain[0]].shape
        return all(name in chain for name in fed) and all(
            tensors[name].shape == shape for name in (*fed, *primitive.outputs)
        )

    def _take_prologue(self, part: _Part, anchor: Primitive, takes: Callable[[Sequence[Primitive]], bool]) -> None:
        value = anchor.inputs[0]
        for other in self._parts:
            if other.anchor is None and value in other.written() and self._feeds_only(other, anchor):
                if not takes(other.epilogue):
                    return
                self._parts.remove(other)
                part.prologue = other.epilogue
                return

    def _feeds_only(self, chain: _Part, anchor: Primitive) -> bool:
        """Whether a pointwise chain ends in the anchor's first operand, and nothing else reads any of its values."""
        inside = {id(primitive) for primitive in chain.epilogue}
        value = anchor.inputs[0]
        if chain.epilogue[-1].outputs != (value,) or anchor.inputs.count(value) != 1:
            return False
        outside = [
            reader for name in chain.written() for reader in self._readers.get(name, []) if id(reader) not in inside
        ]
        return chain.written().isdisjoint(self._visible) and all(reader is anchor for reader in outside)

    def take_dequantized(self) -> None:
        """Rule 4."""
        products = [part for part in self._parts if part.prologue and part.prologue[-1].op == _DEQUANTIZE]
        for other in list(self._parts):
            if other.anchor is not None or any(primitive.op != _DEQUANTIZE for primitive in other.epilogue):
                continue
            takers = [part for part in products if self._is_read_only_behind(other, part)]
            if takers:
                self._parts.remove(other)
                takers[0].epilogue[:0] = other.epilogue

    def _is_read_only_behind(self, other: _Part, product: _Part) -> bool:
        """Whether a product's epilogue alone reads what a part computes, which has the shape of the product."""
        behind = {id(primitive) for primitive in product.epilogue}
        shape = self._graph.tensors[product.chain()[0]].shape
        return all(
            not self._is_read_outside(name, behind) and self._graph.tensors[name].shape == shape
            for name in other.written()
        )

    def keep_one_result(self) -> None:
        """Rule 5."""
        for part in list(self._parts):
            if part.anchor is not None and part.epilogue:
                self._cut_off(part)

    def _cut_off(self, part: _Part) -> None:
        for length in range(len(part.epilogue), -1, -1):
            kept = {id(primitive) for primitive in (*part.prologue, part.anchor, *part.epilogue[:length])}
            values = [part.chain()[0], *(name for p in part.epilogue[:length] for name in p.outputs)]
            if sum(self._is_read_outside(name, kept) for name in values) <= 1:
                break
        rest = part.epilogue[length:]
        if rest:
            part.epilogue = part.epilogue[:length]
            self._parts.insert(self._parts.index(part) + 1, _Part(None, rest, takes_epilogue=True))

    def _is_read_outside(self, name: str, inside: set[int]) -> bool:
        return name in self._visible or any(id(reader) not in inside for reader in self._readers.get(name, []))

    def segments(self) -> tuple[Segment, ...]:
        """What has grown, without parts that nobody reads."""
        closed = (self._closed(part) for part in self._parts)
        return tuple(segment for segment in closed if segment.writes)

    def _closed(self, part: _Part) -> Segment:
        inside = {id(primitive) for primitive in part.body}
        written = part.written()
        read = dict.fromkeys(
            name for primitive in part.body for name in primitive.inputs if name and name not in written
        )
        ordered = dict.fromkeys(name for primitive in part.body for name in primitive.outputs if name)
        writes = tuple(name for name in ordered if self._is_read_outside(name, inside))
        return Segment(part.anchor, tuple(part.prologue), tuple(part.epilogue), tuple(read), writes)
