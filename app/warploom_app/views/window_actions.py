"""The commands of the main window, in the order of its menus."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from warploom.report.export import FORMATS
from warploom_app.actions import ActionSpec
from warploom_app.appearance import AppearanceMode
from warploom_app.presenters.engine_words import in_words
from warploom_app.views.workbench import FIGURES, LOG, OPERATORS, SCHEDULE, TIMELINES

if TYPE_CHECKING:
    from warploom_app.views.main_window import MainWindow

_LINE_BEFORE = ("utilization-png",)


def register_actions(window: MainWindow) -> None:
    """Registers every command."""
    _file_and_edit(window)
    _view(window)
    _run(window)
    _export(window)
    _help(window)


def _file_and_edit(window: MainWindow) -> None:
    add = window.registry.add
    add(ActionSpec("file.open", _tr("&Open…"), "Ctrl+O", _tr("Open a model or a recording")), window.files.choose_file)
    add(ActionSpec("file.save", _tr("&Save recording as…"), "Ctrl+S"), window.files.choose_copy)
    add(ActionSpec("file.close", _tr("&Close"), "Ctrl+W", _tr("Back to the start page")), window.close_document)
    show_settings = window.overlays.show_settings
    add(ActionSpec("file.settings", _tr("Se&ttings…"), "Ctrl+,", separated=True), lambda: show_settings())
    add(ActionSpec("file.new-window", _tr("&New window"), "Ctrl+Shift+N"), window.open_new_window)
    add(ActionSpec("file.quit", _tr("&Quit"), "Ctrl+Q", separated=True), window.close)
    add(ActionSpec("edit.undo", _tr("&Undo"), "Ctrl+Z", _tr("Take the last edit of the schedule back")), window.undo)
    add(ActionSpec("edit.redo", _tr("&Redo"), "Ctrl+Shift+Z", _tr("Bring the edit back")), window.redo)
    find = ActionSpec("edit.find", _tr("&Find operator"), "Ctrl+F", separated=True)
    add(find, window.find_operator)
    add(ActionSpec("edit.palette", _tr("&Command palette"), "Ctrl+K"), window.overlays.show_palette)
    add(ActionSpec("edit.release", _tr("&Let go of the selection"), "Esc", separated=True), window.state.let_go)


def _view(window: MainWindow) -> None:
    add = window.registry.add
    add(ActionSpec("view.timelines", _tr("&Timelines"), "Ctrl+1"), partial(window.show_tab, TIMELINES))
    add(ActionSpec("view.operators", _tr("&Operators of both"), "Ctrl+2"), partial(window.show_tab, OPERATORS))
    add(ActionSpec("view.schedule", _tr("&Schedule"), "Ctrl+3"), partial(window.show_tab, SCHEDULE))
    add(ActionSpec("view.figures", _tr("&Figures"), "Ctrl+4"), partial(window.show_tab, FIGURES))
    add(ActionSpec("view.log", _tr("&Build log"), "Ctrl+5"), partial(window.show_tab, LOG))
    add(ActionSpec("view.jobs", _tr("&Jobs"), "Ctrl+J", _tr("What runs, waits and is done")), window.toggle_jobs)
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
    show_settings = window.show_run_settings
    add(ActionSpec("run.settings", _tr("&Settings of the run"), "Ctrl+T", _tr("Limits, search time")), show_settings)
    add(ActionSpec("run.add-host", _tr("Add GPU &host…"), "", _tr("Run on another machine")), window.overlays.add_host)
    tip = _tr("Run the schedule that was edited by hand")
    add(ActionSpec("run.try", _tr("&Try the edited schedule"), "Ctrl+Shift+T", tip), window.try_edit)
    open_result = window.session.open_result
    add(ActionSpec("run.open-result", _tr("Open latest &result"), "Ctrl+Shift+R"), lambda: open_result())
    add(ActionSpec("run.resume", _tr("Run stopped jobs a&gain")), window.session.resume_runs)
    add(ActionSpec("run.restart", _tr("&Restart engine"), separated=True), window.session.restart_engine)


def _export(window: MainWindow) -> None:
    add = window.registry.add
    groups = _export_groups()
    group_of = {name: title for title, names in groups.items() for name in names}
    titles = [*groups, ""]
    for choice in sorted(FORMATS.values(), key=lambda one: titles.index(group_of.get(one.name, ""))):
        group, line = group_of.get(choice.name, ""), choice.name in _LINE_BEFORE
        spec = ActionSpec(f"export.{choice.name}", f"{in_words(choice.title)}…", submenu=group, separated=line)
        add(spec, partial(window.files.choose_export, choice))
    seen = _tr("Timelines as they are &seen…")
    add(ActionSpec("export.timelines", seen, separated=True, submenu=_tr("&Figures")), window.files.choose_figure)
    for suffix, text in (("svg", _tr("Graph as SVG…")), ("png", _tr("Graph as PNG…")), ("pdf", _tr("Graph as PDF…"))):
        add(
            ActionSpec(f"export.graph-{suffix}", text, submenu=_tr("&Graph")),
            partial(window.files.choose_picture, suffix),
        )
    copy = _tr("The timelines as a picture on the clipboard")
    add(ActionSpec("export.copy-figure", _tr("&Copy figure"), "Ctrl+Shift+X", copy, separated=True), window.copy_figure)


def _export_groups() -> dict[str, tuple[str, ...]]:
    """Submenus of the exports, in their order; a format that is in none stands by itself."""
    return {
        _tr("&Report"): ("html", "pdf"),
        _tr("&Figures"): ("png", "svg", "figure-pdf", "utilization-png", "utilization-svg", "utilization-pdf"),
        _tr("&Tables"): ("csv", "samples-csv", "operators-csv", "parquet"),
    }


def _help(window: MainWindow) -> None:
    add, overlays = window.registry.add, window.overlays
    add(ActionSpec("help.pages", _tr("&Help"), "F1", _tr("How to use Warploom")), lambda: overlays.show_help())
    add(ActionSpec("help.shortcuts", _tr("&Shortcuts"), "?", _tr("Every key of the window")), overlays.show_shortcuts)
    add(ActionSpec("help.about", _tr("&About Warploom"), separated=True), overlays.show_about)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Actions", text)
