"""A mutable view of a Graph that keeps its indices up to date, so that a pass is a worklist and never a rescan."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from warploom.graph import Constant, Graph, LogEntry, Operator, Primitive, Tensor
from warploom.graph.build import make_operator
from warploom.graph.kinds import kind_of_body
from warploom.graph.operator import OperatorKind
from warploom.passes.result import PassResult


class GraphEditor:
    """One pass's work on one Graph; `finish` gives the result.

    A rewrite puts the new Operator where the last of those that it replaces stood, unless it names another place. That
    keeps the order topological, because whatever is fused into an Operator is read by it alone.

    Attributes:
        graph: The Graph as it was given.
        tensors: Specs of all tensors, those added by the pass included.
        constants: Constants, those added by the pass included.
        producer: Name of the Operator that writes each tensor.
        readers: Names of the Operators that read each tensor (constants included), in order of their positions.
    """

    def __init__(self, graph: Graph, step: str) -> None:
        self.graph = graph
        self.tensors: dict[str, Tensor] = dict(graph.tensors)
        self.constants: dict[str, Constant] = dict(graph.constants)
        self.producer: dict[str, str] = {}
        self.readers: dict[str, dict[str, None]] = {}
        self._step = step
        self._log: list[LogEntry] = []
        self._operators: dict[str, Operator] = {}
        self._position: dict[str, int] = {}
        self._outputs = frozenset(graph.outputs)
        self._changed = False
        for position, operator in enumerate(graph.operators):
            self._insert(operator, position)

    def __contains__(self, name: object) -> bool:
        return name in self._operators

    def __getitem__(self, name: str) -> Operator:
        return self._operators[name]

    def names(self) -> tuple[str, ...]:
        """Names of the present Operators in topological order (a snapshot that stays valid while editing)."""
        return tuple(sorted(self._operators, key=self._position.__getitem__))

    def operators(self) -> Iterable[Operator]:
        """The Operators of `names()` as they are when each one's turn comes; those removed meanwhile are skipped."""
        for name in self.names():
            operator = self._operators.get(name)
            if operator is not None:
                yield operator

    def position(self, name: str) -> int:
        """A number that orders the Operators topologically."""
        return self._position[name]

    def is_output(self, tensor: str) -> bool:
        """Whether the graph's caller reads the tensor."""
        return tensor in self._outputs

    def sole_reader(self, tensor: str) -> Operator | None:
        """The one Operator that reads the tensor; None when there are several or the caller reads it too."""
        readers = self.readers.get(tensor, {})
        if len(readers) != 1 or self.is_output(tensor):
            return None
        return self._operators[next(iter(readers))]

    def writer(self, tensor: str) -> Operator | None:
        """The Operator that writes the tensor; None for graph inputs and constants."""
        name = self.producer.get(tensor)
        return None if name is None else self._operators[name]

    def is_constant(self, tensor: str) -> bool:
        """Whether the tensor's value is known."""
        return tensor in self.constants

    def add_tensor(self, hint: str, like: Tensor) -> str:
        """A new tensor with the shape and dtype of another; returns its unique name."""
        name = self._unique(hint)
        self.tensors[name] = dataclasses.replace(like, name=name)
        return name

    def add_constant(self, hint: str, constant: Constant) -> str:
        """A new constant; returns its unique name."""
        name = self._unique(hint)
        self.tensors[name] = Tensor(name, constant.shape, constant.dtype)
        self.constants[name] = constant
        return name

    def make(
        self,
        name: str,
        body: Sequence[Primitive],
        *,
        outputs: Iterable[str],
        sources: Iterable[str],
        kind: OperatorKind | None = None,
    ) -> Operator:
        """An Operator over this editor's tensors; its kind follows from its body unless given."""
        return make_operator(
            name,
            kind or kind_of_body(body, self.tensors),
            body,
            constants=self.constants,
            outputs=outputs,
            sources=sources,
        )

    def replace(self, removed: Sequence[str], operator: Operator, *, place: str | None = None) -> Operator:
        """Puts an Operator in the place of others.

        Args:
            removed: Those that go.
            operator: The one that comes.
            place: Whose place it takes; the last one's by default. An earlier one's is right if the new Operator reads
                nothing that is computed after it.
        """
        position = max(self._position[name] for name in ((place,) if place else removed))
        for name in removed:
            self._discard(name)
        self._insert(operator, position)
        self._changed = True
        return operator

    def remove(self, name: str) -> None:
        """Takes out an Operator whose outputs nobody reads any more."""
        self._discard(name)
        self._changed = True

    def rewrite(self, name: str, body: Sequence[Primitive], *, kind: OperatorKind | None = None) -> Operator:
        """Gives an Operator another body; its name, outputs and sources stay."""
        old = self._operators[name]
        new = self.make(name, body, outputs=old.outputs, sources=old.sources, kind=kind)
        return self.replace((name,), new)

    def redirect(self, old: str, new: str) -> None:
        """Lets every Operator that reads `old` read `new` instead."""
        for name in tuple(self.readers.get(old, ())):
            operator = self._operators[name]
            self.rewrite(name, [rename_inputs(p, {old: new}) for p in operator.body], kind=operator.kind)

    def rename_output(self, old: str, new: str) -> None:
        """Lets the writer of `old` write `new` (whose spec exists) and all readers of `old` read `new`."""
        writer = self._operators[self.producer[old]]
        body = [rename_inputs(rename_outputs(p, {old: new}), {old: new}) for p in writer.body]
        outputs = [new if name == old else name for name in writer.outputs]
        self.replace((writer.name,), self.make(writer.name, body, outputs=outputs, sources=writer.sources))
        self.redirect(old, new)

    def adopt(self, name: str, sources: Iterable[str]) -> None:
        """Notes that an Operator now stands for these ONNX nodes too."""
        operator = self._operators[name]
        merged = tuple(dict.fromkeys((*operator.sources, *sources)))
        self._operators[name] = dataclasses.replace(operator, sources=merged)

    def log(self, decision: str, subject: Iterable[str], reason: str) -> None:
        """Notes a decision, taken or declined."""
        self._log.append(LogEntry(self._step, tuple(subject), decision, reason))

    def finish(self) -> PassResult:
        """The result: the Graph given when nothing changed."""
        if not self._changed:
            return PassResult(self.graph, changed=False, log=tuple(self._log))
        graph = self.graph.replace(
            operators=[self._operators[name] for name in self.names()],
            tensors=self.tensors,
            constants=self.constants,
        )
        return PassResult(graph, changed=True, log=tuple(self._log))

    def _insert(self, operator: Operator, position: int) -> None:
        self._operators[operator.name] = operator
        self._position[operator.name] = position
        for name in (*operator.inputs, *operator.weights):
            self.readers.setdefault(name, {})[operator.name] = None
        for name in operator.outputs:
            self.producer[name] = operator.name

    def _discard(self, name: str) -> None:
        operator = self._operators.pop(name)
        del self._position[name]
        for read in (*operator.inputs, *operator.weights):
            del self.readers[read][name]
        for written in operator.outputs:
            del self.producer[written]

    def _unique(self, hint: str) -> str:
        name, number = hint, 1
        while name in self.tensors:
            number += 1
            name = f"{hint}_{number}"
        return name


def rename_inputs(primitive: Primitive, names: Mapping[str, str]) -> Primitive:
    """The primitive reading other tensors."""
    if not any(name in names for name in primitive.inputs):
        return primitive
    return dataclasses.replace(primitive, inputs=tuple(names.get(name, name) for name in primitive.inputs))


def rename_outputs(primitive: Primitive, names: Mapping[str, str]) -> Primitive:
    """The primitive writing other tensors."""
    if not any(name in names for name in primitive.outputs):
        return primitive
    return dataclasses.replace(primitive, outputs=tuple(names.get(name, name) for name in primitive.outputs))
