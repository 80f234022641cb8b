"""RunEndings: what the window says and shows when a run of the queue ends, well or not."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from warploom.worker.messages import Failed
from warploom_app.chores import OPEN_RESULT, RESTART, Chores
from warploom_app.engine_work import EngineWork
from warploom_app.jobs import Task, TaskQueue
from warploom_app.opening import Opening
from warploom_app.runner import Runner
from warploom_app.state import AppState, Message


class RunEndings(QObject):
    """Listens to the runner.

    Signals:
        logged: New entries of the build log of what is open.
        run_ended: A run ended (the task, a sentence about it).

    Attributes:
        latest: The task that ended last with a recording.
    """

    logged = Signal(object)
    run_ended = Signal(object, str)

    def __init__(
        self,
        state: AppState,
        runner: Runner,
        queue: TaskQueue,
        chores: Chores,
        opening: Opening,
        work: EngineWork,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._runner, self._queue = state, runner, queue
        self._chores, self._opening, self._work = chores, opening, work
        self.latest: Task | None = None
        runner.log.ready.connect(self._log)
        runner.recorded.connect(self._recorded)
        runner.failed.connect(self._failed)
        runner.lost.connect(self._lost)

    def _log(self, entries: object) -> None:
        task, document = self._runner.task, self._state.document
        if task is not None and document is not None and document.model == task.model:
            self.logged.emit(entries)

    def _recorded(self, task: Task, stopped: bool) -> None:
        self.latest = task
        document = self._state.document
        assert task.recording is not None
        if document is not None and document.model == task.model and self._state.chore is None:
            if stopped:
                self._chores.notice(self.tr("The search was stopped; the best schedule found so far is shown."))
            self._opening.read(task.recording, task.model, self._runner.close_run)
        else:
            self._runner.close_run()
            self._state.show(Message(self.tr("{} is optimized.").format(task.model.name), "done", OPEN_RESULT))
        self.run_ended.emit(task, self.tr("{} is optimized.").format(task.model.name))

    def _failed(self, task: Task, event: Failed) -> None:
        if event.code == "cancelled":
            if event.message:
                self._chores.notice(event.message)
            else:
                self._chores.say_stopped()
            return
        self._chores.say(event.message, details=event.details)
        self.run_ended.emit(task, self.tr("{} failed: {}").format(task.model.name, event.message))

    def _lost(self, task: Task, reason: str, log: str) -> None:
        self._work.told_loss = "" if task.host else reason
        parts = [reason, self.tr("The work on {} is lost.").format(task.model.name)]
        if self._state.document is not None:
            parts.append(self.tr("What is open stays."))
        if self._queue.waiting:
            parts.append(self.tr("{} more wait.").format(len(self._queue.waiting)))
        self._chores.say(" ".join(parts), RESTART, log)
        self.run_ended.emit(task, reason)
