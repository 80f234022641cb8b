"""ScheduleLanes: the schedule under edit as lanes; boxes are dragged to other streams, stages and places."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QToolTip

from warploom_app.editing.editor import NEW_GROUP, ScheduleEditor, place_of
from warploom_app.editing.picture import DraftItem
from warploom_app.painters.draft_painter import GUTTER, LANE, DraftGeometry, DraftLights, paint_draft
from warploom_app.presenters.units import latency
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme, figure_font

_WHEEL = 1.0015
_MOST_SCALE = 400.0  # pixels per microsecond


class ScheduleLanes(QAbstractScrollArea):
    """Draws the editor's picture; pins what is clicked, asks the editor for what is dragged.

    Signals:
        menu_wanted(QPoint): A menu was asked for, about what is pinned.
    """

    menu_wanted = Signal(QPoint)

    def __init__(self, state: AppState, editor: ScheduleEditor, theme: Theme) -> None:
        super().__init__()
        self._state, self._editor, self._theme = state, editor, theme
        self._scale = 0.0
        self._pressed: QPointF | None = None
        self._grabbed: DraftItem | None = None
        self._dragging = False
        self._lights = DraftLights()
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Streams of the schedule"))
        self.setAccessibleDescription(
            self.tr("Arrow keys choose a launch; with Alt they move it to another stream or stage.")
        )
        self.setFont(figure_font(8))
        self.viewport().setMouseTracking(True)
        editor.changed.connect(self._refresh)
        state.selection_changed.connect(self._light)

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._theme = theme
        self.viewport().update()

    def fit(self) -> None:
        """Shows all of it."""
        room = self.viewport().width() - GUTTER - 2 * GRID
        total = self._editor.picture.total_us
        self._scale = max(room, 1) / total if total > 0 else 1.0
        self._refresh()

    @property
    def geometry_now(self) -> DraftGeometry:
        """Where everything is drawn."""
        bars = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        return DraftGeometry(self._editor.picture, self._scale or 1.0, float(bars[0]), float(bars[1]))

    # -- drawing

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self.viewport())
        painter.setFont(self.font())
        paint_draft(painter, self.geometry_now, self._lights, QRectF(self.viewport().rect()), self._theme)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        if not self._scale or self._scale * event.oldSize().width() <= 0:
            self.fit()
        else:
            self._refresh()

    def _refresh(self) -> None:
        if not self._scale:
            self.fit()
            return
        geometry, room = self.geometry_now, self.viewport().size()
        self.horizontalScrollBar().setRange(0, max(0, round(geometry.width - room.width())))
        self.horizontalScrollBar().setPageStep(room.width())
        self.verticalScrollBar().setRange(0, max(0, round(geometry.height - room.height())))
        self.verticalScrollBar().setPageStep(room.height())
        self._light()

    def _light(self, target: QRectF | None = None, *, refused: bool = False) -> None:
        selection = self._state.selection
        self._lights = DraftLights(selection.pinned, selection.hovered, target, refused)
        self.viewport().update()

    # -- zoom

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().wheelEvent(event)
            return
        self.zoom(_WHEEL ** event.angleDelta().y(), event.position().x())
        event.accept()

    def zoom(self, factor: float, x: float | None = None) -> None:
        """Wider or narrower, with what is at `x` staying there."""
        if self._editor.picture.total_us <= 0:
            return
        at = x if x is not None else self.viewport().width() / 2
        time_us = self.geometry_now.time_at(at)
        least = max(self.viewport().width() - GUTTER - 2 * GRID, 1) / self._editor.picture.total_us
        self._scale = min(max(self._scale * factor, least), max(_MOST_SCALE, least))
        self._refresh()
        self.horizontalScrollBar().setValue(round(GUTTER + time_us * self._scale - at))

    # -- pointer

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        item = self.geometry_now.item_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._grabbed = event.position(), item
        if item is None:
            if event.button() == Qt.MouseButton.LeftButton:
                self._state.let_go()
            return
        pinned = self._state.selection.pinned
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            self._state.pin(pinned ^ set(item.operators))
        elif not pinned & set(item.operators):
            self._state.pin(item.operators)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._grabbed is not None and self._pressed is not None:
            far = (event.position() - self._pressed).manhattanLength() >= QApplication.startDragDistance()
            self._dragging = self._dragging or far
            if self._dragging:
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
                self._light(self._target_rectangle(event.position()))
            return
        item = self.geometry_now.item_at(event.position())
        self._state.hover(item.operators if item is not None else ())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        dragged, item = self._dragging, self._grabbed
        self._stop_dragging()
        if dragged and item is not None:
            names = self._state.selection.pinned or frozenset(item.operators)
            self.drop(names, event.position())

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        self._state.hover(())
        super().leaveEvent(event)

    def _stop_dragging(self) -> None:
        self._dragging, self._grabbed, self._pressed = False, None, None
        self.unsetCursor()
        self._light()

    def drop(self, names: frozenset[str], point: QPointF) -> bool:
        """Moves operators to where they were dropped; whether that was possible."""
        geometry, editor = self.geometry_now, self._editor
        lane, time_us = geometry.lane_at(point.y()), geometry.time_at(point.x())
        if lane < 0:
            return False
        if not editor.staged:
            following = geometry.picture.next_on(lane, time_us, names)
            return editor.move_to_stream(names, lane, following.operators[0] if following is not None else None)
        return self._drop_on_stage(names, lane, time_us)

    def _drop_on_stage(self, names: frozenset[str], lane: int, time_us: float) -> bool:
        editor, picture = self._editor, self.geometry_now.picture
        if time_us > picture.total_us:
            return editor.move_to_new_stage(names, len(picture.stages))
        stage = picture.stage_at(time_us)
        there = [item for item in picture.items if item.stage == stage and item.lane == lane]
        draft = editor.draft
        if not there or draft is None or draft.schedule is None:
            return editor.move_to_group(names, stage, NEW_GROUP)
        _, group = place_of(draft.schedule, there[0].operators[0])
        return editor.move_to_group(names, stage, group)

    def _target_rectangle(self, point: QPointF) -> QRectF | None:
        geometry = self.geometry_now
        lane, time_us = geometry.lane_at(point.y()), geometry.time_at(point.x())
        if lane < 0:
            return None
        top, picture = geometry.lane_top(lane), geometry.picture
        if picture.stages and time_us <= picture.total_us:
            start, end = picture.stages[picture.stage_at(time_us)]
            return QRectF(geometry.x(start), top, geometry.x(end) - geometry.x(start), LANE)
        if picture.stages:
            return QRectF(geometry.x(picture.total_us), top, 3 * GRID, LANE)
        following = picture.next_on(lane, time_us, self._state.selection.pinned)
        x = geometry.x(following.start_us) if following is not None else point.x()
        return QRectF(x - 2, top, 4, LANE)

    # -- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        key, alt = event.key(), bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if key == Qt.Key.Key_Escape and self._dragging:
            self._stop_dragging()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_W):
            self.zoom(1.25)
        elif key in (Qt.Key.Key_Minus, Qt.Key.Key_S):
            self.zoom(0.8)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_0):
            self.fit()
        elif key in _STEPS and alt:
            self._move_pinned(*_STEPS[key])
        elif key in _STEPS:
            self._choose(*_STEPS[key])
        else:
            super().keyPressEvent(event)

    def _current(self) -> DraftItem | None:
        pinned = self._state.selection.pinned
        return next((item for item in self._editor.picture.items if pinned & set(item.operators)), None)

    def _choose(self, sideways: int, down: int) -> None:
        """Pins the nearest launch in a direction."""
        items, current = self._editor.picture.items, self._current()
        if current is None:
            found = items[0] if items else None
        elif sideways:
            lane = [item for item in items if item.lane == current.lane]
            at = lane.index(current) + sideways
            found = lane[at] if 0 <= at < len(lane) else None
        else:
            lane = [item for item in items if item.lane == current.lane + down]
            found = min(lane, key=lambda item: abs(item.start_us - current.start_us), default=None)
        if found is not None:
            self._state.pin(found.operators)
            self.reveal(found)

    def _move_pinned(self, sideways: int, down: int) -> None:
        """Moves the pinned launch to another stage, place or stream."""
        current, editor = self._current(), self._editor
        if current is None:
            return
        names = self._state.selection.pinned
        if editor.staged and sideways:
            stage = current.stage + sideways
            if 0 <= stage < len(editor.picture.stages):
                editor.move_to_group(names, stage, NEW_GROUP)
        elif editor.staged:
            middle = sum(editor.picture.stages[current.stage]) / 2
            self._drop_on_stage(names, max(current.lane + down, 0), middle)
        elif down:
            editor.move_to_stream(names, max(current.lane + down, 0))
        else:
            self._move_along(current, names, sideways)

    def _move_along(self, current: DraftItem, names: frozenset[str], sideways: int) -> None:
        lane = [item for item in self._editor.picture.items if item.lane == current.lane]
        at = lane.index(current) + (2 if sideways > 0 else -1)
        if 0 <= at < len(lane):
            self._editor.move_to_stream(names, current.lane, lane[at].operators[0])

    def reveal(self, item: DraftItem) -> None:
        """Scrolls until a launch is seen."""
        box, room = self.geometry_now.box(item), self.viewport().rect()
        if box.left() < GUTTER or box.right() > room.width():
            bar = self.horizontalScrollBar()
            bar.setValue(round(bar.value() + box.center().x() - room.width() / 2))
        if box.top() < 0 or box.bottom() > room.height():
            upright = self.verticalScrollBar()
            upright.setValue(round(upright.value() + box.center().y() - room.height() / 2))

    # -- hints and menus

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            item = self.geometry_now.item_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._tip(item) if item is not None else "", self)
            return True
        if event.type() == QEvent.Type.ContextMenu:
            self.menu_wanted.emit(self.cursor().pos())
            return True
        return super().viewportEvent(event)

    def _tip(self, item: DraftItem) -> str:
        alone = latency(item.end_us - item.start_us)
        where = self.tr("stage {}, stream {}").format(item.stage + 1, item.lane) if item.stage >= 0 else ""
        return f"{item.title}\n{where or self.tr('stream {}').format(item.lane)}\n{self.tr('alone')} {alone}"


_STEPS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
