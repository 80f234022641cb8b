"""MessageBar: errors and notices above the view, with the action that helps; details on demand."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout

from warploom_app.actions import ActionRegistry
from warploom_app.icons import icon
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme
from warploom_app.views.widgets import IconButton, set_flag

_DONE_SHOWN_MS = 12_000
"""Good news leave by themselves, unless the pointer or the focus is on them."""


class MessageBar(QFrame):
    """Shows AppState's message; hidden without one."""

    def __init__(self, state: AppState, actions: ActionRegistry, theme: Theme) -> None:
        super().__init__()
        self._state, self._actions, self._theme = state, actions, theme
        self.setObjectName("errorBar")
        self.setSizePolicy(self.sizePolicy().Policy.Preferred, self.sizePolicy().Policy.Maximum)
        self.leaving = QTimer(self, singleShot=True, interval=_DONE_SHOWN_MS)
        self.leaving.timeout.connect(self._leave_if_left_alone)
        self._build()
        state.message_changed.connect(self._update)
        self._update()

    def _build(self) -> None:
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._help = QPushButton()
        self._help.clicked.connect(self._act)
        self._more = QPushButton(self.tr("Details"))
        self._more.setCheckable(True)
        self._more.setProperty("link", True)
        self._file = QPushButton(self.tr("Open file"))
        self._file.clicked.connect(lambda: self._open(self.path))
        self._folder = QPushButton(self.tr("Open folder"))
        self._folder.clicked.connect(lambda: self._open(self.path.parent if self.path is not None else None))
        self._close = IconButton("cancel", self.tr("Dismiss"), self._theme)
        self._close.clicked.connect(self._state.clear_message)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setAcceptDrops(False)
        self._details.setMaximumHeight(20 * GRID)
        self._details.setAccessibleName(self.tr("Details of the message"))
        self._more.toggled.connect(self._details.setVisible)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        for button in (self._more, self._help, self._file, self._folder, self._close):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addLayout(row)
        layout.addWidget(self._details)

    @property
    def help_button(self) -> QPushButton:
        """The button of the action that helps."""
        return self._help

    @property
    def more_button(self) -> QPushButton:
        """The button that shows the details."""
        return self._more

    @property
    def details(self) -> QPlainTextEdit:
        """The details, hidden until asked for."""
        return self._details

    @property
    def path(self) -> Path | None:
        """The file that was written."""
        return self._state.message.path if self._state.message is not None else None

    @property
    def file_buttons(self) -> tuple[QPushButton, QPushButton]:
        """They open the file that was written, and its folder."""
        return self._file, self._folder

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._theme = theme
        self._close.set_theme(theme)
        self._update()

    def _update(self) -> None:
        message = self._state.message
        self.setVisible(message is not None)
        if message is None:
            return
        set_flag(self, "level", message.level)
        colours = {"error": self._theme.error, "done": self._theme.good}
        colour = colours.get(message.level, self._theme.warning)
        name = {"error": "warning", "done": "done"}.get(message.level, "info")
        self._icon.setPixmap(icon(name, colour).pixmap(16, 16))
        self._text.setText(message.text)
        self.setAccessibleName(message.text)
        action = self._actions.find(message.action)
        self._help.setVisible(action is not None)
        if action is not None:
            self._help.setText(action.text().replace("&", "").replace("…", ""))
        for button in self.file_buttons:
            button.setVisible(message.path is not None)
        self.leaving.stop()
        if message.level == "done" and action is None:
            self.leaving.start()
        self._more.setVisible(bool(message.details))
        self._more.setChecked(False)
        self._details.setPlainText(message.details)
        self._details.hide()

    def _act(self) -> None:
        message = self._state.message
        action = self._actions.find(message.action) if message is not None else None
        self._state.clear_message()
        if action is not None:
            action.trigger()

    def _open(self, path: Path | None) -> None:
        """With whatever the desktop opens it with; where nothing does, the message stays."""
        if path is not None and QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self._state.clear_message()

    def _leave_if_left_alone(self) -> None:
        focus = self.window().focusWidget()
        if self.underMouse() or (focus is not None and self.isAncestorOf(focus)):
            self.leaving.start()
        else:
            self._state.clear_message()
