"""The dynamic program of IOS (Ding et al., MLSys 2021, algorithm 1) over states and endings that are enumerated."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from warploom.schedule.endings import Endings, States

Costs = npt.NDArray[np.float64]


def solve(states: States, endings: Endings, costs: Costs) -> tuple[float, list[int]]:
    """The cheapest way to peel endings off the whole part until nothing is left.

    `best[S] = min over endings E of S: best[S - E] + cost(E)`, level by level of the number of operators.

    Args:
        states: Of the part.
        endings: Of the states.
        costs: Per choice; infinity for one that is unknown or impossible. Single operators must be finite.

    Returns:
        The latency, and the choices in execution order.
    """
    best = np.zeros(len(states), dtype=np.float64)
    for low, high in zip(states.levels[1:-1].tolist(), states.levels[2:].tolist(), strict=True):
        starts = endings.bounds[low:high]
        pairs = slice(starts[0], endings.bounds[high])
        totals = best[endings.rests[pairs]] + costs[endings.choice[pairs]]
        best[low:high] = np.minimum.reduceat(totals, starts - starts[0])
    return float(best[-1]), _path(endings, costs, best)


def _path(endings: Endings, costs: Costs, best: Costs) -> list[int]:
    path: list[int] = []
    state = len(best) - 1
    while state:
        pairs = slice(endings.bounds[state], endings.bounds[state + 1])
        totals = best[endings.rests[pairs]] + costs[endings.choice[pairs]]
        chosen = int(np.argmin(totals))
        path.append(int(endings.choice[pairs][chosen]))
        state = int(endings.rests[pairs][chosen])
    return path[::-1]
