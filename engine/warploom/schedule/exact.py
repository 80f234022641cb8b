"""Searches one Part exactly: enumerates its endings, asks for their costs and runs the dynamic program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from warploom.schedule.candidates import Candidate, connected_candidates, merged_candidate
from warploom.schedule.choices import Choices
from warploom.schedule.costing import StageCosting
from warploom.schedule.endings import Endings, States, enumerate_endings, enumerate_states
from warploom.schedule.lazy import cost_lazily
from warploom.schedule.part import Part
from warploom.schedule.program import Costs, solve
from warploom.schedule.schedule import Group, Stage
from warploom.schedule.search import SearchLimits

_MOST_CONNECTED_SETS = 20_000


@dataclass(frozen=True, slots=True)
class Mode:
    """Which stages a search may use besides single operators.

    Attributes:
        name: As in the registry.
        parallel: Several operators in concurrent groups.
        merge: Merged groups: beside others where `parallel` allows that, alone otherwise.
    """

    name: str
    parallel: bool
    merge: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The stages found for a part, in order, with their costs in microseconds.

    Attributes:
        stages: Cover the part.
        costs_us: One per stage.
        complete: Whether the search of the part was carried to its end.
        predicted: How many stages were left to a prediction.
    """

    stages: tuple[Stage, ...]
    costs_us: tuple[float, ...]
    complete: bool
    predicted: int = 0

    @property
    def latency_us(self) -> float:
        """Sum of the costs."""
        return sum(self.costs_us)


@dataclass(frozen=True, slots=True, eq=False)
class _Space:
    states: States
    candidates: list[Candidate]
    endings: Endings


def search_exactly(
    part: Part,
    merge_sets: Sequence[int],
    mode: Mode,
    limits: SearchLimits,
    costing: StageCosting,
    solo: Mapping[str, float],
) -> Found | None:
    """The optimum of a part; None when its states or endings exceed the limits.

    Where a part has more stages than `SearchLimits.costed_exhaustively`, they are costed lazily. When the search is
    stopped meanwhile, the best of the stages costed until then is found: single operators are known from the
    beginning, so there always is one.

    Args:
        part: What to schedule.
        merge_sets: Masks of operators that can be merged.
        mode: Which stages to use.
        limits: r, s and the most states and pairs.
        costing: Way to the cost model.
        solo: Latency of each operator alone, in microseconds.
    """
    states = enumerate_states(part, limits.max_states)
    if states is None:
        return None
    merged_us = _merged_latencies(part, merge_sets if mode.merge else (), costing)
    space = _enumerate(part, states, list(merged_us), mode, limits)
    if space is None:
        return None
    costing.states += len(space.states) - 1  # the empty one is where the search ends
    choices = Choices(part, space.candidates, space.endings.choices, solo, merged_us)
    costs = np.full(len(space.endings.choices), np.inf)
    for known_alone in (choices.single, choices.merged):
        costs[known_alone] = choices.solo_us(known_alone)
    complete = not costing.stopped()
    predicted = 0
    if complete and _is_worth_predicting(choices, costs, limits):
        known = np.isfinite(costs)
        known[[0, *choices.merged]] = True
        complete = cost_lazily(space.states, space.endings, costs, known, choices, costing)
        predicted = len(known) - int(known.sum())
    elif complete:
        complete = _fill_in(costs, choices.others, choices, costing)
    _, path = solve(space.states, space.endings, costs)
    return Found(tuple(choices.stages(path)), tuple(costs[path].tolist()), complete, predicted)


def _is_worth_predicting(choices: Choices, costs: Costs, limits: SearchLimits) -> bool:
    many = len(choices.others) > limits.costed_exhaustively
    return many and not limits.original_rule and bool(np.isfinite(costs[choices.single]).all())


def _fill_in(costs: Costs, wanted: Sequence[int], choices: Choices, costing: StageCosting) -> bool:
    known = costing.costs(choices.stages(wanted))
    costs[wanted[: len(known)]] = known
    return len(known) == len(wanted)


def _merged_latencies(part: Part, merge_sets: Sequence[int], costing: StageCosting) -> dict[int, float]:
    """Latency of each merged group that the device can run, alone; of the first of them when the search is stopped."""
    costs = costing.costs(Stage((Group(part.names_of(mask), merged=True),)) for mask in merge_sets)
    return {mask: cost for mask, cost in zip(merge_sets, costs, strict=False) if np.isfinite(cost)}


def _enumerate(
    part: Part, states: States, merge_sets: Sequence[int], mode: Mode, limits: SearchLimits
) -> _Space | None:
    largest, most_groups = (limits.max_group_operators, limits.max_stage_groups) if mode.parallel else (1, 1)
    candidates = connected_candidates(part, largest, one_source=limits.original_rule, at_most=_MOST_CONNECTED_SETS)
    if candidates is None:
        return None
    candidates += [merged_candidate(part, mask) for mask in merge_sets]
    beside = bool(merge_sets) and mode.parallel and not limits.original_rule
    for merged_beside_others in (True, False) if beside else (False,):
        endings = enumerate_endings(
            states, candidates, most_groups, limits.max_transitions, merged_beside_others=merged_beside_others
        )
        if endings is not None:
            return _Space(states, candidates, endings)
    return None
