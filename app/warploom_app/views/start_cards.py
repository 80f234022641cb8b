"""Cards of the start page: a sample model, or a recording with a small picture of its timelines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from warploom_app.icons import icon
from warploom_app.presenters.engine_words import in_words
from warploom_app.theme import GRID, Theme
from warploom_app.thumbnails import Caption
from warploom_app.views.widgets import muted

_PICTURE_HEIGHT = 10 * GRID


@dataclass(frozen=True, slots=True)
class Sample:
    """A model that can be opened without having one: its recipe's name, or the file that is there already."""

    name: str
    description: str


class Card(QFrame):
    """Something to click, or to choose with Enter.

    Signals:
        chosen: With what the card stands for.
    """

    chosen = Signal(str)

    def __init__(self, what: str, name: str, description: str) -> None:
        super().__init__()
        self._what = what
        self.setObjectName("card")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{name}: {description}" if description else name)
        self.setToolTip(description)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self._what)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._what)
        else:
            super().keyPressEvent(event)


class SampleCard(Card):
    """A sample model."""

    def __init__(self, sample: Sample, theme: Theme) -> None:
        super().__init__(sample.name, sample.name, sample.description)
        self.setFixedHeight(11 * GRID)
        self._picture = QLabel()
        self._picture.setFixedSize(24, 24)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        description = muted(sample.description)
        description.setWordWrap(True)
        description.setAlignment(Qt.AlignmentFlag.AlignTop)
        description.setMinimumWidth(1)
        texts.addWidget(_bold(sample.name))
        texts.addWidget(description, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, GRID)
        row.setSpacing(2 * GRID)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._picture.setPixmap(icon("model", theme.muted).pixmap(24, 24))


class RecordingCard(Card):
    """A recording: its picture, and what came out."""

    def __init__(self, path: Path, theme: Theme) -> None:
        super().__init__(str(path), path.name, "")
        self.path = path
        self._drawn: Path | None = None
        self._picture = _Picture()
        self._title = _bold(path.stem)
        self._result = QLabel()
        self._where = muted()
        for label in (self._title, self._result, self._where):
            label.setMinimumWidth(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        layout.setSpacing(2)
        layout.addWidget(self._picture)
        layout.addWidget(self._title)
        layout.addWidget(self._result)
        layout.addWidget(self._where)
        self.setFixedHeight(20 * GRID)
        self.set_theme(theme)

    @property
    def drawn(self) -> bool:
        """Whether its picture is there."""
        return self._drawn is not None

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours; a picture has the colours of streams in both."""
        if self._drawn is None:
            self._picture.show_icon(icon("recording", theme.muted).pixmap(24, 24))

    def show_picture(self, picture: Path, caption: Caption) -> None:
        """Shows the small timelines and what they say."""
        if picture == self._drawn:
            return  # a recording that changes gets a picture of another name
        self._picture.show_timelines(QPixmap(str(picture)))
        self._drawn = picture
        device = self.tr("{} (simulated)").format(caption.device) if caption.simulated else caption.device
        result = f"{caption.before} → {caption.after}, {in_words(caption.change)}"
        self._title.setText(caption.model)
        self._result.setText(result)
        self._where.setText(device)
        self.setAccessibleName(f"{caption.model}: {result}, {device}")
        self.setToolTip(str(self.path))


class _Picture(QWidget):
    """Timelines as wide as the card, so that their left edge is that of the text; an icon until they are drawn."""

    def __init__(self) -> None:
        super().__init__()
        self._pixmap = QPixmap()
        self._fills = False
        self.setFixedHeight(_PICTURE_HEIGHT)

    def show_icon(self, pixmap: QPixmap) -> None:
        """Draws it in the middle, in its own size."""
        self._pixmap, self._fills = pixmap, False
        self.update()

    def show_timelines(self, pixmap: QPixmap) -> None:
        """Draws it over the whole width: time has no other scale here."""
        self._pixmap, self._fills = pixmap, True
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._fills:
            painter.drawPixmap(self.rect(), self._pixmap)
            return
        size = self._pixmap.deviceIndependentSize().toSize()
        painter.drawPixmap((self.width() - size.width()) // 2, (self.height() - size.height()) // 2, self._pixmap)


def _bold(text: str) -> QLabel:
    label = QLabel(text)
    font = QFont(label.font())
    font.setWeight(QFont.Weight.DemiBold)
    label.setFont(font)
    return label
