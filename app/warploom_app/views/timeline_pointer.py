"""TimelinePointer: what the mouse does on the timelines.

A drag moves, Shift and a drag (or a drag on the axis) chooses a stretch of time, a drag of a title moves its track.
Ctrl and the wheel zoom at the pointer, Shift and the wheel move; the wheel alone scrolls, or zooms where all is seen.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QWheelEvent

from warploom_app.painters.axis_painter import clear_figures
from warploom_app.painters.labels import labels
from warploom_app.painters.track_painter import paint_pointer
from warploom_app.presenters.measure import snapped
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.track_layout import AXIS, BETWEEN
from warploom_app.state import AppState

if TYPE_CHECKING:
    from warploom_app.views.timeline_canvas import Stretch, TimelineCanvas

DRAG_PX = 4
ZOOM_STEP = 1.25


class Drag(Enum):
    """What a pressed button does."""

    MOVE = "move"
    STRETCH = "stretch"
    TITLE = "title"


class TimelinePointer:
    """The mouse on a canvas."""

    def __init__(self, canvas: TimelineCanvas, state: AppState) -> None:
        self._canvas, self._state = canvas, state
        self.position: QPointF | None = None
        self.stretch: Stretch | None = None
        self._pressed: QPointF | None = None
        self._drag: Drag | None = None
        self._from: TimeAxis | None = None
        self._title = 0

    @property
    def time_ns(self) -> float | None:
        """The time under the pointer."""
        if self.position is None or self.position.x() < self._canvas.axis.left:
            return None
        return self._canvas.axis.time_ns(self.position.x())

    # -- buttons

    def press(self, event: QMouseEvent) -> None:
        """A drag may begin."""
        canvas, position = self._canvas, event.position()
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) or not canvas.tracks:
            return
        self._pressed, self._from = position, canvas.axis
        title = canvas.hits.title_at(position)
        wants_stretch = event.modifiers() & Qt.KeyboardModifier.ShiftModifier or canvas.hits.on_axis(position)
        if event.button() == Qt.MouseButton.MiddleButton:
            self._drag = Drag.MOVE
        elif title is not None:
            self._drag, self._title = Drag.TITLE, title
        else:
            self._drag = Drag.STRETCH if wants_stretch and position.x() >= canvas.axis.left else Drag.MOVE

    def move(self, event: QMouseEvent) -> None:
        """The pointer moved."""
        canvas = self._canvas
        self.position = event.position()
        if self._pressed is None or self._from is None:
            self._state.hover(canvas.hits.operators_at(canvas.hits.span_at(self.position)))
            self._show_cursor()
        elif (self.position - self._pressed).manhattanLength() >= DRAG_PX or self.stretch is not None:
            self._dragged(self._pressed, self._from, self.position)
        canvas.viewport().update()

    def _dragged(self, start: QPointF, axis: TimeAxis, now: QPointF) -> None:
        canvas = self._canvas
        if self._drag is Drag.STRETCH:
            ends = [snapped(canvas.tracks, canvas.axis, canvas.axis.time_ns(p.x())) for p in (start, now)]
            self.stretch = min(ends), max(ends)
            return
        canvas.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._drag is Drag.MOVE:
            canvas.set_axis(axis.panned(-(now.x() - start.x()) / canvas.axis.pixels_per_ns))

    def release(self, event: QMouseEvent) -> None:
        """A drag ends, or it was a click."""
        if self._pressed is None:
            return
        canvas, drag, stretch = self._canvas, self._drag, self.stretch
        clicked = (event.position() - self._pressed).manhattanLength() < DRAG_PX and stretch is None
        self._pressed, self._from, self._drag, self.stretch = None, None, None, None
        canvas.viewport().unsetCursor()
        if drag is Drag.STRETCH:
            canvas.set_stretch(stretch if stretch is not None and stretch[1] > stretch[0] else None)
        elif clicked and event.button() == Qt.MouseButton.LeftButton:
            canvas.place = canvas.hits.span_at(event.position())
            self._state.pin(canvas.hits.operators_at(canvas.place))
        elif drag is Drag.TITLE:
            self._drop_title(event.position())
        canvas.viewport().update()

    def _drop_title(self, position: QPointF) -> None:
        place = self._gap(position)
        steps = place - self._title - (place > self._title)
        if steps:
            self._canvas.track_moved.emit(self._canvas.tracks[self._title].name, steps)

    def _gap(self, position: QPointF) -> int:
        """Before which track a dragged title would be put."""
        y = self._canvas.hits.height(position)
        return sum(rows.plot.center().y() < y for rows in self._canvas.track_layout.tracks)

    def double_click(self, event: QMouseEvent) -> None:
        """Frames a span; on the axis, shows everything."""
        canvas = self._canvas
        place = canvas.hits.span_at(event.position())
        if place is not None:
            lane = canvas.tracks[place.track].lanes[place.lane]
            canvas.set_axis(canvas.axis.framing(float(lane.start_ns[place.span]), float(lane.end_ns[place.span])))
        elif canvas.hits.on_axis(event.position()):
            canvas.fit()

    def leave(self) -> None:
        """The pointer is elsewhere."""
        self.position = None
        self._state.hover(())
        self._canvas.viewport().update()

    def _show_cursor(self) -> None:
        assert self.position is not None
        hits, viewport = self._canvas.hits, self._canvas.viewport()
        if hits.title_at(self.position) is not None and len(self._canvas.tracks) > 1:
            viewport.setCursor(Qt.CursorShape.OpenHandCursor)
        elif hits.on_axis(self.position):
            viewport.setCursor(Qt.CursorShape.IBeamCursor)
        else:
            viewport.unsetCursor()

    # -- wheel

    def wheel(self, event: QWheelEvent) -> None:
        """Zooms, moves or scrolls."""
        canvas, delta, keys = self._canvas, event.angleDelta(), event.modifiers()
        bar = canvas.verticalScrollBar()
        sideways = delta.x() if abs(delta.x()) > abs(delta.y()) else 0
        if keys & Qt.KeyboardModifier.ShiftModifier:
            sideways = delta.y() or delta.x()
        if sideways:
            canvas.set_axis(canvas.axis.panned(-sideways / 120 * canvas.axis.span_ns * 0.1))
        elif bar.maximum() and not keys & Qt.KeyboardModifier.ControlModifier:
            bar.setValue(bar.value() - delta.y() // 2)
        else:
            canvas.zoom(ZOOM_STEP ** (-delta.y() / 120), event.position().x())
        event.accept()

    # -- painting

    def paint(self, painter: QPainter, view: QRectF) -> None:
        """Draws what follows the pointer, in the viewport's coordinates."""
        canvas = self._canvas
        if self.position is None or not canvas.tracks:
            return
        if self._drag is Drag.TITLE and self._pressed is not None:
            self._paint_drop(painter)
        elif self._drag is None:
            time = self.time_ns
            tip = canvas.hits.tip_at(self.position)
            if time is not None:
                paint_pointer(painter, self.position, view.adjusted(0, AXIS, 0, 0), canvas.theme, tip)
                self._paint_time(painter, time)
            elif tip is not None:
                paint_pointer(painter, self.position, view.adjusted(0, AXIS, 0, 0), canvas.theme, tip)

    def _paint_time(self, painter: QPainter, time_ns: float) -> None:
        """The pointer's time on the axis."""
        canvas = self._canvas
        assert self.position is not None
        text = canvas.axis.moment(time_ns)
        width = labels(painter.font()).width(text) + 8
        left = min(self.position.x() + 1, canvas.axis.left + canvas.axis.width - width)
        box = QRectF(left, 2, width, AXIS - 5)
        row = QRectF(canvas.axis.left, 0, canvas.axis.width, AXIS)
        clear_figures(painter, canvas.axis, row, box, canvas.theme)
        painter.fillRect(box, QColor(canvas.theme.background))
        painter.setPen(QColor(canvas.theme.text))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_drop(self, painter: QPainter) -> None:
        """A line where the dragged track would be put."""
        canvas = self._canvas
        assert self.position is not None
        rows, place = canvas.track_layout.tracks, self._gap(self.position)
        y = rows[place].header.top() if place < len(rows) else rows[-1].bottom + BETWEEN / 2
        y -= canvas.verticalScrollBar().value()
        painter.setPen(QPen(QColor(canvas.theme.accent), 2))
        painter.drawLine(QPointF(0, y), QPointF(canvas.axis.left + canvas.axis.width, y))
