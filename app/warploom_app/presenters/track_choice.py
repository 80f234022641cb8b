"""TrackChoice: which candidates are shown above one another, in which order, and which two are compared."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class TrackChoice:
    """At least one candidate is shown; both of the compared ones are.

    Attributes:
        shown: Names from top to bottom, each once.
        compared: What the verdict, the reasons and the tables set against one another.
    """

    shown: tuple[str, ...]
    compared: tuple[str, str]

    @staticmethod
    def of(compared: tuple[str, str]) -> TrackChoice:
        """Two candidates, the first above the second."""
        return TrackChoice(tuple(dict.fromkeys(compared)), compared)

    def comparing(self, compared: tuple[str, str]) -> TrackChoice:
        """Compares others: each takes the place of the one that it replaces; others stay."""
        places = dict(zip(self.compared, compared, strict=True))
        shown = tuple(dict.fromkeys(places.get(name, name) for name in self.shown))
        missing = tuple(name for name in dict.fromkeys(compared) if name not in shown)
        return TrackChoice(shown + missing, compared)

    def adding(self, name: str) -> TrackChoice:
        """Shows another one at the bottom; a lone one gets something to be compared with."""
        if name in self.shown:
            return self
        lone = self.compared[0] == self.compared[1]
        return TrackChoice((*self.shown, name), (self.compared[0], name) if lone else self.compared)

    def removing(self, name: str) -> TrackChoice:
        """Hides one; where it was compared, the first (for the lower one: the last) of the rest takes its place."""
        rest = tuple(one for one in self.shown if one != name)
        if not rest:
            return self
        first, second = self.compared
        others = [one for one in rest if one not in self.compared]
        if name == first:
            first = others[0] if others else second
        if name == second:
            second = others[-1] if others else first
        return TrackChoice(rest, (first, second))

    def moving(self, name: str, steps: int) -> TrackChoice:
        """Moves one down (up where negative)."""
        if name not in self.shown:
            return self
        rest = [one for one in self.shown if one != name]
        place = min(max(self.shown.index(name) + steps, 0), len(rest))
        return replace(self, shown=(*rest[:place], name, *rest[place:]))
