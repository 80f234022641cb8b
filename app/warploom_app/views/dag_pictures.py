"""Has the DAG's picture written and copied by a process of its own, so that the window goes on living."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QTimer, Signal
from PySide6.QtGui import QFont, QGuiApplication, QImage

from warploom.errors import ReportError
from warploom_app.drawing import DrawingProcess, Drawn, PictureOrder, order_of
from warploom_app.painters.dag_export import checked, part_of
from warploom_app.painters.dag_painter import DagPicture
from warploom_app.theme import Theme

_LASTING_MS = 1500
_PATIENCE_MS = 30_000


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be drawn; without a path it is for the clipboard."""

    picture: DagPicture
    theme: Theme
    family: QFont
    path: Path | None

    def message(self) -> PictureOrder:
        if self.path is None:
            return order_of(self.picture, self.theme, self.family)
        path = self.path.absolute()
        return order_of(self.picture, self.theme, self.family, str(path), str(part_of(path)))


class DagPictures(QObject):
    """Takes any number of orders, and has one drawn after another.

    Signals:
        saved(Path): The file is there.
        copied(): The clipboard has the picture.
        failed(str): Why not, for the user.
        lasting(): It takes so long that the user should know how to stop it.
        rested(): Nothing is being drawn any more.
    """

    saved = Signal(object)
    copied = Signal()
    failed = Signal(str)
    lasting = Signal()
    rested = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._orders: deque[_Order] = deque()
        self._process = DrawingProcess(self)
        self._process.ended.connect(self._ended)
        self._slow = QTimer(self, singleShot=True, interval=_LASTING_MS)
        self._slow.timeout.connect(self.lasting)

    @property
    def busy(self) -> bool:
        """Whether something is being drawn."""
        return bool(self._orders)

    def save(self, picture: DagPicture | None, theme: Theme, family: QFont, path: Path) -> None:
        """Writes a file in the format that its suffix names."""
        self._add(picture, theme, family, path)

    def copy(self, picture: DagPicture | None, theme: Theme, family: QFont) -> None:
        """Puts the picture on the clipboard, as an image and as SVG."""
        self._add(picture, theme, family, None)

    def cancel(self) -> None:
        """Stops drawing; files that were not written yet are not."""
        self._process.cancel()
        self._orders.clear()
        self._rest()

    def finish(self) -> None:
        """Waits until everything is drawn: what was ordered is written, even when the window closes."""
        while self._orders:
            self._process.wait(_PATIENCE_MS)
            if not self._process.running:
                return

    def _add(self, picture: DagPicture | None, theme: Theme, family: QFont, path: Path | None) -> None:
        try:
            self._orders.append(_Order(checked(picture), theme, family, path))
        except ReportError as error:
            self.failed.emit(str(error))
            return
        if len(self._orders) == 1:
            self._slow.start()
            self._process.start(self._orders[0].message())

    def _ended(self, drawn: Drawn) -> None:
        order = self._orders.popleft()
        if self._orders:
            self._process.start(self._orders[0].message())
        else:
            self._rest()
        if drawn.error:
            self.failed.emit(drawn.error)
        elif order.path is not None:
            self.saved.emit(order.path)
        else:
            self._to_clipboard(drawn)

    def _rest(self) -> None:
        self._slow.stop()
        self.rested.emit()

    def _to_clipboard(self, drawn: Drawn) -> None:
        image = QImage(drawn.pixels, drawn.width, drawn.height, QImage.Format.Format_RGB32).copy()
        data = QMimeData()
        data.setImageData(image)
        data.setData("image/png", drawn.png)
        data.setData("image/svg+xml", drawn.svg)
        QGuiApplication.clipboard().setMimeData(data)
        self.copied.emit()
