"""Where the parts of the compared tracks lie on the canvas, and what lies under the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF

from warploom_app.presenters.track import Track
from warploom_app.theme import GRID

GUTTER = 16 * GRID
AXIS = 3 * GRID
HEADER = 2.5 * GRID
LANE_MAX, LANE_MIN = 3 * GRID, 2 * GRID
MANY_LANES, LANE_LEAST = 16, GRID
"""More streams than that may have lanes as low as that, rather than be scrolled."""
WARPS_MAX, WARPS_MIN = 10 * GRID, 4 * GRID
COUNTER = 4 * GRID
GAP = GRID / 2
BETWEEN = GRID


@dataclass(frozen=True, slots=True)
class TrackRows:
    """The rows of one track: its title, a lane per stream, active warps, and the counters that are switched on."""

    header: QRectF
    lanes: tuple[QRectF, ...]
    warps: QRectF
    counters: tuple[tuple[str, QRectF], ...] = ()

    @property
    def bottom(self) -> float:
        """Lower end of the track."""
        return self.counters[-1][1].bottom() if self.counters else self.warps.bottom()

    @property
    def plot(self) -> QRectF:
        """Everything that lies on the time axis."""
        return QRectF(self.header.left(), self.header.top(), self.header.width(), self.bottom - self.header.top())


@dataclass(frozen=True, slots=True)
class CanvasLayout:
    """All rows (below the axis, which does not scroll), and the height that they need."""

    tracks: tuple[TrackRows, ...]
    height: float

    def find(self, y: float) -> tuple[int, int] | None:
        """Track and lane at a height; lane -1 for the rest of the track. None between tracks."""
        for i, rows in enumerate(self.tracks):
            if rows.header.top() <= y <= rows.bottom:
                lane = next((j for j, lane in enumerate(rows.lanes) if lane.top() - 2 <= y <= lane.bottom() + 2), -1)
                return i, lane
        return None


def canvas_layout(
    tracks: Sequence[Track], left: float, width: float, height: float, counters: Sequence[str] = ()
) -> CanvasLayout:
    """Gives the tracks as much of the height as helps, and no less than can be read (then the canvas scrolls)."""
    lanes = sum(len(track.lanes) for track in tracks)
    more = sum(name in track.counters for track in tracks for name in counters)
    fixed = AXIS + len(tracks) * (HEADER + GAP) + max(len(tracks) - 1, 0) * BETWEEN + GRID + more * (COUNTER + GRID)
    lane = _lane_height(lanes, height - fixed - len(tracks) * WARPS_MIN)
    free = height - fixed - lanes * lane
    warps = float(int(min(max(free / max(len(tracks), 1), WARPS_MIN), WARPS_MAX)))
    top = float(AXIS)
    rows: list[TrackRows] = []
    for track in tracks:
        shown = [name for name in counters if name in track.counters]
        rows.append(_rows(track, left, width, top, lane, warps, shown))
        top = rows[-1].bottom + BETWEEN
    return CanvasLayout(tuple(rows), top - BETWEEN + GRID if rows else 0.0)


def _lane_height(lanes: int, room: float) -> float:
    """Readable lanes first; half of what is left then makes them higher, the other half is for active warps."""
    least = LANE_MIN if lanes <= MANY_LANES else LANE_LEAST
    lane = min(max(room / max(lanes, 1), least), LANE_MIN)
    free = max(room - lanes * lane, 0.0)
    return float(int(lane + min(LANE_MAX - LANE_MIN, free * 0.5 / max(lanes, 1))))


def _rows(
    track: Track, left: float, width: float, top: float, lane: float, warps: float, counters: Sequence[str]
) -> TrackRows:
    header = QRectF(left, top, width, HEADER)
    first = header.bottom()
    inset = 2.0 if lane >= LANE_MIN else 1.0
    lanes = tuple(QRectF(left, first + i * lane + inset, width, lane - 2 * inset) for i in range(len(track.lanes)))
    area = QRectF(left, first + len(lanes) * lane + GAP, width, warps)
    below = area.bottom() + GRID
    more = tuple(
        (name, QRectF(left, below + i * (COUNTER + GRID), width, COUNTER)) for i, name in enumerate(counters)
    )  # fmt: skip
    return TrackRows(header, lanes, area, more)
