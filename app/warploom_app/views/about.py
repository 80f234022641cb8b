"""AboutDialog: which versions are at work."""

from __future__ import annotations

import contextlib
import platform
from importlib import metadata

import PySide6
from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from warploom.recording.recording import FORMAT_VERSION
from warploom.version import __version__
from warploom.worker.messages import PROTOCOL_VERSION
from warploom_app.icons import app_icon
from warploom_app.theme import GRID
from warploom_app.views.widgets import dismissing


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
            f"{_libraries()}\n"
            f"Recordings of format {FORMAT_VERSION}, engine protocol {PROTOCOL_VERSION}\n"
            f"{platform.platform()}\nApache License 2.0"
        )
        text = QLabel(self._text)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = dismissing(self)
        copy = buttons.addButton(self.tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._text))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(picture)
        layout.addWidget(text)
        layout.addWidget(buttons)


def _libraries() -> str:
    """Versions of what results depend on; what is not installed is left out."""
    found = []
    for name in ("numpy", "onnx", "onnxruntime", "cupy-cuda13x", "nvidia-cudnn-cu13"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return ", ".join(found)
