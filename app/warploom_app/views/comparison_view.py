"""ComparisonView: two schedules above one another on one time axis, and the choice of which two."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from warploom_app.presenters.results import Results
from warploom_app.presenters.units import column_unit, latency
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme
from warploom_app.views.timeline_canvas import TimelineCanvas
from warploom_app.views.widgets import IconButton, muted

_UNLIMITED = 16777215  # Qt's own "no maximum"


class ComparisonView(QWidget):
    """The canvas; `header` holds the choices and is placed by whoever shows the view."""

    def __init__(self, state: AppState, theme: Theme) -> None:
        super().__init__()
        self._state = state
        self.canvas = TimelineCanvas(state, theme)
        self._build_header(theme)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.canvas)
        self.setFocusProxy(self.canvas)

    def _build_header(self, theme: Theme) -> None:
        self.header = QWidget()
        row = QHBoxLayout(self.header)
        row.setContentsMargins(0, 2, GRID, 2)
        row.setSpacing(GRID)
        self._choices = (QComboBox(), QComboBox())
        for combo, name in zip(self._choices, (self.tr("Upper schedule"), self.tr("Lower schedule")), strict=True):
            combo.setAccessibleName(name)
            combo.setToolTip(name)
            combo.setProperty("compact", True)
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            combo.activated.connect(self._choose)
        self._fit = IconButton("fit", self.tr("Show all of the time (F)"), theme)
        self._fit.clicked.connect(self.canvas.fit)
        between = QLabel(self.tr("with"))
        between.setProperty("muted", True)
        before = muted(self.tr("Compare"))
        self._words = (before, between)
        for widget in (before, self._choices[0], between, self._choices[1], self._fit):
            row.addWidget(widget)
            row.setAlignment(widget, Qt.AlignmentFlag.AlignVCenter)

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self.canvas.set_theme(theme)
        self._fit.set_theme(theme)

    def set_narrow(self, narrow: bool) -> None:
        """Gives up words where there is little room."""
        for label in self._words:
            label.setVisible(not narrow)
        for combo in self._choices:
            combo.setMaximumWidth(14 * GRID if narrow else _UNLIMITED)

    def show_results(self, results: Results | None, compared: tuple[str, str] | None) -> None:
        """Shows two candidates of a recording."""
        self.header.setVisible(results is not None)
        if results is None or compared is None:
            self.canvas.set_tracks(())
            return
        unit = column_unit(one.candidate.measurement.median_us for one in results.candidates.values())
        for combo, name in zip(self._choices, compared, strict=True):
            combo.clear()
            for one in results.candidates.values():
                text = latency(one.candidate.measurement.median_us, unit)
                combo.addItem(f"{one.track.title}  {text}", one.candidate.name)
            combo.setCurrentIndex(combo.findData(name))
        names = compared if compared[0] != compared[1] else compared[:1]
        self.canvas.set_tracks([results.candidates[name].track for name in names])

    def _choose(self) -> None:
        first, second = (str(combo.currentData()) for combo in self._choices)
        self._state.set_compared((first, second))
