"""ScheduleTree: a schedule as a table of stages, groups and operators, or of streams and launches; drops move them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import (
    QAbstractItemModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from warploom_app.editing.editor import ScheduleEditor
from warploom_app.editing.moves import NEW_GROUP, Move, Target

Index = QModelIndex | QPersistentModelIndex

NAME, ALONE = range(2)
OPERATORS_ROLE = Qt.ItemDataRole.UserRole
MIME = "application/x-warploom-operators"
_ROOT = QModelIndex()
_MANY = 600
"""Launches; the rows of more are made in a turn of the event loop of their own."""
_ROW_FLAGS = (
    Qt.ItemFlag.ItemIsEnabled
    | Qt.ItemFlag.ItemIsSelectable
    | Qt.ItemFlag.ItemIsDragEnabled
    | Qt.ItemFlag.ItemIsDropEnabled
)
"""Made once: views ask for every row when they lay them out."""


@dataclass(slots=True)
class _Node:
    """One row.

    Attributes:
        kind: "stage", "group", "stream" or "launch".
        title: What is shown.
        operators: Of the row and all below it.
        alone_us: How long it takes alone; None for what has no such figure.
        stage: Its stage.
        group: Its group in the stage, or its stream.
        parent: The row above it, None at the top.
        row: Its position.
        children: Rows below it.
    """

    kind: str
    title: str
    operators: tuple[str, ...]
    alone_us: float | None
    stage: int = -1
    group: int = -1
    parent: _Node | None = None
    row: int = 0
    children: list[_Node] = field(default_factory=list)

    def add(self, child: _Node) -> None:
        child.parent, child.row = self, len(self.children)
        self.children.append(child)


class ScheduleTree(QAbstractItemModel):
    """Follows the editor; a drop asks the editor for the move and leaves the rows to it.

    Signals:
        doubted: What is dragged may not land where the pointer is (the reason), or it may again ("").
    """

    doubted = Signal(str)

    def __init__(self, editor: ScheduleEditor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._top = _Node("", "", (), None)
        self._nodes: dict[int, _Node] = {}
        self._launches: dict[str, _Node] = {}
        self._tried: Move | None = None
        self._reason = ""
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._rebuild)
        editor.changed.connect(self._follow)

    def _follow(self) -> None:
        """Rows follow at once; thousands of them in a turn of the event loop of their own."""
        if len(self._editor.picture.items) > _MANY:
            self._later.start()
        else:
            self._rebuild()

    def _rebuild(self) -> None:
        self._later.stop()
        self._tried, self._reason = None, ""
        self.beginResetModel()
        self._top = self._staged() if self._editor.staged else self._streamed()
        self._nodes, self._launches = {}, {}
        pending = [self._top]
        while pending:
            node = pending.pop()
            self._nodes[id(node)] = node
            if node.kind == "launch":
                self._launches.update(dict.fromkeys(node.operators, node))
            pending.extend(node.children)
        self.endResetModel()

    def _staged(self) -> _Node:
        top, draft = _Node("", "", (), None), self._editor.draft
        schedule = draft.schedule if draft is not None else None
        for number, stage in enumerate(schedule.stages if schedule is not None else ()):
            groups = len(stage.groups)
            wide = self.tr("{} groups").format(groups) if groups > 1 else self.tr("one group")
            shown = _Node("stage", self.tr("Stage {} · {}").format(number + 1, wide), stage.operators, None, number)
            top.add(shown)
            for which, group in enumerate(stage.groups):
                alone = self._alone(group.operators, merged=group.merged)
                text = self.tr("merged") if group.merged else self.tr("group {}").format(which + 1)
                row = _Node("group", text, group.operators, alone, number, which)
                shown.add(row)
                for name in group.operators:
                    row.add(self._operator((name,), number, which))
        return top

    def _streamed(self) -> _Node:
        top, picture = _Node("", "", (), None), self._editor.picture
        for lane in range(picture.lanes):
            items = [item for item in picture.items if item.lane == lane]
            operators = tuple(name for item in items for name in item.operators)
            busy = sum(item.end_us - item.start_us for item in items)
            stream = _Node("stream", self.tr("Stream {}").format(lane), operators, busy, -1, lane)
            top.add(stream)
            for item in items:
                stream.add(self._operator(item.operators, -1, lane))
        return top

    def _operator(self, operators: tuple[str, ...], stage: int, group: int) -> _Node:
        title = " & ".join(map(self._called, operators))
        return _Node("launch", title, operators, self._alone(operators, merged=True), stage, group)

    def _called(self, operator: str) -> str:
        return self._editor.names.get(operator, operator)

    def _alone(self, operators: Sequence[str], *, merged: bool) -> float | None:
        known = [self._editor.solo_us[name] for name in operators if name in self._editor.solo_us]
        if not known:
            return None
        return max(known) if merged else sum(known)

    # -- of every model

    def index(self, row: int, column: int, parent: Index = _ROOT) -> QModelIndex:
        children = self._node(parent).children
        if not (0 <= row < len(children) and 0 <= column < self.columnCount()) or (
            parent.isValid() and parent.column() != NAME
        ):
            return QModelIndex()
        return self.createIndex(row, column, id(children[row]))

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]
        above = self._node(index).parent if index.isValid() else None
        if above is None or above is self._top:
            return QModelIndex()
        return self.createIndex(above.row, NAME, id(above))

    def rowCount(self, parent: Index = _ROOT) -> int:  # noqa: N802 - Qt's name
        return 0 if parent.isValid() and parent.column() != NAME else len(self._node(parent).children)

    def columnCount(self, _parent: Index = _ROOT) -> int:  # noqa: N802
        return 2

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        node = self._node(index)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if index.column() == NAME:
                return node.title
            return None if node.alone_us is None else f"{node.alone_us:,.2f}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if index.column() == NAME else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(map(self._called, node.operators)) if node.kind == "launch" else None
        return node.operators if role == OPERATORS_ROLE else None

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section == ALONE:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DisplayRole:
            return self.tr("Schedule") if section == NAME else self.tr("as a\nstage, µs")
        if role == Qt.ItemDataRole.ToolTipRole and section == ALONE:
            return self.tr("What it takes as a stage of its own, launch and barrier included: what a search adds up.")
        return None

    # -- drag and drop

    def flags(self, index: Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        return _ROW_FLAGS

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: N802
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:  # noqa: N802
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802
        names = dict.fromkeys(name for index in indexes for name in self._node(index).operators)
        data = QMimeData()
        data.setData(MIME, json.dumps(list(names)).encode())
        return data

    def canDropMimeData(  # noqa: N802
        self, data: QMimeData, _action: Qt.DropAction, row: int, _column: int, parent: Index
    ) -> bool:
        """Asked at every move of the pointer: a place is tried once, without changing anything."""
        move = self._move_of(data, row, parent)
        if move is None:
            return False
        if move != self._tried:
            self._tried, before = move, self._reason
            self._reason = self._editor.refusal(move)
            if self._reason != before:
                self.doubted.emit(self._reason)
        return not self._reason

    def dropMimeData(  # noqa: N802
        self, data: QMimeData, _action: Qt.DropAction, row: int, _column: int, parent: Index
    ) -> bool:
        """Always false: the editor makes the rows anew, so the view must not take the old ones out."""
        move = self._move_of(data, row, parent)
        if move is not None:
            self._editor.move(move)
        return False

    def forget_drag(self) -> None:
        """A drag is over; where it was not possible, the reason stays for a while."""
        reason, self._reason, self._tried = self._reason, "", None
        if reason:
            self._editor.refused.emit(reason)

    def _move_of(self, data: QMimeData, row: int, parent: Index) -> Move | None:
        """What dropping rows on, or between, others means."""
        if not data.hasFormat(MIME):
            return None
        names = frozenset(json.loads(bytes(data.data(MIME).data()).decode()))
        target, staged = self._node(parent), self._editor.staged
        match target.kind:
            case "":
                count = len(self._top.children)
                if staged:
                    return Move(Target.NEW_STAGE, names, count if row < 0 else row)
                return Move(Target.STREAM, names, count)
            case "stage":
                return Move(Target.GROUP, names, target.stage, NEW_GROUP)
            case "group":
                return Move(Target.GROUP, names, target.stage, target.group)
            case "stream":
                before = target.children[row].operators[0] if 0 <= row < len(target.children) else None
                return Move(Target.STREAM, names, target.group, before=before)
        if staged:
            return Move(Target.GROUP, names, target.stage, target.group)
        return Move(Target.STREAM, names, target.group, before=target.operators[0])

    def __len__(self) -> int:
        return len(self._launches)

    def find(self, operator: str) -> QModelIndex:
        """The row of an operator."""
        node = self._launches.get(operator)
        return QModelIndex() if node is None else self.createIndex(node.row, NAME, id(node))

    def _node(self, index: Index) -> _Node:
        return self._nodes.get(index.internalId(), self._top) if index.isValid() else self._top
