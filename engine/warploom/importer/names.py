"""Unique names: one with a number behind it where a name is taken already."""

from __future__ import annotations

from collections.abc import Iterable


class Names:
    """Names that are taken.

    Args:
        taken: To begin with.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._numbers: dict[str, int] = {}

    def take(self, name: str) -> str:
        """The name if it is free, else with the next free number behind it; it is taken from then on."""
        wanted = name
        while name in self._taken:
            number = self._numbers[wanted] = self._numbers.get(wanted, 0) + 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name
