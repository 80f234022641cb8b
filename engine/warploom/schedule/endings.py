"""Enumerates the states of a Part and the endings of each, for all states at once in NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from warploom.schedule.candidates import Candidate
from warploom.schedule.part import Part

MAX_OPERATORS = 63
"""The most operators of a part whose states are bits of a 64-bit word."""

Words = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """The states of a Part: all sets of its operators that are closed under predecessors.

    Attributes:
        masks: Sorted by number of operators; the empty set first, the whole part last.
        levels: `masks[levels[k] : levels[k + 1]]` are those with k operators.
        by_value: The masks sorted by value, to look them up.
        index: Position in `masks` of each entry of `by_value`.
    """

    masks: Words
    levels: Indices
    by_value: Words
    index: Indices

    def __len__(self) -> int:
        return len(self.masks)

    def find(self, masks: Words) -> Indices:
        """Positions of states in `masks`."""
        return self.index[np.searchsorted(self.by_value, masks)]


def enumerate_states(part: Part, at_most: int) -> States | None:
    """All states of a part; None when there are more than `at_most` or the part has more than 63 operators."""
    if len(part) > MAX_OPERATORS:
        return None
    masks = np.zeros(1, dtype=np.uint64)
    for i, predecessors in enumerate(part.predecessors):
        needed = np.uint64(predecessors)
        masks = np.concatenate([masks, masks[masks & needed == needed] | np.uint64(1 << i)])
        if len(masks) > at_most:
            return None
    sizes = np.unpackbits(masks.view(np.uint8).reshape(-1, 8), axis=1).sum(axis=1, dtype=np.uint8)
    order = np.lexsort((masks, sizes))
    by_value = np.argsort(masks[order], kind="stable").astype(np.int32)
    masks, sizes = masks[order], sizes[order]
    levels = np.searchsorted(sizes, np.arange(len(part) + 2)).astype(np.int32)
    return States(masks, levels, masks[by_value], by_value)


@dataclass(frozen=True, slots=True, eq=False)
class Endings:
    """Every (state, ending) pair of a Part; an ending is one of a list of choices, each a set of candidate groups.

    Attributes:
        choices: For each choice its groups, as indices of candidates.
        bounds: The pairs of state i are `bounds[i] : bounds[i + 1]`.
        rests: Per pair the state that is left without the ending.
        choice: Per pair the index of the choice.
    """

    choices: list[tuple[int, ...]]
    bounds: npt.NDArray[np.int64]
    rests: Indices
    choice: Indices


@dataclass(slots=True, eq=False)
class _Pairs:
    """Pairs under construction; the empty ending of every state is pair and choice 0 of it."""

    states: Indices
    rests: Indices
    choice: Indices


def enumerate_endings(
    states: States, candidates: Sequence[Candidate], most_groups: int, at_most: int, *, merged_beside_others: bool
) -> Endings | None:
    """All endings of all states: unions of up to `most_groups` disjoint groups that may be peeled off.

    Groups that share an operator differ in nothing else than being alternatives; disjoint ones that may both be peeled
    off are never adjacent. So an ending is a choice of at most one group per anchor, and the pairs grow anchor by
    anchor, all states at a time: what takes a Python loop 0.5 us a pair takes NumPy some tens of nanoseconds.

    Args:
        states: Of the part.
        candidates: Groups to choose from.
        most_groups: s.
        at_most: The most pairs; None is returned when there are more.
        merged_beside_others: Whether merged groups are groups like others; if not, each fills a stage of its own.
    """
    count = len(states)
    everything = np.arange(count, dtype=np.int32)
    pairs = _Pairs(everything, everything.copy(), np.zeros(count, dtype=np.int32))
    choices: list[tuple[int, ...]] = [()]
    for local in _by_anchor(candidates, merged=merged_beside_others):
        table = _anchor_table(states, candidates, local)
        pairs = _extend(pairs, choices, table, most_groups)
        if len(pairs.states) > at_most:
            return None
    if not merged_beside_others:
        pairs = _add_merged(pairs, choices, states, candidates)
    return _sorted_endings(pairs, choices, count)


def _by_anchor(candidates: Sequence[Candidate], *, merged: bool) -> list[list[int]]:
    anchors: dict[int, list[int]] = {}
    for i, candidate in enumerate(candidates):
        if merged or not candidate.merged:
            anchors.setdefault(candidate.anchor, []).append(i)
    return [anchors[anchor] for anchor in sorted(anchors)]


@dataclass(frozen=True, slots=True, eq=False)
class _AnchorTable:
    """The candidates of one anchor, and for every state which may be peeled off it and what is left then.

    Attributes:
        candidates: Indices of the candidates.
        options: (k, states): position in `candidates` of a candidate that may be peeled off the state; -1 for none.
        rests: (candidates, states): the state left without the candidate; -1 where it may not be peeled off.
    """

    candidates: list[int]
    options: Indices
    rests: Indices


def _anchor_table(states: States, candidates: Sequence[Candidate], local: list[int]) -> _AnchorTable:
    rests = np.full((len(local), len(states)), -1, dtype=np.int32)
    used = np.zeros(len(states), dtype=np.int32)
    slots: list[Indices] = []
    for i, candidate in enumerate(local):
        rows, left = _peel(states, candidates[candidate])
        rests[i, rows] = left
        slot = used[rows]
        while len(slots) <= slot.max(initial=-1):
            slots.append(np.full(len(states), -1, dtype=np.int32))
        for k in np.unique(slot):
            slots[k][rows[slot == k]] = i
        used[rows] += 1
    return _AnchorTable(local, np.array(slots, dtype=np.int32).reshape(len(slots), len(states)), rests)


def _peel(states: States, candidate: Candidate) -> tuple[npt.NDArray[np.intp], Indices]:
    """The states that a candidate may be peeled off, and the states left."""
    mask = np.uint64(candidate.mask)
    rows = np.flatnonzero(states.masks & np.uint64(candidate.mask | candidate.blockers) == mask)
    return rows, states.find(states.masks[rows] ^ mask)


def _extend(pairs: _Pairs, choices: list[tuple[int, ...]], table: _AnchorTable, most_groups: int) -> _Pairs:
    """The pairs, and those that have a candidate of the anchor in addition."""
    if not len(table.options):
        return pairs
    roomy = np.fromiter((len(groups) < most_groups for groups in choices), dtype=np.bool_, count=len(choices))
    first = np.flatnonzero((table.options[0] >= 0)[pairs.states] & roomy[pairs.choice])
    grown: list[_Pairs] = []
    keys: list[npt.NDArray[np.int64]] = []
    for options in table.options:
        option = options[pairs.states[first]]
        rest = table.rests[option, pairs.rests[first]]  # -1 where another group has taken a member
        kept = np.flatnonzero((option >= 0) & (rest >= 0))
        rows = first[kept]
        grown.append(_Pairs(pairs.states[rows], rest[kept], pairs.choice[rows]))
        keys.append(pairs.choice[rows].astype(np.int64) * len(table.candidates) + option[kept])
    new = _joined(grown)
    new.choice = _new_choices(np.concatenate(keys), choices, table.candidates)
    return _joined([pairs, new])


def _new_choices(keys: npt.NDArray[np.int64], choices: list[tuple[int, ...]], local: list[int]) -> Indices:
    """Appends the choices that the keys (choice * candidates + candidate) stand for; returns each key's index."""
    if not len(keys):
        return np.empty(0, dtype=np.int32)
    low = int(keys.min())
    present = np.zeros(int(keys.max()) - low + 1, dtype=np.bool_)
    present[keys - low] = True
    number = np.cumsum(present, dtype=np.int32) + np.int32(len(choices) - 1)
    for key in (np.flatnonzero(present) + low).tolist():
        parent, candidate = divmod(key, len(local))
        choices.append((*choices[parent], local[candidate]))
    return np.asarray(number[keys - low], dtype=np.int32)


def _add_merged(
    pairs: _Pairs, choices: list[tuple[int, ...]], states: States, candidates: Sequence[Candidate]
) -> _Pairs:
    added: list[_Pairs] = []
    for i, candidate in enumerate(candidates):
        if candidate.merged:
            rows, left = _peel(states, candidate)
            added.append(_Pairs(rows.astype(np.int32), left, np.full(len(rows), len(choices), dtype=np.int32)))
            choices.append((i,))
    return _joined([pairs, *added])


def _joined(several: Sequence[_Pairs]) -> _Pairs:
    return _Pairs(
        np.concatenate([pairs.states for pairs in several]),
        np.concatenate([pairs.rests for pairs in several]),
        np.concatenate([pairs.choice for pairs in several]),
    )


def _sorted_endings(pairs: _Pairs, choices: list[tuple[int, ...]], count: int) -> Endings:
    """The pairs sorted by state, without the empty endings (one per state, in front)."""
    of_state = pairs.states[count:]
    # NumPy sorts 16-bit integers by radix, in linear time.
    keys = of_state.astype(np.uint16) if count <= 1 << 16 else of_state
    order = np.argsort(keys, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(of_state, minlength=count))]).astype(np.int64)
    return Endings(choices, bounds, pairs.rests[count:][order], pairs.choice[count:][order])
