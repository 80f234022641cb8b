"""Part: the Operators that one run of the dynamic program schedules, as bit masks."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from warploom.graph import Graph


@dataclass(frozen=True)  # no slots: the derived masks are cached on first use
class Part:
    """Operators in topological order; bit i of every mask stands for operator i.

    Attributes:
        names: The Operators' names.
        predecessors: For each operator the mask of those in the part whose outputs it reads.
    """

    names: tuple[str, ...]
    predecessors: tuple[int, ...]

    @staticmethod
    def of(graph: Graph, positions: Sequence[int]) -> Part:
        """The part made of these Operators (by position, in a topological order)."""
        bit = {position: i for i, position in enumerate(positions)}
        return Part(
            names=tuple(graph.operators[position].name for position in positions),
            predecessors=tuple(
                sum(1 << bit[before] for before in graph.predecessors[position] if before in bit)
                for position in positions
            ),
        )

    def __len__(self) -> int:
        return len(self.names)

    @property
    def everything(self) -> int:
        """The mask of all operators."""
        return (1 << len(self.names)) - 1

    @functools.cached_property
    def successors(self) -> tuple[int, ...]:
        """For each operator the mask of those that read its outputs."""
        result = [0] * len(self.names)
        for i, mask in enumerate(self.predecessors):
            for before in bits(mask):
                result[before] |= 1 << i
        return tuple(result)

    @functools.cached_property
    def ancestors(self) -> tuple[int, ...]:
        """For each operator the mask of those that it depends on, directly or not."""
        result: list[int] = []
        for mask in self.predecessors:
            result.append(functools.reduce(lambda all_, i: all_ | result[i], bits(mask), mask))
        return tuple(result)

    @functools.cached_property
    def descendants(self) -> tuple[int, ...]:
        """For each operator the mask of those that depend on it, directly or not."""
        result = [0] * len(self.names)
        for i in range(len(self.names) - 1, -1, -1):
            result[i] = functools.reduce(lambda all_, j: all_ | result[j], bits(self.successors[i]), self.successors[i])
        return tuple(result)

    def names_of(self, mask: int) -> tuple[str, ...]:
        """The operators of a mask in topological order."""
        return tuple(self.names[i] for i in bits(mask))


def bits(mask: int) -> Iterator[int]:
    """Positions of the set bits, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
