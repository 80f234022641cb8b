"""JobsPanel: the runs that were asked for: what runs, what waits, what came out."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from warploom_app.jobs import ENDED, Task, TaskQueue, TaskState
from warploom_app.models.task_table import MODEL, RESULT, SETTINGS, STATE, TaskTable
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme, figure_font
from warploom_app.views.best_curve import BestCurve
from warploom_app.views.widgets import muted

_ROOM_FOR_SETTINGS = 52 * GRID


class JobsPanel(QWidget):
    """A table with the few things that one does with it.

    Signals:
        open_wanted: A task whose result shall be shown.
        cancel_wanted: The running task shall stop.
        advance_wanted: A task was put back into the queue.
    """

    open_wanted = Signal(object)
    cancel_wanted = Signal()
    advance_wanted = Signal()

    def __init__(self, state: AppState, queue: TaskQueue, theme: Theme) -> None:
        super().__init__()
        self._state, self._queue = state, queue
        self.table_model = TaskTable(queue, self)
        self.curve = BestCurve(theme, QSize(30 * GRID, 9 * GRID))
        self._build_table()
        self._build_buttons()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, GRID)
        layout.setSpacing(GRID)
        curve = QHBoxLayout()
        curve.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        curve.addWidget(self.curve)
        layout.addWidget(self.table, 1)
        layout.addLayout(curve)
        layout.addLayout(self._buttons)
        state.job_changed.connect(self._show_run)
        queue.changed.connect(self._show_buttons)
        self.table.selectionModel().selectionChanged.connect(self._show_buttons)
        self._show_run()
        self._show_buttons()

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self.curve.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Models come first: where there is no room for both, their settings are in the tooltip alone."""
        super().resizeEvent(event)
        self.table.setColumnHidden(SETTINGS, event.size().width() < _ROOM_FOR_SETTINGS)

    def selected(self) -> list[Task]:
        """The selected tasks."""
        return [self.table_model.task(index.row()) for index in self.table.selectionModel().selectedRows()]

    def _build_table(self) -> None:
        table = self.table = QTableView()
        table.setModel(self.table_model)
        table.setAccessibleName(self.tr("Jobs"))
        table.setFont(figure_font(9))
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(3 * GRID)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.setTextElideMode(Qt.TextElideMode.ElideRight)
        for column in (STATE, RESULT):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        for column in (MODEL, SETTINGS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.nothing = muted(self.tr("No jobs yet: press Optimize, or drop several models on the window."))
        self.nothing.setWordWrap(True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        inside = QVBoxLayout(table.viewport())
        inside.setContentsMargins(GRID, GRID, GRID, GRID)
        inside.addWidget(self.nothing, 0, Qt.AlignmentFlag.AlignTop)
        table.activated.connect(self._activate)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._show_menu)

    def _build_buttons(self) -> None:
        self.open_button = self._button(self.tr("Open result"), self._open)
        self.stop_button = self._button(self.tr("Stop"), self.cancel_wanted.emit)
        self.earlier_button = self._button(self.tr("Earlier"), lambda: self._move(-1))
        self.later_button = self._button(self.tr("Later"), lambda: self._move(1))
        self.again_button = self._button(self.tr("Again"), self._again)
        self.remove_button = self._button(self.tr("Remove"), self._remove)
        self.clear_button = self._button(self.tr("Clear"), self._queue.clear_ended)
        self.clear_button.setToolTip(self.tr("Remove everything that is over"))
        self._buttons = QGridLayout()
        self._buttons.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        for i, button in enumerate(self._all_buttons()):
            self._buttons.addWidget(button, i // 4, i % 4, Qt.AlignmentFlag.AlignLeft)

    def _all_buttons(self) -> tuple[QPushButton, ...]:
        return (
            self.open_button, self.stop_button, self.again_button, self.clear_button,
            self.earlier_button, self.later_button, self.remove_button,
        )  # fmt: skip

    def _button(self, text: str, run: object) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("link", True)
        button.setProperty("compact", True)
        button.clicked.connect(lambda *_: run())  # type: ignore[operator]
        return button

    def _show_run(self) -> None:
        run = self._state.run
        self.curve.setVisible(run is not None and bool(run.curve))
        self.curve.show_run(run)
        self.stop_button.setEnabled(run is not None and not run.cancelling)

    def _show_buttons(self) -> None:
        chosen = self.selected()
        self.nothing.setVisible(not self._queue.tasks)
        waits = len(chosen) == 1 and chosen[0].state is TaskState.WAITING
        self.open_button.setEnabled(len(chosen) == 1 and chosen[0].recording is not None)
        self.earlier_button.setEnabled(waits)
        self.later_button.setEnabled(waits)
        self.again_button.setEnabled(bool(chosen) and all(task.state in ENDED for task in chosen))
        self.remove_button.setEnabled(any(task.state is not TaskState.RUNNING for task in chosen))
        self.clear_button.setEnabled(any(task.state in ENDED for task in self._queue.tasks))

    def _show_menu(self, where: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in self._all_buttons():
            if button.isEnabled():
                menu.addAction(button.text()).triggered.connect(button.click)
        menu.popup(self.table.viewport().mapToGlobal(where))

    def _activate(self, index: QModelIndex) -> None:
        task = self.table_model.task(index.row())
        if task.recording is not None:
            self.open_wanted.emit(task)

    def _open(self) -> None:
        for task in self.selected()[:1]:
            self.open_wanted.emit(task)

    def _move(self, steps: int) -> None:
        for task in self.selected()[:1]:
            self._queue.move(task.id, steps)
            self.table.selectRow(self.table_model.row_of(task.id))

    def _again(self) -> None:
        for task in self.selected():
            self._queue.again(task.id)
        self.advance_wanted.emit()

    def _remove(self) -> None:
        self._queue.remove([task.id for task in self.selected()])
