"""WindowDialogs: what opens over the window: palette, settings, help, shortcuts, about. Nothing here blocks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QKeySequence

from warploom.samples.recipes import RECIPES
from warploom_app.appearance import Appearance
from warploom_app.help_pages import help_pages
from warploom_app.settings import Settings
from warploom_app.views.command_palette import CommandPalette, Entry
from warploom_app.views.window_menus import MENUS, menu_title

if TYPE_CHECKING:
    from warploom_app.views.help_window import HelpWindow
    from warploom_app.views.main_window import MainWindow


class WindowDialogs(QObject):
    """Dialogs of one window, made when they are asked for."""

    def __init__(self, window: MainWindow, settings: Settings, appearance: Appearance) -> None:
        super().__init__(window)
        self._window, self._settings, self._appearance = window, settings, appearance
        self._help: HelpWindow | None = None

    def show_about(self) -> None:
        """Shows the versions."""
        from warploom_app.views.about import AboutDialog

        AboutDialog(self._window).open()

    def show_shortcuts(self) -> None:
        """Shows every key."""
        from warploom_app.views.shortcut_sheet import ShortcutSheet

        titles = {name: menu_title(name) for name in MENUS}
        ShortcutSheet(self._window.registry, titles, self._window).open()

    def show_help(self, page: str = "", heading: str = "") -> None:
        """Shows a help page beside the window."""
        from warploom_app.views.help_window import HelpWindow

        if self._help is None:
            self._help = HelpWindow(self._window)
            self._help.destroyed.connect(self._forget_help)
        self._help.show_page(page, heading)

    def show_settings(self, page: int = 0) -> None:
        """Shows the settings, at one of their pages."""
        from warploom_app.views.settings_dialog import SettingsDialog

        window = self._window
        folder = str(window.session.folder.path)
        dialog = SettingsDialog(self._settings, self._appearance, window.session.hosts, folder, window)
        dialog.mode_chosen.connect(window.set_mode)
        dialog.prune_wanted.connect(lambda: window.session.prune(self._settings.preferences))
        dialog.tabs.setCurrentIndex(page)
        dialog.open()

    def add_host(self) -> None:
        """Shows the settings where a machine with a GPU is added."""
        from warploom_app.views.settings_dialog import HOSTS, SettingsDialog

        self.show_settings(HOSTS)
        for dialog in self._window.findChildren(SettingsDialog):
            dialog.hosts_page.begin_new()

    def show_palette(self) -> None:
        """Offers every command, recent files, the help, the samples, and the operators of what is open."""
        entries = [*self._commands(), *self._recent(), *self._pages(), *self._samples(), *self._operators()]
        CommandPalette(entries, self._window).show_over(self._window)

    def _commands(self) -> list[Entry]:
        return [
            Entry(
                f"{menu_title(spec.menu)}: {action.text()}".replace("&", "").replace("…", ""),
                action.shortcut().toString(QKeySequence.SequenceFormat.NativeText),
                action.trigger,
            )
            for spec, action in self._window.registry
            if action.isEnabled() and spec.id != "edit.palette"
        ]

    def _recent(self) -> list[Entry]:
        open_ = self._window.session.open
        return [
            Entry(self.tr("Open recent {}").format(path.name), str(path.parent), partial(open_, [path]))
            for path in self._settings.recent
        ]

    def _pages(self) -> list[Entry]:
        entries = []
        for page in help_pages():
            entries.append(Entry(self.tr("Help: {}").format(page.title), "", partial(self.show_help, page.name)))
            entries += [
                Entry(self.tr("Help: {}").format(heading), page.title, partial(self.show_help, page.name, heading))
                for heading in page.headings
            ]
        return entries

    def _samples(self) -> list[Entry]:
        return [
            Entry(self.tr("Open sample {}").format(name), recipe.description, partial(self._window.open_sample, name))
            for name, recipe in RECIPES.items()
        ]

    def _operators(self) -> list[Entry]:
        state = self._window.state
        if state.document is None:
            return []
        return [Entry(one.name, one.label, partial(state.pin, [one.name])) for one in state.document.graph.operators]

    def _forget_help(self) -> None:
        self._help = None
