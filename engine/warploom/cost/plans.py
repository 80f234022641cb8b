"""What a cost model may know beside stages: the latency of whole plans, and what each operator asks of the device.

Both are optional. A scheduler that needs one of them does not compete on a device that does not offer it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from warploom.cost.protocol import Cost
from warploom.schedule import StreamPlan


@runtime_checkable
class PlanCostModel(Protocol):
    """Latency of plans on a device; a batch at a time, so that a measuring model can interleave them."""

    def plan_costs(self, plans: Sequence[StreamPlan]) -> Sequence[Cost]:
        """The cost of each plan, from its launch to the end of its last operator.

        A plan may execute a part of the graph only: what it reads from elsewhere is taken to be there.
        """
        ...


@dataclass(frozen=True, slots=True)
class OperatorResources:
    """What an Operator that runs alone asks of the device.

    Attributes:
        occupancy: The largest share of the places for blocks that a kernel fills, in [0, 1] (0: it launches nothing).
        warps: The most warps that it has resident.
        compute: The largest share of the device's arithmetic throughput that a kernel uses, in [0, 1].
        memory: The largest share of the bandwidth of L2 or DRAM that a kernel uses, in [0, 1].
    """

    occupancy: float
    warps: int
    compute: float
    memory: float

    @property
    def memory_bound(self) -> bool:
        """Whether bandwidth, rather than arithmetic, is what it uses most of."""
        return self.memory > self.compute


@runtime_checkable
class ForkModel(Protocol):
    """What it costs to begin on several streams."""

    def fork_us(self) -> float:
        """Microseconds for each further stream that begins with the plan, before any kernel runs."""
        ...


@runtime_checkable
class KernelModel(Protocol):
    """Which kernels a device has for what it launches."""

    def kernel_names(self, launched: Sequence[tuple[str, ...]]) -> Sequence[tuple[str, ...]]:
        """For each launch, given by its operators (several are merged), what its `kernel` may be.

        Beside these there is the device's own choice, the kernel that is fastest alone; the next best come first.
        """
        ...


@runtime_checkable
class MergeModel(Protocol):
    """A device that takes a while to choose kernels for merged operators, less for many together than one by one."""

    def prepare_merges(self, merges: Sequence[tuple[str, ...]]) -> None:
        """Makes the cost of merges, each given by its operators, quick to ask for. Impossible ones are passed over."""
        ...


@runtime_checkable
class ResourceModel(Protocol):
    """What Operators ask of a device."""

    def operator_resources(self, names: Sequence[str]) -> Sequence[OperatorResources]:
        """The resources of each Operator of the graph, by name."""
        ...
