"""DeltaTable: every operator in both of the compared schedules, alone, and by how much it got slower."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QObject, QSortFilterProxyModel, Qt

from warploom.units import MICROSECONDS, TimeUnit, change_text, column_unit
from warploom_app.models.flat_table import FlatTable, Index
from warploom_app.presenters.delta import DeltaRow
from warploom_app.presenters.why import episodes_text

NAME, KIND, ALONE, BEFORE, AFTER, DELTA, SLOWDOWN, STREAM, STAGE = range(9)
OPERATOR_ROLE = Qt.ItemDataRole.UserRole
SORT_ROLE = Qt.ItemDataRole.UserRole + 1
SEARCH_ROLE = Qt.ItemDataRole.UserRole + 2
_NOTICED = 0.02
"""Changes of less than this part are not worth a row where only changes are asked for."""


class DeltaTable(FlatTable):
    """All times share one unit."""

    columns = 9
    numbers_from = ALONE

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[DeltaRow, ...] = ()
        self._places: dict[str, int] = {}
        self._titles = ("", "")
        self._staged = True
        self._unit: TimeUnit = MICROSECONDS

    def set_rows(self, rows: Sequence[DeltaRow], titles: tuple[str, str] = ("", ""), *, staged: bool = True) -> None:
        """Shows other operators; `titles` are those of the two schedules, the second of which may have no stages."""
        self.beginResetModel()
        self._rows, self._titles, self._staged = tuple(rows), titles, staged
        self._places = {row.name: i for i, row in enumerate(rows)}
        self._unit = column_unit(value for row in rows for value in (row.before_us, row.after_us))
        self.endResetModel()

    def row(self, number: int) -> DeltaRow:
        """The operator of a row."""
        return self._rows[number]

    def find(self, name: str) -> QModelIndex:
        """The index of an operator; an invalid one when it is not here."""
        return self.index(self._places[name], NAME) if name in self._places else QModelIndex()

    def rows(self) -> Sequence[DeltaRow]:
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
                return "\n".join(part for part in (row.name, row.label, row.note) if part)
        if role == OPERATOR_ROLE:
            return row.name
        if role == SORT_ROLE:
            return _value(row, column)
        return f"{row.title} {row.name} {row.label} {row.kind}".lower() if role == SEARCH_ROLE else None

    def _text(self, row: DeltaRow, column: int) -> str:
        value = _value(row, column)
        if value is None:
            return ""
        if column in (ALONE, BEFORE, AFTER):
            return self._unit.text(float(value))
        if column == DELTA:
            return change_text(float(value) / self._unit.microseconds, self._unit.digits).replace("-", "−")
        if column == SLOWDOWN:
            return f"{float(value):.2f}×"
        if column == STREAM:
            return str(row.after_stream) if row.before_stream == row.after_stream else row.streams
        return str(int(value) + 1) if column == STAGE else str(value)

    def titles(self) -> tuple[str, ...]:
        unit = self._unit.name
        return (
            self.tr("Operator"),
            self.tr("Type"),
            self.tr("Alone, {}").format(unit),
            f"{self._titles[0]}, {unit}",
            f"{self._titles[1]}, {unit}",
            self.tr("Change, {}").format(unit),
            self.tr("Slowdown"),
            self.tr("Stream"),
            self.tr("Stage") if self._staged else self.tr("Episode"),
        )

    def explanation(self, column: int) -> str | None:
        texts = {
            ALONE: self.tr("What it takes with the device to itself, where that is known."),
            DELTA: self.tr("How much longer it takes in the second schedule."),
            SLOWDOWN: self.tr("Second schedule over alone: what company, or merging, costs."),
            STREAM: self.tr("Stream in the first and in the second schedule."),
            STAGE: self.tr("Stage of the second schedule.") if self._staged else episodes_text(),
        }
        return texts.get(column)


def _value(row: DeltaRow, column: int) -> str | float | None:
    values = (
        row.title,
        row.kind,
        row.alone_us,
        row.before_us,
        row.after_us,
        row.delta_us,
        row.slowdown,
        row.after_stream,
        row.stage,
    )
    return values[column]


class DeltaFilter(QSortFilterProxyModel):
    """Keeps operators that hold every word of a text; those of some operators only; those that changed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self._changed_only = False
        self.setSortRole(SORT_ROLE)

    def set_text(self, text: str) -> None:
        """Filters by other words."""
        self.beginFilterChange()
        self._words = tuple(text.lower().split())
        self.endFilterChange()

    def set_changed_only(self, only: bool) -> None:
        """Whether operators that take (nearly) the same time are left out."""
        self.beginFilterChange()
        self._changed_only = only
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802
        model = self.sourceModel()
        assert isinstance(model, DeltaTable)
        one = model.row(row)
        if self._changed_only and abs(one.delta_us) <= _NOTICED * max(one.before_us, one.after_us):
            return False
        text = str(model.index(row, NAME, parent).data(SEARCH_ROLE)) if self._words else ""
        return all(word in text for word in self._words)

    def lessThan(self, left: Index, right: Index) -> bool:  # noqa: N802
        """What is not known comes last, whichever way the rest is ordered."""
        a, b = left.data(SORT_ROLE), right.data(SORT_ROLE)
        if a is None or b is None:
            ascending = self.sortOrder() == Qt.SortOrder.AscendingOrder
            return (b is None and a is not None) if ascending else (a is None and b is not None)
        return bool(a < b)
