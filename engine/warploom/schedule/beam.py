"""Searches a Part that is too wide for the exact search: a beam over its states, with few endings tried at each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from warploom.schedule.costing import StageCosting
from warploom.schedule.exact import Found, Mode
from warploom.schedule.part import Part, bits
from warploom.schedule.schedule import Group, Stage
from warploom.schedule.search import SearchLimits

_WIDTH = 8
_MERGES_PER_STATE = 16


@dataclass(frozen=True, slots=True)
class _Step:
    """A way to a state: the stage that led to it and the step before.

    Attributes:
        done: Mask of the operators executed.
        saved_us: By how much the stages so far are faster than their operators alone, one after another.
        stage: The last stage; None at the start.
        cost_us: Of that stage.
        before: The step before it.
    """

    done: int
    saved_us: float
    stage: Stage | None = None
    cost_us: float = 0.0
    before: _Step | None = None


def search_by_beam(
    part: Part,
    merge_sets: Sequence[int],
    mode: Mode,
    limits: SearchLimits,
    costing: StageCosting,
    solo: Mapping[str, float],
) -> Found:
    """A good schedule of a part of any width, forwards from its first operators; always valid, rarely optimal.

    1. States are visited by number of executed operators. Of those with equally many only the best are
       kept: the ones that saved most time against running the same operators alone, so that every state is judged by
       the complete schedule "this far, then sequentially".
    2. From a state, stages of the most urgent ready operators are tried (those with the longest path behind them in
       time), 1 to s of them, each followed by up to r - 1 operators that become ready by it; and merged ready sets.
    3. When the search is stopped, the best state so far is completed sequentially.
    """
    urgency = _urgency(part, solo)
    levels: list[dict[int, _Step]] = [{} for _ in range(len(part) + 1)]
    levels[0][0] = _Step(0, 0.0)
    best = levels[0][0]
    known: dict[Stage, float] = {Stage((Group((name,)),)): solo[name] for name in part.names}
    complete = True
    for level in levels[:-1]:
        beam = sorted(level.values(), key=lambda step: -step.saved_us)[:_WIDTH]
        costing.states += len(beam)
        tried = [
            (step, mask, stage)
            for step in beam
            for mask, stage in _stages(part, merge_sets, mode, limits, step.done, urgency)
        ]
        new = list(dict.fromkeys(stage for _, _, stage in tried if stage not in known))
        costs = costing.costs(new)
        known.update(zip(new, costs, strict=False))
        complete = complete and len(costs) == len(new)
        for step, mask, stage in tried:
            if stage in known:
                best = max(best, _advance(levels, part, step, (mask, stage, known[stage]), solo), key=_merit)
        level.clear()
        if not complete:
            break
    return _completed(part, best, known, complete=complete)


def _merit(step: _Step) -> tuple[float, int]:
    return step.saved_us, step.done.bit_count()


def _advance(
    levels: list[dict[int, _Step]], part: Part, step: _Step, taken: tuple[int, Stage, float], solo: Mapping[str, float]
) -> _Step:
    mask, stage, cost = taken
    saved = step.saved_us + sum(solo[part.names[i]] for i in bits(mask)) - cost
    following = _Step(step.done | mask, saved, stage, cost, step)
    level = levels[following.done.bit_count()]
    present = level.get(following.done)
    if present is None or present.saved_us < saved:
        level[following.done] = following
    return following


def _urgency(part: Part, solo: Mapping[str, float]) -> list[float]:
    """For each operator the time of the longest path from it to the end, itself included."""
    result = [0.0] * len(part)
    for i in range(len(part) - 1, -1, -1):
        result[i] = solo[part.names[i]] + max((result[j] for j in bits(part.successors[i])), default=0.0)
    return result


def _stages(
    part: Part, merge_sets: Sequence[int], mode: Mode, limits: SearchLimits, done: int, urgency: Sequence[float]
) -> Iterator[tuple[int, Stage]]:
    """The stages to try from a state, with the masks of their operators; the most urgent operator alone first."""
    ready = [i for i in range(len(part)) if not done >> i & 1 and not part.predecessors[i] & ~done]
    ready.sort(key=lambda i: -urgency[i])
    yield 1 << ready[0], Stage((Group((part.names[ready[0]],)),))
    if mode.merge:
        fitting = [mask for mask in merge_sets if not mask & ~sum(1 << i for i in ready)]
        fitting.sort(key=lambda mask: -mask.bit_count())
        for mask in fitting[:_MERGES_PER_STATE]:
            yield mask, Stage((Group(part.names_of(mask), merged=True),))
    if mode.parallel:
        yield from _concurrent(part, limits, done, ready, urgency)


def _concurrent(
    part: Part, limits: SearchLimits, done: int, ready: Sequence[int], urgency: Sequence[float]
) -> Iterator[tuple[int, Stage]]:
    for length in range(1, limits.max_group_operators + 1):
        for count in range(1, min(limits.max_stage_groups, len(ready)) + 1):
            if length == count == 1:
                continue
            chains = _chains(part, done, ready[:count], length, urgency)
            groups = tuple(Group(tuple(part.names[i] for i in chain)) for chain in chains)
            yield sum(1 << i for chain in chains for i in chain), Stage(groups)


def _chains(part: Part, done: int, sources: Sequence[int], length: int, urgency: Sequence[float]) -> list[list[int]]:
    """Each source followed by what it alone makes ready, the most urgent successor first."""
    chains: list[list[int]] = []
    for source in sources:
        chain, ran = [source], done | 1 << source
        while len(chain) < length:
            following = [j for j in bits(part.successors[chain[-1]]) if not part.predecessors[j] & ~ran]
            if not following:
                break
            chain.append(max(following, key=urgency.__getitem__))
            ran |= 1 << chain[-1]
        chains.append(chain)
    return chains


def _completed(part: Part, best: _Step, known: Mapping[Stage, float], *, complete: bool) -> Found:
    steps: list[_Step] = []
    step: _Step | None = best
    while step is not None and step.stage is not None:
        steps.append(step)
        step = step.before
    stages = [step.stage for step in reversed(steps) if step.stage is not None]
    costs = [step.cost_us for step in reversed(steps)]
    rest = [Stage((Group((name,)),)) for i, name in enumerate(part.names) if not best.done >> i & 1]
    return Found((*stages, *rest), (*costs, *(known[stage] for stage in rest)), complete)
