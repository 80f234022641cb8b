"""Chores: short work of the window (opening, exporting, trying), one at a time, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from warploom_app.engine_client import EngineClient
from warploom_app.jobs import JobState
from warploom_app.log_batch import LogBatch
from warploom_app.state import AppState, Message

RESTART = "run.restart"
CANCEL = "run.cancel"
OPEN = "file.open"
RESUME = "run.resume"
OPEN_RESULT = "run.open-result"
SHOW_JOBS = "view.jobs"


class Chores(QObject):
    """Begins and ends them; a run is none, and goes on meanwhile.

    Attributes:
        log: Entries of the build log of the chore under way.
    """

    def __init__(self, state: AppState, engine: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._engine = state, engine
        self.log = LogBatch(self)

    @property
    def current(self) -> JobState | None:
        """The chore under way."""
        return self._state.chore

    def busy(self) -> bool:
        """Whether there is one; says so."""
        if self._state.chore is None:
            return False
        self.notice(self.tr("Something is being done already: wait for it, or cancel it first."), CANCEL)
        return True

    def begin(self, kind: str, subject: str) -> int:
        """A chore begins; returns its number."""
        job = self._engine.new_job()
        self.log.begin()
        self._state.set_job(JobState(job, kind, subject))
        return job

    def end(self, job: int, then: Callable[[], object] | None = None, message: str = "", details: str = "") -> None:
        """A chore ended: well (`then`), or with a message. What was given up meanwhile says nothing."""
        chore = self._state.chore
        if chore is None or chore.job != job:
            return
        self.log.flush()
        self._state.set_job(None)
        if message:
            self.say(message, details=details)
        if then is not None:
            then()

    # -- what is said

    def say(self, text: str, action: str = "", details: str = "") -> None:
        """Something went wrong."""
        self._state.show(Message(text, action=action, details=details))

    def notice(self, text: str, action: str = "") -> None:
        """Something worth knowing."""
        self._state.show(Message(text, "notice", action))

    def say_stopped(self) -> None:
        """The user stopped it."""
        self.notice(self.tr("Stopped before there was anything to show."))

    def say_saved(self, output: Path) -> None:
        """A file was written."""
        self._state.show(Message(self.tr("Saved {}").format(output), "done", path=output))
