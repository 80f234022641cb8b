"""ActionRegistry: every command of the window in one place; menus, shortcuts, buttons and the palette read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One command.

    Attributes:
        id: "file.open": the part before the dot is its menu.
        text: What menus show, with its mnemonic.
        shortcut: Key sequence, "" for none.
        tip: What it does, in a few words.
        checkable: Whether it is on or off.
        separated: Whether a line stands before it in the menu.
        submenu: Title of the submenu that it stands in, "" for none.
    """

    id: str
    text: str
    shortcut: str = ""
    tip: str = ""
    checkable: bool = False
    separated: bool = False
    submenu: str = ""

    @property
    def menu(self) -> str:
        """The menu that it stands in."""
        return self.id.partition(".")[0]


class ActionRegistry(QObject):
    """Makes and keeps the actions; ids are unique."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._specs: dict[str, ActionSpec] = {}
        self._actions: dict[str, QAction] = {}

    def add(self, spec: ActionSpec, run: Callable[[], object]) -> QAction:
        """Registers a command.

        Raises:
            ValueError: If its id, or its shortcut, is taken.
        """
        if spec.id in self._specs:
            raise ValueError(f"there is an action {spec.id!r} already")
        taken = next((one.id for one in self._specs.values() if spec.shortcut and one.shortcut == spec.shortcut), None)
        if taken is not None:
            raise ValueError(f"{spec.id!r} and {taken!r} share the shortcut {spec.shortcut}")
        action = QAction(spec.text, self)
        action.setCheckable(spec.checkable)
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        if spec.shortcut:
            action.setShortcut(QKeySequence(spec.shortcut))
        tip = spec.tip or spec.text.replace("&", "").replace("…", "")
        action.setToolTip(f"{tip} ({action.shortcut().toString()})" if spec.shortcut else tip)
        action.setStatusTip(tip)
        action.triggered.connect(lambda *_: run())
        self._specs[spec.id], self._actions[spec.id] = spec, action
        return action

    def find(self, name: str) -> QAction | None:
        """The action of that id."""
        return self._actions.get(name)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[tuple[ActionSpec, QAction]]:
        return ((spec, self._actions[spec.id]) for spec in self._specs.values())
