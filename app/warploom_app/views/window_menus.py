"""The menus of the main window: their names, titles and order."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

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
