"""TimelineCanvas: tracks above one another on one time axis, with pan, zoom, hover and pin."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from warploom_app.painters.track_painter import SpanTip, TrackPainter, paint_cursor
from warploom_app.presenters.time_axis import TimeAxis, full_axis
from warploom_app.presenters.track import Track
from warploom_app.presenters.track_layout import GUTTER, CanvasLayout, canvas_layout
from warploom_app.presenters.track_walk import Place, neighbour
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme, figure_font

_DRAG_PX = 4
_SLACK_PX = 3.0
_ZOOM_STEP = 1.25


class TimelineCanvas(QAbstractScrollArea):
    """Draws tracks and turns pointer and keys into hovered and pinned operators.

    Signals:
        axis_changed: Another stretch of time is seen.
    """

    axis_changed = Signal()

    def __init__(self, state: AppState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._theme = theme
        self._tracks: tuple[Track, ...] = ()
        self._layout = CanvasLayout((), 0.0)
        self._axis = full_axis(1.0)
        self._base: QPixmap | None = None
        self._pointer: QPointF | None = None
        self._pressed: QPointF | None = None
        self._drag_axis: TimeAxis | None = None
        self._place: Place | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Timelines"))
        self.setAccessibleDescription(
            self.tr("W and S zoom, A and D move, F shows everything, the arrow keys walk from operator to operator.")
        )
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setFont(figure_font(9))
        state.selection_changed.connect(self._selection_changed)

    @property
    def axis(self) -> TimeAxis:
        """The stretch of time that is seen."""
        return self._axis

    @property
    def tracks(self) -> tuple[Track, ...]:
        """What is compared."""
        return self._tracks

    @property
    def track_layout(self) -> CanvasLayout:
        """Where everything lies (in canvas coordinates, before scrolling)."""
        return self._layout

    def set_tracks(self, tracks: Sequence[Track]) -> None:
        """Shows other tracks, all of their time."""
        self._tracks = tuple(tracks)
        self._place = None
        self._axis = full_axis(max((track.duration_ns for track in tracks), default=1.0))
        self._arrange()

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._theme = theme
        self._redraw()

    def set_axis(self, axis: TimeAxis) -> None:
        """Shows another stretch of time."""
        if axis != self._axis:
            self._axis = axis
            self._redraw()
            self.axis_changed.emit()

    def fit(self) -> None:
        """Shows everything."""
        self.set_axis(self._axis.fitted())

    def zoom(self, factor: float, x: float | None = None) -> None:
        """Shows `factor` times as long a stretch, around a pixel (the pointer, or the middle)."""
        if x is None:
            x = self._pointer.x() if self._pointer is not None else self._axis.left + self._axis.width / 2
        self.set_axis(self._axis.zoomed(factor, self._axis.time_ns(max(x, self._axis.left))))

    def zoom_to_selection(self) -> None:
        """Zooms so that the pinned operators fill the view."""
        windows = [window for track in self._tracks if (window := self._window(track)) is not None]
        if windows:
            self.set_axis(self._axis.framing(min(a for a, _ in windows), max(b for _, b in windows)))

    def reveal_selection(self) -> None:
        """Moves, without zooming in, so that the pinned operators are seen in the last track that has them."""
        for track in reversed(self._tracks):
            window = self._window(track)
            if window is not None:
                self.set_axis(self._axis.showing(*window))
                return

    def _window(self, track: Track) -> tuple[float, float] | None:
        launches = set(track.launches(self._state.selection.pinned).tolist())
        found = [
            (float(lane.start_ns[i]), float(lane.end_ns[i]))
            for lane in track.lanes
            for i in range(len(lane.launch))
            if int(lane.launch[i]) in launches
        ]
        return (min(a for a, _ in found), max(b for _, b in found)) if found else None

    # -- layout and painting

    def _arrange(self) -> None:
        area = self.viewport().rect()
        width = max(area.width() - GUTTER - GRID, 1)
        self._layout = canvas_layout(self._tracks, GUTTER, width, area.height())
        self.verticalScrollBar().setRange(0, max(0, int(self._layout.height) - area.height()))
        self.verticalScrollBar().setPageStep(area.height())
        self.verticalScrollBar().setSingleStep(3 * GRID)
        self._axis = self._axis.placed_at(GUTTER, width)
        self._redraw()

    def _redraw(self) -> None:
        self._base = None
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._arrange()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:  # noqa: N802
        self._redraw()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self.viewport())
        painter.drawPixmap(0, 0, self._base_pixmap())
        painter.setFont(self.font())
        painter.translate(0, -self.verticalScrollBar().value())
        drawing = TrackPainter(painter, self._axis, self._theme, self._peak())
        selection = self._state.selection
        for track, rows in zip(self._tracks, self._layout.tracks, strict=True):
            drawing.highlight(track, rows, selection.pinned, selection.hovered)
        if self._pointer is not None and self._tracks and self._pressed is None:
            self._paint_pointer(painter)
        painter.end()

    def _base_pixmap(self) -> QPixmap:
        """Everything but what follows the pointer, kept until something else changes."""
        if self._base is None:
            ratio = self.devicePixelRatioF()
            pixmap = QPixmap(self.viewport().size() * ratio)
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(QColor(self._theme.background))
            painter = QPainter(pixmap)
            painter.setFont(self.font())
            painter.translate(0, -self.verticalScrollBar().value())
            drawing = TrackPainter(painter, self._axis, self._theme, self._peak())
            for track, rows in zip(self._tracks, self._layout.tracks, strict=True):
                drawing.paint(track, rows)
            painter.end()
            self._base = pixmap
        return self._base

    def _peak(self) -> float:
        """Both tracks use one scale for warps, so that more looks more."""
        return max((track.warps.peak for track in self._tracks), default=0.0)

    def _paint_pointer(self, painter: QPainter) -> None:
        assert self._pointer is not None
        found = self.span_at(self._pointer)
        tip = SpanTip.of(self._tracks, found, self._axis) if found else None
        offset = self.verticalScrollBar().value()
        inside = QRectF(self.viewport().rect()).translated(0, offset)
        position = QPointF(self._pointer.x(), self._pointer.y() + offset)
        if position.x() >= self._axis.left:
            paint_cursor(painter, position, inside, self._theme, tip)

    # -- pointer

    def span_at(self, position: QPointF) -> Place | None:
        """The span under a point of the viewport."""
        y = position.y() + self.verticalScrollBar().value()
        found = self._layout.find(y)
        if found is None or found[1] < 0 or position.x() < self._axis.left:
            return None
        track, lane = found
        slack_ns = _SLACK_PX / self._axis.pixels_per_ns
        span = self._tracks[track].lanes[lane].at(self._axis.time_ns(position.x()), slack_ns)
        return None if span is None else Place(track, lane, span)

    def operators_at(self, place: Place | None) -> tuple[str, ...]:
        """The operators that a span belongs to."""
        if place is None:
            return ()
        track = self._tracks[place.track]
        return track.operators[int(track.lanes[place.lane].launch[place.span])]

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._drag_axis = event.position(), self._axis

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._pointer = event.position()
        if self._pressed is not None and self._drag_axis is not None:
            moved = event.position().x() - self._pressed.x()
            if abs(moved) >= _DRAG_PX or self._axis != self._drag_axis:
                self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
                self.set_axis(self._drag_axis.panned(-moved / self._axis.pixels_per_ns))
            return
        self._state.hover(self.operators_at(self.span_at(event.position())))
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() != Qt.MouseButton.LeftButton or self._pressed is None:
            return
        clicked = (event.position() - self._pressed).manhattanLength() < _DRAG_PX
        self._pressed, self._drag_axis = None, None
        self.viewport().unsetCursor()
        if clicked:
            self._place = self.span_at(event.position())
            self._state.pin(self.operators_at(self._place))
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        place = self.span_at(event.position())
        if place is not None:
            lane = self._tracks[place.track].lanes[place.lane]
            self.set_axis(self._axis.framing(float(lane.start_ns[place.span]), float(lane.end_ns[place.span])))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        self._pointer = None
        self._state.hover(())
        self.viewport().update()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        delta = event.angleDelta()
        sideways = delta.x() if abs(delta.x()) > abs(delta.y()) else 0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            sideways = delta.y() or delta.x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.verticalScrollBar().maximum():
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() - delta.y())
        elif sideways:
            self.set_axis(self._axis.panned(-sideways / 120 * self._axis.span_ns * 0.1))
        else:
            self.zoom(_ZOOM_STEP ** (-delta.y() / 120), event.position().x())
        event.accept()

    # -- keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or not self._press(Qt.Key(event.key())):
            super().keyPressEvent(event)

    def _press(self, key: Qt.Key) -> bool:
        step = self._axis.span_ns * 0.15
        match key:
            case Qt.Key.Key_W | Qt.Key.Key_Plus:
                self.zoom(1 / _ZOOM_STEP)
            case Qt.Key.Key_S | Qt.Key.Key_Minus:
                self.zoom(_ZOOM_STEP)
            case Qt.Key.Key_A:
                self.set_axis(self._axis.panned(-step))
            case Qt.Key.Key_D:
                self.set_axis(self._axis.panned(step))
            case Qt.Key.Key_F | Qt.Key.Key_Home:
                self.fit()
            case Qt.Key.Key_Left | Qt.Key.Key_Right | Qt.Key.Key_Up | Qt.Key.Key_Down:
                self._walk(key)
            case _:
                return False
        return True

    def _walk(self, key: Qt.Key) -> None:
        """Pins the next operator in a direction."""
        self._place = neighbour(self._tracks, self._place, key)
        if self._place is not None:
            lane = self._tracks[self._place.track].lanes[self._place.lane]
            self._state.pin(self.operators_at(self._place))
            self.set_axis(
                self._axis.showing(float(lane.start_ns[self._place.span]), float(lane.end_ns[self._place.span]))
            )

    def _selection_changed(self) -> None:
        if self._place is not None and not self._state.selection.pinned:
            self._place = None
        self.viewport().update()
