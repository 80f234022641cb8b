"""StartPage: what one sees with nothing open: what to drop, sample models, recent files, and which device was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from warploom_app.icons import icon
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme
from warploom_app.views.widgets import heading, muted, set_flag


@dataclass(frozen=True, slots=True)
class Sample:
    """A model that can be opened without having one: its recipe's name, or the file that is there already."""

    name: str
    description: str


class StartPage(QScrollArea):
    """The empty state.

    Signals:
        open_wanted: The user asks for the file dialog.
        file_chosen: A recent file.
        sample_chosen: A sample's name.
    """

    open_wanted = Signal()
    file_chosen = Signal(str)
    sample_chosen = Signal(str)

    def __init__(self, state: AppState, samples: Sequence[Sample], theme: Theme) -> None:
        super().__init__()
        self._state, self._theme = state, theme
        self._icons: list[tuple[QLabel, str, int]] = []
        self._recent_buttons: list[QPushButton] = []
        self.setWidgetResizable(True)
        page = QWidget()
        page.setObjectName("page")
        self.setWidget(page)
        outer = QHBoxLayout(page)
        column = QVBoxLayout()
        column.setContentsMargins(3 * GRID, 4 * GRID, 3 * GRID, 3 * GRID)
        column.setSpacing(2 * GRID)
        outer.addStretch(1)
        outer.addLayout(column, 12)
        outer.addStretch(1)
        column.addWidget(self._drop_target())
        column.addWidget(self._device_line())
        column.addSpacing(GRID)
        column.addWidget(heading(self.tr("Sample models")))
        column.addLayout(self._cards(samples))
        column.addSpacing(GRID)
        self._recent_heading = heading(self.tr("Recent files"))
        column.addWidget(self._recent_heading)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        column.addLayout(self._recent)
        column.addStretch(1)
        state.devices_changed.connect(self._show_device)
        self._show_device()
        self.set_recent(())

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._theme = theme
        for label, name, size in self._icons:
            label.setPixmap(icon(name, theme.muted).pixmap(size, size))

    @property
    def drop_target(self) -> QFrame:
        """The field that lights up while something is dragged over the window."""
        return self._target

    def set_dragging(self, active: bool) -> None:
        """Shows that what is dragged can be dropped here."""
        set_flag(self._target, "active", "true" if active else "false")

    def set_recent(self, files: Sequence[Path]) -> None:
        """Lists the files opened last."""
        for button in self._recent_buttons:
            self._recent.removeWidget(button)
            button.deleteLater()
        self._recent_buttons = []
        self._recent_heading.setVisible(bool(files))
        for path in files:
            button = QPushButton(f"{path.name}    {_tidy(path.parent)}")
            button.setProperty("link", True)
            button.setAccessibleName(self.tr("Open {}").format(path))
            button.clicked.connect(lambda _=False, path=path: self.file_chosen.emit(str(path)))
            self._recent_buttons.append(button)
            self._recent.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)

    def _drop_target(self) -> QFrame:
        target = self._target = QFrame()
        target.setObjectName("dropTarget")
        target.setMinimumHeight(22 * GRID)
        layout = QVBoxLayout(target)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        layout.setSpacing(GRID)
        title = QLabel(self.tr("Drop an ONNX model here"))
        font = QFont(title.font())
        font.setPointSizeF(font.pointSizeF() * 1.8)
        font.setWeight(QFont.Weight.DemiBold)
        title.setFont(font)
        text = muted(
            self.tr(
                "Then press Optimize: Warploom searches how its operators run best side by side, "
                "and shows both timelines. A recording (.warploom) opens as it was saved."
            )
        )
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        button = QPushButton(self.tr("Open a file…"))
        button.setProperty("primary", True)
        button.clicked.connect(self.open_wanted)
        layout.addStretch(1)
        layout.addWidget(self._icon("model", 40), alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(title, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(text)
        layout.addSpacing(GRID)
        layout.addWidget(button, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(1)
        return target

    def _device_line(self) -> QWidget:
        self._device = QLabel()
        self._device.setWordWrap(True)
        self._device.setProperty("muted", True)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self._icon("info", 16))
        row.addWidget(self._device, 1)
        return line

    def _show_device(self) -> None:
        devices = self._state.devices
        if devices is None:
            self._device.setText(self.tr("Looking for devices…"))
            return
        name = next((one.name for one in devices.devices if one.id == devices.default), devices.default)
        simulated = any(one.id == devices.default and one.simulated for one in devices.devices)
        stands = self.tr("Runs on {} (simulated).") if simulated else self.tr("Runs on {}.")
        self._device.setText(f"{stands.format(name)} {devices.why}")

    def _cards(self, samples: Sequence[Sample]) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(2 * GRID)
        for i, sample in enumerate(samples):
            card = SampleCard(sample, self._icon("model", 24))
            card.chosen.connect(self.sample_chosen)
            grid.addWidget(card, i // 3, i % 3)
        for column in range(3):
            grid.setColumnStretch(column, 1)
        return grid

    def _icon(self, name: str, size: int) -> QLabel:
        label = QLabel()
        label.setFixedSize(QSize(size, size))
        label.setPixmap(icon(name, self._theme.muted).pixmap(size, size))
        self._icons.append((label, name, size))
        return label


class SampleCard(QFrame):
    """A sample as something to click (or Enter)."""

    chosen = Signal(str)

    def __init__(self, sample: Sample, picture: QLabel) -> None:
        super().__init__()
        self._sample = sample
        self.setObjectName("card")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{sample.name}: {sample.description}")
        self.setToolTip(sample.description)
        self.setFixedHeight(11 * GRID)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        name = QLabel(sample.name)
        font = QFont(name.font())
        font.setWeight(QFont.Weight.DemiBold)
        name.setFont(font)
        description = muted(sample.description)
        description.setWordWrap(True)
        description.setAlignment(Qt.AlignmentFlag.AlignTop)
        texts.addWidget(name)
        texts.addWidget(description, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        row.setSpacing(2 * GRID)
        row.addWidget(picture)
        row.addLayout(texts, 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self._sample.name)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._sample.name)
        else:
            super().keyPressEvent(event)


def _tidy(folder: Path) -> str:
    """A folder as people write it."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(folder)
