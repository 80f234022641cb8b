"""CommandPalette: every command and operator by a few letters of its name (Ctrl+K)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from warploom_app.theme import GRID

_MOST = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that the palette offers: its text, a hint at the right, and what choosing it does."""

    text: str
    hint: str
    run: Callable[[], object]


class CommandPalette(QDialog):
    """A list under a line of text; arrows choose while typing."""

    def __init__(self, entries: list[Entry], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("palette")
        self.setAccessibleName(self.tr("Command palette"))
        self._entries = entries
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Command or operator"))
        self._search.setAccessibleName(self.tr("Search commands and operators"))
        self._search.textChanged.connect(self._show_matches)
        self._search.returnPressed.connect(self._run)
        self._search.installEventFilter(self)
        self._list = QListWidget()
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemClicked.connect(self._run)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self._search)
        layout.addWidget(self._list)
        self.resize(70 * GRID, 45 * GRID)
        self._show_matches("")

    @property
    def search(self) -> QLineEdit:
        """The line of text."""
        return self._search

    def show_over(self, window: QWidget) -> None:
        """Opens at the top of a window."""
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - self.width()) // 2, corner.y() + 6 * GRID)
        self.open()
        self._search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(
                Qt.Key(event.key())
            )
            if step is not None and self._list.count():
                row = min(max(self._list.currentRow() + step, 0), self._list.count() - 1)
                self._list.setCurrentRow(row)
                return True
        return super().eventFilter(watched, event)

    def _show_matches(self, text: str) -> None:
        self._list.clear()
        words = text.lower().split()
        shown = [one for one in self._entries if all(word in f"{one.text} {one.hint}".lower() for word in words)]
        for entry in shown[:_MOST]:
            item = QListWidgetItem(f"{entry.text}    {entry.hint}" if entry.hint else entry.text)
            item.setData(Qt.ItemDataRole.UserRole, self._entries.index(entry))
            self._list.addItem(item)
        self._list.setCurrentRow(0)

    def _run(self) -> None:
        item = self._list.currentItem()
        if item is None:
            return
        entry = self._entries[int(item.data(Qt.ItemDataRole.UserRole))]
        self.close()
        entry.run()
