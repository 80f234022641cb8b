"""Session: turns what the user asks for into requests to the engine, and its events into state. Knows no widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QUrl, Signal

from warploom.errors import WarploomError
from warploom.recording.file import write_recording
from warploom.worker.messages import DevicesRequest, OptimizeOptions, TryRequest
from warploom_app.background import Background, sentence
from warploom_app.chores import OPEN, RESUME, SHOW_JOBS, Chores
from warploom_app.commands import CommandRunner
from warploom_app.engine_client import EngineClient
from warploom_app.engine_work import EngineWork
from warploom_app.hosts import Hosts
from warploom_app.jobs import Task, TaskQueue, TaskState
from warploom_app.loading import what_is
from warploom_app.opening import Opening
from warploom_app.recordings_folder import RecordingsFolder
from warploom_app.recovery import Note
from warploom_app.run_endings import RunEndings
from warploom_app.runner import Runner
from warploom_app.settings import Preferences
from warploom_app.state import AppState


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
        self._chores = Chores(state, engine, self)
        self._opening = Opening(state, background, self._chores, self)
        # The runner listens to the engine before this does: a loss is told once, by the run if there is one.
        self._work = EngineWork(state, engine, self._chores, self._opening, self)
        self._endings = RunEndings(state, self.runner, self.queue, self._chores, self._opening, self._work, self)
        self._command: QProcess | None = None
        self._opening.opened.connect(self.opened)
        self._chores.log.ready.connect(self.logged)
        self._endings.logged.connect(self.logged)
        self._endings.run_ended.connect(self.run_ended)

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
            self._chores.say(text.format(remote[0].toString()))
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
            self._chores.say(kinds[0][1] + more, OPEN)
            return
        models = [path.absolute() for path, kind in known if kind == "model"]
        self._state.clear_message()
        if len(models) > 1 and len(models) == len(known):
            self.enqueue(models)
            return
        path, kind = known[0]
        if len(paths) > 1:
            self._chores.notice(self.tr("Opened {}; one file is shown at a time.").format(path.name))
        if kind == "model":
            self._opening.options.give_back()
            self._work.import_model(path)
        else:
            self._opening.read(path, follow=True)

    def open_sample(self, name: str, path: Path | None) -> None:
        """Opens a sample model: its file, or one that is built now."""
        if path is not None and path.is_file():
            self.open([path])
            return
        try:
            target = self.folder.samples() / f"{name}.onnx"
        except OSError as error:
            self._chores.say(sentence(error))
            return
        if target.is_file():
            self.open([target])
        elif not self._chores.busy():
            job = self._chores.begin("build", name)
            self._command = self._commands.build_sample(
                name,
                target,
                lambda: self._chores.end(job, lambda: self.open([target])),
                lambda *said: self._chores.end(job, None, *said),
            )

    def optimize(self) -> bool:
        """Asks for a run on the open model; returns whether it is on its way."""
        document = self._state.document
        if document is None or self._state.chore is not None:
            return False
        if document.model is None or not document.model.is_file():
            name = document.model or (document.results.recording.model.path if document.results else document.title)
            text = self.tr("The model file {} is not there any more: open it from where it is now.")
            self._chores.say(text.format(name), OPEN)
            return False
        self._state.clear_message()
        behind = self._state.run is not None
        task = self.runner.add(document.model, self._state.options, self._state.host)
        if behind:
            self._chores.notice(self.tr("{} waits in the list of jobs.").format(task.model.name), SHOW_JOBS)
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
        if document is None or document.results is None or document.path is None or self._chores.busy():
            return False
        source = document.path
        try:
            output = self.folder.for_edits(source)
        except WarploomError as error:
            self._chores.say(str(error))
            return False
        model = str(document.model) if document.model is not None else ""
        job = self._chores.begin("try", name)
        request = TryRequest(
            job=job,
            recording=str(source),
            output=str(output),
            name=name,
            schedule=schedule,
            model=model,
            device=device,
        )

        self._opening.with_file(document, lambda: self._work.try_schedule(request, document.model), job)
        return True

    def enqueue(self, models: Sequence[Path]) -> None:
        """Asks for a run on each of several models."""
        for model in models:
            self.runner.add(model, self.own_options, self._state.host)
        if len(models) > 1:
            self._chores.notice(self.tr("{} models are in the list of jobs.").format(len(models)), SHOW_JOBS)

    def cancel(self) -> None:
        """Stops what is in progress; what was found so far is kept where there is something."""
        chore = self._state.chore
        if chore is None:
            self.runner.cancel()
        elif not chore.cancelling and not self._work.cancel() and self._command is not None:
            self._state.set_job(None)
            self._commands.stop(self._command)
            self._chores.say_stopped()

    def abandon(self) -> None:
        """Stops the import in progress and forgets it; a run goes on in the list of jobs."""
        if self._state.chore is not None:
            self.cancel()
        self._opening.forget()
        self._opening.options.give_back()
        self._state.set_job(None)

    def open_result(self, task: Task | None = None) -> None:
        """Opens the recording of a task, by default of the one that ended last."""
        task = task or self._endings.latest
        if task is not None and task.recording is not None:
            self._state.clear_message()
            self._opening.read(task.recording, task.model if task.model.is_file() else None)

    def export(self, format_name: str, output: Path, done: Callable[[], object] | None = None) -> None:
        """Writes the open recording in another format, then calls `done` (by default it says so)."""
        document = self._state.document
        if document is None or document.results is None or document.path is None or self._chores.busy():
            return
        job = self._chores.begin("export", output.name)
        self._command = None
        told = done or (lambda: self._chores.say_saved(output))

        def run() -> None:
            assert document.path is not None
            self._command = self._commands.export(
                document.path,
                format_name,
                output,
                lambda: self._chores.end(job, told),
                lambda *said: self._chores.end(job, None, *said),
            )

        self._opening.with_file(document, run, job)

    def save_copy(self, output: Path) -> None:
        """Saves the open recording under another name."""
        document = self._state.document
        if document is None or document.results is None:
            return
        recording = document.results.recording
        self._background.run(
            lambda: write_recording(recording, output),
            lambda _: self._chores.say_saved(output),
            lambda error: self._chores.say(sentence(error)),
        )

    def recover(self, note: Note) -> None:
        """Opens what a window had open that crashed, and offers its runs again."""
        file, model = Path(note.document), Path(note.model)
        if note.document and file.is_file():
            if note.model and model.is_file():
                self._opening.read(file, model, follow=True)
            else:
                self.open([file])
        for task in note.tasks:
            lost = self.queue.add(Path(task.model), task.options, task.host)
            text = self.tr("The window ended before this run did.")
            self.queue.change(lost.id, state=TaskState.CANCELLED, message=text)
        if note.tasks:
            text = self.tr("Warploom ended unexpectedly while {} runs were not done: they are in the list of jobs.")
            self._chores.notice(text.format(len(note.tasks)), RESUME)
        elif note.document:
            self._chores.notice(self.tr("Warploom ended unexpectedly; what was open is open again."))

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
            lambda error: self._chores.say(sentence(error)),
        )

    @property
    def own_options(self) -> OptimizeOptions:
        """What the user set for the next run, whatever is shown for a recording."""
        return self._opening.options.own

    def close(self) -> None:
        """Ends what the session started by itself."""
        self.hosts.close()
        self._work.close()
