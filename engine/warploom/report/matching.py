"""Finds the same operators in two Graphs: by name, then by structure where names differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Literal

from warploom.graph import Graph, Operator

How = Literal["name", "structure", "changed"]


@dataclass(frozen=True, slots=True)
class Match:
    """One operator in both Graphs.

    Attributes:
        before: Its position in the first.
        after: Its position in the second.
        how: "name" where name and computation agree; "structure" where it computes the same in the same place under
            another name; "changed" where the name is kept but not all of what it computes (another fusion or shape).
    """

    before: int
    after: int
    how: How


def match_operators(before: Graph, after: Graph) -> tuple[Match, ...]:
    """The matches in the first Graph's order; an operator that is in none exists in one Graph only.

    1. Same name, same computation and shapes (batch and number format aside).
    2. Same computation behind matched predecessors, or before matched successors, repeated while it finds more.
    3. Same name and same main primitive.
    4. Same computation, where both Graphs have equally many of it left: in order.
    """
    matcher = _Matcher(before, after)
    matcher.by_name(lambda operator, signature: (operator.name, signature), "name")
    while matcher.by_neighbours():
        pass
    matcher.by_name(lambda operator, _: (operator.name, operator.kind, operator.main.op), "changed")
    while matcher.by_neighbours():
        pass
    matcher.by_name(lambda _, signature: signature, "structure")
    return tuple(sorted(matcher.found, key=lambda match: match.before))


def signature(graph: Graph, operator: Operator) -> Hashable:
    """What an operator computes, without names, batch and number format."""
    primitives = tuple((primitive.op, primitive.attributes) for primitive in operator.body)
    shapes = tuple(_without_batch(graph, name) for name in (*operator.inputs, *operator.outputs))
    return operator.kind, primitives, shapes


def _without_batch(graph: Graph, tensor: str) -> tuple[int, ...]:
    found = graph.tensors.get(tensor)
    return found.shape[1:] if found is not None else ()


class _Matcher:
    """The matches so far, and what is left on both sides."""

    def __init__(self, before: Graph, after: Graph) -> None:
        self.graphs = (before, after)
        self.signatures = tuple([signature(graph, operator) for operator in graph.operators] for graph in self.graphs)
        self.partners: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.found: list[Match] = []
        self._successors = tuple(_successors(graph) for graph in self.graphs)

    def by_name(self, key: Callable[[Operator, Hashable], Hashable], how: How) -> None:
        """Pairs what has the same key."""
        self._pair(
            [
                {i: key(graph.operators[i], known[i]) for i in self._left(side)}
                for side, (graph, known) in enumerate(zip(self.graphs, self.signatures, strict=True))
            ],
            how,
        )

    def by_neighbours(self) -> bool:
        """Pairs what computes the same beside matched neighbours; whether that found any."""
        count = len(self.found)
        for neighbours in ([graph.predecessors for graph in self.graphs], self._successors):
            while True:
                known = len(self.found)
                self._pair([self._placed(side, neighbours[side]) for side in (0, 1)], "structure")
                if len(self.found) == known:
                    break
        return len(self.found) > count

    def _placed(self, side: int, neighbours: Iterable[Iterable[int]]) -> dict[int, Hashable]:
        """Keys of what is left and has only matched neighbours, in terms of the first Graph's positions."""
        every = list(neighbours)
        keys: dict[int, Hashable] = {}
        for i in self._left(side):
            mine = list(every[i])
            if all(other in self.partners[side] for other in mine):
                known = mine if side == 0 else [self.partners[1][other] for other in mine]
                keys[i] = (self.signatures[side][i], tuple(sorted(known)))
        return keys

    def _pair(self, keys: list[dict[int, Hashable]], how: How) -> None:
        """Equally many of one key on both sides are the same ones in order; otherwise nobody can tell."""
        sides: tuple[dict[Hashable, list[int]], dict[Hashable, list[int]]] = (defaultdict(list), defaultdict(list))
        for side, mine in enumerate(keys):
            for i, key in mine.items():
                sides[side][key].append(i)
        for key, first in sides[0].items():
            second = sides[1].get(key, [])
            if len(first) == len(second):
                for i, j in zip(first, second, strict=True):
                    self.partners[0][i], self.partners[1][j] = j, i
                    self.found.append(Match(i, j, how))

    def _left(self, side: int) -> list[int]:
        return [i for i in range(len(self.graphs[side].operators)) if i not in self.partners[side]]


def _successors(graph: Graph) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in graph.operators]
    for i, before in enumerate(graph.predecessors):
        for other in before:
            found[other].append(i)
    return found
