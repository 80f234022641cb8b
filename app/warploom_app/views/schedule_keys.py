"""The keyboard on the lanes of a schedule under edit: arrows choose a launch, with Alt they move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from warploom_app.editing.editor import ScheduleEditor
from warploom_app.editing.moves import NEW_GROUP
from warploom_app.editing.picture import DraftItem
from warploom_app.state import AppState
from warploom_app.views.schedule_drag import move_to_stage

if TYPE_CHECKING:
    from warploom_app.views.schedule_lanes import ScheduleLanes

_STEPS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_PART = 0.125  # of what is seen


def press(lanes: ScheduleLanes, editor: ScheduleEditor, state: AppState, event: QKeyEvent) -> bool:
    """Does what a key means; False where it means nothing here."""
    key, alt = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
    if key in _STEPS and alt:
        _move_pinned(editor, state, *_STEPS[key])
    elif key in _STEPS:
        _choose(lanes, editor, state, *_STEPS[key])
    elif event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier):
        return False
    elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_W):
        lanes.zoom(1.25)
    elif key in (Qt.Key.Key_Minus, Qt.Key.Key_S):
        lanes.zoom(0.8)
    elif key in (Qt.Key.Key_Home, Qt.Key.Key_0):
        lanes.fit()
    elif key in (Qt.Key.Key_A, Qt.Key.Key_D):
        lanes.go(_PART if key == Qt.Key.Key_D else -_PART)
    else:
        return False
    return True


def current_launch(editor: ScheduleEditor, state: AppState) -> DraftItem | None:
    """The first launch that is selected."""
    pinned = state.selection.pinned
    return next((item for item in editor.picture.items if pinned & set(item.operators)), None)


def _choose(lanes: ScheduleLanes, editor: ScheduleEditor, state: AppState, sideways: int, down: int) -> None:
    """Pins the nearest launch in a direction."""
    items, current = editor.picture.items, current_launch(editor, state)
    if current is None:
        found = items[0] if items else None
    elif sideways:
        lane = [item for item in items if item.lane == current.lane]
        at = lane.index(current) + sideways
        found = lane[at] if 0 <= at < len(lane) else None
    else:
        number = _next_lane(lanes, current.lane, down)
        lane = [item for item in items if item.lane == number]
        found = min(lane, key=lambda item: abs(item.start_us - current.start_us), default=None)
    if found is not None:
        state.pin(found.operators)
        lanes.reveal(found)


def _next_lane(lanes: ScheduleLanes, lane: int, down: int) -> int:
    """The row above or below, streams without a row left out; -1 at the ends."""
    shown = lanes.geometry_now.lanes
    at = shown.index(lane) + down if lane in shown else -1
    return shown[at] if 0 <= at < len(shown) else -1


def _move_pinned(editor: ScheduleEditor, state: AppState, sideways: int, down: int) -> None:
    """Moves the pinned launch to another stage, place or stream."""
    current, names = current_launch(editor, state), state.selection.pinned
    if current is None:
        return
    if editor.staged and sideways:
        stage = current.stage + sideways
        if 0 <= stage < len(editor.picture.stages):
            editor.move_to_group(names, stage, NEW_GROUP)
    elif editor.staged:
        middle = sum(editor.picture.stages[current.stage]) / 2
        editor.move(move_to_stage(editor, names, max(current.lane + down, 0), middle))
    elif down:
        editor.move_to_stream(names, min(max(current.lane + down, 0), editor.picture.lanes))
    else:
        _move_along(editor, current, names, sideways)


def _move_along(editor: ScheduleEditor, current: DraftItem, names: frozenset[str], sideways: int) -> None:
    """Before the launch before it, or after the one after it, on its stream."""
    items = editor.picture.items
    lane = [item for item in items if item.lane == current.lane]
    at = lane.index(current) + sideways
    if not 0 <= at < len(lane):
        return
    after = items[items.index(lane[at]) + 1 :] if sideways > 0 else (lane[at],)
    anchor = next((item for item in after if not names & set(item.operators)), None)
    if anchor is not None:
        editor.move_to_stream(names, current.lane, anchor.operators[0])
