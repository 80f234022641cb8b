"""WindowStates: which commands of the window make sense now, what they are called, and which are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from warploom.report.export import FORMATS
from warploom_app.appearance import AppearanceMode
from warploom_app.jobs import TaskState

if TYPE_CHECKING:
    from warploom_app.views.main_window import MainWindow


class WindowStates(QObject):
    """Follows the state of one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._registry = window, window.registry
        state = window.state
        for signal in (state.document_changed, state.job_changed, state.selection_changed):
            signal.connect(self.update)
        window.workbench.schedule.edits_changed.connect(self.update_edits)
        self.update()
        self.update_edits()

    def update(self) -> None:
        """Enables what can be done."""
        state, queue = self._window.state, self._window.session.queue
        job, document = state.job, state.document
        is_open = document is not None
        has_results = document is not None and document.results is not None
        enabled = dict.fromkeys(("file.close", "edit.find", "view.log", "view.fit"), is_open)
        enabled |= dict.fromkeys(("export.graph-svg", "export.graph-png", "export.graph-pdf"), is_open)
        enabled |= dict.fromkeys(("file.save", "view.timelines", "view.operators", "view.figures"), has_results)
        enabled |= {f"export.{name}": has_results and state.chore is None for name in FORMATS}
        enabled["export.copy-figure"] = enabled["export.timelines"] = enabled["view.schedule"] = has_results
        enabled["run.open-result"] = any(task.recording is not None for task in queue.tasks)
        enabled["run.resume"] = any(task.state is TaskState.CANCELLED for task in queue.tasks)
        enabled["view.zoom-selection"] = has_results and bool(state.selection.pinned)
        enabled["run.optimize"] = is_open and state.chore is None
        enabled["run.cancel"] = job is not None and not job.cancelling
        for name, value in enabled.items():
            self._registry[name].setEnabled(value)

    def update_edits(self) -> None:
        """Undo and redo say what they would do; the tab shows that there is something to keep."""
        editor = self._window.workbench.schedule.editor
        names = {"edit.undo": (self.tr("&Undo"), editor.undo_label), "edit.redo": (self.tr("&Redo"), editor.redo_label)}
        for name, (text, label) in names.items():
            self._registry[name].setEnabled(label is not None)
            self._registry[name].setText(f"{text}: {label}" if label else text)
        self._registry["run.try"].setEnabled(editor.edited)
        self._window.workbench.mark_edited(editor.edited)

    def check_mode(self, current: AppearanceMode) -> None:
        """Checks light, dark or system."""
        for mode in AppearanceMode:
            self._registry[f"view.{mode.value}"].setChecked(mode is current)
