"""WindowFiles: asks where to read and write, and hands the answer to the session or to the view that writes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from warploom.report.export import ExportFormat
from warploom_app.presenters.engine_words import in_words
from warploom_app.state import Message

if TYPE_CHECKING:
    from warploom_app.views.file_dialogs import FileDialogs
    from warploom_app.views.main_window import MainWindow


class WindowFiles(QObject):
    """The commands of one window that need a file dialog."""

    def __init__(self, window: MainWindow, dialogs: FileDialogs) -> None:
        super().__init__(window)
        self._window, self._dialogs = window, dialogs

    def choose_file(self) -> None:
        """Asks for a file to open."""
        session = self._window.session
        self._dialogs.ask_input(lambda path: session.open([path]))

    def choose_copy(self) -> None:
        """Asks where to save a copy of the recording."""
        title = self.tr("Save the recording")
        self._dialogs.ask_output("save", title, self._suggestion("warploom"), self._window.session.save_copy)

    def choose_export(self, choice: ExportFormat) -> None:
        """Asks where to write an export."""
        write = partial(self._window.session.export, choice.name)
        title = self.tr("Export: {}").format(in_words(choice.title))
        self._dialogs.ask_output("export", title, self._suggestion(choice.suffix.lstrip(".")), write)

    def choose_picture(self, suffix: str) -> None:
        """Asks where to write a picture of the graph."""
        write = partial(self._save_picture, suffix)
        self._dialogs.ask_output("export", self.tr("Export the graph"), self._suggestion(suffix), write)

    def choose_figure(self) -> None:
        """Asks where to write the timelines as they are seen."""
        write = self._window.workbench.comparison.save_figure
        self._dialogs.ask_output("export", self.tr("Save the timelines"), self._suggestion("svg"), write)

    def tell_pictures(self) -> None:
        """Says what becomes of the pictures of the graph."""
        pictures, show = self._window.workbench.dag.pictures, self._window.state.show
        pictures.saved.connect(lambda path: show(Message(self.tr("Saved {}").format(path), "done", path=path)))
        pictures.copied.connect(lambda: show(Message(self.tr("The graph is on the clipboard."), "done")))
        pictures.failed.connect(lambda text: show(Message(text)))

    def _suggestion(self, suffix: str) -> str:
        document = self._window.state.document
        return f"{Path(document.title).stem if document is not None else 'warploom'}.{suffix}"

    def _save_picture(self, suffix: str, path: Path) -> None:
        self._window.workbench.dag.save_picture(path if path.suffix else path.with_suffix(f".{suffix}"))
