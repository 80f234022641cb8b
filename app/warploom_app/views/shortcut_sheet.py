"""ShortcutSheet: every key of the window on one page: those of the commands, and those inside the views."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from warploom_app.actions import ActionRegistry
from warploom_app.theme import GRID


def _tr(text: str) -> str:
    return QCoreApplication.translate("ShortcutSheet", text)


def view_keys() -> tuple[tuple[str, Sequence[tuple[str, str]]], ...]:
    """Keys that views understand while they have the focus, by view."""
    return (
        (
            _tr("Timelines"),
            (
                ("W / S", _tr("Zoom in or out at the pointer")),
                ("A / D", _tr("Earlier or later")),
                ("F", _tr("Show the selection, or the chosen time")),
                ("Home / 0", _tr("Show all of the time")),
                ("← / →", _tr("The span before or after")),
                ("↑ / ↓", _tr("The stream above or below")),
                ("[ / ]", _tr("Along the data: where it comes from, where it goes")),
                ("M", _tr("Place a mark; between two of them, the time is measured")),
                ("R", _tr("Statistics of what is marked, selected or seen")),
                ("P", _tr("Critical path")),
                ("L", _tr("Dependencies of the selected operators")),
                (_tr("Ctrl+Wheel"), _tr("Zoom at the pointer; without Ctrl where nothing scrolls")),
                (_tr("Shift+Wheel"), _tr("Earlier or later")),
                (_tr("Shift+Drag"), _tr("Statistics of a stretch of time; a drag on the axis, too")),
            ),
        ),
        (
            _tr("Graph"),
            (
                ("← ↑ → ↓", _tr("To a neighbour of the selected operator")),
                ("Home / End", _tr("To the first or the last operator")),
                ("Enter", _tr("Expand the block, or show the operator large")),
                (_tr("Space"), _tr("Collapse or expand the block")),
                ("/", _tr("Find: Enter for the next, Shift+Enter for the previous")),
                ("O", _tr("Fused operators or ONNX nodes")),
                ("F / 0", _tr("Fit everything, actual size")),
                ("+ / −", _tr("Zoom in or out")),
                (_tr("Ctrl+Click"), _tr("Add to the selection, or take away")),
                (_tr("Double click"), _tr("Expand the block, or show the operator large")),
                (_tr("Wheel"), _tr("Zoom at the pointer")),
                (_tr("Drag"), _tr("Move the picture")),
            ),
        ),
        (
            _tr("Schedule"),
            (
                ("← / →", _tr("To the launch before or after")),
                ("↑ / ↓", _tr("The stream above or below")),
                (_tr("Alt+Arrow"), _tr("Move the selection to another place, stage or stream")),
                ("W / S", _tr("Zoom in or out")),
                ("A / D", _tr("Earlier or later")),
                ("Home / 0", _tr("Show all of the time")),
                ("M", _tr("Merge with the next stage")),
                ("X", _tr("Split the stage at the selection")),
                ("N", _tr("A stage, or a stream, of its own")),
                ("G", _tr("Merge operators into one")),
                ("P", _tr("Take a merged operator apart (Unmerge)")),
                ("B", _tr("Drop the barriers between stages")),
                (_tr("Drag"), _tr("Move launches to another stream, stage or place")),
                (_tr("Ctrl+Click"), _tr("Add to the selection, or take away")),
                (_tr("Ctrl+Wheel"), _tr("Zoom at the pointer")),
            ),
        ),
        (
            _tr("Lists"),
            (
                ("Enter", _tr("Open, or lead to it")),
                ("Tab / Shift+Tab", _tr("To the next or the previous control")),
                ("Menu", _tr("What can be done here")),
            ),
        ),
    )


class ShortcutSheet(QDialog):
    """A tree that can be filtered."""

    def __init__(self, registry: ActionRegistry, titles: dict[str, str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("shortcutSheet")
        self.setWindowTitle(self.tr("Shortcuts"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Filter shortcuts"))
        self.search.setAccessibleName(self.tr("Filter shortcuts"))
        self.search.textChanged.connect(self._filter)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(self.tr("Shortcuts"))
        self.tree.setHeaderLabels([self.tr("Command"), self.tr("Keys")])
        self.tree.headerItem().setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.tree.setRootIsDecorated(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        layout.setSpacing(GRID)
        layout.addWidget(self.search)
        layout.addWidget(self.tree, 1)
        self._rows: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        self._fill(registry, titles)
        self.resize(64 * GRID, 80 * GRID)

    def _fill(self, registry: ActionRegistry, titles: dict[str, str]) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for spec, action in registry:
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            if keys:
                text = action.text().replace("&", "").replace("…", "")
                groups.setdefault(titles[spec.menu].replace("&", ""), []).append((text, keys))
        for title, rows in groups.items():
            self._add(title, rows)
        for title, keys_of_view in view_keys():
            self._add(title, [(text, keys) for keys, text in keys_of_view])
        self.tree.expandAll()

    def _add(self, title: str, rows: Sequence[tuple[str, str]]) -> None:
        group = QTreeWidgetItem([title])
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        self.tree.addTopLevelItem(group)
        items = [QTreeWidgetItem([text, keys]) for text, keys in rows]
        for item in items:
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            group.addChild(item)
        self._rows.append((group, items))

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for group, items in self._rows:
            hidden = [not _fits(group, item, words) for item in items]
            for item, gone in zip(items, hidden, strict=True):
                item.setHidden(gone)
            group.setHidden(all(hidden))


def _fits(group: QTreeWidgetItem, item: QTreeWidgetItem, words: Sequence[str]) -> bool:
    text = f"{group.text(0)} {item.text(0)} {item.text(1)}".lower()
    return all(word in text for word in words)
