"""ComparisonView: schedules above one another on one time axis, which ones, and statistics of a chosen time."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QMenu, QSplitter, QToolButton, QVBoxLayout, QWidget

from warploom.units import time_text, time_unit
from warploom_app.background import Background, sentence
from warploom_app.painters.timeline_export import TimelineFigure
from warploom_app.presenters.range_statistics import RangeStatistics, range_statistics
from warploom_app.presenters.results import Results
from warploom_app.presenters.track import Track
from warploom_app.presenters.track_choice import TrackChoice
from warploom_app.presenters.verdict import make_verdict
from warploom_app.state import AppState, Message
from warploom_app.theme import GRID, Theme
from warploom_app.views.range_panel import RangePanel
from warploom_app.views.timeline_canvas import Stretch, TimelineCanvas
from warploom_app.views.timeline_figures import TimelineFigures
from warploom_app.views.timeline_menu import fill_menu
from warploom_app.views.widgets import Choice, IconButton, muted

_UNLIMITED = 16777215  # Qt's own "no maximum"


class ComparisonView(QWidget):
    """The canvas and its panel; `header` holds the choices and is placed by whoever shows the view.

    Signals:
        figure_wanted: The user wants the figure in a file.
    """

    figure_wanted = Signal()

    def __init__(self, state: AppState, theme: Theme) -> None:
        super().__init__()
        self._state = state
        self._results: Results | None = None
        self._counting = False
        self._wanted: tuple[tuple[Track, ...], Stretch] | None = None
        self.background = Background(self)
        self.figures = TimelineFigures(self.background, self)
        self.canvas = TimelineCanvas(state, theme)
        self.range_panel = RangePanel(state, theme)
        self._build_header(theme)
        self._build_body()
        self._connect()

    def _build_header(self, theme: Theme) -> None:
        self.header = QWidget()
        row = QHBoxLayout(self.header)
        row.setContentsMargins(0, 2, GRID, 2)
        row.setSpacing(GRID)
        self._choices = (Choice(), Choice())
        for combo, name in zip(self._choices, (self.tr("Compared with"), self.tr("Compared schedule")), strict=True):
            combo.setAccessibleName(name)
            combo.setToolTip(name)
            combo.setProperty("compact", True)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            combo.activated.connect(self._choose)
        self._fit = IconButton("fit", self.tr("Show all of the time (Home)"), theme)
        self._fit.clicked.connect(self.canvas.fit)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(lambda: fill_menu(self._menu, self))
        self._show = QToolButton()
        self._show.setText(self.tr("Show") + " ▾")
        self._show.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self._show.setToolTip(self.tr("Schedules, counters and overlays that are shown"))
        self._show.setAccessibleName(self._show.toolTip())
        self._show.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._show.setMenu(self._menu)
        self._show.setAutoRaise(True)
        between = QLabel(self.tr("with"))
        between.setProperty("muted", True)
        before = muted(self.tr("Compare"))
        self._words = (before, between)
        for widget in (before, self._choices[0], between, self._choices[1], self._show, self._fit):
            row.addWidget(widget)
            row.setAlignment(widget, Qt.AlignmentFlag.AlignVCenter)

    def _build_body(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.canvas)
        self.splitter.addWidget(self.range_panel)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setCollapsible(0, False)
        self.range_panel.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)
        self.setFocusProxy(self.canvas)

    def _connect(self) -> None:
        self.canvas.stretch_changed.connect(self._look)
        self.canvas.track_moved.connect(self._move)
        self.canvas.menu_wanted.connect(self._show_menu)
        self.range_panel.closed.connect(self.canvas.release)
        self._state.shown_changed.connect(self._show_tracks)
        self.figures.copied.connect(lambda: self._done(self.tr("The timelines are on the clipboard.")))
        self.figures.saved.connect(lambda path: self._done(self.tr("Saved {}").format(path), path))
        self.figures.failed.connect(lambda text: self._state.show(Message(text)))

    def _done(self, text: str, path: Path | None = None) -> None:
        self._state.show(Message(text, "done", path=path))

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self.canvas.set_theme(theme)
        self.range_panel.set_theme(theme)
        self._fit.set_theme(theme)

    def fit_header(self, room: int) -> None:
        """Gives up words first, then the width of the lists, then the lists: the menu offers what they do."""
        for words, lists in ((True, _UNLIMITED), (False, _UNLIMITED), (False, 14 * GRID), (False, 0)):
            for label in self._words:
                label.setVisible(words)
            for combo in self._choices:
                combo.setVisible(lists > 0)
                combo.setMaximumWidth(lists or _UNLIMITED)
            if self.header.sizeHint().width() <= room:
                return

    # -- which schedules

    def show_results(self, results: Results | None, compared: tuple[str, str] | None) -> None:
        """Shows candidates of a recording: the compared ones, and what else the user chose."""
        if results is not None and results is not self._results:
            self._compare_others(results)
        self._results = results if compared is not None else None
        self.header.setVisible(self._results is not None)
        if results is None or compared is None:
            self.canvas.set_tracks(())
            return
        for combo, name in zip(self._choices, compared, strict=True):
            combo.clear()
            for known, text in self.schedules():
                combo.addItem(text, known)
            combo.setCurrentIndex(combo.findData(name))
        self._show_tracks()

    def _compare_others(self, results: Results) -> None:
        """Works out on another thread what the user may choose next: every other schedule with the first one."""
        first, *others = results.candidates

        def work(name: str) -> object:
            return results.pair((first, name))

        for name in others:
            self.background.run(partial(work, name), lambda _: None, self._failed)

    def _show_tracks(self) -> None:
        results, choice = self._results, self.choice
        if results is None or choice is None:
            return
        tracks = [results.candidates[name].track for name in choice.shown]
        self.canvas.set_tracks(tracks)
        self._prepare(tracks)

    @property
    def choice(self) -> TrackChoice | None:
        """What is shown and compared."""
        return self._state.choice

    def set_choice(self, choice: TrackChoice) -> None:
        """Shows and compares something else."""
        self._state.set_choice(choice)

    def schedules(self) -> list[tuple[str, str]]:
        """Name of every candidate, and what it is called, with its latency."""
        if self._results is None:
            return []
        candidates = self._results.candidates.values()
        unit = time_unit(max(one.candidate.measurement.median_us for one in candidates))
        return [
            (one.candidate.name, f"{one.track.title}  {time_text(one.candidate.measurement.median_us, unit)}")
            for one in candidates
        ]

    def title(self, name: str) -> str:
        """What a candidate is called."""
        return self._results.candidates[name].track.title if self._results is not None else name

    def show_schedule(self, name: str, shown: bool) -> None:
        """Adds a candidate at the bottom, or takes one away."""
        choice = self.choice
        if choice is not None:
            self.set_choice(choice.adding(name) if shown else choice.removing(name))

    def _choose(self) -> None:
        first, second = (str(combo.currentData()) for combo in self._choices)
        self._state.set_compared((first, second))

    def _move(self, name: str, steps: int) -> None:
        choice = self.choice
        if choice is not None:
            self.set_choice(choice.moving(name, steps))

    def _show_menu(self, at: QPoint, track: int) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_menu(menu, self, track)
        menu.popup(at)

    # -- counters

    def show_counter(self, name: str, shown: bool) -> None:
        """Gives a counter a row of its own in every track that has it, or takes it away."""
        self.canvas.set_options(self.canvas.options.with_counter(name, shown))
        self._prepare(self.canvas.tracks)

    def _prepare(self, tracks: list[Track] | tuple[Track, ...]) -> None:
        """Prepares the counters that are shown, on another thread."""
        wanted = [
            (track, name)
            for track in tracks
            for name in self.canvas.options.counters
            if name in track.counters and track.counter(name) is None
        ]

        def work() -> None:
            for track, name in wanted:
                track.prepare_counter(name)

        if wanted:
            self.background.run(work, lambda _: self.canvas.prepared(), self._failed)

    # -- a stretch of time

    def _look(self) -> None:
        """Counts what is in the chosen stretch, on another thread; while that takes, only the latest is waited for."""
        self._wanted = (self.canvas.tracks, self.canvas.stretch) if self.canvas.stretch and self.canvas.tracks else None
        if self._wanted is None:
            self.range_panel.hide()
        elif not self._counting:
            self._count(*self._wanted)

    def _count(self, tracks: tuple[Track, ...], stretch: Stretch) -> None:
        self._counting = True

        def show(found: RangeStatistics) -> None:
            self._counting = False
            if self._wanted is None:
                return
            if self._wanted == (tracks, stretch):
                self.range_panel.show_statistics(found)
                self._open_panel()
            else:
                self._count(*self._wanted)

        def fail(error: Exception) -> None:
            self._counting = False
            self._failed(error)

        self.background.run(lambda: range_statistics(tracks, *stretch), show, fail)

    def _open_panel(self) -> None:
        if self.range_panel.isHidden():
            self.range_panel.show()
            wide = min(76 * GRID, self.width() // 2)
            self.splitter.setSizes([self.width() - wide, wide])

    def _failed(self, error: Exception) -> None:
        self._state.show(Message(sentence(error)))

    # -- figures

    def figure(self) -> TimelineFigure:
        """What is seen, as a figure of its own."""
        caption = ""
        if self._results is not None and self._state.compared is not None:
            line = make_verdict(self._results, self._state.compared)
            recording = self._results.recording
            caption = f"{Path(recording.model.name).stem}, {line.device}: {line.latency}, {line.speedup}"
        return TimelineFigure(self.canvas.picture(), caption, self.canvas.font(), max(self.canvas.width(), 100 * GRID))

    def copy_figure(self) -> None:
        """Puts the figure on the clipboard."""
        if self.canvas.tracks:
            self.figures.copy(self.figure())

    def save_figure(self, path: Path) -> None:
        """Writes the figure into a file (.svg or .png)."""
        if self.canvas.tracks:
            self.figures.save(self.figure(), path)
