"""CommandPalette: every command and operator by a few letters of its name (Ctrl+K)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from warploom_app.theme import GRID

Index = QModelIndex | QPersistentModelIndex

_MOST = 200
_HINT = Qt.ItemDataRole.UserRole
_HIGHEST = 45 * GRID


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that the palette offers: its text, a hint at the right, and what choosing it does."""

    text: str
    hint: str
    run: Callable[[], object]


class _Hints(QStyledItemDelegate):
    """Writes the hint at the right, as menus do with their keys."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        hint = str(index.data(_HINT) or "")
        left = option.fontMetrics.horizontalAdvance(str(index.data())) + 4 * GRID
        place = option.rect.adjusted(left, 0, -2 * GRID, 0)
        shown = option.fontMetrics.elidedText(hint, Qt.TextElideMode.ElideLeft, max(place.width(), 0))
        painter.setPen(option.palette.color(QPalette.ColorRole.PlaceholderText))
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)


class CommandPalette(QDialog):
    """A list under a line of text; arrows choose while typing."""

    def __init__(self, entries: list[Entry], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("palette")
        self.setAccessibleName(self.tr("Command palette"))
        self._entries = entries
        self._known = [f"{one.text} {one.hint}".lower() for one in entries]
        self._shown: list[int] = []
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Command or operator"))
        self._search.setAccessibleName(self.tr("Search commands and operators"))
        self._search.textChanged.connect(self._show_matches)
        self._search.returnPressed.connect(self._run)
        self._search.installEventFilter(self)
        self._list = QListWidget()
        self._list.setItemDelegate(_Hints(self._list))
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemClicked.connect(self._run)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(GRID, GRID, GRID, GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self._search)
        layout.addWidget(self._list)
        self.setFixedWidth(70 * GRID)
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
            if step is not None and self._shown:
                row = min(max(self._list.currentRow() + step, 0), len(self._shown) - 1)
                self._list.setCurrentRow(row)
                return True
        return super().eventFilter(watched, event)

    def _show_matches(self, text: str) -> None:
        self._list.clear()
        words = text.lower().split()
        found = (i for i, known in enumerate(self._known) if all(word in known for word in words))
        self._shown = list(islice(found, _MOST))
        for number in self._shown:
            entry = self._entries[number]
            item = QListWidgetItem(entry.text, self._list)
            item.setData(_HINT, entry.hint)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{entry.text} {entry.hint}".rstrip())
        self._list.setCurrentRow(0)
        if not self._shown:
            item = QListWidgetItem(self.tr("Nothing is called “{}”.").format(text.strip()), self._list)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        self._list.setFixedHeight(min(self._list.count() * self._list.sizeHintForRow(0), _HIGHEST))
        self.adjustSize()

    def _run(self) -> None:
        row = self._list.currentRow()
        if 0 <= row < len(self._shown):
            entry = self._entries[self._shown[row]]
            self.close()
            entry.run()
