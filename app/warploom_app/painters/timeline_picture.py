"""TimelinePicture: everything that the timelines show, drawn onto a screen, an image or a file alike."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from warploom_app.painters.axis_painter import paint_axis
from warploom_app.painters.measure_painter import paint_marks, paint_range
from warploom_app.painters.track_painter import TrackPainter
from warploom_app.presenters.measure import Marks
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.timeline_options import TimelineOptions
from warploom_app.presenters.track import Track
from warploom_app.presenters.track_layout import AXIS, CanvasLayout
from warploom_app.presenters.track_links import Arrow
from warploom_app.theme import Theme


@dataclass(frozen=True, slots=True)
class TimelinePicture:
    """What is shown.

    Attributes:
        tracks: From top to bottom.
        layout: Where their parts lie.
        axis: The time that is seen.
        theme: The colours.
        options: What is switched on.
        pinned: Operators that stay lit.
        hovered: Operators under the pointer.
        arrows: For each track, dependencies to be drawn (none for none of them).
        marks: Marks in time.
        stretch: The chosen stretch of time.
    """

    tracks: tuple[Track, ...]
    layout: CanvasLayout
    axis: TimeAxis
    theme: Theme
    options: TimelineOptions
    pinned: frozenset[str] = frozenset()
    hovered: frozenset[str] = frozenset()
    arrows: tuple[tuple[Arrow, ...], ...] = ()
    marks: Marks = field(default_factory=Marks)
    stretch: tuple[float, float] | None = None

    def paint_base(self, painter: QPainter, view: QRectF, scroll: float) -> None:
        """Draws tracks (those that are seen) and axis into a view whose content is scrolled."""
        painter.fillRect(view, QColor(self.theme.background))
        drawing = self._drawing(painter)
        self._enter(painter, view, scroll)
        for track, rows in zip(self.tracks, self.layout.tracks, strict=True):
            if rows.bottom >= scroll and rows.header.top() <= scroll + view.height():
                drawing.paint(track, rows)
        painter.restore()
        if self.tracks:
            paint_axis(painter, self.axis, self._head, self.theme)

    def paint_lit(self, painter: QPainter, view: QRectF, scroll: float) -> None:
        """Draws what is lit up, and what was marked, over it."""
        if not self.tracks:
            return
        drawing = self._drawing(painter)
        self._enter(painter, view, scroll)
        for i, (track, rows) in enumerate(zip(self.tracks, self.layout.tracks, strict=True)):
            drawing.highlight(track, rows, self.pinned, self.hovered, self.arrows[i] if self.arrows else ())
        painter.restore()
        inside = QRectF(self.axis.left, AXIS, self.axis.width, view.height() - AXIS)
        if self.stretch is not None:
            paint_range(painter, self.stretch, self.axis, inside, self._head, self.theme)
        paint_marks(painter, self.marks, self.axis, inside, self._head, self.theme)

    @property
    def _head(self) -> QRectF:
        return QRectF(self.axis.left, 0, self.axis.width, AXIS)

    def _drawing(self, painter: QPainter) -> TrackPainter:
        """Tracks use one scale for warps, and one for each counter, so that more looks more."""
        peak = max((track.warps.peak for track in self.tracks), default=0.0)
        return TrackPainter(painter, self.axis, self.theme, peak, self._limits(), self.options.critical_path)

    def _limits(self) -> dict[str, tuple[float, float]]:
        found: dict[str, tuple[float, float]] = {}
        for name in self.options.counters:
            series = [one for track in self.tracks if (one := track.counter(name)) is not None]
            if series:
                found[name] = (min(one.low for one in series), max(one.high for one in series))
        return found

    def _enter(self, painter: QPainter, view: QRectF, scroll: float) -> None:
        painter.save()
        painter.setClipRect(view.adjusted(0, AXIS, 0, 0), Qt.ClipOperation.IntersectClip)
        painter.translate(0, -scroll)
