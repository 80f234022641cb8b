"""SimulatedDevice: the simulated GPU behind the Device protocol."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec

from warploom.cost import CostModel
from warploom.device.protocol import Array, DeviceInfo, Support
from warploom.device.serving import FrozenPlan, PlacedWeights, Stamp
from warploom.device.simulated.cost import SimulatedCostModel
from warploom.device.simulated.description import GpuDescription
from warploom.device.simulated.executable import SimulatedExecutable
from warploom.device.simulated.loads import LoadTable
from warploom.device.simulated.lowering.families import support_of
from warploom.device.simulated.serving import SimulatedServing
from warploom.device.simulated.sessions import SessionCache
from warploom.errors import UnsupportedOperatorError
from warploom.graph import Graph, Operator, Precision
from warploom.schedule import StreamPlan

_NAMED_IN_ERROR = 5


class SimulatedDevice:
    """A GPU that exists as a description (a Device).

    Args:
        description: Which GPU.
    """

    def __init__(self, description: GpuDescription) -> None:
        self.description = description
        self._table = LoadTable(description)
        self._sessions = SessionCache()

    @property
    def info(self) -> DeviceInfo:
        return self.description.info

    def supports(self, graph: Graph, operator: Operator, precision: Precision) -> Support:  # noqa: ARG002
        if not self.description.stores(precision):
            return Support(supported=False, reason=f"the {self.description.name} has no {precision.value} arithmetic")
        for primitive in operator.body:
            support = support_of(primitive.op)
            if not support.supported:
                return support
        return Support(supported=True, reason=support_of(operator.main.op).reason)

    def compile(self, graph: Graph, plan: StreamPlan, precision: Precision) -> SimulatedExecutable:
        from warploom.passes.merge import lower_merges

        self._check_supported(graph, precision)
        plan.verify(graph)
        lowered = lower_merges(graph, plan)
        table = self._table.for_graph(graph, precision).beside(lowered.tensors, lowered.constants.keys())
        launched = zip(lowered.operators, plan.launches, strict=True)
        loads = [table.where(launch.kernel).of(operator) for operator, launch in launched]
        return SimulatedExecutable(lowered, plan, precision, loads, table.entry, self.description, self._sessions)

    def cost_model(self, graph: Graph, precision: Precision) -> CostModel:
        """Stage costs of this Graph.

        Raises:
            UnsupportedOperatorError: Naming the operators that the device cannot run.
        """
        self._check_supported(graph, precision)
        return SimulatedCostModel(graph, precision, self._table)

    def stamp(self) -> Stamp:
        """The description itself: with other figures it is another GPU."""
        digest = hashlib.sha256(msgspec.json.encode(self.description)).hexdigest()[:16]
        return Stamp(self.description.id, self.description.name, (("description", digest),))

    def freeze(self, graph: Graph, plan: StreamPlan, precision: Precision) -> FrozenPlan:
        """The Graph and the plan suffice: they are checked as `compile` does, and nothing is added."""
        self.compile(graph, plan, precision).close()
        return FrozenPlan(b"", {})

    def upload(self, block: Array) -> None:
        """There is nowhere to upload to."""

    def serve(
        self,
        document: bytes,  # noqa: ARG002 - the Graph and the plan suffice
        weights: PlacedWeights,  # noqa: ARG002
        plan: StreamPlan,
        precision: Precision,
        graph: Callable[[], Graph],
    ) -> SimulatedServing:
        return SimulatedServing(self, graph(), plan, precision)

    def _check_supported(self, graph: Graph, precision: Precision) -> None:
        refused = [
            f"{operator.name!r} ({support.reason})"
            for operator in graph.operators
            if not (support := self.supports(graph, operator, precision)).supported
        ]
        if refused:
            more = f" and {len(refused) - _NAMED_IN_ERROR} more" if len(refused) > _NAMED_IN_ERROR else ""
            named = ", ".join(refused[:_NAMED_IN_ERROR])
            raise UnsupportedOperatorError(f"{self.info.id} cannot run {graph.name!r}: {named}{more}.")
