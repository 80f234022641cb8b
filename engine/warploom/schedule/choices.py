"""The choices of a Part as a cost model and a prediction see them: as stages, and as features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from warploom.schedule.candidates import Candidate
from warploom.schedule.part import Part, bits
from warploom.schedule.schedule import Group, Stage


class Choices:
    """The sets of groups that an ending may consist of.

    Attributes:
        single: Indices of the choices that are one operator alone.
        merged: Indices of those that are one merged group alone.
        others: Indices of all others but the empty one, which is the first.
    """

    def __init__(
        self,
        part: Part,
        candidates: Sequence[Candidate],
        choices: Sequence[tuple[int, ...]],
        solo_us: Mapping[str, float],
        merged_us: Mapping[int, float],
    ) -> None:
        self._candidates = candidates
        self._choices = choices
        self._groups = [Group(part.names_of(candidate.mask), candidate.merged) for candidate in candidates]
        self._solo = [solo_us[name] for name in part.names]
        self._merged_us = merged_us
        self.single: list[int] = []
        self.merged: list[int] = []
        self.others: list[int] = []
        for i, choice in enumerate(choices):
            if choice:
                self._list_of(choice).append(i)

    def _list_of(self, choice: tuple[int, ...]) -> list[int]:
        first = self._groups[choice[0]]
        if len(choice) > 1:
            return self.others
        if first.merged:
            return self.merged
        return self.single if len(first.operators) == 1 else self.others

    def stages(self, wanted: Sequence[int]) -> Iterator[Stage]:
        """The stages of choices."""
        groups = self._groups
        return (Stage(tuple([groups[group] for group in self._choices[choice]])) for choice in wanted)

    def solo_us(self, wanted: Sequence[int]) -> list[float]:
        """Latencies of choices of `single` or `merged`."""
        return [self._alone_us(self._candidates[self._choices[choice][0]]) for choice in wanted]

    def _alone_us(self, candidate: Candidate) -> float:
        """Latency of a group alone: exact for one operator or a merged group, the operators' sum otherwise."""
        return self._merged_us[candidate.mask] if candidate.merged else sum(self._solo[i] for i in bits(candidate.mask))

    def features(self) -> npt.NDArray[np.float32]:
        """What a choice's cost may depend on linearly, one row per choice.

        The latency alone of each operator that it holds (so that an operator's weight says how much of the
        device it fills), that of its merged groups together, the latency of its longest group, the number of its
        groups, and one.
        """
        group_us = [self._alone_us(candidate) for candidate in self._candidates]
        merged_us = [us if one.merged else 0.0 for one, us in zip(self._candidates, group_us, strict=True)]
        group_mask = [0 if candidate.merged else candidate.mask for candidate in self._candidates]
        masks = np.zeros(len(self._choices), dtype=np.uint64)
        table = np.zeros((len(self._choices), len(self._solo) + 4), dtype=np.float32)
        table[:, -4] = [sum([merged_us[group] for group in choice]) for choice in self._choices]
        table[1:, -3] = [max([group_us[group] for group in choice]) for choice in self._choices[1:]]
        masks[1:] = [sum([group_mask[group] for group in choice]) for choice in self._choices[1:]]  # disjoint groups
        table[:, -2] = [len(choice) for choice in self._choices]
        table[:, -1] = 1
        held = np.unpackbits(masks.astype("<u8").view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
        table[:, :-4] = held[:, : len(self._solo)] * np.array(self._solo, dtype=np.float32)
        return table
