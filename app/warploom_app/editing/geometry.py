"""Where the launches of a schedule under edit lie on the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from warploom_app.editing.picture import DraftItem, DraftPicture
from warploom_app.theme import GRID

GUTTER = 9 * GRID
HEAD = 3 * GRID
LANE = 4 * GRID
LEAST_LANE = GRID
"""Lanes of many streams become lower, down to this."""


@dataclass(frozen=True, slots=True)
class DraftGeometry:
    """Where a picture is drawn.

    Attributes:
        picture: The launches.
        lanes: Streams that have a row, from top to bottom; below them, a spare row for a new one.
        scale: Pixels per microsecond.
        offset: Pixels that are scrolled away at the left.
        top: Pixels that are scrolled away at the top.
        lane_px: Height of a row.
    """

    picture: DraftPicture
    lanes: Sequence[int]
    scale: float
    offset: float = 0.0
    top: float = 0.0
    lane_px: float = LANE

    @property
    def rows(self) -> int:
        """Without the spare one."""
        return len(self.lanes)

    def shows(self, lane: int) -> bool:
        """Whether a stream has a row."""
        return lane in self.lanes

    def box(self, item: DraftItem) -> QRectF:
        """The box of a launch."""
        left, right = self.x(item.start_us), self.x(item.end_us)
        inset = min(3.0, self.lane_px / 10)
        return QRectF(left, self.lane_top(item.lane) + inset, max(right - left - 1, 2.0), self.lane_px - 2 * inset)

    def x(self, time_us: float) -> float:
        """Of a time."""
        return GUTTER + time_us * self.scale - self.offset

    def time_at(self, x: float) -> float:
        """In microseconds."""
        return (x - GUTTER + self.offset) / self.scale

    def row_top(self, row: int) -> float:
        """Upper edge of a row."""
        return HEAD + row * self.lane_px - self.top

    def lane_top(self, lane: int) -> float:
        """Upper edge of a stream's row; of the spare one for a stream without."""
        return self.row_top(self.lanes.index(lane) if lane in self.lanes else self.rows)

    def lane_at(self, y: float) -> int:
        """The stream at a height; a new one below all others, -1 above them."""
        row = int((y - HEAD + self.top) // self.lane_px)
        if y < HEAD or row < 0:
            return -1
        return self.lanes[row] if row < self.rows else self.picture.lanes

    def item_at(self, point: QPointF) -> DraftItem | None:
        """The launch under a point."""
        if point.x() < GUTTER or (lane := self.lane_at(point.y())) < 0:
            return None
        on_lane = (item for item in self.picture.items if item.lane == lane)
        return next((item for item in on_lane if self.box(item).contains(point)), None)

    @property
    def width(self) -> float:
        """Of everything, gutter included."""
        return GUTTER + self.picture.total_us * self.scale + 2 * GRID

    @property
    def height(self) -> float:
        """Of everything, the spare row included."""
        return HEAD + (self.rows + 1) * self.lane_px


def lanes_in(picture: DraftPicture, first_us: float, last_us: float) -> tuple[int, ...]:
    """Streams that do something in a stretch of time."""
    return tuple(sorted({item.lane for item in picture.items if item.end_us > first_us and item.start_us < last_us}))


def lane_height(rows: int, room_px: float) -> float:
    """As high as there is room for, between the least that can be hit and the usual."""
    return min(max(float(int(room_px / max(rows + 1, 1))), LEAST_LANE), LANE)
