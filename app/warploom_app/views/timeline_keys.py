"""TimelineKeys: what the keyboard does on the timelines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeyEvent

from warploom_app.presenters.measure import snapped
from warploom_app.presenters.track_links import follow
from warploom_app.presenters.track_tip import span_tip
from warploom_app.presenters.track_walk import Place, neighbour
from warploom_app.state import AppState
from warploom_app.views.timeline_pointer import ZOOM_STEP

if TYPE_CHECKING:
    from warploom_app.views.timeline_canvas import TimelineCanvas

_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
_PART = 0.15


class TimelineKeys:
    """The keyboard on a canvas."""

    def __init__(self, canvas: TimelineCanvas, state: AppState) -> None:
        self._canvas, self._state = canvas, state

    @property
    def help(self) -> str:
        """All keys, for screen readers and tooltips."""
        return _tr(
            "W and S zoom, A and D move, F shows the selection, Home everything. The arrow keys walk from span to "
            "span, [ and ] along dependencies. M marks, R chooses what lies between the marks (or the selection). "
            "P shows the critical path, L dependencies."
        )

    @property
    def can_release(self) -> bool:
        """Whether there are marks or a stretch to let go of."""
        return bool(self._canvas.marks.times) or self._canvas.stretch is not None

    def press(self, event: QKeyEvent) -> bool:
        """Does what a key means; False where it means nothing here."""
        allowed = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier
        if event.modifiers() & ~allowed or not self._canvas.tracks:
            return False
        key = Qt.Key(event.key())
        return self._navigate(key) or self._act(key)

    def _navigate(self, key: Qt.Key) -> bool:
        canvas, axis = self._canvas, self._canvas.axis
        match key:
            case Qt.Key.Key_W | Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                canvas.zoom(1 / ZOOM_STEP)
            case Qt.Key.Key_S | Qt.Key.Key_Minus:
                canvas.zoom(ZOOM_STEP)
            case Qt.Key.Key_A:
                canvas.set_axis(axis.panned(-axis.span_ns * _PART))
            case Qt.Key.Key_D:
                canvas.set_axis(axis.panned(axis.span_ns * _PART))
            case Qt.Key.Key_F:
                if not canvas.zoom_to_selection():
                    canvas.fit()
            case Qt.Key.Key_Home | Qt.Key.Key_0:
                canvas.fit()
            case Qt.Key.Key_PageUp | Qt.Key.Key_PageDown:
                bar = canvas.verticalScrollBar()
                bar.setValue(bar.value() + (1 if key == Qt.Key.Key_PageDown else -1) * bar.pageStep() // 2)
            case _:
                return False
        return True

    def _act(self, key: Qt.Key) -> bool:
        canvas = self._canvas
        match key:
            case _ if key in _ARROWS:
                self._go(neighbour(canvas.tracks, canvas.place, key))
            case Qt.Key.Key_BracketLeft | Qt.Key.Key_BracketRight:
                self._follow(forward=key == Qt.Key.Key_BracketRight)
            case Qt.Key.Key_M:
                self.mark()
            case Qt.Key.Key_R:
                self.choose_stretch()
            case Qt.Key.Key_P:
                canvas.set_options(replace(canvas.options, critical_path=not canvas.options.critical_path))
            case Qt.Key.Key_L:
                canvas.set_options(replace(canvas.options, dependencies=not canvas.options.dependencies))
            case Qt.Key.Key_Escape if self.can_release:
                canvas.release()
            case _:
                return False
        return True

    def mark(self) -> None:
        """Places a mark at the pointer; without one, at the start and then at the end of the selected span."""
        canvas = self._canvas
        time = canvas.pointer_time_ns
        if time is not None:
            canvas.set_marks(canvas.marks.placed(snapped(canvas.tracks, canvas.axis, time)))
            return
        window = self._selected()
        if window is not None:
            second = canvas.marks.first is not None and canvas.marks.second is None
            canvas.set_marks(canvas.marks.placed(window[1] if second else window[0]))

    def choose_stretch(self) -> None:
        """Chooses what lies between the marks, else the time of the selected span, else what is seen."""
        canvas = self._canvas
        seen = (max(canvas.axis.start_ns, 0.0), min(canvas.axis.end_ns, canvas.axis.limit_ns))
        canvas.set_stretch(canvas.marks.stretch or self._selected() or seen)

    def _selected(self) -> tuple[float, float] | None:
        """Times of the span that the keyboard is on, else of the pinned operators."""
        canvas = self._canvas
        if canvas.place is not None:
            lane = canvas.tracks[canvas.place.track].lanes[canvas.place.lane]
            return float(lane.start_ns[canvas.place.span]), float(lane.end_ns[canvas.place.span])
        pinned = self._state.selection.pinned
        windows = (track.window(track.launches(pinned)) for track in reversed(canvas.tracks))
        return next((window for window in windows if window is not None), None)

    def _go(self, place: Place | None) -> None:
        """Pins a span's operators, brings it into view and tells screen readers what it is."""
        canvas = self._canvas
        if place is None:
            return
        canvas.place = place
        track = canvas.tracks[place.track]
        lane = track.lanes[place.lane]
        self._state.pin(canvas.hits.operators_at(place))
        canvas.place = place
        canvas.set_axis(canvas.axis.showing(float(lane.start_ns[place.span]), float(lane.end_ns[place.span])))
        area = canvas.track_layout.tracks[place.track].lanes[place.lane]
        bar = canvas.verticalScrollBar()
        if not bar.value() + 32 <= area.center().y() <= bar.value() + canvas.viewport().height():
            bar.setValue(int(area.center().y()) - canvas.viewport().height() // 2)
        canvas.setAccessibleDescription(", ".join(span_tip(track, lane, place.span, canvas.axis)[:2]))

    def _follow(self, *, forward: bool) -> None:
        """Goes along the data: to a launch that reads the result, or back to one that it came from."""
        canvas, place = self._canvas, self._canvas.place
        if place is None:
            return
        track = canvas.tracks[place.track]
        other = follow(track, int(track.lanes[place.lane].launch[place.span]), forward=forward)
        if other is not None:
            self._go(place_of(canvas, place.track, other))


def place_of(canvas: TimelineCanvas, track: int, launch: int) -> Place | None:
    """The first span of a launch."""
    for number, lane in enumerate(canvas.tracks[track].lanes):
        found = lane.of_launches(np.array([launch]))
        if len(found) and not lane.aside:
            return Place(track, number, int(found[0]))
    return None


def _tr(text: str) -> str:
    return QCoreApplication.translate("TimelineKeys", text)
