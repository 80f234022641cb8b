"""Writes and copies the DAG's picture on another thread, so that the window goes on living."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QObject, QRunnable, Qt, QThreadPool, Signal
from PySide6.QtGui import QFont, QGuiApplication, QImage

from warploom_app.background import sentence
from warploom_app.painters.dag_export import png_data, png_picture, save_picture, svg_picture
from warploom_app.painters.dag_painter import DagPicture
from warploom_app.theme import Theme


class DagPictures(QObject):
    """Takes any number of orders. What was ordered is written even when this is deleted meanwhile.

    Signals:
        saved(Path): The file is there.
        copied(): The clipboard has the picture.
        failed(str): Why not, for the user.
    """

    saved = Signal(object)
    copied = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._orders: set[_Order] = set()

    @property
    def busy(self) -> bool:
        """Whether something is being drawn."""
        return bool(self._orders)

    def save(self, picture: DagPicture | None, theme: Theme, family: QFont, path: Path) -> None:
        """Writes a file in the format that its suffix names."""
        self._start(partial(save_picture, picture, theme, family, path), partial(self._saved, path))

    def copy(self, picture: DagPicture | None, theme: Theme, family: QFont) -> None:
        """Puts the picture on the clipboard, as an image and as SVG."""
        self._start(partial(_for_clipboard, picture, theme, family), self._to_clipboard)

    def _start(self, work: Callable[[], Any], use: Callable[[Any], None]) -> None:
        order = _Order(use)
        order.ended.connect(self._finish, Qt.ConnectionType.QueuedConnection)
        self._orders.add(order)
        QThreadPool.globalInstance().start(_Work(work, order))

    def _finish(self, order: _Order, result: Any, error: Exception | None) -> None:
        self._orders.discard(order)
        if error is not None:
            self.failed.emit(sentence(error))
        else:
            order.use(result)

    def _saved(self, path: Path, _: object) -> None:
        self.saved.emit(path)

    def _to_clipboard(self, made: tuple[QImage, bytes, bytes]) -> None:
        image, png, svg = made
        data = QMimeData()
        data.setImageData(image)
        data.setData("image/png", png)
        data.setData("image/svg+xml", svg)
        QGuiApplication.clipboard().setMimeData(data)
        self.copied.emit()


class _Order(QObject):
    """Brings a result back to the thread that ordered it."""

    ended = Signal(object, object, object)

    def __init__(self, use: Callable[[Any], None]) -> None:
        super().__init__()
        self.use = use


class _Work(QRunnable):
    def __init__(self, work: Callable[[], Any], order: _Order) -> None:
        super().__init__()
        self._work, self._order = work, order

    def run(self) -> None:
        try:
            result = self._work()
        except Exception as error:  # a defect must reach the user, not vanish in a thread
            self._order.ended.emit(self._order, None, error)
        else:
            self._order.ended.emit(self._order, result, None)


def _for_clipboard(picture: DagPicture | None, theme: Theme, family: QFont) -> tuple[QImage, bytes, bytes]:
    image = png_picture(picture, theme, family, copied=True)
    return image, png_data(image), svg_picture(picture, theme, family)
