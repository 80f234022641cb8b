"""TimelineCanvas: tracks above one another on one time axis; what is seen of them, and what is lit up."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from warploom_app.painters.timeline_picture import TimelinePicture
from warploom_app.presenters.measure import Marks
from warploom_app.presenters.time_axis import TimeAxis, full_axis
from warploom_app.presenters.timeline_options import TimelineOptions
from warploom_app.presenters.track import Track
from warploom_app.presenters.track_layout import AXIS, GUTTER, CanvasLayout, canvas_layout
from warploom_app.presenters.track_links import Arrow, arrows
from warploom_app.presenters.track_walk import Place
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme, figure_font
from warploom_app.views.timeline_hits import TimelineHits
from warploom_app.views.timeline_keys import TimelineKeys
from warploom_app.views.timeline_pointer import TimelinePointer

Stretch = tuple[float, float]


class TimelineCanvas(QAbstractScrollArea):
    """Draws tracks; pointer and keys become hovered and pinned operators, marks, and stretches of time.

    Signals:
        axis_changed: Another stretch of time is seen.
        stretch_changed: Another stretch of time is chosen (or none).
        marks_changed: A mark was placed or taken away.
        options_changed: Something was switched on or off.
        track_moved(str, int): A candidate was dragged this many places down.
        menu_wanted(QPoint, int): A menu was asked for at this point of the screen, about this track (-1: none).
    """

    axis_changed = Signal()
    stretch_changed = Signal()
    marks_changed = Signal()
    options_changed = Signal()
    track_moved = Signal(str, int)
    menu_wanted = Signal(object, int)

    def __init__(self, state: AppState, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._theme = theme
        self._tracks: tuple[Track, ...] = ()
        self._layout = CanvasLayout((), 0.0)
        self._axis = full_axis(1.0)
        self._base, self._ratio, self._stale = QPixmap(), 1.0, True
        self._options = TimelineOptions()
        self._marks = Marks()
        self._stretch: Stretch | None = None
        self._arrows: tuple[tuple[Arrow, ...], ...] | None = None
        self._pinned: frozenset[str] = frozenset()
        self.place: Place | None = None
        self.hits = TimelineHits(self)
        self._pointer = TimelinePointer(self, state)
        self._keys = TimelineKeys(self, state)
        self._build()
        state.selection_changed.connect(self._selection_changed)

    def _build(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Timelines"))
        self.setAccessibleDescription(self._keys.help)
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setFont(figure_font(9))

    # -- what is shown

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

    @property
    def options(self) -> TimelineOptions:
        """What is switched on."""
        return self._options

    @property
    def marks(self) -> Marks:
        """The marks between which time is measured."""
        return self._marks

    @property
    def stretch(self) -> Stretch | None:
        """The stretch of time that is chosen."""
        return self._stretch

    @property
    def theme(self) -> Theme:
        """The colours."""
        return self._theme

    def set_tracks(self, tracks: Sequence[Track]) -> None:
        """Shows other tracks: all of their time, or what was seen before where some of them stay."""
        before, self._tracks = self._tracks, tuple(tracks)
        stays = any(track in before for track in self._tracks)
        whole = self._axis == self._axis.fitted()
        full = full_axis(max((track.duration_ns for track in tracks), default=1.0))
        self._axis = full if whole or not stays else full.placed_on(self._axis)
        self.place, self._arrows = None, None
        if not stays:
            self.set_marks(Marks())
        if not stays or self._stretch is not None:
            self.set_stretch(self._stretch if stays else None, again=True)
        self._arrange()

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._theme = theme
        self.redraw()

    def set_axis(self, axis: TimeAxis) -> None:
        """Shows another stretch of time."""
        if axis != self._axis:
            self._axis = axis
            self.redraw()
            self.axis_changed.emit()

    def set_options(self, options: TimelineOptions) -> None:
        """Switches something on or off."""
        if options != self._options:
            self._options = options
            self._arrange()
            self.options_changed.emit()

    def set_marks(self, marks: Marks) -> None:
        """Places other marks."""
        if marks != self._marks:
            self._marks = marks
            self.viewport().update()
            self.marks_changed.emit()

    def set_stretch(self, stretch: Stretch | None, again: bool = False) -> None:
        """Chooses a stretch of time to look at; `again`: the tracks changed under it."""
        if stretch != self._stretch or again:
            self._stretch = stretch
            self.viewport().update()
            self.stretch_changed.emit()

    def choose_stretch(self) -> None:
        """Chooses what lies between the marks, else the selection, else what is seen."""
        self._keys.choose_stretch()

    @property
    def can_release(self) -> bool:
        """Whether there are marks or a stretch of time to let go of."""
        return self._keys.can_release

    def release(self) -> None:
        """Lets go of marks and stretch."""
        self.set_marks(Marks())
        self.set_stretch(None)

    def fit(self) -> None:
        """Shows everything."""
        self.set_axis(self._axis.fitted())

    def zoom(self, factor: float, x: float | None = None) -> None:
        """Shows `factor` times as long a stretch, around a pixel (the pointer, or the middle)."""
        if x is None:
            position = self._pointer.position
            x = position.x() if position is not None else self._axis.left + self._axis.width / 2
        self.set_axis(self._axis.zoomed(factor, self._axis.time_ns(max(x, self._axis.left))))

    def zoom_to_selection(self) -> bool:
        """Zooms so that the chosen stretch, else the pinned operators, fill the view; False where there is none."""
        windows = [self._stretch] if self._stretch is not None else self._pinned_windows()
        if windows:
            self.set_axis(self._axis.framing(min(a for a, _ in windows), max(b for _, b in windows)))
        return bool(windows)

    def reveal_selection(self) -> None:
        """Moves, without zooming in, so that the pinned operators are seen in the last track that has them."""
        windows = self._pinned_windows()
        if windows:
            self.set_axis(self._axis.showing(*windows[-1]))

    def _pinned_windows(self) -> list[Stretch]:
        pinned = self._state.selection.pinned
        windows = (track.window(track.launches(pinned)) for track in self._tracks)
        return [window for window in windows if window is not None]

    def prepared(self) -> None:
        """A counter of some track can be drawn now."""
        self._arrange()

    # -- layout and painting

    def _arrange(self) -> None:
        area = self.viewport().rect()
        width = max(area.width() - GUTTER - GRID, 1)
        self._layout = canvas_layout(self._tracks, GUTTER, width, area.height(), self._options.counters)
        self.verticalScrollBar().setRange(0, max(0, int(self._layout.height) - area.height()))
        self.verticalScrollBar().setPageStep(area.height())
        self.verticalScrollBar().setSingleStep(3 * GRID)
        self._axis = self._axis.placed_at(GUTTER, width)
        self.redraw()

    def redraw(self) -> None:
        """Draws everything anew when the window gets to it."""
        self._stale = True
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._arrange()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:  # noqa: N802
        self.redraw()

    def picture(self) -> TimelinePicture:
        """What is shown, in a form that anything can be drawn from."""
        return TimelinePicture(
            tracks=self._tracks,
            layout=self._layout,
            axis=self._axis,
            theme=self._theme,
            options=self._options,
            pinned=self._state.selection.pinned,
            hovered=self._state.selection.hovered,
            arrows=self._dependencies(),
            marks=self._marks,
            stretch=self._pointer.stretch or self._stretch,
        )

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        picture, scroll = self.picture(), self.verticalScrollBar().value()
        if self._stale:
            self._draw(picture, scroll)
        painter = QPainter(self.viewport())
        painter.drawPixmap(0, 0, self._base)
        painter.setFont(self.font())
        view = QRectF(self.viewport().rect())
        picture.paint_lit(painter, view, scroll)
        self._pointer.paint(painter, view)
        painter.end()

    def _draw(self, picture: TimelinePicture, scroll: int) -> None:
        """Draws everything but what follows the pointer; it is kept until something else changes.

        Always into one pixmap, which only grows (a scroll bar comes and goes): a new one costs time, and references to
        None that the bindings never give back.
        """
        ratio = self.devicePixelRatioF()
        size = self.viewport().size() * ratio
        if size.width() > self._base.width() or size.height() > self._base.height() or ratio != self._ratio:
            self._base, self._ratio = QPixmap(size.expandedTo(self._base.size())), ratio
            self._base.setDevicePixelRatio(ratio)
        painter = QPainter(self._base)
        painter.setFont(self.font())
        picture.paint_base(painter, QRectF(self.viewport().rect()), scroll)
        painter.end()
        self._stale = False

    def _dependencies(self) -> tuple[tuple[Arrow, ...], ...]:
        """Arrows of the pinned operators, worked out once for each selection."""
        if not self._options.dependencies:
            return ()
        if self._arrows is None:
            pinned = self._state.selection.pinned
            self._arrows = tuple(arrows(track, track.launches(pinned).tolist()) for track in self._tracks)
        return self._arrows

    # -- events

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._pointer.move(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._pointer.press(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._pointer.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self._pointer.double_click(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        self._pointer.leave()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        self._pointer.wheel(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        position = QPointF(event.pos())
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        if keyboard:
            position = QPointF(GUTTER, AXIS + GRID)
        track = self.place.track if keyboard and self.place is not None else self.hits.track_at(position)
        self.menu_wanted.emit(self.viewport().mapToGlobal(position.toPoint()), -1 if track is None else track)

    def event(self, event: QEvent) -> bool:
        # Esc lets go of marks and stretch first; the window's own Esc (the selection) gets the next one.
        escape = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if escape and event.key() == Qt.Key.Key_Escape and self._keys.can_release:  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if not self._keys.press(event):
            super().keyPressEvent(event)

    @property
    def pointer_time_ns(self) -> float | None:
        """The time under the pointer; None where it is elsewhere."""
        return self._pointer.time_ns

    def _selection_changed(self) -> None:
        pinned = self._state.selection.pinned
        if pinned != self._pinned:
            self._pinned, self._arrows = pinned, None
        if self.place is not None and not pinned:
            self.place = None
        self.viewport().update()
