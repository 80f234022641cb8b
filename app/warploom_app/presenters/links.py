"""Links between the launches of a plan, in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Neighbours = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Links:
    """For each launch, its neighbours.

    Attributes:
        before: Those that it depends on.
        after: Those that depend on it.
    """

    before: Neighbours
    after: Neighbours

    @staticmethod
    def of(before: Sequence[Sequence[int]]) -> Links:
        """From one direction."""
        after: list[list[int]] = [[] for _ in before]
        for i, others in enumerate(before):
            for other in others:
                after[other].append(i)
        return Links(tuple(map(tuple, before)), tuple(map(tuple, after)))


NO_LINKS = Links((), ())


def through(neighbours: Neighbours, launch: int, ran: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    """The nearest launches that ran something, looking through those that ran nothing (views)."""
    if launch >= len(neighbours):
        return ()
    pending, seen, found = list(neighbours[launch]), set(neighbours[launch]), set()
    while pending:
        one = pending.pop()
        if ran[one]:
            found.add(one)
            continue
        fresh = [other for other in neighbours[one] if other not in seen]
        seen.update(fresh)
        pending += fresh
    return tuple(sorted(found))
