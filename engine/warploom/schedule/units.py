"""Units: what is launched as one (an operator, or several merged), with its dependencies; and plans made of them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from warploom.graph.adjacency import successors_of
from warploom.schedule.stream_plan import Launch, StreamPlan

if TYPE_CHECKING:
    from warploom.graph import Graph


@dataclass(frozen=True)  # no slots: what is derived is cached on first use
class Units:
    """Units in a topological order; unit i is known by its position i.

    Attributes:
        operators: For each unit the names of the Operators that it executes.
        predecessors: For each unit the units whose outputs it reads, ascending.
    """

    operators: tuple[tuple[str, ...], ...]
    predecessors: tuple[tuple[int, ...], ...]

    @staticmethod
    def of(graph: Graph, operators: Iterable[tuple[str, ...]]) -> Units:
        """Units of a Graph.

        Args:
            graph: The graph; what a unit reads from an Operator that is in no unit is taken to be there.
            operators: For each unit the names of its Operators, in a topological order.
        """
        named = tuple(operators)
        unit_of = {graph.index[name]: i for i, names in enumerate(named) for name in names}
        predecessors = tuple(
            tuple(sorted({unit_of[p] for name in names for p in graph.predecessors[graph.index[name]] if p in unit_of}))
            for names in named
        )
        return Units(named, predecessors)

    @staticmethod
    def single(graph: Graph) -> Units:
        """Each Operator of a Graph as a unit."""
        return Units(tuple((operator.name,) for operator in graph.operators), graph.predecessors)

    def __len__(self) -> int:
        return len(self.operators)

    @functools.cached_property
    def successors(self) -> tuple[tuple[int, ...], ...]:
        """For each unit those that read its outputs, ascending."""
        return successors_of(self.predecessors)


def plan_of(
    name: str,
    units: Units,
    order: Sequence[int],
    streams: Sequence[int] | Mapping[int, int],
    barriers: Mapping[int, Sequence[int]] = MappingProxyType({}),
    kernels: Mapping[tuple[str, ...], str] = MappingProxyType({}),
) -> StreamPlan:
    """The plan that launches units in an order, each on its stream, and waits for nothing but true dependencies.

    Of the units that another one reads, it waits for those on other streams that nothing else puts in order before it:
    neither its own stream nor another wait. Every wait is an edge of the CUDA graph that takes time.

    Args:
        name: Of the plan.
        units: What to launch.
        order: All units, or some of them (what they read from others is taken to be there), in a topological order.
        streams: For each unit (not position) its stream; numbered anew in the order in which they are first used.
        barriers: For some units further ones to wait for, unless they are launched later.
        kernels: For some units, by their operators, the kernel that another plan has chosen.
    """
    number: dict[int, int] = {}
    last: dict[int, int] = {}
    position: dict[int, int] = {}
    before: list[int] = []
    launches: list[Launch] = []
    for i, unit in enumerate(order):
        stream = number.setdefault(streams[unit], len(number))
        previous = last.get(stream)
        reached = 0 if previous is None else before[previous] | 1 << previous
        waits: list[int] = []
        # The latest first: what is enqueued later may imply what is enqueued earlier, never the other way round.
        needed = (*units.predecessors[unit], *barriers.get(unit, ()))
        for launch in sorted((position[p] for p in needed if p in position), reverse=True):
            if not reached >> launch & 1:
                waits.append(launch)
                reached |= before[launch] | 1 << launch
        operators = units.operators[unit]
        launches.append(Launch(operators, stream, tuple(sorted(waits)), kernel=kernels.get(operators, "")))
        before.append(reached)
        last[stream] = position[unit] = i
    return StreamPlan(name, tuple(launches))
