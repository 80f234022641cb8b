"""Session: turns what the user asks for into requests to the engine, and its events into state. Knows no widgets."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import platformdirs
from PySide6.QtCore import QObject, QTimer, QUrl, Signal

from warploom.graph import LogEntry
from warploom.recording.file import write_recording
from warploom.worker.messages import (
    DeviceList,
    DevicesRequest,
    Event,
    Failed,
    Finished,
    GraphReady,
    ImportRequest,
    LogLine,
    OptimizeRequest,
    Phase,
    SearchProgress,
)
from warploom_app.background import Background, sentence
from warploom_app.commands import CommandRunner
from warploom_app.engine_client import EngineClient
from warploom_app.loading import document_from_graph, document_from_recording, what_is
from warploom_app.state import AppState, Document, JobState, Message

RESTART = "run.restart"
CANCEL = "run.cancel"
OPEN = "file.open"
_LOG_BATCH_MS = 100


class Session(QObject):
    """One per window.

    Signals:
        opened: A file was opened (its path).
        logged: New entries of the build log of the running job.
    """

    opened = Signal(object)
    logged = Signal(object)

    def __init__(
        self,
        state: AppState,
        engine: EngineClient,
        commands: CommandRunner,
        background: Background,
        folder: Path | None = None,
    ) -> None:
        super().__init__()
        self._state, self._engine, self._commands, self._background = state, engine, commands, background
        self._folder = folder or platformdirs.user_data_path("warploom", appauthor=False) / "recordings"
        self._log: list[LogEntry] = []
        self._fresh: list[LogEntry] = []
        self._model: Path | None = None
        self._opening = 0
        self._batch = QTimer(self)
        self._batch.setSingleShot(True)
        self._batch.setInterval(_LOG_BATCH_MS)
        self._batch.timeout.connect(self._flush_log)
        engine.received.connect(self._take)
        engine.lost.connect(self._engine_lost)
        engine.stopped_by_force.connect(self._stopped_by_force)

    # -- what the user asks for

    def start(self) -> None:
        """Starts the engine and asks which devices there are."""
        self._engine.send(DevicesRequest(job=self._engine.new_job()))

    def restart_engine(self) -> None:
        """Starts a fresh engine after one was lost."""
        self._state.clear_message()
        self._state.set_job(None)
        self._engine.restart()
        self._engine.send(DevicesRequest(job=self._engine.new_job()))

    def drop(self, urls: Sequence[QUrl]) -> None:
        """Opens what was dropped on the window."""
        remote = [url for url in urls if not url.isLocalFile()]
        if remote:
            self._state.show(
                Message(
                    self.tr("{} is not a file on this machine: download it first, then drop it.").format(
                        remote[0].toString()
                    )
                )
            )
            return
        self.open([Path(url.toLocalFile()) for url in urls])

    def open(self, paths: Sequence[Path]) -> None:
        """Opens the first model or recording among the paths; says so when there is more, or none."""
        if not paths:
            return
        kinds = [(path, what_is(path)) for path in paths]
        known = [(path, kind) for path, kind in kinds if kind in ("model", "recording")]
        if not known:
            more = self.tr(" {} more were dropped with it.").format(len(paths) - 1) if len(paths) > 1 else ""
            self._state.show(Message(kinds[0][1] + more, action=OPEN))
            return
        path, kind = known[0]
        self._state.clear_message()
        if len(paths) > 1:
            text = self.tr("Opened {}; one file is shown at a time.").format(path.name)
            self._state.show(Message(text, level="notice"))
        if kind == "model":
            self._import(path)
        else:
            self._read(path)

    def open_sample(self, name: str, path: Path | None) -> None:
        """Opens a sample model: its file, or one that is built now."""
        if path is not None and path.is_file():
            self.open([path])
            return
        target = self._samples_folder() / f"{name}.onnx"
        if target.is_file():
            self.open([target])
            return
        if self._busy():
            return
        job = self._begin("build", name)
        self._commands.build_sample(
            name, target, lambda: self._end(job, lambda: self.open([target])), lambda *said: self._end(job, None, *said)
        )

    def optimize(self) -> bool:
        """Runs the main job on the open model; returns whether it began."""
        document = self._state.document
        if document is None or self._busy():
            return False
        if document.model is None or not document.model.is_file():
            name = document.model or (document.results.recording.model.path if document.results else document.title)
            text = self.tr("The model file {} is not there any more: open it from where it is now.").format(name)
            self._state.show(Message(text, action=OPEN))
            return False
        output = self._output_for(document.model)
        if output is None:
            return False
        self._state.clear_message()
        self._model = document.model
        job = self._begin("optimize", document.model.name)
        self._engine.send(
            OptimizeRequest(job=job, model=str(document.model), output=str(output), options=self._state.options)
        )
        return True

    def cancel(self) -> None:
        """Stops the running job; what was found so far is kept where there is something."""
        job = self._state.job
        if job is not None and job.kind in ("import", "optimize") and not job.cancelling:
            self._state.change_job(cancelling=True)
            self._engine.cancel(job.job)

    def abandon(self) -> None:
        """Stops the running job and forgets it: nothing of it will be shown."""
        self.cancel()
        self._opening += 1
        self._state.set_job(None)

    def export(self, format_name: str, output: Path) -> None:
        """Writes the open recording in another format."""
        document = self._state.document
        if document is None or document.results is None or document.path is None or self._busy():
            return
        job = self._begin("export", output.name)

        def done() -> None:
            self._say_saved(output)

        def run() -> None:
            assert document.path is not None
            self._commands.export(
                document.path,
                format_name,
                output,
                lambda: self._end(job, done),
                lambda *said: self._end(job, None, *said),
            )

        self._with_file(document, run, job)

    def save_copy(self, output: Path) -> None:
        """Saves the open recording under another name."""
        document = self._state.document
        if document is None or document.results is None:
            return
        recording = document.results.recording
        self._background.run(
            lambda: write_recording(recording, output),
            lambda _: self._say_saved(output),
            lambda error: self._state.show(Message(sentence(error))),
        )

    # -- work under way

    def _busy(self) -> bool:
        job = self._state.job
        if job is None:
            return False
        text = self.tr("Something is being done already: wait for it, or cancel it first.")
        self._state.show(Message(text, "notice", CANCEL))
        return True

    def _say_saved(self, output: Path) -> None:
        self._state.show(Message(self.tr("Saved {}").format(output), level="notice"))

    def _begin(self, kind: str, subject: str) -> int:
        job = self._engine.new_job()
        self._log, self._fresh = [], []
        self._state.set_job(JobState(job, kind, subject))
        return job

    def _end(self, job: int, then: Callable[[], object] | None, message: str = "", details: str = "") -> None:
        """A job ended: well (`then`), or with a message. One that was given up meanwhile says nothing."""
        if self._state.job is None or self._state.job.job != job:
            return
        self._flush_log()
        self._state.set_job(None)
        if message:
            self._state.show(Message(message, details=details))
        if then is not None:
            then()

    def _import(self, path: Path) -> None:
        if self._state.job is not None and self._state.job.kind == "import":
            self._engine.cancel(self._state.job.job)
            self._state.set_job(None)
        if self._busy():
            return
        self._model = path.absolute()
        job = self._begin("import", path.name)
        options = self._state.options
        self._engine.send(ImportRequest(job=job, model=str(self._model), batch=options.batch, shapes=options.shapes))

    def _read(self, path: Path, model: Path | None = None, job: int | None = None) -> None:
        """Reads a recording; the newest request wins."""
        self._opening += 1
        mine, path = self._opening, path.absolute()

        def done(document: Document) -> None:
            if job is not None:
                self._end(job, None)
            if mine == self._opening:
                self._state.set_document(document)
                self.opened.emit(path)

        def failed(error: Exception) -> None:
            if job is not None:
                self._end(job, None)
            self._state.show(Message(sentence(error), action=OPEN))

        self._background.run(lambda: document_from_recording(path, model), done, failed)

    def _with_file(self, document: Document, run: Callable[[], object], job: int) -> None:
        """Calls `run` once the recording's file is there; one that was deleted is written again."""
        path, results = document.path, document.results
        assert path is not None
        assert results is not None
        if path.is_file():
            run()
            return

        def write() -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_recording(results.recording, path)

        self._background.run(write, lambda _: run(), lambda error: self._end(job, None, sentence(error)))

    def _output_for(self, model: Path) -> Path | None:
        options = self._state.options
        device = options.device.replace(":", "-")
        name = f"{model.stem}-{device}-{options.precision}-{time.strftime('%Y%m%d-%H%M%S')}.warploom"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._state.show(Message(self.tr("The folder for recordings cannot be made: {}").format(sentence(error))))
            return None
        return self._folder / name

    def _samples_folder(self) -> Path:
        folder = self._folder.parent / "samples"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # -- events of the engine

    def _take(self, event: Event) -> None:
        if isinstance(event, DeviceList):
            self._state.set_devices(event)
            return
        job = self._state.job
        if job is None or event.job != job.job:
            if isinstance(event, Failed) and event.job == 0:
                self._state.show(Message(event.message, action=RESTART, details=event.details))
            return
        match event:
            case Phase():
                self._state.change_job(phase=event.name, detail=event.detail)
            case SearchProgress():
                self._state.change_job(progress=event)
            case LogLine():
                self._fresh.append(LogEntry(event.step, event.subject, event.decision, event.reason))
                self._batch.start() if not self._batch.isActive() else None
            case GraphReady():
                self._graph_ready(event)
            case Finished():
                self._finished(event, job)
            case Failed():
                self._failed(event, job)

    def _graph_ready(self, event: GraphReady) -> None:
        job, model = self._state.job, self._model
        if job is None or job.kind != "import" or model is None:
            return
        self._flush_log()
        log = tuple(self._log)
        self._opening += 1
        mine = self._opening

        def done(document: Document) -> None:
            if mine == self._opening:
                self._state.set_document(document)
                self.opened.emit(model)
            self._end(event.job, None)

        def failed(error: Exception) -> None:
            self._end(event.job, None, sentence(error))

        self._background.run(lambda: document_from_graph(model, event.document, log), done, failed)

    def _finished(self, event: Finished, job: JobState) -> None:
        if event.recording:
            if event.cancelled:
                text = self.tr("The search was stopped; the best schedule found so far is shown.")
                self._state.show(Message(text, "notice"))
            self._read(Path(event.recording), self._model, job.job)
        elif job.kind == "optimize" or event.cancelled:
            self._end(job.job, None)
            self._state.show(Message(self.tr("Stopped before there was anything to show."), "notice"))

    def _failed(self, event: Failed, job: JobState) -> None:
        self._end(job.job, None)
        if event.code == "cancelled":
            self._state.show(Message(self.tr("Stopped before there was anything to show."), "notice"))
        else:
            action = OPEN if job.kind == "import" else ""
            self._state.show(Message(event.message, action=action, details=event.details))

    def _engine_lost(self, reason: str, log: str) -> None:
        job = self._state.job
        parts = [reason]
        if job is not None and job.kind in ("import", "optimize"):
            parts.append(self.tr("The work on {} is lost.").format(job.subject))
            self._flush_log()
            self._state.set_job(None)
        if self._state.document is not None:
            parts.append(self.tr("What is open stays."))
        self._state.show(Message(" ".join(parts), action=RESTART, details=log))

    def _stopped_by_force(self, job: int) -> None:
        current = self._state.job
        if current is not None and current.job != job and current.kind == "import" and self._model is not None:
            self._state.set_job(None)  # it waited behind the job that would not stop, and went with the engine
            self._import(self._model)
            return
        self._end(job, None)
        text = self.tr("The engine did not stop in time and was ended; the next run starts a fresh one.")
        self._state.show(Message(text, "notice"))

    def _flush_log(self) -> None:
        self._batch.stop()
        if self._fresh:
            self._log += self._fresh
            fresh, self._fresh = self._fresh, []
            self.logged.emit(fresh)
