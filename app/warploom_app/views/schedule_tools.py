"""ScheduleTools: what may be done to the schedule under edit, as a bar, a context menu and keys."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QToolBar, QWidget

from warploom_app.editing.editor import ScheduleEditor, place_of
from warploom_app.state import AppState


class ScheduleTools(QToolBar):
    """Acts on the operators that are pinned; what there is no room for moves into a menu at its end."""

    def __init__(self, state: AppState, editor: ScheduleEditor) -> None:
        super().__init__()
        self._state, self._editor = state, editor
        self.setObjectName("flat")
        self.setAccessibleName(self.tr("Edits of the schedule"))
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.undo = self._action(self.tr("Undo"), editor.undo)
        self.redo = self._action(self.tr("Redo"), editor.redo)
        self.start_over = self._action(self.tr("Start over"), editor.start_over)
        self.addSeparator()
        self.merge_stages = self._action(self.tr("Merge with next stage"), self._merge_stages, "M")
        self.split_stage = self._action(self.tr("Split stage here"), self._split_stage, "X")
        self.new_stage = self._action(self.tr("Own stage"), self._own_stage, "N")
        self.new_stream = self._action(self.tr("Own stream"), self._own_stream, "N")
        self.addSeparator()
        self.merge = self._action(self.tr("Merge operators"), self._merge_operators, "G")
        self.part = self._action(self.tr("Unmerge"), self._part, "P")
        self.barriers = self._action(self.tr("Drop barriers"), editor.drop_barriers, "B")
        self._tell()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Whatever does not fit is in the menu at the end."""
        return QSize(6 * self.fontMetrics().averageCharWidth(), super().minimumSizeHint().height())

    def _action(self, text: str, run: Callable[[], object], key: str = "") -> QAction:
        action = QAction(text, self)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if key:
            action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda *_: run())
        self.addAction(action)
        button = self.widgetForAction(action)
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return action

    def _tell(self) -> None:
        """What each does, where its name does not say it all."""
        tips = {
            self.start_over: self.tr("Takes all edits back; Redo brings them back one by one"),
            self.merge_stages: self.tr("The stage of the selection and the one after it become one"),
            self.split_stage: self.tr("The selection, and what reads it, runs in a stage of its own after the rest"),
            self.new_stage: self.tr("The selection moves into a new stage after its own"),
            self.new_stream: self.tr("The selection moves to a new stream"),
            self.merge: self.tr("Convolutions that read the same tensor become one wider convolution"),
            self.part: self.tr("The merged operator becomes single ones again"),
            self.barriers: self.tr("No stages any more: every launch waits only for what it reads"),
        }
        for action, tip in tips.items():
            key = action.shortcut().toString()
            action.setToolTip(f"{tip} ({key})" if key else tip)

    def listen_in(self, widget: QWidget) -> None:
        """Lets the keys work while a widget, or one inside it, has the focus."""
        widget.addActions([action for action in self.actions() if not action.isSeparator()])

    def popup(self, point: QPoint) -> None:
        """Shows what may be done as a menu."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([action for action in self.actions() if action.isVisible()])
        menu.popup(point)

    def update_actions(self) -> None:
        """Enables what makes sense for what is pinned."""
        editor, names = self._editor, self.selected()
        stage, staged = self._stage(), editor.staged
        last = len(editor.picture.stages) - 1
        item = editor.picture.item_of(names[0]) if names else None
        self._name(self.undo, self.tr("Undo"), editor.undo_label)
        self._name(self.redo, self.tr("Redo"), editor.redo_label)
        self.start_over.setEnabled(editor.edited)
        self.merge_stages.setEnabled(staged and 0 <= stage < last)
        self.split_stage.setEnabled(staged and stage >= 0)
        self.new_stage.setEnabled(staged and stage >= 0)
        self.new_stream.setEnabled(not staged and item is not None)
        self.merge.setEnabled(len(names) > 1)
        self.part.setEnabled(item is not None and item.merged)
        self.barriers.setEnabled(staged)
        for action in (self.merge_stages, self.split_stage, self.new_stage, self.barriers):
            action.setVisible(staged or editor.draft is None)
        self.new_stream.setVisible(not staged and editor.draft is not None)

    def _name(self, action: QAction, text: str, label: str | None) -> None:
        action.setEnabled(label is not None)
        action.setToolTip(f"{text}: {label}" if label else text)

    # -- the edits

    def selected(self) -> list[str]:
        """Pinned operators that the draft has, in the order of the graph."""
        graph = self._editor.graph
        if graph is None:
            return []
        known = (name for name in self._state.selection.pinned if name in graph.index)
        return sorted(known, key=graph.index.__getitem__)

    def _stage(self) -> int:
        """The stage of what is selected, -1 without."""
        draft, names = self._editor.draft, self.selected()
        if draft is None or draft.schedule is None or not names:
            return -1
        return place_of(draft.schedule, names[0])[0]

    def _merge_stages(self) -> None:
        self._editor.merge_with_next(self._stage())

    def _split_stage(self) -> None:
        draft, stage = self._editor.draft, self._stage()
        if draft is not None and draft.schedule is not None:
            inside = set(draft.schedule.stages[stage].operators)
            self._editor.split(stage, [name for name in self.selected() if name in inside])

    def _own_stage(self) -> None:
        self._editor.move_to_new_stage(self.selected(), self._stage() + 1)

    def _own_stream(self) -> None:
        self._editor.move_to_stream(self.selected(), self._editor.picture.lanes)

    def _merge_operators(self) -> None:
        self._editor.merge_operators(self.selected())

    def _part(self) -> None:
        self._editor.part(self.selected()[0])
