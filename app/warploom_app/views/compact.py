"""Compact: gives the graph and the timelines the room of the side panels on a small screen, and gives it back."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDockWidget

from warploom_app.theme import GRID

_LEAST_WIDTH, _LEAST_HEIGHT = 104 * GRID, 60 * GRID


def is_small(size: QSize) -> bool:
    """Whether side panels would take more than they give."""
    return size.width() < _LEAST_WIDTH or size.height() < _LEAST_HEIGHT


class Compact:
    """Hides docks while a window is small. What the user shows or hides meanwhile stays as it is."""

    def __init__(self, docks: tuple[QDockWidget, ...]) -> None:
        self._docks = docks
        self._hidden: list[QDockWidget] = []
        self._small = False

    @property
    def active(self) -> bool:
        """Whether the window is small."""
        return self._small

    def fit(self, size: QSize) -> None:
        """The window has another size."""
        small = is_small(size)
        if small == self._small:
            return
        self._small = small
        if small:
            self._hidden = [dock for dock in self._docks if not dock.isHidden()]
            for dock in self._hidden:
                dock.hide()
        else:
            for dock in self._hidden:
                dock.show()
            self._hidden = []
