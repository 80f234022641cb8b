"""FlatTable: what tables of rows without children share: their size, and titles above the columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex

ROOT = QModelIndex()


class FlatTable(QAbstractTableModel):
    """Read-only. Subclasses say what the rows are, what is above the columns, and what a cell shows (`data`).

    Attributes:
        columns: How many.
        numbers_from: The first of the columns that hold numbers, which are aligned at the right, and their titles too.
    """

    columns = 0
    numbers_from = 10**6

    def rows(self) -> Sequence[Any]:
        """What is shown, one thing a row."""
        raise NotImplementedError

    def titles(self) -> tuple[str, ...]:
        """Above the columns."""
        raise NotImplementedError

    def explanation(self, column: int) -> str | None:  # noqa: ARG002 - columns have none by default
        """What a title's tool tip says."""
        return None

    def alignment(self, column: int) -> Qt.AlignmentFlag:
        """Of the cells of a column."""
        side = Qt.AlignmentFlag.AlignRight if column >= self.numbers_from else Qt.AlignmentFlag.AlignLeft
        return side | Qt.AlignmentFlag.AlignVCenter

    def rowCount(self, parent: Index = ROOT) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() else len(self.rows())

    def columnCount(self, parent: Index = ROOT) -> int:  # noqa: N802
        return 0 if parent.isValid() else self.columns

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.titles()[section]
            case Qt.ItemDataRole.TextAlignmentRole:
                return self.alignment(section)
            case Qt.ItemDataRole.ToolTipRole:
                return self.explanation(section)
        return None
