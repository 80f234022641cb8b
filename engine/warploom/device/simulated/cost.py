"""SimulatedCostModel: what stages cost on the simulated GPU; stages of the same structure are simulated once."""

from __future__ import annotations

from collections.abc import Sequence

from warploom.cost import Cost, OperatorResources
from warploom.device.simulated.load import Load
from warploom.device.simulated.loads import GraphLoads, Loads, LoadTable
from warploom.device.simulated.play import play_plan
from warploom.device.simulated.resources import resources_of
from warploom.device.simulated.simulator import Task, alone_us, simulate
from warploom.errors import ScheduleError
from warploom.graph import Graph, Precision
from warploom.schedule import Group, Launch, Stage, StreamPlan

IMPOSSIBLE = Cost.exactly(float("inf"))


class SimulatedCostModel:
    """Costs of one Graph's stages and plans, and its Operators' resources (CostModel, PlanCostModel, ResourceModel).

    A stage costs what it adds to a plan that runs it between two others: the dependency latency before its first
    kernels, its groups side by side, and the edges that join them at its closing barrier. So the costs of a schedule's
    stages add up to the simulated latency of its plan.
    """

    def __init__(self, graph: Graph, precision: Precision, table: LoadTable) -> None:
        self._graph = graph
        self._gpu = table.gpu
        self._loads = table.for_graph(graph, precision)
        self._groups: dict[tuple[Group, bool], Loads | None] = {}
        self._costs: dict[tuple[Loads, ...], Cost] = {}
        self._alone: dict[Load, float] = {}

    def stage_costs(self, stages: Sequence[Stage]) -> Sequence[Cost]:
        return [self._stage_cost(stage) for stage in stages]

    def plan_costs(self, plans: Sequence[StreamPlan]) -> Sequence[Cost]:
        return [self._plan_cost(plan) for plan in plans]

    def operator_resources(self, names: Sequence[str]) -> Sequence[OperatorResources]:
        return [resources_of(self._loads.of(self._graph.operator(name)), self._gpu) for name in names]

    def _plan_cost(self, plan: StreamPlan) -> Cost:
        loads = []
        for launch in plan.launches:
            kernels = self._group_loads(_group_of(launch), launch.kernel)
            if kernels is None:
                return IMPOSSIBLE
            loads.append(kernels)
        return Cost.exactly(play_plan(plan, loads, self._loads.entry, self._gpu).end_us)

    def _stage_cost(self, stage: Stage) -> Cost:
        groups = []
        for group in stage.groups:
            loads = self._group_loads(group)
            if loads is None:
                return IMPOSSIBLE
            groups.append(loads)
        key = tuple(groups)
        cost = self._costs.get(key)
        if cost is None:
            cost = self._costs[key] = Cost.exactly(self._latency_us(key))
        return cost

    def _latency_us(self, groups: tuple[Loads, ...]) -> float:
        if len(groups) == 1:  # nothing else runs: kernels follow one another
            return self._chain_us(groups[0])
        played = simulate([Task(loads) for loads in groups], self._gpu)
        return played.end_us

    def _chain_us(self, loads: Loads) -> float:
        """Kernels one after another, the last of them before the first."""
        early = sum(load.early and loads[i - 1].early for i, load in enumerate(loads))
        waits = len(loads) * self._gpu.dependency_us - early * self._gpu.early_us
        return waits + sum(self._alone_us(load) for load in loads)

    def _alone_us(self, load: Load) -> float:
        found = self._alone.get(load)
        if found is None:
            found = self._alone[load] = alone_us(load, self._gpu)
        return found

    def _group_loads(self, group: Group, kernel: str = "") -> Loads | None:
        """The kernels of a group in order, where its launch names one; None for a merge that is not possible."""
        key = (group, bool(kernel))
        if key not in self._groups:
            loads = self._loads.where(kernel)
            made = self._merged(group.operators, loads) if group.merged else self._in_order(group.operators, loads)
            self._groups[key] = made
        return self._groups[key]

    def _in_order(self, names: Sequence[str], loads: GraphLoads) -> Loads:
        return tuple(load for name in names for load in loads.of(self._graph.operator(name)))

    def _merged(self, names: tuple[str, ...], loads: GraphLoads) -> Loads | None:
        from warploom.passes.merge import merge_operators

        try:
            operator, tensors, constants = merge_operators(self._graph, names)
        except ScheduleError:
            return None
        own = {
            name: self._graph.tensors[name]
            for name in (*operator.inputs, *operator.weights, *operator.outputs)
            if name not in tensors
        }
        return loads.beside({**own, **tensors}, {*constants, *operator.weights}).of(operator)


def _group_of(launch: Launch) -> Group:
    return Group(launch.operators, merged=len(launch.operators) > 1)
