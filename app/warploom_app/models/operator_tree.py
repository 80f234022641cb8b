"""OperatorTree: the operators of a graph, block by block, with their latencies in the compared schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QFont

from warploom.units import MICROSECONDS, TimeUnit, column_unit, time_text
from warploom_app.presenters.results import OperatorRow

Index = QModelIndex | QPersistentModelIndex

NAME, BEFORE, AFTER = range(3)
_COLUMNS = 3
OPERATOR_ROLE = Qt.ItemDataRole.UserRole
SORT_ROLE = Qt.ItemDataRole.UserRole + 1
SEARCH_ROLE = Qt.ItemDataRole.UserRole + 2

_BLOCK = 0  # internal id of a block's index; an operator's is its block's row plus one
_ROOT = QModelIndex()


_LONG = 10  # letters


class OperatorTree(QAbstractItemModel):
    """Two levels: blocks, and their operators. A graph with one block has the operators at the top."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._blocks: list[list[OperatorRow]] = []
        self._numbers: list[int] = []
        self._places: dict[str, tuple[int, int]] = {}
        self._unit: TimeUnit = MICROSECONDS
        self._titles = ("", "")
        self._elapsed: Mapping[int, tuple[float, float]] = {}

    def set_rows(
        self,
        rows: Sequence[OperatorRow],
        titles: tuple[str, str] = ("", ""),
        elapsed: Mapping[int, tuple[float, float]] = MappingProxyType({}),
    ) -> None:
        """Shows other operators.

        Args:
            rows: The operators.
            titles: Of the two latency columns.
            elapsed: Time that passes for each block in the two schedules (its operators overlap: not their sum).
        """
        self.beginResetModel()
        grouped: dict[int, list[OperatorRow]] = {}
        for row in rows:
            grouped.setdefault(row.block, []).append(row)
        self._numbers = sorted(grouped)
        self._blocks = [grouped[number] for number in self._numbers]
        self._places = {row.name: (i, j) for i, block in enumerate(self._blocks) for j, row in enumerate(block)}
        values = [value for row in rows for value in (row.before_us, row.after_us) if value is not None]
        self._unit, self._titles, self._elapsed = column_unit(values), titles, elapsed
        self.endResetModel()

    def __len__(self) -> int:
        return len(self._places)

    @property
    def names(self) -> tuple[str, ...]:
        """The operators, in the graph's order."""
        return tuple(self._places)

    @property
    def longest(self) -> str:
        """The figure that takes most room."""
        return self._unit.text(max((max(pair) for pair in self._elapsed.values()), default=0.0))

    @property
    def flat(self) -> bool:
        """Whether there are no blocks to tell apart."""
        return len(self._blocks) <= 1

    @property
    def has_latencies(self) -> bool:
        """Whether anything was measured."""
        return any(row.before_us is not None for block in self._blocks for row in block)

    def find(self, name: str) -> QModelIndex:
        """The index of an operator; an invalid one when it is not here."""
        if name not in self._places:
            return QModelIndex()
        block, row = self._places[name]
        return self.createIndex(row, 0, block + 1)

    def operator(self, index: Index) -> OperatorRow | None:
        """The operator at an index; None for a block."""
        if not index.isValid() or index.internalId() == _BLOCK:
            return None
        return self._blocks[index.internalId() - 1][index.row()]

    # -- QAbstractItemModel

    def index(self, row: int, column: int, parent: Index = _ROOT) -> QModelIndex:
        if row < 0 or not 0 <= column < _COLUMNS or row >= self.rowCount(parent):
            return QModelIndex()
        if parent.isValid():
            return self.createIndex(row, column, parent.row() + 1)
        return self.createIndex(row, column, 1 if self.flat else _BLOCK)

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        if not index.isValid() or index.internalId() == _BLOCK or self.flat:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, _BLOCK)

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        if parent.isValid():
            is_block = parent.internalId() == _BLOCK and parent.column() == 0
            return len(self._blocks[parent.row()]) if is_block else 0
        if self.flat:
            return len(self._blocks[0]) if self._blocks else 0
        return len(self._blocks)

    def columnCount(self, _parent: Index = _ROOT) -> int:  # noqa: N802
        return _COLUMNS

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        row = self.operator(index)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if index.column() == NAME else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        return self._block_data(index, role) if row is None else self._operator_data(row, index.column(), role)

    def _block_data(self, index: Index, role: int) -> object:
        rows = self._blocks[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, SORT_ROLE, Qt.ItemDataRole.AccessibleTextRole):
            if role == SORT_ROLE and index.column() == NAME:
                return index.row()
            if index.column() == NAME:
                return self.tr("Block {}").format(self._numbers[index.row()] + 1)
            passed = self._elapsed.get(self._numbers[index.row()])
            if passed is None:
                return 0.0 if role == SORT_ROLE else None
            value = passed[index.column() - 1]
            return value if role == SORT_ROLE else self._unit.text(value)
        if role == Qt.ItemDataRole.FontRole and index.column() == NAME:
            return _heading_font()
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tr("{} operators; the time that passes for all of them").format(len(rows))
        return None

    def _operator_data(self, row: OperatorRow, column: int, role: int) -> object:
        value = _value(row, column)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.title if column == NAME else None if value is None else self._unit.text(value)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join((row.name, row.label, *self._latencies(row)))
        if role == OPERATOR_ROLE:
            return row.name
        if role == SORT_ROLE:
            return self._places[row.name][1] if column == NAME else (value or 0.0)
        if role == SEARCH_ROLE:
            return f"{row.title} {row.name} {row.label} {row.kind}"
        return None

    def _latencies(self, row: OperatorRow) -> list[str]:
        known = zip(self._titles, (row.before_us, row.after_us), strict=True)
        return [f"{title}: {time_text(value)}" for title, value in known if value is not None]

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section != NAME:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DisplayRole:
            return self.tr("Operator") if section == NAME else self._heading(self._titles[section - 1])
        return None

    def _heading(self, title: str) -> str:
        """Two lines: a long title takes part of the second one, where there is room beside the unit."""
        first, space, rest = title.partition(" ")
        if len(title) <= _LONG or not space:
            return f"{title},\n{self._unit.name}"
        return f"{first}\n{rest}, {self._unit.name}"


@cache
def _heading_font() -> QFont:
    """Blocks stand out from their operators."""
    font = QFont()
    font.setWeight(QFont.Weight.DemiBold)
    return font


def _value(row: OperatorRow, column: int) -> float | None:
    return row.before_us if column == BEFORE else row.after_us if column == AFTER else None


class OperatorFilter(QSortFilterProxyModel):
    """Keeps the operators whose name, primitives or kind hold every word of a text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = ()
        self.setRecursiveFilteringEnabled(True)
        self.setSortRole(SORT_ROLE)

    def set_text(self, text: str) -> None:
        """Filters by other words."""
        self.beginFilterChange()
        self._words = tuple(text.lower().split())
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802
        if not self._words:
            return True
        text = self.sourceModel().index(row, 0, parent).data(SEARCH_ROLE)
        return isinstance(text, str) and all(word in text.lower() for word in self._words)
