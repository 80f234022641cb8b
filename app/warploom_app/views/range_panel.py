"""RangePanel: statistics of the chosen stretch of time, beside the timelines."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QModelIndex, QSortFilterProxyModel, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from warploom.units import time_text
from warploom_app.models.range_table import KIND, OPERATORS_ROLE, SORT_ROLE, TRACK, RangeTable
from warploom_app.presenters.range_statistics import RangeStatistics
from warploom_app.presenters.units import count
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme, figure_font
from warploom_app.views.table_copy import CopyKeys, copy_table
from warploom_app.views.widgets import IconButton, figures_table, fit_columns, muted


class RangePanel(QWidget):
    """A row leads to its operators.

    Signals:
        closed: The user has seen enough.
    """

    closed = Signal()

    def __init__(self, state: AppState, theme: Theme) -> None:
        super().__init__()
        self._state = state
        self.model = RangeTable(self)
        self._build_head(theme)
        self._build_table()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addLayout(self._head)
        layout.addWidget(self._totals)
        layout.addWidget(self.table, 1)
        self.setMinimumWidth(36 * GRID)

    def _build_head(self, theme: Theme) -> None:
        self._title = QLabel()
        self._title.setFont(figure_font(bold=True))
        self._totals = muted()
        self._totals.setWordWrap(True)
        self._totals.setFont(figure_font(9))
        self._totals.setContentsMargins(GRID, 0, GRID, 0)
        text, table = QPushButton(self.tr("Copy text")), QPushButton(self.tr("Copy CSV"))
        text.clicked.connect(lambda: copy_table(self.table))
        table.clicked.connect(lambda: copy_table(self.table, as_csv=True))
        self._close = IconButton("cancel", self.tr("Let go of the chosen time (Esc)"), theme)
        self._close.clicked.connect(self.closed)
        row = self._head = QHBoxLayout()
        row.setContentsMargins(GRID, GRID // 2, GRID, 0)
        row.setSpacing(GRID // 2)
        row.addWidget(self._title, 1)
        for button in (text, table):
            button.setProperty("link", True)
            button.setProperty("compact", True)
            row.addWidget(button)
        row.addWidget(self._close)

    def _build_table(self) -> None:
        proxy = self._proxy = QSortFilterProxyModel(self)
        proxy.setSourceModel(self.model)
        proxy.setSortRole(SORT_ROLE)
        table = self.table = figures_table(proxy, self.tr("Statistics of the chosen time"))
        header = table.horizontalHeader()
        header.setMinimumSectionSize(5 * GRID)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        table.selectionModel().selectionChanged.connect(self._pin)
        CopyKeys(table)

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._close.set_theme(theme)

    def show_statistics(self, statistics: RangeStatistics) -> None:
        """Shows another stretch of time."""
        self.model.set_statistics(statistics)
        length = statistics.length_ns
        self._title.setText(self.tr("{} chosen").format(time_text(length / 1e3)))
        lines = []
        for one in statistics.totals:
            idle = 1 - one.busy_ns / length if length > 0 else 0.0
            text = self.tr("{}: {} spans, {} active warps on average, idle {}%")
            line = text.format(one.track, count(one.spans), count(one.warps), f"{idle * 100:.0f}")
            streams = ", ".join(f"{name} {count(value)}" for name, value in one.warps_by_stream if value >= 0.5)
            lines.append(f"{line} ({streams})" if len(one.warps_by_stream) > 1 and streams else line)
        self._totals.setText("\n".join(lines))
        self.table.setColumnHidden(TRACK, len(statistics.totals) == 1)
        header, mode = self.table.horizontalHeader(), QHeaderView.ResizeMode
        stretched = KIND if len(statistics.totals) == 1 else TRACK
        for column in (TRACK, KIND):
            header.setSectionResizeMode(column, mode.Stretch if column == stretched else mode.Interactive)
        fit_columns(self.table)

    def _pin(self, chosen: QItemSelection) -> None:
        rows: list[QModelIndex] = self.table.selectionModel().selectedRows()
        if rows and not chosen.isEmpty():
            self._state.pin(name for index in rows for name in index.data(OPERATORS_ROLE))
