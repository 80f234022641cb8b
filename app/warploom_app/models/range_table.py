"""RangeTable: what ran in a stretch of time, by candidate, operator type and stream."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt

from warploom.units import MICROSECONDS, TimeUnit, column_unit
from warploom_app.models.flat_table import FlatTable, Index
from warploom_app.presenters.range_statistics import RangeRow, RangeStatistics
from warploom_app.presenters.units import count

TRACK, KIND, STREAM, COUNT, SUM, MEAN, MIN, MAX = range(8)
OPERATORS_ROLE = Qt.ItemDataRole.UserRole
SORT_ROLE = Qt.ItemDataRole.UserRole + 1


class RangeTable(FlatTable):
    """Sums have one unit, and what single spans take has one."""

    columns = 8
    numbers_from = COUNT

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[RangeRow, ...] = ()
        self._sums: TimeUnit = MICROSECONDS
        self._singles: TimeUnit = MICROSECONDS

    def set_statistics(self, statistics: RangeStatistics | None) -> None:
        """Shows another stretch of time."""
        self.beginResetModel()
        self._rows = statistics.rows if statistics is not None else ()
        self._sums = column_unit(row.sum_ns / 1e3 for row in self._rows)
        self._singles = column_unit(row.max_ns / 1e3 for row in self._rows)
        self.endResetModel()

    def rows(self) -> Sequence[RangeRow]:
        return self._rows

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return self.alignment(column)
            case Qt.ItemDataRole.ToolTipRole:
                return self.tr("Spans count as far as they lie in the chosen time.")
        if role == OPERATORS_ROLE:
            return list(row.operators)
        return _value(row, column) if role == SORT_ROLE else None

    def _text(self, row: RangeRow, column: int) -> str:
        if column in (TRACK, KIND):
            return str(_value(row, column))
        if column == STREAM:
            number = str(row.stream)  # the header says what it is the number of
            return number if row.stream_name.endswith(f" {number}") else row.stream_name
        unit = self._sums if column == SUM else self._singles
        return count(row.count) if column == COUNT else unit.text(float(_value(row, column)) / 1e3)

    def titles(self) -> tuple[str, ...]:
        unit = self._singles.name
        return (
            self.tr("Schedule"),
            self.tr("Type"),
            self.tr("Stream"),
            self.tr("Count"),
            self.tr("Sum {}").format(self._sums.name),
            self.tr("Mean {}").format(unit),
            self.tr("Min {}").format(unit),
            self.tr("Max {}").format(unit),
        )


def _value(row: RangeRow, column: int) -> str | float:
    values = (row.track, row.kind, row.stream, row.count, row.sum_ns, row.mean_ns, row.min_ns, row.max_ns)
    return values[column]
