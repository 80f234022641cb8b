"""LogView: the build log, filterable; an entry leads to its operators."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from warploom_app.models.log_table import DECISION, REASON, STEP, SUBJECT, SUBJECT_ROLE, LogFilter, LogTable
from warploom_app.presenters.units import count
from warploom_app.state import AppState
from warploom_app.theme import GRID, figure_font
from warploom_app.views.widgets import muted


class LogView(QWidget):
    """Shows a LogTable."""

    def __init__(self, state: AppState, model: LogTable) -> None:
        super().__init__()
        self._state = state
        self._filter = LogFilter(self)
        self._filter.setSourceModel(model)
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Filter decisions, for example: fused, merged, declined"))
        self._search.setAccessibleName(self.tr("Filter the build log"))
        self._search.setClearButtonEnabled(True)
        self._search.setAcceptDrops(False)  # a file dropped here is meant for the window
        self._search.textChanged.connect(self._filter.set_text)
        self._count: QLabel = muted()
        self._build_table()
        row = QHBoxLayout()
        row.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        row.setSpacing(2 * GRID)
        row.addWidget(self._search, 1)
        row.addWidget(self._count)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(self._table, 1)
        for signal in (self._filter.modelReset, self._filter.rowsInserted, self._filter.rowsRemoved):
            signal.connect(self._show_count)

    @property
    def search(self) -> QLineEdit:
        """The filter."""
        return self._search

    @property
    def table(self) -> QTableView:
        """The entries."""
        return self._table

    def _build_table(self) -> None:
        table = self._table = QTableView()
        table.setModel(self._filter)
        table.setAccessibleName(self.tr("Build log"))
        table.setFont(figure_font(9))
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(3 * GRID)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in ((STEP, 22), (SUBJECT, 36), (DECISION, 14)):
            header.resizeSection(column, width * GRID)
        header.setSectionResizeMode(REASON, QHeaderView.ResizeMode.Stretch)
        table.clicked.connect(self._pin)
        table.activated.connect(self._pin)

    def _show_count(self) -> None:
        self._count.setText(self.tr("{} decisions").format(count(self._filter.rowCount())))

    def _pin(self, index: QModelIndex) -> None:
        document = self._state.document
        subject = index.data(SUBJECT_ROLE)
        if document is not None and isinstance(subject, list):
            self._state.pin(name for name in subject if name in document.graph.index)
