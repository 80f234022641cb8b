"""TimelineFigures: puts the timelines on the clipboard and into files, on another thread."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage

from warploom.atomic import write_bytes_atomically
from warploom.errors import ReportError
from warploom_app.background import Background, sentence
from warploom_app.painters.dag_export import png_data
from warploom_app.painters.timeline_export import TimelineFigure, figure_image, figure_svg

FORMATS = ("svg", "png")


class TimelineFigures(QObject):
    """Takes any number of orders.

    Signals:
        copied: The clipboard has the figure.
        saved(Path): The file is there.
        failed(str): Why not, for the user.
    """

    copied = Signal()
    saved = Signal(object)
    failed = Signal(str)

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background

    def copy(self, figure: TimelineFigure) -> None:
        """Puts a figure on the clipboard, as an image and as SVG."""
        self._background.run(lambda: _for_clipboard(figure), self._to_clipboard, self._tell)

    def save(self, figure: TimelineFigure, path: Path) -> None:
        """Writes a figure in the format that the file's suffix names."""
        self._background.run(lambda: save_figure(figure, path), lambda _: self.saved.emit(path), self._tell)

    def _to_clipboard(self, made: tuple[QImage, bytes, bytes]) -> None:
        image, png, svg = made
        data = QMimeData()
        data.setImageData(image)
        data.setData("image/png", png)
        data.setData("image/svg+xml", svg)
        QGuiApplication.clipboard().setMimeData(data)
        self.copied.emit()

    def _tell(self, error: Exception) -> None:
        self.failed.emit(sentence(error))


def save_figure(figure: TimelineFigure, path: Path) -> None:
    """Writes a file, whole or not at all.

    Raises:
        ReportError: If the format is unknown or the file cannot be written.
    """
    suffix = path.suffix.lstrip(".").lower()
    if suffix not in FORMATS:
        raise ReportError(f"{path.name}: timelines can be saved as {', '.join(FORMATS)}, not as {suffix or 'this'!r}.")
    data = figure_svg(figure) if suffix == "svg" else png_data(figure_image(figure))
    write_bytes_atomically(path, data, ReportError)


def _for_clipboard(figure: TimelineFigure) -> tuple[QImage, bytes, bytes]:
    image = figure_image(figure)
    return image, png_data(image), figure_svg(figure)
