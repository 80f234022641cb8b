"""Matches two descriptions of one network, vertex by vertex, whatever each calls them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from warploom.errors import ScheduleError
from warploom.graph.adjacency import successors_of

_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Vertex:
    """One vertex of a network.

    Attributes:
        name: For messages.
        label: What has to be equal in both descriptions.
        predecessors: The vertices that it reads.
        window: Of a convolution; empty where it is not known (in a merged one all have the window of the largest).
    """

    name: str
    label: Hashable
    predecessors: tuple[int, ...]
    window: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Pattern:
    """A directed acyclic graph; its vertices may be in any order."""

    vertices: tuple[Vertex, ...]

    def successors(self) -> tuple[tuple[int, ...], ...]:
        """For each vertex those that read it."""
        return successors_of([vertex.predecessors for vertex in self.vertices])

    def order(self) -> list[int]:
        """The vertices in a topological order; those on a cycle are left out."""
        missing = [len(vertex.predecessors) for vertex in self.vertices]
        ready = [i for i, count in enumerate(missing) if not count]
        successors = self.successors()
        for i in ready:  # grows while it is read
            for j in successors[i]:
                missing[j] -= 1
                if not missing[j]:
                    ready.append(j)
        return ready


def unmatched_end(given: Pattern, wanted: Pattern) -> tuple[int, ...]:
    """The vertices at the end of `wanted` that `given` stops before, as a classifier behind the last pooling.

    They are those for which `given` has none with the same label and the same way from the inputs. They are an end only
    if nothing else reads them; otherwise there is none.
    """
    numbers: dict[Hashable, int] = {}
    known = set(_forward_colours(given, numbers))
    left = {i for i, colour in enumerate(_forward_colours(wanted, numbers)) if colour not in known}
    successors = wanted.successors()
    return tuple(sorted(left)) if all(j in left for i in left for j in successors[i]) else ()


def match(given: Pattern, wanted: Pattern, given_name: str, wanted_name: str) -> list[int]:
    """For each vertex of one description the vertex of the other that has its place.

    1. Every vertex gets a colour from its label and the colours of what it reads, in topological order, then from the
       colours of what reads it, against the order; three times. Equal colours mean: the same surroundings.
    2. In topological order each vertex takes one of its colour that reads exactly what the vertices taken for its own
       predecessors are. Where there are several, they are alike and any will do.

    Raises:
        ScheduleError: If they are not the same network, naming a vertex that has no counterpart.
    """
    order = given.order()
    if len(order) < len(given.vertices):
        left = next(i for i in range(len(given.vertices)) if i not in set(order))
        raise ScheduleError(f"The node {given.vertices[left].name} of {given_name!r} reads its own result.")
    _check_forwards(given, wanted, given_name, wanted_name)
    numbers: dict[Hashable, int] = {}
    given_colours, wanted_colours = _colours(given, numbers), _colours(wanted, numbers)
    of_colour: dict[int, list[int]] = {}
    for i, colour in enumerate(wanted_colours):
        of_colour.setdefault(colour, []).append(i)
    result = [-1] * len(given.vertices)
    for i in order:
        vertex = given.vertices[i]
        reads = {result[before] for before in vertex.predecessors}
        found = _counterpart(vertex, reads, of_colour.get(given_colours[i], []), wanted)
        if found is None:
            raise ScheduleError(
                f"The node {vertex.name} of {given_name!r} has no counterpart in the model {wanted_name!r}: "
                "the schedule was made for another network."
            )
        of_colour[given_colours[i]].remove(found)
        result[i] = found
    _check_complete(wanted, set(result), given_name, wanted_name)
    return result


def _counterpart(vertex: Vertex, reads: set[int], candidates: Sequence[int], wanted: Pattern) -> int | None:
    for candidate in candidates:
        other = wanted.vertices[candidate]
        same_window = not vertex.window or vertex.window == other.window
        if same_window and set(other.predecessors) == reads:
            return candidate
    return None


def _check_complete(wanted: Pattern, taken: set[int], given_name: str, wanted_name: str) -> None:
    for i, vertex in enumerate(wanted.vertices):
        if i not in taken:
            raise ScheduleError(
                f"{given_name!r} has no node for the operator {vertex.name!r} of the model {wanted_name!r}: "
                "the schedule was made for another network."
            )


def _check_forwards(given: Pattern, wanted: Pattern, given_name: str, wanted_name: str) -> None:
    """Finds the first difference from the inputs on, for a message that helps; says nothing about what comes behind."""
    numbers: dict[Hashable, int] = {}
    colours = _forward_colours(given, numbers)
    known = set(_forward_colours(wanted, numbers))
    for i in given.order():
        if colours[i] not in known:
            raise ScheduleError(
                f"The node {given.vertices[i].name} of {given_name!r} has no counterpart in the model {wanted_name!r}: "
                "the schedule was made for another network."
            )


def _forward_colours(pattern: Pattern, numbers: dict[Hashable, int]) -> list[int]:
    colours = [numbers.setdefault(("label", vertex.label), len(numbers)) for vertex in pattern.vertices]
    for i in pattern.order():
        around = tuple(sorted(colours[j] for j in pattern.vertices[i].predecessors))
        colours[i] = numbers.setdefault((colours[i], around), len(numbers))
    return colours


def _colours(pattern: Pattern, numbers: dict[Hashable, int]) -> list[int]:
    """A number for each vertex; equal ones, also across patterns that share `numbers`, have the same surroundings."""
    order, successors = pattern.order(), pattern.successors()
    predecessors = [vertex.predecessors for vertex in pattern.vertices]
    colours = [numbers.setdefault(("label", vertex.label), len(numbers)) for vertex in pattern.vertices]
    for _ in range(_ROUNDS):
        for sequence, neighbours in ((order, predecessors), (order[::-1], successors)):
            for i in sequence:
                around = tuple(sorted(colours[j] for j in neighbours[i]))
                colours[i] = numbers.setdefault((colours[i], around), len(numbers))
    return colours
