"""OperatorPanel: the filterable list of operators with their latencies."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QLineEdit, QTreeView, QVBoxLayout, QWidget

from warploom_app.models.operator_tree import AFTER, BEFORE, NAME, OPERATOR_ROLE, OperatorFilter, OperatorTree
from warploom_app.state import AppState
from warploom_app.theme import GRID, figure_font

_MOST_EXPANDED = 600
"""Larger graphs show their blocks first: opening thousands of rows at once would be felt."""
_NAME_ROOM = 19 * GRID
"""Least width of the names, with their indentation and a scroll bar."""


class OperatorPanel(QWidget):
    """Shows an OperatorTree; selecting pins, the pointer hovers, and both ways."""

    def __init__(self, state: AppState, model: OperatorTree) -> None:
        super().__init__()
        self._state = state
        self._model = model
        self._following = False
        self._shown: tuple[str, ...] = ()
        self._build_filter()
        self._build_tree()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        row = QHBoxLayout()
        row.setContentsMargins(2 * GRID, 0, GRID, 0)
        row.addWidget(self._search)
        layout.addLayout(row)
        layout.addWidget(self._tree, 1)
        state.selection_changed.connect(self._follow)
        model.modelReset.connect(self._arrange)

    def _build_filter(self) -> None:
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Filter by name or type"))
        self._search.setAccessibleName(self.tr("Filter operators"))
        self._search.setClearButtonEnabled(True)
        self._search.setAcceptDrops(False)  # a file dropped here is meant for the window
        self._search.textChanged.connect(self._filter_by)
        self._search.returnPressed.connect(self._pin_next)
        self._search.installEventFilter(self)

    def _build_tree(self) -> None:
        self._filter = OperatorFilter(self)
        self._filter.setSourceModel(self._model)
        tree = self._tree = QTreeView()
        tree.setModel(self._filter)
        tree.setAccessibleName(self.tr("Operators"))
        tree.setUniformRowHeights(True)
        tree.setMouseTracking(True)
        tree.setIndentation(12)
        tree.setTextElideMode(Qt.TextElideMode.ElideLeft)
        tree.setSortingEnabled(True)
        tree.sortByColumn(-1, Qt.SortOrder.AscendingOrder)  # the graph's own order until a header is clicked
        tree.setFont(figure_font(9))
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.entered.connect(self._hover)
        tree.viewport().installEventFilter(self)
        tree.selectionModel().selectionChanged.connect(self._pin)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        for column in (BEFORE, AFTER):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)

    @property
    def tree(self) -> QTreeView:
        """The list itself."""
        return self._tree

    def focus_filter(self) -> None:
        """Puts the cursor into the filter."""
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def _arrange(self) -> None:
        self._fit_columns()
        self._tree.setRootIsDecorated(not self._model.flat)
        if len(self._model) <= _MOST_EXPANDED:
            self._tree.expandAll()
        if self._model.names != self._shown:
            self._shown = self._model.names
            self._search.clear()
            self._tree.scrollToTop()
        self._follow()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._fit_columns()

    def _fit_columns(self) -> None:
        """Names come first: where there is no room for both latencies, the first one goes (it is in the tooltip)."""
        header, cells = self._tree.header(), self._tree.fontMetrics()
        titles = header.fontMetrics()
        widths = {}
        for column in (BEFORE, AFTER):
            lines = str(self._model.headerData(column, Qt.Orientation.Horizontal)).split("\n")
            texts = (*map(titles.horizontalAdvance, lines), cells.horizontalAdvance(self._model.longest))
            widths[column] = max(max(texts) + 3 * GRID, 9 * GRID)  # a figure that is cut is a wrong figure
            header.resizeSection(column, widths[column])
        shown = self._model.has_latencies
        self._tree.setColumnHidden(AFTER, not shown)
        self._tree.setColumnHidden(BEFORE, not shown or self.width() - sum(widths.values()) < _NAME_ROOM)

    def _pin_next(self) -> None:
        """Enter goes from one operator that the filter found to the next."""
        found = self._found()
        if not found:
            return
        pinned = self._state.selection.pinned
        at = next((i for i, name in enumerate(found) if name in pinned), -1)
        self._state.pin([found[(at + 1) % len(found)]])

    def _found(self) -> list[str]:
        model = self._filter
        rows = [model.index(row, NAME) for row in range(model.rowCount())]
        return [name for index in rows for name in self._names(index)]

    def _filter_by(self, text: str) -> None:
        self._filter.set_text(text)
        if text or len(self._model) <= _MOST_EXPANDED:
            self._tree.expandAll()

    def _names(self, index: QModelIndex) -> list[str]:
        """The operator at an index, or those of a block."""
        name = index.siblingAtColumn(NAME).data(OPERATOR_ROLE)
        if isinstance(name, str):
            return [name]
        model = self._filter
        children = (model.index(row, NAME, index.siblingAtColumn(NAME)) for row in range(model.rowCount(index)))
        return [str(child.data(OPERATOR_ROLE)) for child in children]

    def _hover(self, index: QModelIndex) -> None:
        self._state.hover(self._names(index))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if watched is self._search:
            return self._search_key(event) or super().eventFilter(watched, event)
        if event.type() == QEvent.Type.Leave:
            self._state.hover(())
        return super().eventFilter(watched, event)

    def _search_key(self, event: QEvent) -> bool:
        """Esc empties the filter first, Down goes on to the list."""
        if not isinstance(event, QKeyEvent):
            return False
        pressed = event.type() == QEvent.Type.KeyPress
        claimed = pressed or event.type() == QEvent.Type.ShortcutOverride
        if event.key() == Qt.Key.Key_Escape and self._search.text() and claimed:
            event.accept()
            if pressed:
                self._search.clear()
            return True
        if event.key() == Qt.Key.Key_Down and pressed:
            self._tree.setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        return False

    def _pin(self) -> None:
        if self._following:
            return
        rows = self._tree.selectionModel().selectedRows(NAME)
        self._state.pin(name for index in rows for name in self._names(index))

    def _follow(self) -> None:
        """Selects what another view pinned."""
        pinned = self._state.selection.pinned
        selection = self._tree.selectionModel()
        shown = {name for index in selection.selectedRows(NAME) for name in self._names(index)}
        if shown == set(pinned):
            return
        self._following = True
        selection.clearSelection()
        found = [index for name in pinned if (index := self._filter.mapFromSource(self._model.find(name))).isValid()]
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for index in found:
            selection.select(index, flags)
        if found:
            first = min(found, key=lambda index: (index.parent().row(), index.row()))
            selection.setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
            self._tree.scrollTo(first, QAbstractItemView.ScrollHint.EnsureVisible)
        self._following = False
