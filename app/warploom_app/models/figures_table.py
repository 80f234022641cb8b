"""FiguresTable: the comparison table of a recording, one figure a row, one schedule a column."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont

from warploom.report.table import ComparisonTable
from warploom_app.presenters.names import scheduler_title

Index = QModelIndex | QPersistentModelIndex

NAME, UNIT, FIRST_SCHEDULE = range(3)
CANDIDATE_ROLE = Qt.ItemDataRole.UserRole
_ROOT = QModelIndex()


class FiguresTable(QAbstractTableModel):
    """Read-only; each row keeps one unit, the best schedule stands in bold."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table: ComparisonTable | None = None

    def set_table(self, table: ComparisonTable | None) -> None:
        """Shows the figures of another recording."""
        self.beginResetModel()
        self._table = table
        self.endResetModel()

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() or self._table is None else len(self._table.rows)

    def columnCount(self, parent: Index = _ROOT) -> int:  # noqa: N802
        return 0 if parent.isValid() or self._table is None else FIRST_SCHEDULE + len(self._table.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or self._table is None:
            return None
        row, column = self._table.rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return (row.name, row.unit, *row.texts)[column]
            case Qt.ItemDataRole.ToolTipRole:
                return row.explanation
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.FontRole if column - FIRST_SCHEDULE == self._table.chosen:
                return _bold()
        return self._candidate(column) if role == CANDIDATE_ROLE else None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation != Qt.Orientation.Horizontal or self._table is None:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        if role == Qt.ItemDataRole.FontRole and section - FIRST_SCHEDULE == self._table.chosen:
            return _bold()
        if role == Qt.ItemDataRole.DisplayRole:
            name = self._candidate(section)
            return scheduler_title(name) if name else (self.tr("Figure"), self.tr("Unit"))[section]
        return None

    def _candidate(self, column: int) -> str:
        return self._table.columns[column - FIRST_SCHEDULE] if self._table and column >= FIRST_SCHEDULE else ""


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column >= FIRST_SCHEDULE else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _bold() -> QFont:
    font = QFont()
    font.setBold(True)
    return font
