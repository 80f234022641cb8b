"""FiguresView: the table of figures of all schedules."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from warploom_app.models.figures_table import CANDIDATE_ROLE, SORT_ROLE, FiguresTable
from warploom_app.theme import GRID, figure_font


class FiguresView(QTableView):
    """Sortable; a double click (or Enter) compares the schedule with the sequential one.

    Signals:
        chosen: Name of a candidate.
    """

    chosen = Signal(str)

    def __init__(self, model: FiguresTable) -> None:
        super().__init__()
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSortRole(SORT_ROLE)
        self._sorted.setSourceModel(model)
        self.setModel(self._sorted)
        self.setFont(figure_font())
        self.setAccessibleName(self.tr("Figures of all schedules"))
        self.setShowGrid(False)
        self.setSortingEnabled(True)
        self.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(4 * GRID)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setHighlightSections(False)
        header.setMinimumHeight(4 * GRID)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.activated.connect(self._choose)

    def _choose(self, index: QModelIndex) -> None:
        name = index.data(CANDIDATE_ROLE)
        if isinstance(name, str):
            self.chosen.emit(name)
