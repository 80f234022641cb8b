"""Session: turns what the user asks for into requests to the engine, and its events into state. Knows no widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QUrl, Signal

from warploom.errors import WarploomError
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
    Phase,
    TryRequest,
)
from warploom_app.background import Background, sentence
from warploom_app.commands import CommandRunner
from warploom_app.engine_client import EngineClient
from warploom_app.hosts import Hosts
from warploom_app.jobs import JobState, Task, TaskQueue, TaskState
from warploom_app.loading import document_from_graph, document_from_recording, what_is
from warploom_app.log_batch import LogBatch
from warploom_app.recordings_folder import RecordingsFolder
from warploom_app.recovery import Note
from warploom_app.runner import Runner
from warploom_app.settings import Preferences
from warploom_app.state import AppState, Document, Message

RESTART = "run.restart"
CANCEL = "run.cancel"
OPEN = "file.open"
RESUME = "run.resume"
OPEN_RESULT = "run.open-result"
SHOW_JOBS = "view.jobs"


class Session(QObject):
    """One per window.

    Signals:
        opened: A file was opened (its path).
        logged: New entries of the build log of what is open.
        run_ended: A run ended (the task, a sentence about it).
    """

    opened = Signal(object)
    logged = Signal(object)
    run_ended = Signal(object, str)

    def __init__(
        self,
        state: AppState,
        engine: EngineClient,
        commands: CommandRunner,
        background: Background,
        folder: RecordingsFolder | None = None,
        hosts: Hosts | None = None,
    ) -> None:
        super().__init__()
        self._state, self._engine, self._commands, self._background = state, engine, commands, background
        self.folder = folder or RecordingsFolder()
        self.hosts = hosts or Hosts()
        self.queue = TaskQueue(self)
        self.runner = Runner(state, self.queue, engine, self.hosts, self.folder)
        self._log = LogBatch(self)
        self._reader: EngineClient | None = None
        self._importing: EngineClient | None = None
        self._command: QProcess | None = None
        self._model: Path | None = None
        self._latest: Task | None = None
        self._tried: tuple[Path, Path | None] | None = None
        self._opening = 0
        self._told_loss = ""
        self._log.ready.connect(self.logged)
        self.runner.log.ready.connect(self._log_of_run)
        self.runner.recorded.connect(self._recorded)
        self.runner.failed.connect(self._run_failed)
        self.runner.lost.connect(self._run_lost)
        self._listen(engine)

    # -- what the user asks for

    def start(self) -> None:
        """Starts the engine and asks which devices there are."""
        self._engine.send(DevicesRequest(job=self._engine.new_job()))

    def restart_engine(self) -> None:
        """Starts a fresh engine; a run that the old one was busy with is over."""
        self._state.clear_message()
        self._state.set_job(None)
        self._engine.restart()
        self.start()
        self.runner.give_up()
        self.runner.resume()

    def drop(self, urls: Sequence[QUrl]) -> None:
        """Opens what was dropped on the window; several models become a queue of runs."""
        remote = [url for url in urls if not url.isLocalFile()]
        if remote:
            text = self.tr("{} is not a file on this machine: download it first, then drop it.")
            self._say(text.format(remote[0].toString()))
            return
        self.open([Path(url.toLocalFile()) for url in urls])

    def open(self, paths: Sequence[Path]) -> None:
        """Opens the first model or recording among the paths, queues further models; says so when there is none."""
        if not paths:
            return
        kinds = [(path, what_is(path)) for path in paths]
        known = [(path, kind) for path, kind in kinds if kind in ("model", "recording")]
        if not known:
            more = self.tr(" {} more were dropped with it.").format(len(paths) - 1) if len(paths) > 1 else ""
            self._say(kinds[0][1] + more, OPEN)
            return
        models = [path.absolute() for path, kind in known if kind == "model"]
        self._state.clear_message()
        if len(models) > 1 and len(models) == len(known):
            self.enqueue(models)
            return
        path, kind = known[0]
        if len(paths) > 1:
            self._notice(self.tr("Opened {}; one file is shown at a time.").format(path.name))
        if kind == "model":
            self._import(path)
        else:
            self._read(path)

    def open_sample(self, name: str, path: Path | None) -> None:
        """Opens a sample model: its file, or one that is built now."""
        if path is not None and path.is_file():
            self.open([path])
            return
        try:
            target = self.folder.samples() / f"{name}.onnx"
        except OSError as error:
            self._say(sentence(error))
            return
        if target.is_file():
            self.open([target])
        elif not self._busy():
            job = self._begin("build", name)
            self._command = self._commands.build_sample(
                name,
                target,
                lambda: self._end(job, lambda: self.open([target])),
                lambda *said: self._end(job, None, *said),
            )

    def optimize(self) -> bool:
        """Asks for a run on the open model; returns whether it is on its way."""
        document = self._state.document
        if document is None or self._state.chore is not None:
            return False
        if document.model is None or not document.model.is_file():
            name = document.model or (document.results.recording.model.path if document.results else document.title)
            text = self.tr("The model file {} is not there any more: open it from where it is now.")
            self._say(text.format(name), OPEN)
            return False
        self._state.clear_message()
        behind = self._state.run is not None
        task = self.runner.add(document.model, self._state.options, self._state.host)
        if behind:
            self._notice(self.tr("{} waits in the list of jobs.").format(task.model.name), SHOW_JOBS)
        return True

    def try_schedule(self, name: str, schedule: bytes, device: str = "") -> bool:
        """Runs a schedule that was edited by hand beside those of the open recording, and opens the result.

        A recording of the window's own is added to; of any other one a copy is.

        Args:
            name: What it is to be called.
            schedule: Stages or a plan as JSON.
            device: Where all of the recording's schedules run; "" for its own device.

        Returns:
            Whether it is on its way.
        """
        document = self._state.document
        if document is None or document.results is None or document.path is None or self._busy():
            return False
        source = document.path
        try:
            output = self.folder.for_edits(source)
        except WarploomError as error:
            self._say(str(error))
            return False
        model = str(document.model) if document.model is not None else ""
        job = self._begin("try", name)
        request = TryRequest(
            job=job,
            recording=str(source),
            output=str(output),
            name=name,
            schedule=schedule,
            model=model,
            device=device,
        )

        def run() -> None:
            self._tried = output, document.model
            self._importing = self._engine_for_import()
            self._importing.send(request)

        self._with_file(document, run, job)
        return True

    def enqueue(self, models: Sequence[Path]) -> None:
        """Asks for a run on each of several models."""
        for model in models:
            self.runner.add(model, self._state.options, self._state.host)
        if len(models) > 1:
            self._notice(self.tr("{} models are in the list of jobs.").format(len(models)), SHOW_JOBS)

    def cancel(self) -> None:
        """Stops what is in progress; what was found so far is kept where there is something."""
        chore = self._state.chore
        if chore is None:
            self.runner.cancel()
        elif not chore.cancelling:
            if chore.kind in ("import", "try") and self._importing is not None:
                self._state.change_job(cancelling=True)
                self._importing.cancel(chore.job)
            elif self._command is not None:
                self._state.set_job(None)
                self._commands.stop(self._command)
                self._notice(self.tr("Stopped before there was anything to show."))

    def abandon(self) -> None:
        """Stops the import in progress and forgets it; a run goes on in the list of jobs."""
        if self._state.chore is not None:
            self.cancel()
        self._opening += 1
        self._state.set_job(None)

    def open_result(self, task: Task | None = None) -> None:
        """Opens the recording of a task, by default of the one that ended last."""
        task = task or self._latest
        if task is not None and task.recording is not None:
            self._state.clear_message()
            self._read(task.recording, task.model if task.model.is_file() else None)

    def export(self, format_name: str, output: Path, done: Callable[[], object] | None = None) -> None:
        """Writes the open recording in another format, then calls `done` (by default it says so)."""
        document = self._state.document
        if document is None or document.results is None or document.path is None or self._busy():
            return
        job = self._begin("export", output.name)
        told = done or (lambda: self._say_saved(output))

        def run() -> None:
            assert document.path is not None
            self._command = self._commands.export(
                document.path,
                format_name,
                output,
                lambda: self._end(job, told),
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
            lambda error: self._say(sentence(error)),
        )

    def recover(self, note: Note) -> None:
        """Opens what a window had open that crashed, and offers its runs again."""
        file, model = Path(note.document), Path(note.model)
        if note.document and file.is_file():
            if note.model and model.is_file():
                self._read(file, model)
            else:
                self.open([file])
        for task in note.tasks:
            lost = self.queue.add(Path(task.model), task.options, task.host)
            text = self.tr("The window ended before this run did.")
            self.queue.change(lost.id, state=TaskState.CANCELLED, message=text)
        if note.tasks:
            text = self.tr("Warploom ended unexpectedly while {} runs were not done: they are in the list of jobs.")
            self._notice(text.format(len(note.tasks)), RESUME)
        elif note.document:
            self._notice(self.tr("Warploom ended unexpectedly; what was open is open again."))

    def resume_runs(self) -> None:
        """Runs again what a crash of the window cut off."""
        for task in self.queue.tasks:
            if task.state is TaskState.CANCELLED:
                self.queue.again(task.id)
        self.runner.advance()

    def prune(self, preferences: Preferences) -> None:
        """Lets the oldest recordings of the folder go, but none that is in use."""
        spared = {task.recording for task in self.queue.tasks if task.recording is not None}
        document = self._state.document
        if document is not None and document.path is not None:
            spared.add(document.path)
        most_bytes = int(preferences.keep_gigabytes * 1e9)
        self._background.run(
            lambda: self.folder.prune(preferences.keep_recordings, most_bytes, spared),
            lambda _: None,
            lambda error: self._say(sentence(error)),
        )

    def close(self) -> None:
        """Ends what the session started by itself."""
        self.hosts.close()
        if self._reader is not None:
            self._reader.close()

    # -- work under way

    def _say(self, text: str, action: str = "", details: str = "") -> None:
        self._state.show(Message(text, action=action, details=details))

    def _notice(self, text: str, action: str = "") -> None:
        self._state.show(Message(text, "notice", action))

    def _busy(self) -> bool:
        if self._state.chore is None:
            return False
        self._notice(self.tr("Something is being done already: wait for it, or cancel it first."), CANCEL)
        return True

    def _say_saved(self, output: Path) -> None:
        self._notice(self.tr("Saved {}").format(output))

    def _begin(self, kind: str, subject: str) -> int:
        job = self._engine.new_job()
        self._log.begin()
        self._command = None
        self._state.set_job(JobState(job, kind, subject))
        return job

    def _end(self, job: int, then: Callable[[], object] | None, message: str = "", details: str = "") -> None:
        """Short work ended: well (`then`), or with a message. What was given up meanwhile says nothing."""
        chore = self._state.chore
        if chore is None or chore.job != job:
            return
        self._log.flush()
        self._state.set_job(None)
        if message:
            self._say(message, details=details)
        if then is not None:
            then()

    def _import(self, path: Path) -> None:
        chore = self._state.chore
        if chore is not None and chore.kind == "import" and self._importing is not None:
            self._importing.cancel(chore.job)
            self._state.set_job(None)
        if self._busy():
            return
        self._model = path.absolute()
        job = self._begin("import", path.name)
        options = self._state.options
        self._importing = self._engine_for_import()
        self._importing.send(ImportRequest(job, str(self._model), options.batch, options.shapes))

    def _engine_for_import(self) -> EngineClient:
        """The engine, or a second one while the first is busy with a run."""
        run = self._state.run
        if run is None or run.host:
            return self._engine
        if self._reader is None:
            self._reader = self._engine.sibling(self)
            self._listen(self._reader)
        return self._reader

    def _read(
        self, path: Path, model: Path | None = None, done: Callable[[], object] | None = None, compare: str = ""
    ) -> None:
        """Reads a recording and shows it; the newest request wins.

        Args:
            path: The recording.
            model: Its model, where that is here.
            done: Called in any case.
            compare: A schedule of it to put beside the best other one.
        """
        self._opening += 1
        mine, path = self._opening, path.absolute()

        def opened(document: Document) -> None:
            if done is not None:
                done()
            if mine == self._opening:
                self._state.set_document(document)
                self._compare(document, compare)
                self.opened.emit(path)

        def failed(error: Exception) -> None:
            if done is not None:
                done()
            self._say(sentence(error), OPEN)

        self._background.run(lambda: document_from_recording(path, model), opened, failed)

    def _compare(self, document: Document, name: str) -> None:
        """Puts a schedule beside the best of the others."""
        recording = document.results.recording if document.results is not None else None
        if recording is None or not name:
            return
        others = [one for one in recording.candidates if one.name != name]
        best = min(others, key=lambda one: one.measurement.median_us, default=None)
        if best is not None and len(others) < len(recording.candidates):
            self._state.set_compared((best.name, name))

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

    # -- events of an import

    def _listen(self, engine: EngineClient) -> None:
        engine.received.connect(self._take)
        engine.lost.connect(self._engine_lost)
        engine.stopped_by_force.connect(self._stopped_by_force)
        engine.silent.connect(self._engine_silent)
        engine.answering.connect(self._state.clear_message)

    def _take(self, event: Event) -> None:
        if isinstance(event, DeviceList):
            self._state.set_devices(event)
            return
        chore = self._state.chore
        if chore is None or event.job != chore.job:
            if isinstance(event, Failed) and event.job == 0:
                self._say(event.message, RESTART, event.details)
            return
        match event:
            case Phase():
                self._state.change_job(phase=event.name, detail=event.detail)
            case LogLine():
                self._log.add(event)
            case GraphReady():
                self._graph_ready(event)
            case Finished() if chore.kind == "try" and self._tried is not None:
                output, model = self._tried
                self._end(event.job, lambda: self._read(output, model, compare=chore.subject))
            case Finished() if event.cancelled:
                self._end(event.job, None)
                self._notice(self.tr("Stopped before there was anything to show."))
            case Failed():
                self._end(event.job, None)
                if event.code == "cancelled":
                    self._notice(self.tr("Stopped before there was anything to show."))
                else:
                    self._say(event.message, OPEN, event.details)

    def _graph_ready(self, event: GraphReady) -> None:
        model = self._model
        if model is None:
            return
        self._log.flush()
        log = self._log.entries
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

    def _engine_lost(self, reason: str, log: str) -> None:
        parts = [reason]
        chore = self._state.chore
        if chore is not None and chore.kind in ("import", "try") and self.sender() is self._importing:
            parts.append(self.tr("The work on {} is lost.").format(chore.subject))
            self._log.flush()
            self._state.set_job(None)
        elif reason == self._told_loss or self.sender() is self._reader:
            self._told_loss = ""
            return  # the run has said it already, or nothing depended on it
        if self._state.document is not None:
            parts.append(self.tr("What is open stays."))
        self._say(" ".join(parts), RESTART, log)

    def _engine_silent(self, seconds: int) -> None:
        text = self.tr("The engine has not answered for {} seconds. It may be busy; a restart ends what it does.")
        self._notice(text.format(seconds), RESTART)

    def _stopped_by_force(self, job: int) -> None:
        chore = self._state.chore
        if chore is None or chore.kind not in ("import", "try"):
            return
        if chore.job != job and chore.kind == "import" and self._model is not None:
            self._state.set_job(None)  # it waited behind the job that would not stop, and went with the engine
            self._import(self._model)
        elif chore.job == job:
            self._end(job, None)
            text = self.tr("The engine did not stop in time and was ended; the next run starts a fresh one.")
            self._notice(text)

    # -- the ends of runs

    def _log_of_run(self, entries: object) -> None:
        task, document = self.runner.task, self._state.document
        if task is not None and document is not None and document.model == task.model:
            self.logged.emit(entries)

    def _recorded(self, task: Task, stopped: bool) -> None:
        self._latest = task
        document = self._state.document
        assert task.recording is not None
        if document is not None and document.model == task.model and self._state.chore is None:
            if stopped:
                self._notice(self.tr("The search was stopped; the best schedule found so far is shown."))
            self._read(task.recording, task.model, self.runner.close_run)
        else:
            self.runner.close_run()
            self._notice(self.tr("{} is optimized.").format(task.model.name), OPEN_RESULT)
        self.run_ended.emit(task, self.tr("{} is optimized.").format(task.model.name))

    def _run_failed(self, task: Task, event: Failed) -> None:
        if event.code == "cancelled":
            self._notice(event.message or self.tr("Stopped before there was anything to show."))
            return
        self._say(event.message, details=event.details)
        self.run_ended.emit(task, self.tr("{} failed: {}").format(task.model.name, event.message))

    def _run_lost(self, task: Task, reason: str, log: str) -> None:
        self._told_loss = "" if task.host else reason
        parts = [reason, self.tr("The work on {} is lost.").format(task.model.name)]
        if self._state.document is not None:
            parts.append(self.tr("What is open stays."))
        if self.queue.waiting:
            parts.append(self.tr("{} more wait.").format(len(self.queue.waiting)))
        self._say(" ".join(parts), RESTART, log)
        self.run_ended.emit(task, reason)
