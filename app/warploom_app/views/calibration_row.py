"""CalibrationRow: the folder that integers are calibrated with, chosen in a dialog; without one, random inputs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QWidget

from warploom_app.theme import GRID


class CalibrationRow(QWidget):
    """A button that names the folder, and one that forgets it.

    Signals:
        changed: Another folder was chosen, or none: its path, "" for none.
    """

    changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = ""
        self.choose = QPushButton()
        self.choose.clicked.connect(self._ask)
        self.forget = QPushButton(self.tr("×"))
        self.forget.setAccessibleName(self.tr("Calibrate with random inputs"))
        self.forget.setToolTip(self.forget.accessibleName())
        self.forget.setFixedWidth(4 * GRID)
        self.forget.clicked.connect(lambda: self.changed.emit(""))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID // 2)
        layout.addWidget(self.choose, 1)
        layout.addWidget(self.forget)
        self.show_folder("")

    def show_folder(self, folder: str) -> None:
        """Shows which folder is chosen; "" for none."""
        self._folder = folder
        name = Path(folder).name or folder
        self.choose.setText(name or self.tr("Choose…"))
        self.choose.setToolTip(folder or self.tr("A folder of .npy files with inputs of the model"))
        self.choose.setAccessibleName(self.tr("Calibration folder: {}").format(name or self.tr("random inputs")))
        self.forget.setVisible(bool(folder))

    def _ask(self) -> None:
        dialog = QFileDialog(self.window().parentWidget() or self, self.tr("Calibration data"), self._folder)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.changed)
        dialog.open()
