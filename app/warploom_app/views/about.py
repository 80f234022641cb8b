"""AboutDialog: which versions are at work."""

from __future__ import annotations

import platform

import PySide6
from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from warploom.version import __version__
from warploom_app.icons import app_icon
from warploom_app.theme import GRID


class AboutDialog(QDialog):
    """A few lines, with a button that copies them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About Warploom"))
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(64, 64))
        self._text = (
            f"Warploom {__version__}\n"
            f"Qt {qVersion()}, PySide {PySide6.__version__}, Python {platform.python_version()}\n"
            f"{platform.platform()}\nApache License 2.0"
        )
        text = QLabel(self._text)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton(self.tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._text))
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(picture)
        layout.addWidget(text)
        layout.addWidget(buttons)
