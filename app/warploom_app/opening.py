"""Opening: reads recordings and takes imported graphs off the window's thread, and shows what was asked for last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from warploom.recording.file import write_recording
from warploom.worker.messages import GraphReady
from warploom_app.background import Background, sentence
from warploom_app.chores import OPEN, Chores
from warploom_app.followed_options import FollowedOptions
from warploom_app.loading import document_from_graph, document_from_recording
from warploom_app.state import AppState, Document


class Opening(QObject):
    """The newest request wins.

    Signals:
        opened: A file was opened (its path).

    Attributes:
        options: The settings of the next run, which follow recordings.
    """

    opened = Signal(object)

    def __init__(
        self, state: AppState, background: Background, chores: Chores, parent: QObject | None = None
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._state, self._background, self._chores = state, background, chores
        self._newest = 0
        self.options = FollowedOptions(state)

    def forget(self) -> None:
        """What is being read will not be shown."""
        self._newest += 1

    def read(
        self,
        path: Path,
        model: Path | None = None,
        done: Callable[[], object] | None = None,
        compare: str = "",
        follow: bool = False,
    ) -> None:
        """Reads a recording and shows it.

        Args:
            path: The recording.
            model: Its model, where that is here.
            done: Called in any case.
            compare: A schedule of it to put beside the best other one.
            follow: Whether the settings of the next run become those that it was made with.
        """
        self._newest += 1
        mine, path = self._newest, path.absolute()

        def opened(document: Document) -> None:
            if done is not None:
                done()
            if mine == self._newest:
                self._state.set_document(document)
                self._compare(document, compare)
                if follow and document.results is not None:
                    self.options.follow(document.results.recording)
                self.opened.emit(path)

        def failed(error: Exception) -> None:
            if done is not None:
                done()
            self._chores.say(sentence(error), OPEN)

        self._background.run(lambda: document_from_recording(path, model), opened, failed)

    def take_graph(self, event: GraphReady, model: Path) -> None:
        """Shows a graph that the engine imported; ends its chore."""
        self._chores.log.flush()
        log = self._chores.log.entries
        self._newest += 1
        mine = self._newest

        def done(document: Document) -> None:
            if mine == self._newest:
                self._state.set_document(document)
                self.opened.emit(model)
            self._chores.end(event.job)

        def failed(error: Exception) -> None:
            self._chores.end(event.job, None, sentence(error))

        self._background.run(lambda: document_from_graph(model, event.document, log), done, failed)

    def with_file(self, document: Document, run: Callable[[], object], job: int) -> None:
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

        self._background.run(write, lambda _: run(), lambda error: self._chores.end(job, None, sentence(error)))

    def _compare(self, document: Document, name: str) -> None:
        """Puts a schedule beside the best of the others."""
        recording = document.results.recording if document.results is not None else None
        if recording is None or not name:
            return
        others = [one for one in recording.candidates if one.name != name]
        best = min(others, key=lambda one: one.measurement.median_us, default=None)
        if best is not None and len(others) < len(recording.candidates):
            self._state.set_compared((best.name, name))
