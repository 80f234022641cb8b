"""MeasuredCostModel: what stages and plans cost on the GPU, measured once per structure, kept in the cost database."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from warploom.cost import Cost, OperatorResources
from warploom.cost.database import CostDatabase
from warploom.device.cuda.memory_plan import Work
from warploom.device.cuda.structure import digest, steps_key
from warploom.device.cuda.workbench import PlanWork
from warploom.graph import Precision
from warploom.schedule import Group, Launch, Stage, StreamPlan

IMPOSSIBLE = Cost.exactly(float("inf"))

_KIND = "stage"
_FORMAT = struct.Struct("<ddd")
_WRITTEN_TOGETHER = 64
_PLANS_TOGETHER = 8

_Item = TypeVar("_Item")

Resources = Callable[[Sequence[str]], Sequence[OperatorResources]]


class Works(Protocol):
    """What a Graph's Operators enqueue (a GraphSession)."""

    @property
    def precision(self) -> Precision: ...

    def operator_works(self) -> Mapping[str, Work]: ...

    def entry_work(self) -> Work: ...

    def roots(self) -> frozenset[str]: ...

    def merged_work(self, names: tuple[str, ...]) -> Work | None: ...

    def prepare_merges(self, merges: Iterable[tuple[str, ...]]) -> None: ...

    def kernel_names(self, work: Work) -> tuple[str, ...]: ...

    def with_kernel(self, work: Work, name: str) -> Work: ...


class Bench(Protocol):
    """What measures them (a WorkBench)."""

    def stage_cost(self, groups: Sequence[Sequence[Work]]) -> Cost: ...

    def plan_costs(self, plans: Sequence[PlanWork]) -> list[Cost]: ...

    def fork_us(self) -> float: ...


class MeasuredCostModel:
    """Costs of one Graph on one GPU (a CostModel, PlanCostModel, ForkModel, ResourceModel, KernelModel and MergeModel).

    Args:
        works: The Graph's.
        bench: Measures.
        database: Keeps the costs of stages between processes.
        model_bytes: Bytes of the Graph's weights: what passes through the cache between two uses of a stage's own.
        resources: Answers what Operators ask of the GPU.
    """

    def __init__(
        self, works: Works, bench: Bench, database: CostDatabase, model_bytes: int, resources: Resources
    ) -> None:
        self._graph_works = works
        self._bench = bench
        self._database = database
        self._resources = resources
        self._size = f"2^{model_bytes.bit_length()} bytes of weights"
        self._keys: dict[Group, str] = {}
        self._costs: dict[str, Cost] = {}
        self._unwritten: dict[str, bytes] = {}
        self._fork_us: float | None = None
        self._switch_us: float | None = None
        self._roots = works.roots()
        self.measured = 0

    def stage_costs(self, stages: Sequence[Stage]) -> Sequence[Cost]:
        """The cost of each stage, alone, its closing barrier included; an impossible merge costs infinity.

        A stage is measured by repeating it, so its kernels' code is in the caches; in a network another kernel ran
        before. That is charged to each operator of the longest group, as the whole network in sequence shows it. A
        stage that may begin the plan is charged the fork at its very start, where no kernel comes before.

        Raises:
            UnsupportedOperatorError: If an operator has no kernel.
            CudaError: If the GPU fails.
        """
        costs = self._repeated(stages)
        return [self._charged(cost, stage) for cost, stage in zip(costs, stages, strict=True)]

    def _repeated(self, stages: Sequence[Stage]) -> list[Cost]:
        """The cost of each stage as its repetitions show it."""
        keys = [self._stage_key(stage) for stage in stages]
        unknown = self._unknown(keys, stages)
        self._recall(unknown)
        for key, stage in unknown.items():
            if key not in self._costs:
                self._costs[key] = cost = self._bench.stage_cost([self._works(group) or () for group in stage.groups])
                self.measured += 1
                self._keep(key, cost)
        self._write()
        return [self._costs[key] if key else IMPOSSIBLE for key in keys]

    def plan_costs(self, plans: Sequence[StreamPlan]) -> Sequence[Cost]:
        """The latency of whole plans, or of plans of a part of the Graph, measured in turns.

        Raises:
            UnsupportedOperatorError: If an operator has no kernel.
            CudaError: If the GPU fails.
        """
        keys = [self._plan_key(plan) for plan in plans]
        unknown = self._unknown(keys, plans)
        for batch in _batches(list(unknown.items()), _PLANS_TOGETHER):
            costs = self._bench.plan_costs([(plan, self._plan_works(plan), self._entry_of(plan)) for _, plan in batch])
            self._costs.update({key: cost for (key, _), cost in zip(batch, costs, strict=True)})
        return [self._costs[key] if key else IMPOSSIBLE for key in keys]

    def fork_us(self) -> float:
        """What each further stream costs that begins with the plan; nothing where a plan begins with a kernel.

        Raises:
            CudaError: If the GPU fails.
        """
        if self._fork_us is None:
            self._fork_us = 0.0 if self._graph_works.entry_work().steps else self._bench.fork_us()
        return self._fork_us

    def operator_resources(self, names: Sequence[str]) -> Sequence[OperatorResources]:
        """What each Operator asks of the GPU when it runs alone.

        Raises:
            CudaError: If the GPU fails.
        """
        return self._resources(names)

    def kernel_names(self, launched: Sequence[tuple[str, ...]]) -> Sequence[tuple[str, ...]]:
        """For each launch, given by its operators, the kernels that it may have beside the one fastest alone."""
        names = self._graph_works.kernel_names
        works = (self._works(_group(operators)) or () for operators in launched)
        return [tuple(dict.fromkeys(name for work in some for name in names(work))) for some in works]

    def prepare_merges(self, merges: Sequence[tuple[str, ...]]) -> None:
        """Chooses the kernels of operators merged into one, for many of them together.

        Raises:
            CudaError: If the GPU fails.
        """
        self._graph_works.prepare_merges(merges)

    def _charged(self, cost: Cost, stage: Stage) -> Cost:
        added = self.switch_us() * max(1 if group.merged else len(group.operators) for group in stage.groups)
        if len(stage.groups) > 1 and all(group.operators[0] in self._roots for group in stage.groups):
            added += self.fork_us() * (len(stage.groups) - 1)
        return Cost(cost.median_us + added, cost.p25_us + added, cost.p75_us + added) if cost.median_us else cost

    def switch_us(self) -> float:
        """What an operator of the whole network in sequence takes longer than one that is repeated, on average.

        Raises:
            UnsupportedOperatorError: If an operator has no kernel.
            CudaError: If the GPU fails.
        """
        if self._switch_us is None:
            works = self._graph_works.operator_works()
            names = [name for name, work in works.items() if work.steps]
            alone = self._repeated([Stage((Group((name,)),)) for name in names])
            plan = StreamPlan("sequence", tuple(Launch((name,), 0) for name in names))
            (whole,) = self._bench.plan_costs([(plan, [works[name] for name in names], None)])
            longer = whole.median_us - sum(cost.median_us for cost in alone)
            self._switch_us = max(longer, 0.0) / max(len(names), 1)
        return self._switch_us

    def _unknown(self, keys: Sequence[str], items: Sequence[_Item]) -> dict[str, _Item]:
        """The first item of each key whose cost is not known yet."""
        found: dict[str, _Item] = {}
        for key, item in zip(keys, items, strict=True):
            if key and key not in self._costs:
                found.setdefault(key, item)
        return found

    def _stage_key(self, stage: Stage) -> str:
        """Equal for stages whose groups do the same; empty for one that is impossible."""
        keys = [self._group_key(group) for group in stage.groups]
        return digest(self._size, *sorted(keys)) if all(keys) else ""

    def _plan_key(self, plan: StreamPlan) -> str:
        keys = [self._group_key(_group_of(launch)) for launch in plan.launches]
        if not all(keys):
            return ""
        order = [
            f"{key} {launch.kernel} {launch.stream} {launch.waits}"
            for key, launch in zip(keys, plan.launches, strict=True)
        ]
        return digest("plan", *order)

    def _group_key(self, group: Group) -> str:
        if group not in self._keys:
            works = self._works(group)
            precision = self._graph_works.precision
            keys = [steps_key(work.steps, precision) for work in works or ()]
            self._keys[group] = "" if works is None else digest(*keys)
        return self._keys[group]

    def _works(self, group: Group) -> tuple[Work, ...] | None:
        if not group.merged:
            works = self._graph_works.operator_works()
            return tuple(works[name] for name in group.operators)
        merged = self._graph_works.merged_work(group.operators)
        return None if merged is None else (merged,)

    def _entry_of(self, plan: StreamPlan) -> Work | None:
        """What begins a plan of the whole Graph; None for one of a part."""
        covered = sum(len(launch.operators) for launch in plan.launches)
        return self._graph_works.entry_work() if covered == len(self._graph_works.operator_works()) else None

    def _plan_works(self, plan: StreamPlan) -> list[Work]:
        works = [(launch, work) for launch in plan.launches for work in self._works(_group_of(launch)) or ()]
        named = self._graph_works.with_kernel
        return [named(work, launch.kernel) if launch.kernel else work for launch, work in works]

    def _recall(self, keys: Iterable[str]) -> None:
        for key, data in self._database.get(_KIND, keys).items():
            if len(data) == _FORMAT.size:
                self._costs[key] = Cost(*_FORMAT.unpack(data))

    def _keep(self, key: str, cost: Cost) -> None:
        self._unwritten[key] = _FORMAT.pack(cost.median_us, cost.p25_us, cost.p75_us)
        if len(self._unwritten) >= _WRITTEN_TOGETHER:
            self._write()

    def _write(self) -> None:
        self._database.put(_KIND, self._unwritten)
        self._unwritten = {}


def _group_of(launch: Launch) -> Group:
    return _group(launch.operators)


def _group(operators: tuple[str, ...]) -> Group:
    return Group(operators, merged=len(operators) > 1)


def _batches(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
