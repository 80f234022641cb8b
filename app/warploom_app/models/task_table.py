"""TaskTable: the queue of runs, one task a row."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from warploom_app.jobs import Task, TaskQueue, TaskState
from warploom_app.presenters.run_options import mode_title
from warploom_app.presenters.units import duration

Index = QModelIndex | QPersistentModelIndex

MODEL, STATE, RESULT, SETTINGS = range(4)
ID_ROLE = Qt.ItemDataRole.UserRole
_ROOT = QModelIndex()


class TaskTable(QAbstractTableModel):
    """Follows a TaskQueue; rows that only changed are not reset, so that a selection survives."""

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

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(self._tasks)

    def columnCount(self, parent: Index = _ROOT) -> int:  # noqa: N802
        return 0 if parent.isValid() else 4

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        task = self._tasks[index.row()]
        if role == ID_ROLE:
            return task.id
        if role == Qt.ItemDataRole.ToolTipRole:
            return task.message or str(task.recording or task.model)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == RESULT:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return (task.model.stem, self._state(task), _result(task), _settings(task))[index.column()]
        return None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return (self.tr("Model"), self.tr("State"), self.tr("Speedup"), self.tr("Settings"))[section]

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
