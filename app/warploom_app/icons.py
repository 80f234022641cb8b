"""Icons of the window: small SVG drawings in `assets/icons`, tinted in a colour of the Theme."""

from __future__ import annotations

import functools

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from warploom.paths import data_path

FADED = "#9aa1ab"
"""Icons of what is disabled, in both themes."""

_SIZES = (16, 20, 24, 32, 40, 48, 64)


@functools.cache
def icon(name: str, colour: str) -> QIcon:
    """The drawing of that name in one colour, sharp at 100 % to 200 % scaling."""
    source = data_path("assets", "icons", f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))
    faded = QSvgRenderer(QByteArray(source.replace("currentColor", FADED).encode()))
    result = QIcon()
    for size in _SIZES:
        result.addPixmap(_rendered(renderer, size))
        result.addPixmap(_rendered(faded, size), QIcon.Mode.Disabled)
    return result


def icon_file(name: str) -> str:
    """Path of a drawing in the form that style sheets want."""
    return data_path("assets", "icons", f"{name}.svg").as_posix()


def _rendered(renderer: QSvgRenderer, size: int) -> QPixmap:
    pixmap = QPixmap(QSize(size, size))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


@functools.cache
def app_icon() -> QIcon:
    """Warploom's own icon."""
    source = data_path("assets", "icons", "warploom.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(source.encode()))
    result = QIcon()
    for size in (*_SIZES, 128, 256):
        result.addPixmap(_rendered(renderer, size))
    return result
