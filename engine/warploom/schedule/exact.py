"""Searches one Part exactly: enumerates its endings, asks for their costs and runs the dynamic program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from warploom.schedule.candidates import Candidate, connected_candidates, merged_candidate
from warploom.schedule.costing import StageCosting
from warploom.schedule.endings import Endings, States, enumerate_endings, enumerate_states
from warploom.schedule.part import Part
from warploom.schedule.program import solve
from warploom.schedule.schedule import Group, Stage
from warploom.schedule.search import SearchLimits

_MOST_CONNECTED_SETS = 20_000


@dataclass(frozen=True, slots=True)
class Mode:
    """Which stages a search may use besides single operators.

    Attributes:
        name: As in the registry.
        parallel: Several operators in concurrent groups.
        merge: One merged group.
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
        complete: Whether every stage of the search space has been considered.
    """

    stages: tuple[Stage, ...]
    costs_us: tuple[float, ...]
    complete: bool

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

    When the search is stopped meanwhile, the best of the stages costed until then is found: single operators are
    known from the beginning, so there always is one.

    Args:
        part: What to schedule.
        merge_sets: Masks of operators that can be merged.
        mode: Which stages to use.
        limits: r, s and the most states and pairs.
        costing: Way to the cost model.
        solo: Latency of each operator alone, in microseconds.
    """
    space = _enumerate(part, merge_sets if mode.merge else (), mode, limits)
    if space is None:
        return None
    costing.states += len(space.states) - 1  # the empty one is where the search ends
    groups = [Group(part.names_of(candidate.mask), candidate.merged) for candidate in space.candidates]
    costs = np.full(len(space.endings.choices), np.inf)
    unknown: list[int] = []
    for i, choice in enumerate(space.endings.choices):
        if len(choice) == 1 and len(groups[choice[0]].operators) == 1:
            costs[i] = solo[groups[choice[0]].operators[0]]
        elif choice:
            unknown.append(i)
    known = costing.costs(_stages(space.endings, groups, unknown))
    costs[unknown[: len(known)]] = known
    _, path = solve(space.states, space.endings, costs)
    return Found(
        stages=tuple(_stages(space.endings, groups, path)),
        costs_us=tuple(costs[path].tolist()),
        complete=len(known) == len(unknown),
    )


def _enumerate(part: Part, merge_sets: Sequence[int], mode: Mode, limits: SearchLimits) -> _Space | None:
    states = enumerate_states(part, limits.max_states)
    if states is None:
        return None
    largest, most_groups = (limits.max_group_operators, limits.max_stage_groups) if mode.parallel else (1, 1)
    candidates = connected_candidates(part, largest, one_source=limits.original_rule, at_most=_MOST_CONNECTED_SETS)
    if candidates is None:
        return None
    candidates += [merged_candidate(part, mask) for mask in merge_sets]
    endings = enumerate_endings(states, candidates, most_groups, limits.max_transitions)
    return None if endings is None else _Space(states, candidates, endings)


def _stages(endings: Endings, groups: Sequence[Group], choices: Sequence[int]) -> Iterator[Stage]:
    return (Stage(tuple([groups[i] for i in endings.choices[choice]])) for choice in choices)
