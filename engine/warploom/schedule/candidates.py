"""The groups that the dynamic program may choose from, as sets of operators of a Part."""

from __future__ import annotations

from dataclasses import dataclass

from warploom.schedule.part import Part, bits


@dataclass(frozen=True, slots=True)
class Candidate:
    """A set of operators that may form one group.

    In a state (a set of operators closed under predecessors) it may be peeled off when all its members are there and
    none of `blockers` is.

    Attributes:
        mask: Its members.
        blockers: Operators outside that read a member's outputs.
        merged: Whether it runs as one merged operator.
    """

    mask: int
    blockers: int
    merged: bool = False

    @property
    def anchor(self) -> int:
        """Its first operator; the groups of one stage differ in it."""
        return (self.mask & -self.mask).bit_length() - 1


def connected_candidates(part: Part, largest: int, *, one_source: bool, at_most: int) -> list[Candidate] | None:
    """All groups of up to `largest` operators.

    The groups of an ending are its connected components: an operator set that is connected and convex (a path between
    two members stays inside) is a component of some ending. With `one_source` only those remain that are one operator
    with all its successors in the state, the rule of the original IOS.

    Args:
        part: Where to look.
        largest: r.
        one_source: Whether a group must have exactly one source.
        at_most: How many connected sets to look at; None is returned when there are more.
    """
    neighbours = [before | after for before, after in zip(part.predecessors, part.successors, strict=True)]
    level = {1 << i for i in range(len(part))}
    found = set(level)
    for _ in range(largest - 1):
        level = {grown for mask in level for grown in _grown(mask, neighbours)} - found
        found |= level
        if len(found) > at_most:
            return None
    kept = (mask for mask in found if _is_convex(part, mask) and not (one_source and _sources(part, mask) != 1))
    return [Candidate(mask, _outside_readers(part, mask)) for mask in sorted(kept)]


def merged_candidate(part: Part, mask: int) -> Candidate:
    """The group that runs these operators, none of which depends on another, as one merged operator."""
    return Candidate(mask, _outside_readers(part, mask), merged=True)


def _grown(mask: int, neighbours: list[int]) -> list[int]:
    around = 0
    for i in bits(mask):
        around |= neighbours[i]
    return [mask | 1 << i for i in bits(around & ~mask)]


def _is_convex(part: Part, mask: int) -> bool:
    above = below = 0
    for i in bits(mask):
        above |= part.ancestors[i]
        below |= part.descendants[i]
    return not above & below & ~mask


def _sources(part: Part, mask: int) -> int:
    return sum(not part.predecessors[i] & mask for i in bits(mask))


def _outside_readers(part: Part, mask: int) -> int:
    readers = 0
    for i in bits(mask):
        readers |= part.successors[i]
    return readers & ~mask
