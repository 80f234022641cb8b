"""The dynamic program of IOS (Ding et al., MLSys 2021, algorithm 1) over states and endings that are enumerated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from warploom.schedule.endings import Endings, Indices, States

Costs = npt.NDArray[np.float64]


def best_latencies(states: States, endings: Endings, costs: Costs) -> Costs:
    """For each state the latency of the cheapest way to peel endings off it until nothing is left.

    `best[S] = min over endings E of S: best[S - E] + cost(E)`, level by level of the number of operators.

    Args:
        states: Of the part.
        endings: Of the states.
        costs: Per choice; infinity for one that is unknown or impossible. Single operators must be finite.
    """
    best = np.zeros(len(states), dtype=np.float64)
    for low, high in zip(states.levels[1:-1].tolist(), states.levels[2:].tolist(), strict=True):
        starts = endings.bounds[low:high]
        pairs = slice(starts[0], endings.bounds[high])
        totals = best[endings.rests[pairs]] + costs[endings.choice[pairs]]
        best[low:high] = np.minimum.reduceat(totals, starts - starts[0])
    return best


@dataclass(frozen=True, slots=True, eq=False)
class PathState:
    """A state on the cheapest path.

    Attributes:
        chosen: The choice that is peeled off it.
        choices: All choices that may be.
        totals: Per such choice the latency of the cheapest way that begins with it.
    """

    chosen: int
    choices: Indices
    totals: Costs


def walk(endings: Endings, costs: Costs, best: Costs) -> Iterator[PathState]:
    """The states of the cheapest path, from the whole part to the empty state: the last stage comes first."""
    state = len(best) - 1
    while state:
        pairs = slice(endings.bounds[state], endings.bounds[state + 1])
        choices, rests = endings.choice[pairs], endings.rests[pairs]
        totals = best[rests] + costs[choices]
        cheapest = int(np.argmin(totals))
        yield PathState(int(choices[cheapest]), choices, totals)
        state = int(rests[cheapest])


def solve(states: States, endings: Endings, costs: Costs) -> tuple[float, list[int]]:
    """The latency of the cheapest schedule of the whole part, and its choices in execution order."""
    best = best_latencies(states, endings, costs)
    path = [state.chosen for state in walk(endings, costs, best)]
    return float(best[-1]), path[::-1]
