"""The menus of the main window: their names, titles and order, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QMenuBar, QPushButton

from warploom_app.actions import ActionRegistry

MENUS = ("file", "edit", "view", "graph", "run", "export", "help")


def menu_title(name: str) -> str:
    """The title of a menu."""
    translate = QCoreApplication.translate
    titles = (
        translate("Menus", "&File"),
        translate("Menus", "&Edit"),
        translate("Menus", "&View"),
        translate("Menus", "&Graph"),
        translate("Menus", "&Run"),
        translate("Menus", "E&xport"),
        translate("Menus", "&Help"),
    )
    return dict(zip(MENUS, titles, strict=True))[name]


class WindowMenus(QObject):
    """Fills a menu bar from the registry; actions of a submenu stand together where the first of them would."""

    def __init__(self, bar: QMenuBar, registry: ActionRegistry, show_palette: Callable[[], object]) -> None:
        super().__init__(bar)
        self._menus = {name: bar.addMenu(menu_title(name)) for name in MENUS}
        self._submenus: dict[tuple[str, str], QMenu] = {}
        for spec, action in registry:
            menu = self._menus[spec.menu]
            if spec.submenu:
                menu = self._submenu(menu, spec.menu, spec.submenu, separated=spec.separated)
            elif spec.separated:
                menu.addSeparator()
            menu.addAction(action)
        self._recent = QMenu(self.tr("Open &recent"), bar)
        self._menus["file"].insertMenu(registry["file.save"], self._recent)
        # Kept here: the menu bar does not keep its corner widget alive.
        search = self._search = QPushButton(self.tr("Search commands   Ctrl+K"), bar)
        search.setProperty("link", True)
        search.setProperty("compact", True)
        search.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        search.clicked.connect(show_palette)
        bar.setCornerWidget(search, Qt.Corner.TopRightCorner)

    def _submenu(self, menu: QMenu, name: str, title: str, *, separated: bool) -> QMenu:
        key = name, title
        if key not in self._submenus:
            if separated:
                menu.addSeparator()
            self._submenus[key] = menu.addMenu(title)
        elif separated:
            self._submenus[key].addSeparator()
        return self._submenus[key]

    def add_views(self, actions: Sequence[QAction]) -> None:
        """Adds what shows and hides parts of the window."""
        self._menus["view"].addSeparator()
        self._menus["view"].addActions(list(actions))

    def show_recent(self, recent: Sequence[Path], use: Callable[[str], object]) -> None:
        """Offers files that were open before."""
        actions = self._recent.actions()
        while len(actions) < len(recent):
            action = QAction(self._recent)
            action.triggered.connect(lambda *_, one=action: use(one.data()))
            actions.append(action)
            self._recent.addAction(action)
        for number, action in enumerate(actions):
            action.setVisible(number < len(recent))
            action.setData(str(recent[number]) if number < len(recent) else "")
            action.setText(action.data().replace("&", "&&"))
        self._recent.setEnabled(bool(recent))
