"""TimelineOptions: what the timelines show beside spans and warps."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class TimelineOptions:
    """Switches of the view.

    Attributes:
        critical_path: The chain of launches that the end waited for.
        dependencies: Arrows of the pinned operators.
        counters: Hardware counters that have a row of their own, in this order.
    """

    critical_path: bool = False
    dependencies: bool = True
    counters: tuple[str, ...] = ()

    def with_counter(self, name: str, shown: bool) -> TimelineOptions:
        """With a counter switched on or off."""
        rest = tuple(one for one in self.counters if one != name)
        return replace(self, counters=(*rest, name) if shown else rest)
