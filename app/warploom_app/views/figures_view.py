"""FiguresView: the table of figures of all schedules."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from warploom_app.models.figures_table import CANDIDATE_ROLE, FiguresTable
from warploom_app.theme import GRID, figure_font


class FiguresView(QTableView):
    """A double click (or Enter) on a schedule's column compares it with the sequential one.

    Signals:
        chosen: Name of a candidate.
    """

    chosen = Signal(str)

    def __init__(self, model: FiguresTable) -> None:
        super().__init__()
        self.setModel(model)
        self.setFont(figure_font())
        self.setAccessibleName(self.tr("Figures of all schedules"))
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(3 * GRID)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(12 * GRID)
        header.setHighlightSections(False)
        header.setMinimumHeight(4 * GRID)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.activated.connect(self._choose)

    def _choose(self, index: QModelIndex) -> None:
        name = index.data(CANDIDATE_ROLE)
        if isinstance(name, str) and name:
            self.chosen.emit(name)
