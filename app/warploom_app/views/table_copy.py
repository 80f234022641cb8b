"""Puts rows of a table on the clipboard, as text for people and as CSV for programs."""

from __future__ import annotations

import csv
import io

from PySide6.QtCore import QAbstractItemModel, QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView


def table_text(model: QAbstractItemModel, rows: list[int], separator: str = "\t") -> str:
    """Header and rows, as they are shown."""
    columns = range(model.columnCount())
    side = Qt.Orientation.Horizontal
    lines = [[str(model.headerData(column, side)).replace("\n", " ") for column in columns]]
    lines += [[_shown(model.index(row, column).data()) for column in columns] for row in rows]
    if separator == "\t":
        return "\n".join("\t".join(line) for line in lines)
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([_plain(cell) for cell in line] for line in lines)
    return written.getvalue()


def copy_table(view: QAbstractItemView, *, as_csv: bool = False) -> None:
    """Copies the selected rows, or all where at most one is selected."""
    model = view.model()
    chosen = sorted(index.row() for index in view.selectionModel().selectedRows())
    rows = chosen if len(chosen) > 1 else list(range(model.rowCount()))
    QGuiApplication.clipboard().setText(table_text(model, rows, "," if as_csv else "\t"))


class CopyKeys(QObject):
    """Makes Ctrl+C copy the rows of a table; owned by it."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        kinds = (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
        if event.type() in kinds and isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Copy):
            if event.type() == QEvent.Type.KeyPress:
                copy_table(self._view)
            event.accept()
            return True
        return super().eventFilter(watched, event)


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def _plain(cell: str) -> str:
    """A figure as programs read it: no grouping, a plain minus."""
    bare = cell.replace(",", "").replace("−", "-").removesuffix("×")
    try:
        float(bare)
    except ValueError:
        return cell
    return bare.removeprefix("+")
