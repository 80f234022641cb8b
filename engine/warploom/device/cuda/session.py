"""GraphSession: one Graph in one precision on one GPU; what all of its plans and stages have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.lowering.lowered import OUTPUT_PREFIX, LoweredGraph
from warploom.device.cuda.memory_plan import Work
from warploom.device.cuda.resolve import StepResolver
from warploom.device.cuda.steps import Program, Step
from warploom.device.cuda.weights import WeightStore
from warploom.errors import ScheduleError
from warploom.graph import Graph, Precision
from warploom.passes.merge import lower_merges, merge_operators
from warploom.schedule import StreamPlan

Merges = frozenset[tuple[str, ...]]

_KEPT_FORMS = 8


@dataclass(frozen=True, slots=True)
class GraphForm:
    """The Graph lowered with some operators merged.

    Attributes:
        lowered: Placements, weights and the boundary.
        entry: Work that converts the inputs.
        works: The work of each launch, by its name.
    """

    lowered: LoweredGraph
    entry: Work
    works: Mapping[str, Work]


class GraphSession:
    """What is made once for a Graph and a precision.

    Attributes:
        graph: The Graph.
        precision: The arithmetic.
        weights: Its prepared weights on the device.
        resolver: Decides how steps run.
    """

    def __init__(self, graph: Graph, precision: Precision, resolver: StepResolver) -> None:
        self.graph = graph
        self.precision = precision
        self.weights = WeightStore()
        self.resolver = resolver
        self._forms: dict[Merges, GraphForm] = {}
        self._merged: dict[tuple[str, ...], Work | None] = {}

    def form(self, plan: StreamPlan) -> GraphForm:
        """The Graph as a plan executes it. Plans that merge the same operators share it, whatever their order.

        Raises:
            ScheduleError: If the plan merges operators that cannot be merged.
            UnsupportedOperatorError: If a step has no kernel.
            CudaError: If the GPU fails.
        """
        merges = frozenset(launch.operators for launch in plan.launches if len(launch.operators) > 1)
        form = self._forms.get(merges)
        if form is None:
            while len(self._forms) >= _KEPT_FORMS:
                del self._forms[next(iter(self._forms))]
            form = self._forms[merges] = self._lowered(lower_merges(self.graph, plan) if merges else self.graph)
        return form

    @property
    def weight_bytes(self) -> int:
        """Bytes of the Graph's weights, nothing merged."""
        return self._unmerged().lowered.weight_bytes

    def operator_works(self) -> Mapping[str, Work]:
        """The work of every Operator of the Graph, nothing merged."""
        return self._unmerged().works

    def merged_work(self, names: tuple[str, ...]) -> Work | None:
        """The work of several Operators merged into one; None where that is impossible."""
        if names not in self._merged:
            self._merged[names] = self._merge(names)
        return self._merged[names]

    def _unmerged(self) -> GraphForm:
        return self.form(StreamPlan("unmerged", ()))

    def _lowered(self, graph: Graph) -> GraphForm:
        lowered = lower_graph(graph, self.precision)
        entry, *works = self.resolver.resolve([lowered.entry, *lowered.programs], self.precision)
        return GraphForm(lowered, entry, {work.name: work for work in works})

    def _merge(self, names: tuple[str, ...]) -> Work | None:
        try:
            operator, tensors, constants = merge_operators(self.graph, names)
        except ScheduleError:
            return None
        graph = dataclasses.replace(
            self.graph,
            operators=(operator,),
            tensors={**self.graph.tensors, **tensors},
            constants={**self.graph.constants, **constants},
            inputs=operator.inputs,
            outputs=operator.outputs,
        ).replace()
        lowered = lower_graph(graph, self.precision)
        (program,) = lowered.programs
        (work,) = self.resolver.resolve([_without_boundary(program)], self.precision)
        return work


def _without_boundary(program: Program) -> Program:
    """A program without the conversions of its results for a caller: inside a Graph there is none."""
    return dataclasses.replace(program, steps=tuple(step for step in program.steps if not _leaves(step)))


def _leaves(step: Step) -> bool:
    writes = step.writes
    return bool(writes) and all(region.buffer.startswith(OUTPUT_PREFIX) for region in writes)
