"""FiguresTable: the comparison table of a recording, one figure a row, one schedule a column."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QFont

from warploom.report.table import ComparisonTable, TableRow
from warploom_app.models.flat_table import ROOT, FlatTable, Index
from warploom_app.presenters.names import scheduler_title

NAME, UNIT, FIRST_SCHEDULE = range(3)
CANDIDATE_ROLE = Qt.ItemDataRole.UserRole


class FiguresTable(FlatTable):
    """Each row keeps one unit, the best schedule stands in bold."""

    numbers_from = FIRST_SCHEDULE

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table: ComparisonTable | None = None

    def set_table(self, table: ComparisonTable | None) -> None:
        """Shows the figures of another recording."""
        self.beginResetModel()
        self._table = table
        self.endResetModel()

    def rows(self) -> Sequence[TableRow]:
        return self._table.rows if self._table is not None else ()

    def columnCount(self, parent: Index = ROOT) -> int:  # noqa: N802 - Qt's name
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
                return self.alignment(column)
            case Qt.ItemDataRole.FontRole if column - FIRST_SCHEDULE == self._table.chosen:
                return _bold()
        return self._candidate(column) if role == CANDIDATE_ROLE else None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        chosen = self._table is not None and section - FIRST_SCHEDULE == self._table.chosen
        if chosen and role == Qt.ItemDataRole.FontRole and orientation == Qt.Orientation.Horizontal:
            return _bold()
        return super().headerData(section, orientation, role)

    def titles(self) -> tuple[str, ...]:
        schedules = self._table.columns if self._table is not None else ()
        return (self.tr("Figure"), self.tr("Unit"), *(scheduler_title(name) for name in schedules))

    def _candidate(self, column: int) -> str:
        return self._table.columns[column - FIRST_SCHEDULE] if self._table and column >= FIRST_SCHEDULE else ""


def _bold() -> QFont:
    font = QFont()
    font.setBold(True)
    return font
