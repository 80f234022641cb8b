"""FileDialogs: asks for files to open and to write; every dialog remembers its folder and never blocks the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from warploom_app.settings import Settings


class FileDialogs(QObject):
    """Dialogs over one window."""

    def __init__(self, window: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings

    def ask_input(self, use: Callable[[Path], object]) -> None:
        """Asks for a model or a recording."""
        dialog = self._dialog("open", self.tr("Open a model or a recording"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Models and recordings (*.onnx *.warploom)"), self.tr("All files (*)")])
        self._open(dialog, use)

    def ask_output(self, kind: str, title: str, suggestion: str, use: Callable[[Path], object]) -> None:
        """Asks where to write a file; `suggestion` is its name, with the suffix that it gets."""
        suffix = suggestion.rpartition(".")[2]
        dialog = self._dialog(kind, title)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.setNameFilters([self.tr("{} files").format(suffix.upper()) + f" (*.{suffix})", self.tr("All files (*)")])
        dialog.selectFile(suggestion)
        self._open(dialog, use)

    def _dialog(self, kind: str, title: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title, self._settings.folder(kind))
        dialog.setObjectName(f"{kind}Dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self._settings.set_folder(kind, Path(name).parent))
        return dialog

    def _open(self, dialog: QFileDialog, use: Callable[[Path], object]) -> None:
        dialog.fileSelected.connect(lambda name: use(Path(name)))
        dialog.open()
