"""Labels: text that fits into given room; each text is measured once for each font."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF

_ELIDED_PX = 64.0
"""Least room in which a shortened name still says anything."""

_MOST = 200_000
_MOST_FONTS = 8


class Labels:
    """Texts in one font."""

    def __init__(self, font: QFont) -> None:
        self.metrics = QFontMetricsF(font)
        self._widths: dict[str, float] = {}

    def width(self, text: str) -> float:
        """Width of a text in pixels."""
        found = self._widths.get(text)
        if found is None:
            if len(self._widths) >= _MOST:
                self._widths.clear()
            found = self._widths[text] = self.metrics.horizontalAdvance(text)
        return found

    def fitting(self, name: str, hint: str, room: float) -> str:
        """The name if it fits, else what the operator is, else as much of the name as can be recognized."""
        for text in (name, hint, hint.partition(" ")[0]):
            if text and self.width(text) <= room:
                return text
        return self.metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room) if room >= _ELIDED_PX else ""


_KNOWN: dict[str, Labels] = {}


def labels(font: QFont) -> Labels:
    """The Labels of a font."""
    found = _KNOWN.get(font.key())
    if found is None:
        if len(_KNOWN) >= _MOST_FONTS:
            _KNOWN.clear()
        found = _KNOWN[font.key()] = Labels(font)
    return found
