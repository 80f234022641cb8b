"""Small widgets that several views share."""

from __future__ import annotations

import re

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QToolButton, QWidget

from warploom_app.icons import icon
from warploom_app.theme import Theme


def heading(text: str) -> QLabel:
    """The title of a panel: small capitals in the secondary colour."""
    label = QLabel(text.upper())
    label.setProperty("heading", True)
    label.setAccessibleName(text)
    return label


def muted(text: str = "") -> QLabel:
    """Secondary text."""
    label = QLabel(text)
    label.setProperty("muted", True)
    return label


def hairline(vertical: bool = False) -> QFrame:
    """A line between parts."""
    line = QFrame()
    line.setObjectName("hairline")
    if vertical:
        line.setFixedWidth(1)
    else:
        line.setFixedHeight(1)
    return line


def set_flag(widget: QWidget, name: str, value: object) -> None:
    """Sets a property that the style sheet looks at, and dresses the widget again."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class IconButton(QToolButton):
    """A flat button with a drawing; its accessible name is its tooltip."""

    def __init__(self, name: str, tip: str, theme: Theme) -> None:
        super().__init__()
        self._name = name
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setAutoRaise(True)
        self.setIconSize(QSize(16, 16))
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self.setIcon(icon(self._name, theme.muted))


_BREAK = "\u200b"  # zero-width space


def wrapping(label: QLabel, text: str, separators: str = "/+,") -> QLabel:
    """Sets a text that wraps wherever it must: long names may break after a point or another separator."""
    shown = text
    for separator in separators:
        shown = shown.replace(separator, separator + _BREAK)
    shown = re.sub(r"\.(?=[^\d\s])", "." + _BREAK, shown)  # not inside a number
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setMinimumWidth(1)
    label.setText(shown)
    label.setAccessibleName(text)
    return label
