"""Appearance: which Theme is in force, following the system or the user's choice, and its changes while running."""

from __future__ import annotations

import enum

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from warploom_app.stylesheet import style_sheet
from warploom_app.theme import DARK, LIGHT, Theme


class AppearanceMode(enum.StrEnum):
    """What the user chose."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Appearance(QObject):
    """Holds the current Theme, applies it to the application and tells everyone who paints (`changed`)."""

    changed = Signal(object)

    def __init__(self, mode: AppearanceMode = AppearanceMode.SYSTEM, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mode = mode
        self._theme = self._wanted()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)

    @property
    def theme(self) -> Theme:
        """The Theme in force."""
        return self._theme

    @property
    def mode(self) -> AppearanceMode:
        """What the user chose."""
        return self._mode

    def set_mode(self, mode: AppearanceMode) -> None:
        """Takes the user's choice and applies it at once."""
        self._mode = mode
        self._follow()

    def apply(self) -> None:
        """Dresses the application in the Theme in force."""
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.setStyleSheet("")  # a sheet over none is applied four times as fast as one over another
            application.setPalette(palette(self._theme))
            application.setStyleSheet(style_sheet(self._theme))

    def _wanted(self) -> Theme:
        if self._mode is AppearanceMode.SYSTEM:
            scheme = QGuiApplication.styleHints().colorScheme()
            return DARK if scheme == Qt.ColorScheme.Dark else LIGHT
        return DARK if self._mode is AppearanceMode.DARK else LIGHT

    def _follow(self) -> None:
        wanted = self._wanted()
        if wanted is not self._theme:
            self._theme = wanted
            self.apply()
            self.changed.emit(wanted)


def palette(theme: Theme) -> QPalette:
    """The Qt palette of a Theme, for what the style sheet does not reach."""
    result = QPalette()
    role = QPalette.ColorRole
    for name, colour in (
        (role.Window, theme.surface),
        (role.WindowText, theme.text),
        (role.Base, theme.surface),
        (role.AlternateBase, theme.raised),
        (role.Text, theme.text),
        (role.Button, theme.raised),
        (role.ButtonText, theme.text),
        (role.BrightText, theme.error),
        (role.Highlight, theme.selection),
        (role.HighlightedText, theme.text),
        (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text),
        (role.PlaceholderText, theme.muted),
        (role.Link, theme.accent),
        (role.Accent, theme.accent),
        (role.Mid, theme.hairline),
        (role.Dark, theme.hairline),
        (role.Light, theme.raised),
    ):
        result.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, name, QColor(theme.muted))
    return result
