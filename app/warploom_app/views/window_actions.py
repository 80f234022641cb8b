"""The commands of the main window, in the order of its menus."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from warploom.report.export import FORMATS
from warploom_app.actions import ActionSpec
from warploom_app.appearance import AppearanceMode
from warploom_app.views.workbench import FIGURES, LOG, TIMELINES

if TYPE_CHECKING:
    from warploom_app.views.main_window import MainWindow

_LINE_BEFORE = ("png", "csv")

MENUS = ("file", "edit", "view", "graph", "run", "export", "help")


def menu_title(name: str) -> str:
    """The title of a menu."""
    titles = (_tr("&File"), _tr("&Edit"), _tr("&View"), _tr("&Graph"), _tr("&Run"), _tr("E&xport"), _tr("&Help"))
    return dict(zip(MENUS, titles, strict=True))[name]


def register_actions(window: MainWindow) -> None:
    """Registers every command."""
    _file_and_edit(window)
    _view(window)
    _run(window)
    _export(window)
    window.registry.add(ActionSpec("help.about", _tr("&About Warploom")), window.show_about)


def _file_and_edit(window: MainWindow) -> None:
    add = window.registry.add
    add(ActionSpec("file.open", _tr("&Open…"), "Ctrl+O", _tr("Open a model or a recording")), window.choose_file)
    add(ActionSpec("file.save", _tr("&Save recording as…"), "Ctrl+S"), window.choose_copy)
    add(ActionSpec("file.close", _tr("&Close"), "Ctrl+W", _tr("Back to the start page")), window.close_document)
    add(ActionSpec("file.quit", _tr("&Quit"), "Ctrl+Q", separated=True), window.close)
    add(ActionSpec("edit.find", _tr("&Find operator"), "Ctrl+F"), window.find_operator)
    add(ActionSpec("edit.palette", _tr("&Command palette"), "Ctrl+K"), window.show_palette)
    add(ActionSpec("edit.release", _tr("&Let go of the selection"), "Esc", separated=True), window.state.let_go)


def _view(window: MainWindow) -> None:
    add = window.registry.add
    add(ActionSpec("view.timelines", _tr("&Timelines"), "Ctrl+1"), partial(window.show_tab, TIMELINES))
    add(ActionSpec("view.figures", _tr("&Figures"), "Ctrl+2"), partial(window.show_tab, FIGURES))
    add(ActionSpec("view.log", _tr("&Build log"), "Ctrl+3"), partial(window.show_tab, LOG))
    add(ActionSpec("view.fit", _tr("Fit &everything"), "Ctrl+0", separated=True), window.fit_everything)
    add(ActionSpec("view.zoom-selection", _tr("&Zoom to selection"), "Ctrl+E"), window.zoom_to_selection)
    modes = (
        (AppearanceMode.SYSTEM, _tr("Colours as the s&ystem")),
        (AppearanceMode.LIGHT, _tr("&Light")),
        (AppearanceMode.DARK, _tr("&Dark")),
    )
    for mode, text in modes:
        first = mode is AppearanceMode.SYSTEM
        spec = ActionSpec(f"view.{mode.value}", text, checkable=True, separated=first)
        add(spec, partial(window.set_mode, mode))
    add(ActionSpec("view.reset", _tr("&Reset layout"), separated=True), window.reset_layout)


def _run(window: MainWindow) -> None:
    add = window.registry.add
    add(ActionSpec("run.optimize", _tr("&Optimize"), "Ctrl+R", _tr("Search the fastest schedule")), window.optimize)
    add(ActionSpec("run.cancel", _tr("&Cancel"), "Ctrl+.", _tr("Stop; what was found is kept")), window.session.cancel)
    open_result = window.session.open_result
    add(ActionSpec("run.open-result", _tr("Open latest &result"), "Ctrl+Shift+R"), lambda: open_result())
    add(ActionSpec("run.restart", _tr("&Restart engine"), separated=True), window.session.restart_engine)


def _export(window: MainWindow) -> None:
    add = window.registry.add
    for choice in FORMATS.values():
        spec = ActionSpec(f"export.{choice.name}", f"{_tr(choice.title)}…", separated=choice.name in _LINE_BEFORE)
        add(spec, partial(window.choose_export, choice))
    for suffix, text in (("svg", _tr("Graph as SVG…")), ("png", _tr("Graph as PNG…")), ("pdf", _tr("Graph as PDF…"))):
        spec = ActionSpec(f"export.graph-{suffix}", text, separated=suffix == "svg")
        add(spec, partial(window.choose_picture, suffix))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Actions", text)
