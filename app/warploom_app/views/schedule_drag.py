"""ScheduleDrag: a launch on its way to another stream, stage or place, and whether it may land there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF

from warploom_app.editing.editor import ScheduleEditor, place_of
from warploom_app.editing.geometry import DraftGeometry
from warploom_app.editing.moves import NEW_GROUP, Move, Target
from warploom_app.editing.picture import DraftItem
from warploom_app.theme import GRID

EDGE = 3 * GRID
"""Nearer to an edge of the canvas, a drag scrolls."""


class ScheduleDrag:
    """From the press of the button to its release."""

    def __init__(self, editor: ScheduleEditor, item: DraftItem, pressed: QPointF) -> None:
        self.item, self.pressed = item, pressed
        self.under_way = False
        self.names: frozenset[str] = frozenset()
        self.reason = ""
        self._editor = editor
        self._tried: Move | None = None

    def hover(self, geometry: DraftGeometry, point: QPointF) -> bool:
        """Looks whether it may land at a point; returns whether the answer is another one than before."""
        move = move_to(self._editor, geometry, self.names, point)
        if move == self._tried:
            return False
        self._tried, before = move, self.reason
        self.reason = self._editor.refusal(move) if move is not None else ""
        return self.reason != before

    @property
    def title(self) -> str:
        """What is dragged."""
        items = {item.operators for item in self._editor.picture.items if self.names & set(item.operators)}
        return self.item.title if len(items) < 2 else f"{len(items)} × {self.item.title}"


def move_to(editor: ScheduleEditor, geometry: DraftGeometry, names: frozenset[str], point: QPointF) -> Move | None:
    """What dropping operators at a point means; None where it means nothing."""
    lane, time_us = geometry.lane_at(point.y()), geometry.time_at(point.x())
    if lane < 0 or not names:
        return None
    if editor.staged:
        return move_to_stage(editor, names, lane, time_us)
    return Move(Target.STREAM, names, lane, before=_follower(geometry, names, lane, time_us))


def move_to_stage(editor: ScheduleEditor, names: frozenset[str], lane: int, time_us: float) -> Move:
    """Into the group of a stage that runs on a stream, into a group of their own there, or into a new last stage."""
    picture, draft = editor.picture, editor.draft
    if time_us > picture.total_us:
        return Move(Target.NEW_STAGE, names, len(picture.stages))
    stage = picture.stage_at(time_us)
    there = next((item for item in picture.items if item.stage == stage and item.lane == lane), None)
    if there is None or draft is None or draft.schedule is None:
        return Move(Target.GROUP, names, stage, NEW_GROUP)
    return Move(Target.GROUP, names, stage, place_of(draft.schedule, there.operators[0])[1])


def _follower(geometry: DraftGeometry, names: frozenset[str], lane: int, time_us: float) -> str | None:
    """What the moved launches come before; None where they may keep their places in the launch order."""
    picture = geometry.picture
    following = picture.next_on(lane, time_us, names)
    if following is not None:
        return following.operators[0]
    ours = [number for number, item in enumerate(picture.items) if names & set(item.operators)]
    last = max((i for i, item in enumerate(picture.items) if item.lane == lane and i not in ours), default=-1)
    if not ours or min(ours) > last:
        return None
    return next((item.operators[0] for i, item in enumerate(picture.items) if i > last and i not in ours), None)


def target_rectangle(geometry: DraftGeometry, names: frozenset[str], point: QPointF) -> QRectF | None:
    """Where dropped operators would land."""
    lane, time_us = geometry.lane_at(point.y()), geometry.time_at(point.x())
    if lane < 0:
        return None
    top, height, picture = geometry.lane_top(lane), geometry.lane_px, geometry.picture
    if picture.stages and time_us <= picture.total_us:
        start, end = picture.stages[picture.stage_at(time_us)]
        return QRectF(geometry.x(start), top, geometry.x(end) - geometry.x(start), height)
    if picture.stages:
        return QRectF(geometry.x(picture.total_us), top, 3 * GRID, height)
    following = picture.next_on(lane, time_us, names)
    x = geometry.x(following.start_us) if following is not None else point.x()
    return QRectF(x - 2, top, 4, height)
