"""The drawing process: reads one order from stdin, draws it, and answers on stdout, both in msgpack.

It writes a file itself: beside its place first, so that the file is there whole or not at all, whenever this process
is killed.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import msgspec
from PySide6.QtGui import QFont, QGuiApplication

from warploom.errors import WarploomError
from warploom_app.drawing.messages import Drawn, PictureOrder, picture_of
from warploom_app.painters.dag_export import png_data, png_picture, save_picture, svg_picture
from warploom_app.theme import DARK, LIGHT


def main() -> int:
    """Serves one order."""
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=PictureOrder)
    application = QGuiApplication(["warploom", "-platform", "offscreen"])
    try:
        drawn = _drawn(order)
    except WarploomError as error:
        drawn = Drawn(error=str(error))
    with contextlib.suppress(BrokenPipeError):  # the window has gone; the file is there all the same
        sys.stdout.buffer.write(msgspec.msgpack.encode(drawn))
        sys.stdout.buffer.flush()
    del application
    return 0


def _drawn(order: PictureOrder) -> Drawn:
    picture, theme = picture_of(order), DARK if order.theme == DARK.name else LIGHT
    family = QFont()
    family.fromString(order.font)
    if order.path:
        save_picture(picture, theme, family, Path(order.path), title=order.title, part=Path(order.part))
        return Drawn()
    image = png_picture(picture, theme, family, copied=True)
    svg = svg_picture(picture, theme, family, order.title)
    return Drawn("", image.width(), image.height(), memoryview(bytes(image.constBits())), png_data(image), svg)


if __name__ == "__main__":
    raise SystemExit(main())
