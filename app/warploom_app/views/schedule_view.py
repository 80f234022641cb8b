"""ScheduleView: stages, groups and streams as a table and as lanes, edited by hand, and tried at once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSplitter,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from warploom_app.editing.editor import ScheduleEditor, place_of
from warploom_app.models.schedule_tree import NAME, OPERATORS_ROLE, ScheduleTree
from warploom_app.presenters.names import scheduler_title
from warploom_app.presenters.units import latency
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme, figure_font
from warploom_app.views.schedule_lanes import ScheduleLanes
from warploom_app.views.widgets import muted, set_flag

_REFUSAL_MS = 8000


class ScheduleView(QWidget):
    """Follows the state by itself.

    Signals:
        try_wanted(str, bytes, str): The draft shall run under a name (its JSON), on a device ("": the recording's own).
    """

    try_wanted = Signal(str, bytes, str)

    def __init__(self, state: AppState, theme: Theme) -> None:
        super().__init__()
        self._state = state
        self._stale, self._following = True, False
        self.editor = ScheduleEditor(self)
        self.tree_model = ScheduleTree(self.editor, self)
        self.lanes = ScheduleLanes(state, self.editor, theme)
        self._build_tools()
        self._build_tree()
        self._build_foot()
        parts = QSplitter(Qt.Orientation.Horizontal)
        parts.addWidget(self.tree)
        parts.addWidget(self.lanes)
        parts.setSizes([36 * GRID, 120 * GRID])
        parts.setStretchFactor(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._tools)
        layout.addWidget(parts, 1)
        layout.addLayout(self._foot)
        self.setFocusProxy(self.lanes)
        self._connect()

    def _build_tools(self) -> None:
        self.source = QComboBox()
        self.source.setAccessibleName(self.tr("Schedule to edit"))
        self.source.setToolTip(self.tr("The schedule that the edits start from"))
        self.undo = self._tool(self.tr("Undo"), self.editor.undo)
        self.redo = self._tool(self.tr("Redo"), self.editor.redo)
        self.merge_stages = self._tool(self.tr("Merge with next stage"), self._merge_stages)
        self.split_stage = self._tool(self.tr("Split stage here"), self._split_stage)
        self.new_stage = self._tool(self.tr("Own stage"), self._own_stage)
        self.merge = self._tool(self.tr("Merge operators"), self._merge_operators)
        self.part = self._tool(self.tr("Part"), self._part)
        self.barriers = self._tool(self.tr("Drop barriers"), self.editor.drop_barriers)
        row = self._tools = QHBoxLayout()
        row.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        row.setSpacing(GRID)
        row.addWidget(self.source)
        for button in self._buttons:
            row.addWidget(button)
        row.addStretch(1)

    @property
    def _buttons(self) -> tuple[QToolButton, ...]:
        stages = (self.merge_stages, self.split_stage, self.new_stage)
        return (self.undo, self.redo, *stages, self.merge, self.part, self.barriers)

    def _tool(self, text: str, run: Callable[[], object]) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setAutoRaise(True)
        button.setAccessibleName(text)
        button.clicked.connect(lambda *_: run())
        return button

    def _build_tree(self) -> None:
        tree = self.tree = QTreeView()
        tree.setModel(self.tree_model)
        tree.setAccessibleName(self.tr("Stages, groups and operators"))
        tree.setFont(figure_font(9))
        tree.setUniformRowHeights(True)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.setTextElideMode(Qt.TextElideMode.ElideLeft)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def _build_foot(self) -> None:
        self.status: QLabel = muted()
        self.status.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.name = QLineEdit()
        self.name.setAccessibleName(self.tr("Name of the edited schedule"))
        self.name.setPlaceholderText(self.tr("name"))
        self.name.setMaximumWidth(20 * GRID)
        self.name.setAcceptDrops(False)
        self.where = QComboBox()
        self.where.setAccessibleName(self.tr("Device that the edited schedule runs on"))
        self.where.setToolTip(self.tr("On another device every schedule of the recording runs again"))
        self.run = QPushButton(self.tr("Try it"))
        self.run.setToolTip(self.tr("Runs the edited schedule beside the others and keeps it under this name"))
        row = self._foot = QHBoxLayout()
        row.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        row.setSpacing(GRID)
        row.addWidget(self.status, 1)
        row.addWidget(self.name)
        row.addWidget(self.where)
        row.addWidget(self.run)
        self._fade = QTimer(self)
        self._fade.setSingleShot(True)
        self._fade.setInterval(_REFUSAL_MS)
        self._fade.timeout.connect(self._show_state)

    def _connect(self) -> None:
        state = self._state
        state.document_changed.connect(self._refresh)
        state.selection_changed.connect(self._follow)
        state.job_changed.connect(self._show_state)
        state.devices_changed.connect(self._show_devices)
        self.editor.changed.connect(self._edited)
        self.editor.refused.connect(self._refused)
        self.source.activated.connect(lambda _: self._begin())
        self.tree.selectionModel().selectionChanged.connect(self._pin)
        self.tree.customContextMenuRequested.connect(lambda point: self._menu(self.tree.viewport().mapToGlobal(point)))
        self.lanes.menu_wanted.connect(self._menu)
        self.name.textChanged.connect(self._show_state)
        self.name.returnPressed.connect(self._try)
        self.run.clicked.connect(lambda *_: self._try())

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

    def _fill(self) -> None:
        self._stale = False
        document = self._state.document
        results = document.results if document is not None else None
        self.source.clear()
        if results is None:
            self.editor.clear()
            return
        recording = results.recording
        for candidate in recording.candidates:
            self.source.addItem(scheduler_title(candidate.name), candidate.name)
        wanted = self.name.text().strip()
        names = [candidate.name for candidate in recording.candidates]
        self.source.setCurrentIndex(names.index(wanted if wanted in names else recording.chosen))
        self._show_devices()
        self._begin()

    def _show_devices(self) -> None:
        """The recording's own device first, then the others that are there."""
        document, devices = self._state.document, self._state.devices
        results = document.results if document is not None else None
        if results is None:
            return
        own = results.recording.device
        self.where.clear()
        self.where.addItem(self.tr("on {}").format(own.name), "")
        for device in devices.devices if devices is not None else ():
            if device.available and device.id != own.id:
                self.where.addItem(self.tr("on {}").format(device.name), device.id)

    def _begin(self) -> None:
        document = self._state.document
        if document is None or document.results is None:
            return
        recording = document.results.recording
        candidate = recording.candidate(str(self.source.currentData()))
        self.editor.begin(document.graph, document.names, recording.solo_us, candidate)
        self.lanes.fit()
        if not self.name.text():
            self.name.setText(self.tr("edited"))

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

    # -- edits

    def _selected(self) -> list[str]:
        """Pinned operators that the draft has, in the order of the graph."""
        graph = self.editor.graph
        if graph is None:
            return []
        return sorted(
            (name for name in self._state.selection.pinned if name in graph.index), key=graph.index.__getitem__
        )

    def _stage(self) -> int:
        """The stage of what is selected, -1 without."""
        draft, names = self.editor.draft, self._selected()
        if draft is None or draft.schedule is None or not names:
            return -1
        return place_of(draft.schedule, names[0])[0]

    def _merge_stages(self) -> None:
        self.editor.merge_with_next(self._stage())

    def _split_stage(self) -> None:
        draft, stage = self.editor.draft, self._stage()
        if draft is not None and draft.schedule is not None:
            inside = set(draft.schedule.stages[stage].operators)
            self.editor.split(stage, [name for name in self._selected() if name in inside])

    def _own_stage(self) -> None:
        self.editor.move_to_new_stage(self._selected(), self._stage() + 1)

    def _merge_operators(self) -> None:
        self.editor.merge_operators(self._selected())

    def _part(self) -> None:
        self.editor.part(self._selected()[0])

    def _menu(self, point: QPoint) -> None:
        menu = QMenu(self)
        for button in self._buttons[2:]:
            action = menu.addAction(button.text())
            action.setEnabled(button.isEnabled())
            action.triggered.connect(lambda *_, one=button: one.click())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(point)

    def _edited(self) -> None:
        self._fade.stop()
        self.tree.expandToDepth(0)
        if self.tree_model.rowCount() <= 4:
            self.tree.expandAll()
        self._follow()
        self._show_state()

    def _refused(self, reason: str) -> None:
        self.status.setText(reason)
        set_flag(self.status, "refused", True)
        self._fade.start()

    def _show_state(self) -> None:
        if self._fade.isActive() and self.sender() is not self._fade:
            return
        editor, names = self.editor, self._selected()
        set_flag(self.status, "refused", False)
        self.status.setText(self._summary())
        stage, staged = self._stage(), editor.staged
        last = len(editor.picture.stages) - 1
        item = editor.picture.item_of(names[0]) if names else None
        self._enable(self.undo, editor.undo_label is not None, self.tr("Undo: {}").format(editor.undo_label or ""))
        self._enable(self.redo, editor.redo_label is not None, self.tr("Redo: {}").format(editor.redo_label or ""))
        self.merge_stages.setEnabled(staged and 0 <= stage < last)
        self.split_stage.setEnabled(staged and stage >= 0)
        self.new_stage.setEnabled(staged and stage >= 0)
        self.merge.setEnabled(len(names) > 1)
        self.part.setEnabled(item is not None and item.merged)
        self.barriers.setEnabled(staged)
        self.run.setEnabled(editor.draft is not None and bool(self.name.text().strip()) and self._state.job is None)

    def _enable(self, button: QToolButton, on: bool, tip: str) -> None:
        button.setEnabled(on)
        button.setToolTip(tip if on else button.text())

    def _summary(self) -> str:
        picture = self.editor.picture
        if self.editor.draft is None:
            return ""
        stages = self.tr("{} stages, ").format(len(picture.stages)) if picture.stages else ""
        bound = self.tr("{}{} streams, at least {}: nothing slows anything down in this picture")
        return bound.format(stages, picture.lanes, latency(picture.total_us))

    def _try(self) -> None:
        if self.run.isEnabled():
            self.try_wanted.emit(self.name.text().strip(), self.editor.as_json(), str(self.where.currentData() or ""))
