"""TaskTable: the queue of runs, one task a row."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt

from warploom_app.jobs import Task, TaskQueue, TaskState
from warploom_app.models.flat_table import FlatTable, Index
from warploom_app.presenters.run_options import mode_title
from warploom_app.presenters.units import duration

MODEL, STATE, RESULT, SETTINGS = range(4)
ID_ROLE = Qt.ItemDataRole.UserRole


class TaskTable(FlatTable):
    """Follows a TaskQueue; rows that only changed are not reset, so that a selection survives."""

    columns = 4

    def __init__(self, queue: TaskQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._tasks: tuple[Task, ...] = queue.tasks
        queue.changed.connect(self._follow)

    def task(self, row: int) -> Task:
        """The task of a row."""
        return self._tasks[row]

    def row_of(self, task_id: int) -> int:
        """The row of a task, -1 if it is gone."""
        return next((row for row, task in enumerate(self._tasks) if task.id == task_id), -1)

    def rows(self) -> Sequence[Task]:
        return self._tasks

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        task = self._tasks[index.row()]
        if role == ID_ROLE:
            return task.id
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join((task.message or str(task.recording or task.model), _settings(task)))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return (task.model.stem, self._state(task), _result(task), _settings(task))[index.column()]
        return None

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        side = Qt.AlignmentFlag.AlignRight if column == RESULT else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def titles(self) -> tuple[str, ...]:
        return (self.tr("Model"), self.tr("State"), self.tr("Speedup"), self.tr("Settings"))

    def _state(self, task: Task) -> str:
        texts = {
            TaskState.WAITING: self.tr("waiting"),
            TaskState.RUNNING: self.tr("running"),
            TaskState.DONE: self.tr("done"),
            TaskState.FAILED: self.tr("failed"),
            TaskState.CANCELLED: self.tr("stopped"),
        }
        text = texts[task.state]
        return f"{text}, {duration(task.seconds)}" if task.seconds is not None else text

    def _follow(self) -> None:
        tasks = self._queue.tasks
        if [task.id for task in tasks] == [task.id for task in self._tasks]:
            self._tasks = tasks
            if tasks:
                self.dataChanged.emit(self.index(0, 0), self.index(len(tasks) - 1, 3))
        else:
            self.beginResetModel()
            self._tasks = tasks
            self.endResetModel()


def _result(task: Task) -> str:
    return f"{task.speedup:.2f}×" if task.speedup is not None else ""


def _settings(task: Task) -> str:
    options = task.options
    parts = [f"{options.device} · {task.host}" if task.host else options.device, options.precision]
    if options.batch:
        parts.append(f"batch {options.batch}")
    return ", ".join([*parts, mode_title(options.mode)])
