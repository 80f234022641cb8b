"""Fills the menu of the timelines: which schedules, counters and overlays are shown, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from warploom.report.counter_tracks import counter_title

if TYPE_CHECKING:
    from warploom_app.views.comparison_view import ComparisonView

_MOST_COUNTERS = 40


def fill_menu(menu: QMenu, view: ComparisonView, track: int = -1) -> None:
    """Fills a menu; with what concerns one track first, where there is one."""
    menu.clear()
    for submenu in menu.findChildren(QMenu):  # a menu keeps those that it is cleared of
        submenu.deleteLater()
    if 0 <= track < len(view.canvas.tracks):
        _track(menu, view, view.canvas.tracks[track].name)
        menu.addSeparator()
    _schedules(_submenu(menu, _tr("&Schedules")), view)
    _counters(_submenu(menu, _tr("&Counters")), view)
    _overlays(menu, view)
    menu.addSeparator()
    _time(menu, view)
    menu.addSeparator()
    _add(menu, _tr("Copy &figure"), view.copy_figure)
    _add(menu, _tr("Save fi&gure…"), view.figure_wanted.emit)


def _track(menu: QMenu, view: ComparisonView, name: str) -> None:
    choice = view.choice
    if choice is None:
        return
    _add(menu, _tr("Move &up"), lambda: view.set_choice(choice.moving(name, -1)), enabled=choice.shown[0] != name)
    _add(menu, _tr("Move &down"), lambda: view.set_choice(choice.moving(name, 1)), enabled=choice.shown[-1] != name)
    _add(menu, _tr("&Hide"), lambda: view.set_choice(choice.removing(name)), enabled=len(choice.shown) > 1)
    first, second = choice.compared
    if name != first:
        text = _tr("Compare &everything with this")
        _add(menu, text, lambda: view.set_choice(choice.comparing((name, second if second != name else first))))
    if name != second:
        text = _tr("Compare th&is with {}").format(view.title(first if first != name else second))
        _add(menu, text, lambda: view.set_choice(choice.comparing((first if first != name else second, name))))


def _schedules(menu: QMenu, view: ComparisonView) -> None:
    for name, text in view.schedules():
        shown = view.choice is not None and name in view.choice.shown
        action = _add(menu, text, partial(view.show_schedule, name, not shown))
        action.setCheckable(True)
        action.setChecked(shown)


def _counters(menu: QMenu, view: ComparisonView) -> None:
    canvas = view.canvas
    names = list(dict.fromkeys(name for track in canvas.tracks for name in track.counters))[:_MOST_COUNTERS]
    menu.setEnabled(bool(names))
    if not names:
        menu.setTitle(_tr("&Counters (none recorded)"))
    for name in names:
        shown = name in canvas.options.counters
        title = counter_title(name)
        text = name if title == name else f"{title} ({name})"
        action = _add(menu, text, partial(view.show_counter, name, not shown))
        action.setCheckable(True)
        action.setChecked(shown)


def _overlays(menu: QMenu, view: ComparisonView) -> None:
    canvas, options = view.canvas, view.canvas.options
    path = replace(options, critical_path=not options.critical_path)
    arrows = replace(options, dependencies=not options.dependencies)
    for text, key, on, other in (
        (_tr("Critical &path"), "P", options.critical_path, path),
        (_tr("&Dependencies of the selection"), "L", options.dependencies, arrows),
    ):
        action = _add(menu, f"{text}\t{key}", partial(canvas.set_options, other))
        action.setCheckable(True)
        action.setChecked(on)


def _time(menu: QMenu, view: ComparisonView) -> None:
    canvas = view.canvas
    _add(menu, _tr("Show &all of the time") + "\tHome", canvas.fit)
    _add(menu, _tr("&Zoom to the selection") + "\tF", canvas.zoom_to_selection)
    _add(menu, _tr("Choose what is seen, or &marked") + "\tR", canvas.choose_stretch)
    release = _add(menu, _tr("&Let go of marks and time") + "\tEsc", canvas.release)
    release.setEnabled(canvas.can_release)


def _submenu(menu: QMenu, title: str) -> QMenu:
    """Made here, not by the menu: the bindings notice that it has gone only where they made it."""
    submenu = QMenu(title, menu)
    menu.addMenu(submenu)
    return submenu


def _add(menu: QMenu, text: str, run: Callable[[], object], *, enabled: bool = True) -> QAction:
    action = QAction(text, menu)
    menu.addAction(action)
    action.setEnabled(enabled)
    action.triggered.connect(lambda *_: run())
    return action


def _tr(text: str) -> str:
    return QCoreApplication.translate("TimelineMenu", text)
