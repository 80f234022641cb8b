"""DeltaView: the table of operators in both of the compared schedules; a row leads to its operator and back."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from warploom_app.models.delta_table import NAME, OPERATOR_ROLE, DeltaFilter, DeltaTable
from warploom_app.presenters.delta import delta_rows
from warploom_app.presenters.units import count
from warploom_app.state import AppState
from warploom_app.theme import GRID
from warploom_app.views.table_copy import CopyKeys, copy_table
from warploom_app.views.widgets import figures_table, fit_columns, muted

_NAME_ROOM = 20 * GRID


class DeltaView(QWidget):
    """Follows the state by itself; the table is filled when it is first seen."""

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state = state
        self._stale, self._following = True, False
        self.model = DeltaTable(self)
        self.filter = DeltaFilter(self)
        self.filter.setSourceModel(self.model)
        self._build_tools()
        self._build_table()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._tools)
        layout.addWidget(self.table, 1)
        self.setFocusProxy(self.table)
        state.document_changed.connect(self._refresh)
        state.compared_changed.connect(self._refresh)
        state.selection_changed.connect(self._follow)

    def _build_tools(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Filter by name or type"))
        self.search.setAccessibleName(self.tr("Filter the operators of the table"))
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)  # a file dropped here is meant for the window
        self.changed_only = QCheckBox(self.tr("Only what changed"))
        copy, as_csv = QPushButton(self.tr("Copy text")), QPushButton(self.tr("Copy CSV"))
        copy.clicked.connect(lambda: copy_table(self.table))
        as_csv.clicked.connect(lambda: copy_table(self.table, as_csv=True))
        self._count: QLabel = muted()
        self.search.textChanged.connect(self._filter_by)
        self.changed_only.toggled.connect(self._filter_changed)
        row = self._tools = QHBoxLayout()
        row.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        row.setSpacing(2 * GRID)
        row.addWidget(self.search, 1)
        for widget in (self.changed_only, self._count, copy, as_csv):
            row.addWidget(widget)
        for button in (copy, as_csv):
            button.setProperty("link", True)

    def _build_table(self) -> None:
        table = self.table = figures_table(self.filter, self.tr("Operators in both schedules"))
        table.setMouseTracking(True)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header = table.horizontalHeader()
        header.setMinimumSectionSize(7 * GRID)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        table.selectionModel().selectionChanged.connect(self._pin)
        table.entered.connect(lambda index: self._state.hover([self._name(index)]))
        table.viewport().installEventFilter(self)
        CopyKeys(table)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        super().showEvent(event)
        if self._stale:
            self._fill()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Leave:
            self._state.hover(())
        elif event.type() == QEvent.Type.Resize:
            self._fit_names()
        return super().eventFilter(watched, event)

    # -- following the state

    def _refresh(self) -> None:
        self._stale = True
        if self.isVisible():
            self._fill()

    def _fill(self) -> None:
        self._stale = False
        document, pair = self._state.document, self._state.pair
        if document is None or pair is None:
            self.model.set_rows(())
        else:
            rows = delta_rows(document.graph, document.names, pair)
            titles = (pair.before.track.title, pair.after.track.title)
            self.model.set_rows(rows, titles, staged=pair.comparison.staged)
        fit_columns(self.table)
        self._fit_names()
        self._show_count()
        self._follow()

    def _fit_names(self) -> None:
        """Names take what the figures leave, but never less than can be recognized: then the table scrolls."""
        header = self.table.horizontalHeader()
        figures = sum(header.sectionSize(column) for column in range(header.count()) if column != NAME)
        header.resizeSection(NAME, max(_NAME_ROOM, self.table.viewport().width() - figures))

    def _follow(self) -> None:
        """Selects what another view pinned."""
        if self._stale or self._following:
            return
        pinned, selection = self._state.selection.pinned, self.table.selectionModel()
        if {self._name(index) for index in selection.selectedRows(NAME)} == pinned:
            return
        self._following = True
        selection.clearSelection()
        found = [index for name in pinned if (index := self.filter.mapFromSource(self.model.find(name))).isValid()]
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for index in found:
            selection.select(index, flags)
        if found:
            first = min(found, key=QModelIndex.row)
            selection.setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.table.scrollTo(first, QAbstractItemView.ScrollHint.EnsureVisible)
        self._following = False

    def _pin(self) -> None:
        if not self._following:
            self._following = True
            rows = self.table.selectionModel().selectedRows(NAME)
            self._state.pin(self._name(index) for index in rows)
            self._following = False

    def _name(self, index: QModelIndex) -> str:
        return str(index.data(OPERATOR_ROLE))

    # -- filter

    def _filter_by(self, text: str) -> None:
        self._filtered(lambda: self.filter.set_text(text))

    def _filter_changed(self, only: bool) -> None:
        self._filtered(lambda: self.filter.set_changed_only(only))

    def _filtered(self, change: Callable[[], None]) -> None:
        """Rows that go away take no pin with them."""
        self._following = True
        change()
        self._following = False
        self._show_count()
        self._follow()

    def _show_count(self) -> None:
        shown, every = self.filter.rowCount(), self.model.rowCount()
        text = self.tr("{} operators").format(count(every))
        self._count.setText(text if shown == every else self.tr("{} of {}").format(count(shown), text))
