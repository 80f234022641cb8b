"""MeasuredCostModel: what stages cost on the GPU, measured once per structure and kept in the cost database."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from warploom.cost import Cost
from warploom.cost.database import CostDatabase
from warploom.device.cuda.binding import Address, Enqueue
from warploom.device.cuda.capture import ORIGIN, Branch, CapturedGraph, StreamPool, capture
from warploom.device.cuda.memory_plan import Work
from warploom.device.cuda.replay import ReplayTimer
from warploom.device.cuda.scratch import ScratchMemory
from warploom.device.cuda.session import GraphSession
from warploom.device.cuda.structure import digest, steps_key
from warploom.schedule import Group, Launch, Stage, StreamPlan

IMPOSSIBLE = Cost.exactly(float("inf"))

_KIND = "stage"
_FORMAT = struct.Struct("<ddd")
_GRAPH_US = 120.0
_GUESS_US = 6.0  # of one step
_FEWEST, _MOST = 3, 24
_REPLAYS = 7
_WRITTEN_TOGETHER = 64
_PLANS_TOGETHER = 8
_PLAN_ROUNDS, _PLAN_REPLAYS = 3, 4

_Item = TypeVar("_Item")

Groups = tuple[tuple[Work, ...], ...]


class MeasuredCostModel:
    """Stage costs of one Graph on one GPU (a CostModel and PlanCostModel).

    A stage is captured several times in a row behind a small first kernel, each repetition waiting for all groups of
    the one before, as `lower_schedule` orders stages; the graph's time without that of the first kernel, divided by the
    repetitions, is a sample. So a stage's cost has its closing barrier in it, and the costs of a schedule's stages add
    up to about the latency of its plan.
    """

    def __init__(self, session: GraphSession, streams: StreamPool, database: CostDatabase, head: Enqueue) -> None:
        self._session = session
        self._streams = streams
        self._database = database
        self._head = head
        self._timer = ReplayTimer(streams)
        self._scratch = ScratchMemory()
        self._head_us: float | None = None
        self._keys: dict[Group, str] = {}
        self._costs: dict[str, Cost] = {}
        self._unwritten: dict[str, bytes] = {}
        self.measured = 0

    def stage_costs(self, stages: Sequence[Stage]) -> Sequence[Cost]:
        """The cost of each stage; an impossible merge costs infinity.

        Raises:
            UnsupportedOperatorError: If an operator has no kernel.
            CudaError: If the GPU fails.
        """
        keys = [self._stage_key(stage) for stage in stages]
        unknown = {key: stage for key, stage in zip(keys, stages, strict=True) if key and key not in self._costs}
        self._recall(unknown.keys())
        for key, stage in unknown.items():
            if key not in self._costs:
                self._costs[key] = cost = self._measure(stage)
                self._keep(key, cost)
        self._write()
        return [self._costs[key] if key else IMPOSSIBLE for key in keys]

    def plan_costs(self, plans: Sequence[StreamPlan]) -> Sequence[Cost]:
        """The latency of whole plans, or of plans of a part of the Graph; measured interleaved.

        Raises:
            UnsupportedOperatorError: If an operator has no kernel.
            CudaError: If the GPU fails.
        """
        keys = [self._plan_key(plan) for plan in plans]
        unknown = {key: plan for key, plan in zip(keys, plans, strict=True) if key and key not in self._costs}
        for batch in _batches(list(unknown.items()), _PLANS_TOGETHER):
            costs = self._measure_plans([plan for _, plan in batch])
            self._costs.update({key: cost for (key, _), cost in zip(batch, costs, strict=True)})
        return [self._costs[key] if key else IMPOSSIBLE for key in keys]

    def _stage_key(self, stage: Stage) -> str:
        """Equal for stages whose groups do the same; empty for one that is impossible."""
        keys = [self._group_key(group) for group in stage.groups]
        return digest(*sorted(keys)) if all(keys) else ""

    def _plan_key(self, plan: StreamPlan) -> str:
        parts = []
        for launch in plan.launches:
            key = self._group_key(_group_of(launch))
            if not key:
                return ""
            parts.append(f"{key} {launch.stream} {launch.waits}")
        return digest("plan", *parts)

    def _group_key(self, group: Group) -> str:
        if group not in self._keys:
            works = self._works(group)
            precision = self._session.precision
            self._keys[group] = "" if works is None else digest(*(steps_key(work.steps, precision) for work in works))
        return self._keys[group]

    def _works(self, group: Group) -> tuple[Work, ...] | None:
        if not group.merged:
            works = self._session.operator_works()
            return tuple(works[name] for name in group.operators)
        merged = self._session.merged_work(group.operators)
        return None if merged is None else (merged,)

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

    def _measure(self, stage: Stage) -> Cost:
        groups: Groups = tuple(self._works(group) or () for group in stage.groups)
        steps = sum(len(work.steps) for group in groups for work in group)
        if not steps:
            return Cost.exactly(0.0)
        repeats = int(np.clip(_GRAPH_US / (_GUESS_US * max(1, steps / len(groups))), _FEWEST, _MOST))
        graph = capture(self._branches(groups, repeats), self._streams)
        try:
            self._timer.warm_up(graph, 1)
            samples = np.array(self._timer.samples_us(graph, _REPLAYS))
        finally:
            graph.close()
        self.measured += 1
        return _cost(np.maximum(samples - self._head_alone_us(), 0.0) / repeats)

    def _measure_plans(self, plans: Sequence[StreamPlan]) -> list[Cost]:
        works = [[work for launch in plan.launches for work in self._works(_group_of(launch)) or ()] for plan in plans]
        address = self._scratch.addresses([work for each in works for work in each])
        graphs = [
            capture(self._plan_branches(plan, each, address), self._streams)
            for plan, each in zip(plans, works, strict=True)
        ]
        try:
            samples = self._interleaved(graphs)
        finally:
            for graph in graphs:
                graph.close()
        return [_cost(np.maximum(each - self._head_alone_us(), 0.0)) for each in samples]

    def _plan_branches(self, plan: StreamPlan, works: Sequence[Work], address: Address) -> list[Branch]:
        resolver, precision = self._session.resolver, self._session.precision
        head = Branch(ORIGIN, (), (self._head,))
        return [head] + [
            Branch(
                launch.stream, tuple(wait + 1 for wait in launch.waits), resolver.bind(work, address, precision).enqueue
            )
            for launch, work in zip(plan.launches, works, strict=True)
        ]

    def _interleaved(self, graphs: Sequence[CapturedGraph]) -> list[npt.NDArray[np.float64]]:
        samples: list[list[float]] = [[] for _ in graphs]
        for _ in range(_PLAN_ROUNDS):
            for graph, taken in zip(graphs, samples, strict=True):
                self._timer.warm_up(graph, 1)
                taken += self._timer.samples_us(graph, _PLAN_REPLAYS)
        return [np.array(taken) for taken in samples]

    def _branches(self, groups: Groups, repeats: int) -> list[Branch]:
        works = [work for group in groups for work in group]
        address = self._scratch.addresses(works)
        resolver, precision = self._session.resolver, self._session.precision
        bound = [[e for work in group for e in resolver.bind(work, address, precision).enqueue] for group in groups]
        branches = [Branch(ORIGIN, (), (self._head,))]
        before: tuple[int, ...] = (0,)
        for _ in range(repeats):
            branches += [Branch(stream, before, enqueue) for stream, enqueue in enumerate(bound)]
            before = tuple(range(len(branches) - len(bound), len(branches)))
        return branches

    def _head_alone_us(self) -> float:
        """What a graph of the first kernel alone takes."""
        if self._head_us is None:
            graph = capture([Branch(ORIGIN, (), (self._head,))], self._streams)
            try:
                self._head_us = _settled_us(self._timer, graph)
            finally:
                graph.close()
        return self._head_us


def _settled_us(timer: ReplayTimer, graph: CapturedGraph) -> float:
    timer.spin_up(graph)
    return float(np.median(timer.samples_us(graph, 4 * _REPLAYS)))


def _cost(samples: npt.NDArray[np.float64]) -> Cost:
    return Cost(float(np.median(samples)), float(np.percentile(samples, 25)), float(np.percentile(samples, 75)))


def _group_of(launch: Launch) -> Group:
    return Group(launch.operators, merged=len(launch.operators) > 1)


def _batches(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
