"""ScheduleLanes: the schedule under edit as lanes; boxes are dragged to other streams, stages and places."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QToolTip

from warploom.units import time_text
from warploom_app.editing.editor import ScheduleEditor
from warploom_app.editing.geometry import GUTTER, HEAD, DraftGeometry, lane_height, lanes_in
from warploom_app.editing.picture import DraftItem
from warploom_app.painters.draft_painter import DraftLights, paint_draft
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme, figure_font
from warploom_app.views.schedule_drag import EDGE, ScheduleDrag, move_to, target_rectangle
from warploom_app.views.schedule_keys import current_launch, press

_WHEEL = 1.0015
_MOST_SCALE = 400.0  # pixels per microsecond
_MANY_STREAMS = 16
_SCROLL_MS = 30


class ScheduleLanes(QAbstractScrollArea):
    """Draws the editor's picture; pins what is clicked, asks the editor for what is dragged.

    Signals:
        menu_wanted(QPoint): A menu was asked for, about what is pinned.
        doubted(str): What is dragged may not land where the pointer is (the reason), or it may again ("").
    """

    menu_wanted = Signal(QPoint)
    doubted = Signal(str)

    def __init__(self, state: AppState, editor: ScheduleEditor, theme: Theme) -> None:
        super().__init__()
        self._state, self._editor, self._theme = state, editor, theme
        self._scale, self._fitted = 1.0, True
        self._lanes: Sequence[int] = ()
        self._lane_px = 1.0
        self._only_busy = False
        self._drag: ScheduleDrag | None = None
        self._panned: QPointF | None = None
        self._at = QPointF()
        self._lights = DraftLights()
        self._scroller = QTimer(self)
        self._scroller.setInterval(_SCROLL_MS)
        self._scroller.timeout.connect(self._scroll_along)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Streams of the schedule"))
        self.setAccessibleDescription(
            self.tr("Arrow keys choose a launch; with Alt they move it to another stream or stage.")
        )
        self.setFont(figure_font(8))
        self.viewport().setMouseTracking(True)
        self.horizontalScrollBar().valueChanged.connect(self._place_lanes)
        editor.changed.connect(self._refresh)
        state.selection_changed.connect(self._light)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(GUTTER + 10 * GRID, HEAD + 6 * GRID)

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._theme = theme
        self.viewport().update()

    def fit(self) -> None:
        """Shows all of it."""
        self._fitted = True
        self._refresh()

    @property
    def _least_scale(self) -> float:
        """Shows all of it, in pixels per microsecond."""
        return max(self.viewport().width() - GUTTER - 2 * GRID, 1) / max(self._editor.picture.total_us, 1e-9)

    @property
    def only_busy(self) -> bool:
        """Whether streams that do nothing in the time on show have no row."""
        return self._only_busy

    def set_only_busy(self, on: bool) -> None:
        """Shows or hides streams that do nothing in the time on show."""
        self._only_busy = on
        self._refresh()

    def suit(self) -> None:
        """Hides idle streams of what has many, and shows all of it."""
        self._only_busy = self._editor.picture.lanes > _MANY_STREAMS
        self.fit()

    @property
    def geometry_now(self) -> DraftGeometry:
        """Where everything is drawn."""
        across, down = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        picture = self._editor.picture
        return DraftGeometry(picture, self._lanes, self._scale, float(across), float(down), self._lane_px)

    def _place_lanes(self) -> None:
        """Chooses the streams that have a row, and its height; what is dragged must not lose its target meanwhile."""
        if self._drag is not None and self._drag.under_way:
            return
        picture, room = self._editor.picture, self.viewport().size()
        self._lanes = range(picture.lanes)
        if self._only_busy:
            now = self.geometry_now
            self._lanes = lanes_in(picture, now.time_at(GUTTER), now.time_at(room.width()))
        self._lane_px = lane_height(len(self._lanes), room.height() - HEAD)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, round(self.geometry_now.height - room.height())))
        bar.setPageStep(room.height())
        bar.setSingleStep(round(self._lane_px))
        self.viewport().update()

    # -- drawing

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self.viewport())
        painter.setFont(self.font())
        paint_draft(painter, self.geometry_now, self._lights, QRectF(self.viewport().rect()), self._theme)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._refresh()

    def _refresh(self) -> None:
        total = self._editor.picture.total_us
        if self._fitted:  # stays so while edits make it longer or shorter, until it is zoomed
            self._scale = self._least_scale if total > 0 else 1.0
        room, bar = self.viewport().width(), self.horizontalScrollBar()
        bar.setRange(0, max(0, round(self.geometry_now.width - room)))
        bar.setPageStep(room)
        bar.setSingleStep(4 * GRID)
        self._place_lanes()
        self._light()

    def _light(self) -> None:
        selection, drag = self._state.selection, self._drag
        self._lights = DraftLights(selection.pinned, selection.hovered)
        if drag is not None and drag.under_way:
            where = target_rectangle(self.geometry_now, drag.names, self._at)
            refused = bool(drag.reason)
            self._lights = DraftLights(selection.pinned, frozenset(), where, refused, self._at, drag.title)
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
        least = self._least_scale
        self._scale = min(max(self._scale * factor, least), max(_MOST_SCALE, least))
        self._fitted = self._scale <= least
        self._refresh()
        self.horizontalScrollBar().setValue(round(GUTTER + time_us * self._scale - at))

    # -- pointer

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        item = self.geometry_now.item_at(event.position())
        left = event.button() == Qt.MouseButton.LeftButton
        if event.button() == Qt.MouseButton.MiddleButton or (left and item is None):
            self._panned = event.position()
            if left:
                self._state.let_go()
            return
        if item is None:
            return
        pinned = self._state.selection.pinned
        if event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            self._state.pin(pinned ^ set(item.operators))
        elif not pinned & set(item.operators):
            self._state.pin(item.operators)
        if left:
            self._drag = ScheduleDrag(self._editor, item, event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._at = event.position()
        drag = self._drag
        if drag is not None:
            far = (self._at - drag.pressed).manhattanLength() >= QApplication.startDragDistance()
            if far and not drag.under_way:
                drag.under_way, drag.names = True, self._state.selection.pinned | set(drag.item.operators)
                self._scroller.start()
                self._state.hover(())
            if drag.under_way:
                self._hover_with(drag)
        elif self._panned is not None:
            self._pan()
        else:
            item = self.geometry_now.item_at(self._at)
            self._state.hover(item.operators if item is not None else ())

    def _hover_with(self, drag: ScheduleDrag) -> None:
        if drag.hover(self.geometry_now, self._at):
            self.doubted.emit(drag.reason)
        self.setCursor(Qt.CursorShape.ForbiddenCursor if drag.reason else Qt.CursorShape.ClosedHandCursor)
        self._light()

    def _pan(self) -> None:
        assert self._panned is not None
        gone, self._panned = self._at - self._panned, self._at
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        for bar, pixels in ((self.horizontalScrollBar(), gone.x()), (self.verticalScrollBar(), gone.y())):
            bar.setValue(bar.value() - round(pixels))

    def _scroll_along(self) -> None:
        """Scrolls while something is held at an edge."""
        drag, room = self._drag, self.viewport().rect()
        if drag is None:
            return
        across = (self._at.x() > room.right() - EDGE) - (self._at.x() < GUTTER)
        down = (self._at.y() > room.bottom() - EDGE / 2) - (self._at.y() < HEAD)
        bars = self.horizontalScrollBar(), self.verticalScrollBar()
        before = [bar.value() for bar in bars]
        for bar, direction in zip(bars, (across, down), strict=True):
            bar.setValue(bar.value() + 2 * GRID * direction)
        if before != [bar.value() for bar in bars]:
            self._hover_with(drag)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        drag = self._drag
        self._stop_dragging()
        if drag is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if drag.under_way:
            self.drop(drag.names, event.position())
        elif not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            self._state.pin(drag.item.operators)  # a click on one of several means this one

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        self._state.hover(())
        super().leaveEvent(event)

    def _stop_dragging(self) -> None:
        doubted = self._drag is not None and bool(self._drag.reason)
        self._drag, self._panned = None, None
        self._scroller.stop()
        self.unsetCursor()
        if doubted:
            self.doubted.emit("")
        self._place_lanes()
        self._light()

    def drop(self, names: frozenset[str], point: QPointF) -> bool:
        """Moves operators to where they were dropped; whether that was possible."""
        move = move_to(self._editor, self.geometry_now, names, point)
        return move is not None and self._editor.move(move)

    # -- keys

    def event(self, event: QEvent) -> bool:
        """Esc stops a drag before it means anything else in the window."""
        override = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if override and self._drag is not None and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape and self._drag is not None:
            self._stop_dragging()
        elif not press(self, self._editor, self._state, event):
            super().keyPressEvent(event)

    def go(self, screens: float) -> None:
        """Earlier (negative) or later."""
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() + round(screens * self.viewport().width()))

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
        if event.type() == QEvent.Type.ContextMenu and isinstance(event, QContextMenuEvent):
            self.menu_wanted.emit(self._menu_place(event))
            return True
        return super().viewportEvent(event)

    def _menu_place(self, event: QContextMenuEvent) -> QPoint:
        """The pointer, or for the menu key the launch that is meant."""
        current = current_launch(self._editor, self._state)
        if event.reason() == QContextMenuEvent.Reason.Mouse or current is None:
            return event.globalPos()
        return self.viewport().mapToGlobal(self.geometry_now.box(current).center().toPoint())

    def _tip(self, item: DraftItem) -> str:
        alone = time_text(item.end_us - item.start_us)
        where = self.tr("stage {}, stream {}").format(item.stage + 1, item.lane) if item.stage >= 0 else ""
        lines = [
            item.title,
            item.hint,
            where or self.tr("stream {}").format(item.lane),
            f"{self.tr('as a stage')} {alone}",
        ]
        return "\n".join(line for line in lines if line)
