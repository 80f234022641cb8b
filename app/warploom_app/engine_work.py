"""EngineWork: imports of models and trials of edited schedules, through the engine or a second one beside a run."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from warploom.worker.messages import (
    DeviceList,
    Event,
    Failed,
    Finished,
    GraphReady,
    ImportRequest,
    LogLine,
    Phase,
    TryRequest,
)
from warploom_app.chores import OPEN, RESTART, Chores
from warploom_app.engine_client import EngineClient
from warploom_app.opening import Opening
from warploom_app.state import AppState

KINDS = ("import", "try")
"""Chores that an engine does."""


class EngineWork(QObject):
    """Turns requests into chores, and the engine's events into state.

    Attributes:
        told_loss: Why an engine was lost, where a run has said it already.
    """

    def __init__(
        self, state: AppState, engine: EngineClient, chores: Chores, opening: Opening, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._engine, self._chores, self._opening = state, engine, chores, opening
        self._second: EngineClient | None = None
        self._working: EngineClient | None = None
        self._model: Path | None = None
        self._tried: tuple[Path, Path | None] | None = None
        self.told_loss = ""
        self._listen(engine)

    def import_model(self, path: Path) -> None:
        """Imports a model in place of one that is being imported."""
        chore = self._state.chore
        if chore is not None and chore.kind == "import" and self._working is not None:
            self._working.cancel(chore.job)
            self._state.set_job(None)
        if self._chores.busy():
            return
        self._model = path.absolute()
        job = self._chores.begin("import", path.name)
        options = self._state.options
        self._working = self._free_engine()
        self._working.send(ImportRequest(job, str(self._model), options.batch, options.shapes))

    def try_schedule(self, request: TryRequest, model: Path | None) -> None:
        """Runs an edited schedule, then opens the result (with its model, where that is here)."""
        self._tried = Path(request.output), model
        self._working = self._free_engine()
        self._working.send(request)

    def cancel(self) -> bool:
        """Stops what an engine does for a chore; whether it does anything."""
        chore = self._state.chore
        if chore is None or chore.kind not in KINDS or self._working is None:
            return False
        self._state.change_job(cancelling=True)
        self._working.cancel(chore.job)
        return True

    def close(self) -> None:
        """Ends the second engine."""
        if self._second is not None:
            self._second.close()

    def _free_engine(self) -> EngineClient:
        """The engine, or a second one while the first is busy with a run."""
        run = self._state.run
        if run is None or run.host:
            return self._engine
        if self._second is None:
            self._second = self._engine.sibling(self)
            self._listen(self._second)
        return self._second

    def _listen(self, engine: EngineClient) -> None:
        engine.received.connect(self._take)
        engine.lost.connect(self._lost)
        engine.stopped_by_force.connect(self._forced)
        engine.silent.connect(self._silent)
        engine.answering.connect(self._state.clear_message)

    def _take(self, event: Event) -> None:
        if isinstance(event, DeviceList):
            self._state.set_devices(event)
            return
        chore = self._state.chore
        if chore is None or event.job != chore.job:
            if isinstance(event, Failed) and event.job == 0:
                self._chores.say(event.message, RESTART, event.details)
            return
        match event:
            case Phase():
                self._state.change_job(phase=event.name, detail=event.detail)
            case LogLine():
                self._chores.log.add(event)
            case GraphReady() if self._model is not None:
                self._opening.take_graph(event, self._model)
            case Finished() if chore.kind == "try" and self._tried is not None:
                output, model = self._tried
                self._chores.end(event.job, lambda: self._opening.read(output, model, compare=chore.subject))
            case Finished() if event.cancelled:
                self._chores.end(event.job)
                self._chores.say_stopped()
            case Failed():
                self._failed(event)

    def _failed(self, event: Failed) -> None:
        self._chores.end(event.job)
        if event.code == "cancelled":
            self._chores.say_stopped()
        else:
            self._chores.say(event.message, OPEN, event.details)

    def _lost(self, reason: str, log: str) -> None:
        parts = [reason]
        chore = self._state.chore
        if chore is not None and chore.kind in KINDS and self.sender() is self._working:
            parts.append(self.tr("The work on {} is lost.").format(chore.subject))
            self._chores.log.flush()
            self._state.set_job(None)
        elif reason == self.told_loss or self.sender() is self._second:
            self.told_loss = ""
            return  # the run has said it already, or nothing depended on it
        if self._state.document is not None:
            parts.append(self.tr("What is open stays."))
        self._chores.say(" ".join(parts), RESTART, log)

    def _silent(self, seconds: int) -> None:
        text = self.tr("The engine has not answered for {} seconds. It may be busy; a restart ends what it does.")
        self._chores.notice(text.format(seconds), RESTART)

    def _forced(self, job: int) -> None:
        chore = self._state.chore
        if chore is None or chore.kind not in KINDS:
            return
        if chore.job != job and chore.kind == "import" and self._model is not None:
            self._state.set_job(None)  # it waited behind the job that would not stop, and went with the engine
            self.import_model(self._model)
        elif chore.job == job:
            self._chores.end(job)
            text = self.tr("The engine did not stop in time and was ended; the next run starts a fresh one.")
            self._chores.notice(text)
