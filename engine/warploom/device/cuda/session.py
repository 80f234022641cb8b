"""GraphSession: one Graph in one precision on one GPU; what all of its plans and stages have in common."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from warploom.device.cuda.lowering.lower import lower_graph
from warploom.device.cuda.lowering.lowered import WEIGHT_PREFIX, LoweredGraph
from warploom.device.cuda.memory_plan import Work, plan_memory, regions_of
from warploom.device.cuda.resolve import StepResolver
from warploom.device.cuda.steps import PlainStep
from warploom.device.cuda.structure import step_key
from warploom.device.cuda.weights import WeightStore
from warploom.errors import ScheduleError
from warploom.graph import Graph, Precision
from warploom.passes.merge import lower_merges
from warploom.schedule import Launch, StreamPlan
from warploom.schedule.stream_plan import ByteRange

Merges = frozenset[tuple[str, ...]]

_KEPT_FORMS = 8
_MERGES_TOGETHER = 48  # each is a lowered Graph in memory for a while


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
        self._places: Mapping[str, ByteRange] | None = None
        self._merged: dict[tuple[str, ...], Work | None] = {}

    def form(self, plan: StreamPlan) -> GraphForm:
        """The Graph as a plan executes it. Plans that merge the same operators share it, whatever their order.

        Raises:
            ScheduleError: If the plan merges operators that cannot be merged.
            UnsupportedOperatorError: If a step has no kernel.
            CudaError: If the GPU fails.
        """
        merges = frozenset(launch.operators for launch in plan.launches if len(launch.operators) > 1)
        form = self._forms.pop(merges, None)
        if form is None:
            while len(self._forms) >= _KEPT_FORMS:
                del self._forms[next(iter(self._forms))]
            graph = lower_merges(self.graph, plan) if merges else self.graph
            form = self._form(lower_graph(graph, self.precision))
        self._forms[merges] = form  # the last used is the last to go
        return form

    def work_of(self, form: GraphForm, launch: Launch) -> Work:
        """What a launch enqueues, with the kernel that it asks for.

        Raises:
            CudaError: If a library cannot make that kernel any more.
        """
        work = form.works[launch.name]
        return self.with_kernel(work, launch.kernel) if launch.kernel else work

    def kernel_names(self, work: Work) -> tuple[str, ...]:
        """Names of the kernels that some work may have beside its own, the best alone first."""
        return self.resolver.kernel_names(work, self.precision)

    def with_kernel(self, work: Work, name: str) -> Work:
        """Work with another kernel; the same where that is not known."""
        return self.resolver.with_kernel(work, name, self.precision)

    @property
    def weight_bytes(self) -> int:
        """Bytes of the Graph's weights, nothing merged."""
        return self._unmerged().lowered.weight_bytes

    def shared_places(self) -> Mapping[str, ByteRange]:
        """Where buffers lie when operators run one after another: close together, as the cache likes it.

        For measuring plans whose results nobody reads. Empty where anything but weights is an integer: it may be an
        index, which must not be overwritten.
        """
        if self._places is None:
            form = self._unmerged()
            works = [form.entry, *form.works.values()]
            tensors = self.graph.tensors
            touched = [region for work in works for region, _ in regions_of(work.steps)]
            plain = all(tensors[name].dtype.is_float for name in tensors if name not in self.graph.constants)
            plain &= all(at.layout.dtype.is_float or at.buffer.startswith(WEIGHT_PREFIX) for at in touched)
            order = tuple((i - 1,) if i else () for i in range(len(works)))
            buffers = form.lowered.buffers
            ranges = plan_memory(buffers, works, order).ranges if plain else {}
            # Tensors only: a library may keep counters and addresses in its workspace while it runs.
            self._places = {name: at for name, at in ranges.items() if name in buffers}
        return self._places

    def operator_works(self) -> Mapping[str, Work]:
        """The work of every Operator of the Graph, nothing merged."""
        return self._unmerged().works

    def entry_work(self) -> Work:
        """The work that begins every plan: it converts the inputs."""
        return self._unmerged().entry

    def roots(self) -> frozenset[str]:
        """The Operators that read no other one."""
        pairs = zip(self.graph.operators, self.graph.predecessors, strict=True)
        return frozenset(operator.name for operator, before in pairs if not before)

    def merged_work(self, names: tuple[str, ...]) -> Work | None:
        """The work of several Operators merged into one; None where that is impossible."""
        if names not in self._merged:
            self.prepare_merges([names])
        return self._merged[names]

    def prepare_merges(self, merges: Iterable[tuple[str, ...]]) -> None:
        """Makes the work of several merges; kernels that they lack are chosen together, which is faster.

        Raises:
            CudaError: If the GPU fails.
        """
        new = [names for names in dict.fromkeys(merges) if names not in self._merged]
        for start in range(0, len(new), _MERGES_TOGETHER):
            self._merge_all(new[start : start + _MERGES_TOGETHER])

    def _merge_all(self, merges: Sequence[tuple[str, ...]]) -> None:
        lowered = {names: self._lower_merge(names) for names in merges}
        known = {program.operator: program for program in self._unmerged().lowered.programs}
        programs = (program for one in lowered.values() if one is not None for program in one.programs)
        self.resolver.resolve([one for one in programs if known.get(one.operator) != one], self.precision)
        for names, one in lowered.items():
            self._merged[names] = None if one is None else self._merge(names, one)

    def _unmerged(self) -> GraphForm:
        return self.form(StreamPlan("unmerged", ()))

    def _form(self, lowered: LoweredGraph) -> GraphForm:
        entry, *works = self.resolver.resolve([lowered.entry, *lowered.programs], self.precision)
        # What only kernels that were not chosen would read is not made: some forms of a matrix are large.
        used = {region.buffer for work in (entry, *works) for step in work.steps for region in step.reads}
        weights = {name: weight for name, weight in lowered.weights.items() if name in used}
        lowered = dataclasses.replace(lowered, weights=weights)
        return GraphForm(lowered, entry, {work.name: work for work in works})

    def _lower_merge(self, names: tuple[str, ...]) -> LoweredGraph | None:
        """The whole Graph lowered with this one merge; None where that is impossible."""
        try:
            merged = lower_merges(self.graph, _with_merge(self.graph, names))
        except ScheduleError:
            return None
        return lower_graph(merged, self.precision)

    def _merge(self, names: tuple[str, ...], lowered: LoweredGraph) -> Work:
        """The work of one merge.

        A merged operator's results lie side by side in a buffer of their own. So a Concat that had them in place may
        have to copy them: whatever its readers have to do more than before is part of what the merge costs.
        """
        works = self._form(lowered).works
        before = self.operator_works()
        work = works[Launch(names, 0).name]
        extra = [step for name, other in works.items() if name in before for step in self._added(before[name], other)]
        steps = (*work.steps, *extra)
        return dataclasses.replace(self.resolver.as_work(steps, self.precision), name=work.name)

    def _added(self, before: Work, after: Work) -> list[PlainStep]:
        """Steps that a launch has more than before."""
        if len(after.steps) <= len(before.steps):
            return []
        old = Counter(step_key(step, self.precision) for step in before.steps)
        added: list[PlainStep] = []
        for step in after.steps:
            key = step_key(step, self.precision)
            if old[key]:
                old[key] -= 1
            else:
                added.append(step)
        return added


def _with_merge(graph: Graph, names: tuple[str, ...]) -> StreamPlan:
    """All operators in order on one stream, some of them merged where the first of them stood."""
    launches: list[Launch] = []
    first = min(names, key=lambda name: graph.index[name])
    for operator in graph.operators:
        if operator.name == first:
            launches.append(Launch(names, 0))
        elif operator.name not in names:
            launches.append(Launch((operator.name,), 0))
    return StreamPlan("merged", tuple(launches))
