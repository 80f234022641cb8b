"""Runner: takes the tasks of the queue one after another to the engine of this machine, or to that of a host."""

from __future__ import annotations

import math
import time
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from warploom.errors import CommandError, WarploomError
from warploom.schedule.modes import MODES
from warploom.worker.messages import (
    Event,
    Failed,
    Finished,
    LogLine,
    OptimizeOptions,
    OptimizeRequest,
    Phase,
    SearchProgress,
)
from warploom_app.engine_client import EngineClient
from warploom_app.hosts import Hosts
from warploom_app.jobs import JobState, Task, TaskQueue, TaskState
from warploom_app.log_batch import LogBatch
from warploom_app.recordings_folder import RecordingsFolder
from warploom_app.remote_run import RemoteRun
from warploom_app.state import AppState


class Runner(QObject):
    """One run at a time.

    Signals:
        began: A task began.
        recorded: The recording of a task is there, and whether its search was stopped early. The run stays on show
            until `close_run`.
        failed: A task ended without a recording (the task, its last event).
        lost: The engine ended in mid-run (the task, why, the end of its log).
    """

    began = Signal(object)
    recorded = Signal(object, bool)
    failed = Signal(object, object)
    lost = Signal(object, str, str)

    def __init__(
        self, state: AppState, queue: TaskQueue, engine: EngineClient, hosts: Hosts, folder: RecordingsFolder
    ) -> None:
        super().__init__()
        self._state, self._queue, self._engine, self._hosts, self._folder = state, queue, engine, hosts, folder
        self.log = LogBatch(self)
        self._task: int | None = None
        self._remote: RemoteRun | None = None
        self._remote_engine: EngineClient | None = None
        self._output = Path()
        self._paused = False
        engine.received.connect(self._take)
        engine.lost.connect(self._engine_lost)
        engine.stopped_by_force.connect(self._forced)

    @property
    def task(self) -> Task | None:
        """The task that runs."""
        return None if self._task is None else self._queue.find(self._task)

    def add(self, model: Path, options: OptimizeOptions, host: str) -> Task:
        """Puts a run into the queue; it begins at once when nothing else runs."""
        task = self._queue.add(model, options, host)
        self.advance()
        return task

    def resume(self) -> None:
        """Goes on after an engine was lost."""
        self._paused = False
        self.advance()

    def advance(self) -> None:
        """Begins the next task unless one runs."""
        while self._task is None and not self._paused and (waiting := self._queue.waiting):
            self._begin(waiting[0])

    def cancel(self) -> None:
        """Stops what runs; what was found so far is kept where there is something."""
        run = self._state.run
        if run is None or run.cancelling or self._task is None:
            return
        self._state.change_run(cancelling=True)
        if self._remote is not None:
            self._remote.cancel()
        else:
            self._engine.cancel(run.job)

    def give_up(self) -> None:
        """The engine was ended for good: so is what it was busy with."""
        run = self._state.run
        if run is None:
            return
        if self._remote_engine is not None:
            self._remote_engine.restart()
        self._end(Failed(run.job, "cancelled", self.tr("The work on {} ended with the engine.").format(run.subject)))

    def close_run(self) -> None:
        """The result is on show (or was noted): the next task may begin."""
        self._state.set_run(None)
        self._task = None
        self.advance()

    # -- one task

    def _begin(self, task: Task) -> None:
        try:
            if not task.model.is_file():
                raise CommandError(
                    self.tr("The model file {} is not there any more: open it from where it is now.").format(task.model)
                )
            self._output = self._folder.new_file(task.model, task.options, task.host)
            engine = self._hosts.engine(task.host) if task.host else self._engine
        except WarploomError as error:
            self._queue.change(task.id, state=TaskState.FAILED, message=str(error))
            self.failed.emit(self._queue.find(task.id), Failed(0, error.code, str(error)))
            return
        self._task = task.id
        self.log.begin()
        self._queue.change(task.id, state=TaskState.RUNNING)
        job = engine.new_job()
        mode = MODES.get(task.options.mode)
        schedulers = mode.schedulers if mode is not None else ()
        self._state.set_run(JobState(job, "optimize", task.model.name, task.host, schedulers=schedulers))
        self.began.emit(self.task)
        request = OptimizeRequest(job, str(task.model), str(self._output), task.options)
        if task.host:
            self._run_remotely(request, engine)
        else:
            engine.send(request)

    def _run_remotely(self, request: OptimizeRequest, engine: EngineClient) -> None:
        self._remote = RemoteRun(request, self._engine, engine, self)
        self._remote_engine = engine
        self._remote.received.connect(self._take)
        self._remote.advanced.connect(lambda fraction: self._state.change_run(fraction=fraction))
        engine.lost.connect(self._engine_lost)
        engine.stopped_by_force.connect(self._forced)
        self._remote.start()

    def _take(self, event: Event) -> None:
        run = self._state.run
        if run is None or event.job != run.job or (self._remote is not None and self.sender() is self._engine):
            return
        match event:
            case Phase():
                self._state.change_run(phase=event.name, detail=event.detail, fraction=None)
            case SearchProgress():
                self._state.set_run(run.searched(event))
            case LogLine():
                self.log.add(event)
            case Finished() if event.recording:
                self._keep(event)
            case Finished():
                self._end(Failed(event.job, "cancelled", ""))
            case Failed():
                self._end(event)

    def _keep(self, event: Finished) -> None:
        self.log.flush()
        self._let_go_of_host()
        assert self._task is not None
        run = self._state.run
        seconds = None if run is None else time.monotonic() - run.started_s
        self._queue.change(
            self._task,
            state=TaskState.DONE,
            recording=Path(event.recording),
            speedup=_speedup(event.summary),
            seconds=seconds,
            message=self.tr("The search was stopped early.") if event.cancelled else "",
        )
        self.recorded.emit(self.task, event.cancelled)

    def _end(self, event: Failed) -> None:
        """A task ended without a recording."""
        self.log.flush()
        self._let_go_of_host()
        assert self._task is not None
        stopped = event.code == "cancelled"
        state = TaskState.CANCELLED if stopped else TaskState.FAILED
        self._queue.change(self._task, state=state, message="" if stopped else event.message)
        self.failed.emit(self.task, event)
        self.close_run()

    def _engine_lost(self, reason: str, log: str) -> None:
        if self._task is None or (self._remote is not None and self.sender() is self._engine and not self._asking()):
            return
        self.log.flush()
        self._let_go_of_host()
        self._queue.change(self._task, state=TaskState.FAILED, message=reason)
        task = self.task
        # One that never answered would let every other task fail, too.
        self._paused = bool(self._queue.waiting)
        self._state.set_run(None)
        self._task = None
        self.lost.emit(task, reason, log)

    def _asking(self) -> bool:
        """Whether a remote run still needs the engine of this machine."""
        run = self._state.run
        return run is not None and run.phase == "upload" and run.fraction is None

    def _forced(self, job: int) -> None:
        run = self._state.run
        if run is not None and run.job == job:
            text = self.tr("The engine did not stop in time and was ended; the next run starts a fresh one.")
            self._end(Failed(job, "cancelled", text))

    def _let_go_of_host(self) -> None:
        remote, self._remote = self._remote, None
        engine, self._remote_engine = self._remote_engine, None
        if remote is not None:
            remote.close()
            remote.deleteLater()
        if engine is not None:
            engine.lost.disconnect(self._engine_lost)
            engine.stopped_by_force.disconnect(self._forced)


def _speedup(summary: bytes) -> float | None:
    try:
        value = msgspec.json.decode(summary or b"{}")["speedup"]
    except (msgspec.MsgspecError, KeyError, TypeError):
        return None
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
