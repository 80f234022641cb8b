"""Two marks in time, and what lies between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.track import Track


@dataclass(frozen=True, slots=True)
class Marks:
    """None, one or two marks; times in nanoseconds."""

    first: float | None = None
    second: float | None = None

    def placed(self, time_ns: float) -> Marks:
        """With another mark: the first, the second, then a new first."""
        if self.first is None or self.second is not None:
            return Marks(time_ns)
        return Marks(self.first, time_ns)

    @property
    def stretch(self) -> tuple[float, float] | None:
        """From the earlier to the later mark, once there are two."""
        if self.first is None or self.second is None:
            return None
        return min(self.first, self.second), max(self.first, self.second)

    @property
    def times(self) -> tuple[float, ...]:
        """Those that are placed."""
        return tuple(time for time in (self.first, self.second) if time is not None)


def snapped(tracks: Sequence[Track], axis: TimeAxis, time_ns: float, pixels: float = 5.0) -> float:
    """The nearest start or end of a span within a few pixels, else the time itself: marks should sit on edges."""
    reach = pixels / axis.pixels_per_ns
    best, distance = time_ns, reach
    for track in tracks:
        for lane in track.lanes:
            for edges in (lane.start_ns, lane.reach_ns):
                at = int(np.searchsorted(edges, time_ns))
                for edge in edges[max(at - 1, 0) : at + 1].tolist():
                    if abs(edge - time_ns) < distance:
                        best, distance = float(edge), abs(edge - time_ns)
    return min(max(best, 0.0), axis.limit_ns)
