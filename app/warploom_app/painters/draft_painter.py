"""Draws a schedule under edit: a lane for each stream, a box for each launch, a tint for each stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from warploom_app.editing.picture import DraftItem, DraftPicture
from warploom_app.theme import GRID, Theme, mixed, readable_on

GUTTER = 9 * GRID
HEAD = 3 * GRID
LANE = 4 * GRID
_NAME_PX = 24.0


@dataclass(frozen=True, slots=True)
class DraftGeometry:
    """Where a picture is drawn.

    Attributes:
        picture: The launches.
        scale: Pixels per microsecond.
        offset: Pixels that are scrolled away at the left.
        top: Pixels that are scrolled away at the top.
        spare: Empty lanes below the last one, to drop on.
    """

    picture: DraftPicture
    scale: float
    offset: float = 0.0
    top: float = 0.0
    spare: int = 1

    def box(self, item: DraftItem) -> QRectF:
        """The box of a launch."""
        left, right = self.x(item.start_us), self.x(item.end_us)
        return QRectF(left, self.lane_top(item.lane) + 3, max(right - left - 1, 2.0), LANE - 6)

    def x(self, time_us: float) -> float:
        """Of a time."""
        return GUTTER + time_us * self.scale - self.offset

    def time_at(self, x: float) -> float:
        """In microseconds."""
        return (x - GUTTER + self.offset) / self.scale

    def lane_top(self, lane: int) -> float:
        """Upper edge of a lane."""
        return HEAD + lane * LANE - self.top

    def lane_at(self, y: float) -> int:
        """The lane at a height; the first spare one below all others, -1 above them."""
        if y < HEAD:
            return -1
        return min(int((y - HEAD + self.top) // LANE), self.picture.lanes)

    def item_at(self, point: QPointF) -> DraftItem | None:
        """The launch under a point."""
        return next((item for item in self.picture.items if self.box(item).contains(point)), None)

    @property
    def width(self) -> float:
        """Of everything, gutter included."""
        return GUTTER + self.picture.total_us * self.scale + 2 * GRID

    @property
    def height(self) -> float:
        """Of everything, spare lanes included."""
        return HEAD + (self.picture.lanes + self.spare) * LANE


@dataclass(frozen=True, slots=True)
class DraftLights:
    """What is lit up.

    Attributes:
        pinned: Operators that are selected.
        hovered: Operators under the pointer.
        target: Where what is dragged would land; None while nothing is.
        refused: Whether it may not.
    """

    pinned: frozenset[str] = frozenset()
    hovered: frozenset[str] = frozenset()
    target: QRectF | None = None
    refused: bool = False


def paint_draft(painter: QPainter, geometry: DraftGeometry, lights: DraftLights, area: QRectF, theme: Theme) -> None:
    """Draws all that is seen in `area`."""
    painter.fillRect(area, QColor(theme.background))
    _paint_stages(painter, geometry, area, theme)
    painter.setPen(QPen(QColor(theme.hairline), 1))
    for lane in range(geometry.picture.lanes + geometry.spare + 1):
        y = geometry.lane_top(lane) - 0.5
        painter.drawLine(QPointF(0, y), QPointF(area.right(), y))
    for item in _seen(geometry, area):
        _paint_box(painter, geometry, item, lights, theme)
    if lights.target is not None:
        colour = QColor(theme.error if lights.refused else theme.accent)
        painter.setPen(QPen(colour, 2, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(lights.target)
    _paint_gutter(painter, geometry, area, theme)


def _seen(geometry: DraftGeometry, area: QRectF) -> Iterator[DraftItem]:
    low, high = geometry.time_at(GUTTER), geometry.time_at(area.right())
    return (item for item in geometry.picture.items if item.end_us >= low and item.start_us <= high)


def _paint_stages(painter: QPainter, geometry: DraftGeometry, area: QRectF, theme: Theme) -> None:
    metrics = QFontMetricsF(painter.font())
    foot = geometry.lane_top(geometry.picture.lanes)
    for number, (start, end) in enumerate(geometry.picture.stages):
        left, right = geometry.x(start), geometry.x(end)
        if right < GUTTER or left > area.right():
            continue
        tint = mixed(theme.background, theme.stage(number), 0.16)
        painter.fillRect(QRectF(left, 0, right - left, foot), QColor(tint))
        text = str(number + 1)
        if right - left > metrics.horizontalAdvance(text) + 4:
            painter.setPen(QColor(theme.muted))
            shown = QRectF(max(left, GUTTER), 0, right - max(left, GUTTER), HEAD)
            painter.drawText(shown, Qt.AlignmentFlag.AlignCenter, text)


def _paint_box(painter: QPainter, geometry: DraftGeometry, item: DraftItem, lights: DraftLights, theme: Theme) -> None:
    box, names = geometry.box(item), set(item.operators)
    lit = bool(names & lights.pinned)
    fill = theme.accent if lit else theme.stream(item.lane)
    if lights.pinned and not lit:
        fill = mixed(fill, theme.background, 0.35)
    painter.setBrush(QColor(fill))
    hovered = bool(names & lights.hovered)
    painter.setPen(QPen(QColor(theme.hover), 2) if hovered else Qt.PenStyle.NoPen)
    painter.drawRect(box)
    if item.merged:  # a line through the middle: two in one
        painter.setPen(QPen(QColor(readable_on(fill)), 1, Qt.PenStyle.DotLine))
        painter.drawLine(box.bottomLeft() + QPointF(0, -3), box.bottomRight() + QPointF(0, -3))
    left = max(box.left(), GUTTER)
    if box.right() - left >= _NAME_PX:
        painter.setPen(QColor(readable_on(fill)))
        room = QRectF(left + 4, box.top(), box.right() - left - 8, box.height())
        text = painter.fontMetrics().elidedText(item.title, Qt.TextElideMode.ElideLeft, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


def _paint_gutter(painter: QPainter, geometry: DraftGeometry, area: QRectF, theme: Theme) -> None:
    painter.fillRect(QRectF(0, 0, GUTTER - 1, area.height()), QColor(theme.background))
    painter.setPen(QColor(theme.muted))
    flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    for lane in range(geometry.picture.lanes):
        painter.drawText(QRectF(GRID, geometry.lane_top(lane), GUTTER - GRID, LANE), flags, f"stream {lane}")
    painter.fillRect(QRectF(0, 0, area.width(), 1), QColor(theme.hairline))
    if geometry.picture.stages:
        painter.fillRect(QRectF(0, 1, GUTTER - 1, HEAD - 2), QColor(theme.background))
        painter.drawText(QRectF(GRID, 0, GUTTER - GRID, HEAD), flags, "stage")
