"""ScheduleView: stages, groups and streams as a table and as lanes, edited by hand, and tried at once."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QSplitter,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from warploom.units import time_text
from warploom_app.editing.draft_files import DraftFiles
from warploom_app.editing.editor import ScheduleEditor
from warploom_app.models.schedule_tree import ALONE, NAME, OPERATORS_ROLE, ScheduleTree
from warploom_app.presenters.names import scheduler_title
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme, figure_font
from warploom_app.views.schedule_foot import ScheduleFoot
from warploom_app.views.schedule_lanes import ScheduleLanes
from warploom_app.views.schedule_tools import ScheduleTools
from warploom_app.views.widgets import Choice

_FEW_STAGES = 4
_MOST_EXPANDED = 600
"""Larger schedules show their stages, or streams, first: opening thousands of rows at once would be felt."""
EDITED = "edited"
"""Where the log of a schedule that was made by hand says so."""


class _Tree(QTreeView):
    """Tells its model when a drag is over, wherever it ended."""

    def startDrag(self, actions: Qt.DropAction) -> None:  # noqa: N802 - Qt's name
        super().startDrag(actions)
        model = self.model()
        if isinstance(model, ScheduleTree):
            model.forget_drag()


class ScheduleView(QWidget):
    """Follows the state by itself.

    Signals:
        try_wanted(str, bytes, str): The draft shall run under a name (its JSON), on a device ("": the recording's own).
        edits_changed: Something was edited, taken back, or there is another schedule to edit.
    """

    try_wanted = Signal(str, bytes, str)
    edits_changed = Signal()

    def __init__(self, state: AppState, theme: Theme) -> None:
        super().__init__()
        self._state = state
        self._stale, self._following = True, False
        self._tried = self._suggested = ""
        self.editor = ScheduleEditor(self, DraftFiles())
        self.tree_model = ScheduleTree(self.editor, self)
        self.lanes = ScheduleLanes(state, self.editor, theme)
        self.tools = ScheduleTools(state, self.editor)
        self.foot = ScheduleFoot()
        self._build_head()
        self._build_tree()
        self._build_parts()
        self.setFocusProxy(self.lanes)
        self._connect()

    def _build_head(self) -> None:
        self.source = Choice()
        self.source.setAccessibleName(self.tr("Schedule to edit"))
        self.source.setToolTip(self.tr("The schedule that the edits start from"))
        self.source.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.source.setMinimumContentsLength(14)
        self.busy = QCheckBox(self.tr("Busy streams only"))
        self.busy.setToolTip(self.tr("Streams that do nothing in the time on show have no row"))
        self._head = QHBoxLayout()
        self._head.setContentsMargins(2 * GRID, GRID // 2, 2 * GRID, GRID // 2)
        self._head.setSpacing(GRID)
        self._head.addWidget(self.source)
        self._head.addWidget(self.tools, 1)
        self._head.addWidget(self.busy)

    def _build_tree(self) -> None:
        tree = self.tree = _Tree()
        tree.setModel(self.tree_model)
        tree.setAccessibleName(self.tr("Stages, groups and operators"))
        tree.setFont(figure_font(9))
        tree.setMinimumWidth(16 * GRID)
        tree.setUniformRowHeights(True)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.setTextElideMode(Qt.TextElideMode.ElideLeft)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(ALONE, QHeaderView.ResizeMode.Fixed)
        lines = str(self.tree_model.headerData(ALONE, Qt.Orientation.Horizontal)).split("\n")
        widest = max(map(header.fontMetrics().horizontalAdvance, lines))
        header.resizeSection(ALONE, max(10 * GRID, widest + 3 * GRID))

    def _build_parts(self) -> None:
        parts = QSplitter(Qt.Orientation.Horizontal)
        parts.addWidget(self.tree)
        parts.addWidget(self.lanes)
        parts.setSizes([36 * GRID, 120 * GRID])
        parts.setStretchFactor(1, 1)
        parts.setCollapsible(1, False)
        self.tools.listen_in(parts)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._head)
        layout.addWidget(parts, 1)
        layout.addWidget(self.foot)

    def _connect(self) -> None:
        state, editor, foot = self._state, self.editor, self.foot
        state.document_changed.connect(self._refresh)
        state.selection_changed.connect(self._follow)
        state.job_changed.connect(self._show_state)
        state.devices_changed.connect(self._show_devices)
        self.tree_model.modelReset.connect(self._show_tree)
        editor.changed.connect(self._edited)
        editor.refused.connect(foot.refuse)
        for source in (self.lanes, self.tree_model):
            source.doubted.connect(foot.doubt)
        foot.faded.connect(self._show_state)
        foot.changed.connect(self._show_state)
        foot.name.returnPressed.connect(self.try_it)
        foot.run.clicked.connect(lambda *_: self.try_it())
        self.source.activated.connect(lambda _: self._begin())
        self.busy.toggled.connect(self.lanes.set_only_busy)
        self.tree.selectionModel().selectionChanged.connect(self._pin)
        popup = self.tools.popup
        self.tree.customContextMenuRequested.connect(lambda point: popup(self.tree.viewport().mapToGlobal(point)))
        self.lanes.menu_wanted.connect(popup)

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self.lanes.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        super().showEvent(event)
        if self._stale:
            self._fill()

    # -- following the state

    def _refresh(self) -> None:
        self._stale = True
        if self.isVisible():
            self._fill()
            return
        self.editor.clear()
        document = self._state.document
        if document is not None and document.results is not None:
            self.editor.settle(document.results.recording.candidates)

    def _fill(self) -> None:
        self._stale = False
        document = self._state.document
        results = document.results if document is not None else None
        self.editor.put_away()
        self.source.clear()
        if results is None:
            self.editor.clear()
            return
        recording = results.recording
        self.editor.settle(recording.candidates)
        for candidate in recording.candidates:
            self.source.addItem("", candidate.name)
        names = [candidate.name for candidate in recording.candidates]
        tried, self._tried = self._tried, ""
        drafted = [name for name in names if self.editor.has_draft(self._home, name)]
        first = drafted[0] if drafted else tried if tried in names else recording.chosen
        self.source.setCurrentIndex(names.index(first))
        self._show_devices()
        self._begin()

    @property
    def _home(self) -> str:
        """What tells the open recording from others."""
        document = self._state.document
        return str(document.path or document.title) if document is not None else ""

    def _show_devices(self) -> None:
        document = self._state.document
        if document is not None and document.results is not None:
            self.foot.show_devices(document.results.recording.device, self._state.devices)

    def _begin(self) -> None:
        document = self._state.document
        if document is None or document.results is None:
            return
        recording = document.results.recording
        candidate = recording.candidate(str(self.source.currentData()))
        self.editor.begin(document.graph, document.names, recording.solo_us, candidate, self._home)
        self.lanes.suit()
        self.busy.blockSignals(True)
        self.busy.setChecked(self.lanes.only_busy)
        self.busy.blockSignals(False)
        if self.foot.name.text() == self._suggested:
            self._suggested = self._free_name([one.name for one in recording.candidates])
            self.foot.name.setText(self._suggested)

    def _free_name(self, taken: Sequence[str]) -> str:
        first = self.tr("edited")
        others = (f"{first} {number}" for number in range(2, len(taken) + 3))
        return next(name for name in (first, *others) if name not in taken)

    def _follow(self) -> None:
        """Selects what another view pinned."""
        if self._following or self._stale:
            return
        self._following = True
        selection = self.tree.selectionModel()
        selection.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for number, name in enumerate(sorted(self._state.selection.pinned)):
            index = self.tree_model.find(name)
            if index.isValid():
                selection.select(index, flags)
                if number == 0:
                    self.tree.scrollTo(index)
        self._following = False
        self._show_state()

    def _pin(self) -> None:
        if self._following:
            return
        self._following = True
        rows = self.tree.selectionModel().selectedRows(NAME)
        names: set[str] = set()
        for index in rows:
            names.update(index.data(OPERATORS_ROLE) or ())
        self._state.pin(names)
        self._following = False
        self._show_state()

    # -- the state of the edits

    def _show_tree(self) -> None:
        if len(self.tree_model) <= _MOST_EXPANDED:
            self.tree.expandToDepth(0)
            if self.tree_model.rowCount() <= _FEW_STAGES:
                self.tree.expandAll()
        self._follow()

    def _edited(self) -> None:
        self._name_sources()
        self.foot.tell("")
        self._show_state()
        self.edits_changed.emit()

    def _name_sources(self) -> None:
        """Schedules with edits say so."""
        editor = self.editor
        for row in range(self.source.count()):
            name = str(self.source.itemData(row))
            shown = editor.home == self._home and editor.source == name
            edited = editor.edited if shown else editor.has_draft(self._home, name)
            title = scheduler_title(name)
            self.source.setItemText(row, self.tr("{} (edited)").format(title) if edited else title)

    def _show_state(self) -> None:
        self.tools.update_actions()
        foot, draft = self.foot, self.editor.draft
        obstacle = self._name_obstacle()
        named = bool(foot.name.text().strip()) and not obstacle
        foot.run.setEnabled(draft is not None and named and self._state.job is None)
        if not foot.refusing:
            foot.tell(obstacle or self._summary())

    def _name_obstacle(self) -> str:
        """Why the draft cannot be called as it is: what the search has found keeps its name."""
        document, name = self._state.document, self.foot.name.text().strip()
        if document is None or document.results is None:
            return ""
        found = [one for one in document.results.recording.candidates if one.name == name]
        if not found or any(entry.step == EDITED for entry in found[0].decisions):
            return ""
        return self.tr("There is a schedule {} already: choose another name for yours.").format(name)

    def _summary(self) -> str:
        picture, edits = self.editor.picture, self.editor.edits
        if self.editor.draft is None:
            return ""
        stages = self.tr("{} stages, ").format(len(picture.stages)) if picture.stages else ""
        bound = self.tr("{}{} streams · at least {} if every operator ran as fast as alone")
        text = bound.format(stages, picture.lanes, time_text(picture.total_us))
        if edits:
            text = f"{self.tr('one edit') if edits == 1 else self.tr('{} edits').format(edits)} · {text}"
        document = self._state.document
        if self.foot.device and document is not None and document.results is not None:
            moved = self.tr("all schedules run again {}, in a recording of their own")
            text = f"{text} · {moved.format(self.foot.place)}"
        return text

    def try_it(self) -> None:
        """Asks for a run of the draft, where one is possible now."""
        foot = self.foot
        if foot.run.isEnabled():
            self._tried = foot.name.text().strip()
            self.try_wanted.emit(self._tried, self.editor.as_json(), foot.device)
