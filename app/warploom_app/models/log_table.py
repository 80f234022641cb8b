"""LogTable: the build log, one decision a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, QObject, QSortFilterProxyModel, Qt

from warploom.graph import LogEntry
from warploom_app.models.flat_table import FlatTable, Index

STEP, SUBJECT, DECISION, REASON = range(4)
SUBJECT_ROLE = Qt.ItemDataRole.UserRole


class LogTable(FlatTable):
    """Grows while a job runs; entries are appended in batches."""

    columns = 4

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[LogEntry] = []
        self._names: Mapping[str, str] = {}

    def set_names(self, names: Mapping[str, str]) -> None:
        """What operators are called; for the entries that are set after it."""
        self._names = names

    def set_entries(self, entries: Sequence[LogEntry]) -> None:
        """Shows another log."""
        self.beginResetModel()
        self._entries = list(entries)
        self.endResetModel()

    def append(self, entries: Sequence[LogEntry]) -> None:
        """Adds entries at the end."""
        if entries:
            first = len(self._entries)
            self.beginInsertRows(QModelIndex(), first, first + len(entries) - 1)
            self._entries.extend(entries)
            self.endInsertRows()

    def rows(self) -> Sequence[LogEntry]:
        return self._entries

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        if role == SUBJECT_ROLE:
            return list(entry.subject)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return (
                entry.step.replace("_", " "),
                ", ".join(self._names.get(name, name) for name in entry.subject),
                entry.decision,
                entry.reason,
            )[index.column()]
        return None

    def titles(self) -> tuple[str, ...]:
        return (self.tr("Step"), self.tr("What"), self.tr("Decision"), self.tr("Why"))


class LogFilter(QSortFilterProxyModel):
    """Keeps the entries that hold every word of a text, and those of one step."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()

    def set_text(self, text: str) -> None:
        """Filters by other words."""
        self.beginFilterChange()
        self._words = tuple(text.lower().split())
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802
        if not self._words:
            return True  # thousands of entries are asked about when a model opens
        model = self.sourceModel()
        text = " ".join(str(model.index(row, column, parent).data()) for column in range(4)).lower()
        return all(word in text for word in self._words)
