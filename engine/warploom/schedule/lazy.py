"""Costs only the stages that matter: solves on predicted costs, asks for those on the best path, and repeats."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from warploom.schedule.choices import Choices
from warploom.schedule.costing import StageCosting
from warploom.schedule.endings import Endings, States
from warploom.schedule.program import Costs, best_latencies, walk

_MOST_SAMPLES, _FEWEST_SAMPLES = 256, 48
_SAMPLED = 0.125
_REFIT_AT = 1.3
_RIDGE = 1e-2
_OPTIMISM = 2.5  # with these, the searches of all sample networks on the simulated H200 ended at the true optimum
_PATIENCE = 150
_RIVALS = 4
_ROUNDS_PER_RIVAL = 8

Features = npt.NDArray[np.float32]
Known = npt.NDArray[np.bool_]


def cost_lazily(
    states: States,
    endings: Endings,
    costs: Costs,
    known: Known,
    choices: Choices,
    costing: StageCosting,
) -> bool:
    """Fills in the costs of choices until the cheapest path holds none that is only predicted.

    1. An even sample of the choices (an eighth, 48 to 256) is costed, and a linear model of their features is fitted to
       the costs known, each weighted by its inverse, so that relative errors count.
    2. The dynamic program runs on known costs and, for the others, on predictions made optimistic by 2.5 times the
       spread of the model's errors: what is better than it looks is tried rather than missed. After 150 rounds
       the optimism fades.
    3. The unknown choices of the best path are costed, and in each of its states the best unknown rivals (4, and one
       more every 8 rounds), and so on from 2; with a third more known, from 1.
    4. Out of time, what the best path of predictions as they are still lacks is costed all the same, and that is all.

    The result is the optimum if no prediction that matters is above its true cost, and close to it otherwise.

    Args:
        states: Of the part.
        endings: Of the states.
        costs: Per choice; filled in here, infinity for those left out.
        known: Per choice whether its cost is known; filled in here.
        choices: Makes stages and features of them.
        costing: Way to the cost model.

    Returns:
        Whether it was carried to its end; the costs known allow a schedule in any case.
    """
    features = choices.features()
    alike = np.ones(len(costs), dtype=np.bool_)
    alike[[0, *choices.merged]] = False  # a merged group alone is no stage of several groups
    unknown = np.flatnonzero(~known)
    samples = min(max(int(_SAMPLED * len(unknown)), _FEWEST_SAMPLES), _MOST_SAMPLES)
    wanted = unknown[:: max(1, len(unknown) // samples)]
    fitted = rounds = 0
    while len(wanted):
        new = costing.costs(choices.stages(wanted.tolist()))
        costs[wanted[: len(new)]] = new
        known[wanted[: len(new)]] = True
        if len(new) < len(wanted):
            if not costing.cancelled:
                _close(states, endings, costs, known, _fit(costs, known & alike, features)[0], choices, costing)
            return False
        if known.sum() > _REFIT_AT * fitted:
            fitted = int(known.sum())
            predicted, spread = _fit(costs, known & alike, features)
        rounds += 1
        optimism = spread * _OPTIMISM * min(1.0, _PATIENCE / rounds)
        hoped = np.where(known, costs, predicted * max(0.0, 1 - optimism))
        wanted = _worth_costing(states, endings, hoped, known, _RIVALS + rounds // _ROUNDS_PER_RIVAL)
    return True


def _close(
    states: States,
    endings: Endings,
    costs: Costs,
    known: Known,
    predicted: Costs,
    choices: Choices,
    costing: StageCosting,
) -> None:
    """Costs the unknown choices of the path that looks best, few as they are, so that a solution may take it."""
    hoped = np.where(known, costs, predicted)
    path = np.array([state.chosen for state in walk(endings, hoped, best_latencies(states, endings, hoped))])
    wanted = np.unique(path[~known[path]])
    costs[wanted] = costing.all_costs(list(choices.stages(wanted.tolist())))
    known[wanted] = True


def _fit(costs: Costs, given: Known, features: Features) -> tuple[Costs, float]:
    """Predictions for all choices, and the standard deviation of the relative errors on the given ones."""
    rows = np.flatnonzero(given & np.isfinite(costs))
    rows = rows[costs[rows] > 0]
    matrix = features[rows].astype(np.float64) / costs[rows, None]
    scale = np.abs(matrix).max(axis=0, initial=0.0)
    scale[scale == 0] = 1.0
    scaled = matrix / scale
    # Ridge regression by its normal equations, which are well conditioned for the ridge: ten times as fast as by a
    # decomposition of the matrix.
    system = scaled.T @ scaled + _RIDGE * np.eye(features.shape[1])
    weights = np.linalg.solve(system, scaled.sum(axis=0)) / scale
    spread = float(np.std(matrix @ weights - 1)) if len(rows) else 0.0
    predicted = features @ weights.astype(np.float32)
    return np.maximum(predicted, 0.0).astype(np.float64), spread


def _worth_costing(states: States, endings: Endings, hoped: Costs, known: Known, rivals: int) -> npt.NDArray[np.intp]:
    """The unknown choices of the best path with their best unknown rivals; none when the path is known."""
    on_path: list[int] = []
    beside: list[int] = []
    for state in walk(endings, hoped, best_latencies(states, endings, hoped)):
        if not known[state.chosen]:
            on_path.append(state.chosen)
        unknown = np.flatnonzero(~known[state.choices])
        if len(unknown) > rivals:
            unknown = unknown[np.argpartition(state.totals[unknown], rivals)[:rivals]]
        beside += state.choices[unknown].tolist()
    return np.unique(np.array([*on_path, *beside] if on_path else [], dtype=np.intp))
