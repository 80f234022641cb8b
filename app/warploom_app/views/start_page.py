"""StartPage: what one sees with nothing open: what to drop, recordings, samples and recent files, and the device."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QResizeEvent, QShowEvent
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
from warploom_app.presenters.engine_words import in_words
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme
from warploom_app.thumbnails import Thumbnails
from warploom_app.views.start_cards import Card, RecordingCard, Sample, SampleCard
from warploom_app.views.widgets import heading, muted, set_flag

_MOST_COLUMNS = 4
_CARD_WIDTH = 32 * GRID  # below that, cards go into fewer columns
_MOST_CARDS = 4  # one row of a wide window
_DRAW_AFTER_MS = 400  # the window comes first


class StartPage(QScrollArea):
    """The empty state.

    Signals:
        open_wanted: The user asks for the file dialog.
        file_chosen: A recent file, or a recording.
        sample_chosen: A sample's name.
    """

    open_wanted = Signal()
    file_chosen = Signal(str)
    sample_chosen = Signal(str)

    def __init__(
        self, state: AppState, samples: Sequence[Sample], recordings: Sequence[Path], theme: Theme
    ) -> None:  # fmt: skip
        super().__init__()
        self._state, self._theme = state, theme
        self._shipped = tuple(recordings)
        self._columns = _MOST_COLUMNS
        self._grids: list[QGridLayout] = []
        self._cards: list[SampleCard | RecordingCard] = []
        self.thumbnails = Thumbnails(self)
        self.thumbnails.ready.connect(self._show_pictures)
        self._icons: list[tuple[QLabel, str, int]] = []
        self._recent_buttons: list[QPushButton] = []
        self._recent_models: tuple[Path, ...] = ()
        self._recent_recordings: dict[Path, RecordingCard] = {}
        self._drawing = QTimer(self, singleShot=True, interval=_DRAW_AFTER_MS)
        self._drawing.timeout.connect(self._draw_pictures)
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
        self._recent_heading = heading(self.tr("Recent"))
        column.addWidget(self._recent_heading)
        self._recent_cards = self._grid()
        column.addLayout(self._recent_cards)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        column.addLayout(self._recent)
        column.addSpacing(GRID)
        if self._shipped:
            column.addWidget(heading(self.tr("Recorded on a GPU")))
            column.addLayout(self._fill(self._grid(), [RecordingCard(path, theme) for path in self._shipped]))
            column.addSpacing(GRID)
        column.addWidget(heading(self.tr("Sample models")))
        column.addLayout(self._fill(self._grid(), [SampleCard(sample, theme) for sample in samples]))
        column.addStretch(1)
        state.devices_changed.connect(self._show_device)
        self._show_device()
        self.set_recent(())

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._theme = theme
        for label, name, size in self._icons:
            label.setPixmap(icon(name, theme.muted).pixmap(size, size))
        for card in self._cards:
            card.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Has missing pictures drawn, once the page is seen."""
        super().showEvent(event)
        self._drawing.start()

    def close_pictures(self) -> None:
        """Ends the drawing of pictures."""
        self.thumbnails.close()

    @property
    def drawn(self) -> bool:
        """Whether every recording on show has its picture."""
        return all(card.drawn for card in self._cards if isinstance(card, RecordingCard))

    @property
    def drop_target(self) -> QFrame:
        """The field that lights up while something is dragged over the window."""
        return self._target

    def set_dragging(self, active: bool) -> None:
        """Shows that what is dragged can be dropped here."""
        set_flag(self._target, "active", "true" if active else "false")

    def set_recent(self, files: Sequence[Path]) -> None:
        """Shows the files opened last: recordings as cards, models as lines."""
        own = [path for path in files if path not in self._shipped]  # those have cards of their own below
        recordings = [path for path in own if path.suffix == ".warploom"][:_MOST_CARDS]
        self._show_recent_cards(recordings)
        self._show_recent_models([path for path in own if path not in recordings])
        self._recent_heading.setVisible(bool(own))
        self._show_pictures()
        if self.isVisible():
            self._draw_pictures()

    def _show_recent_cards(self, paths: Sequence[Path]) -> None:
        """A card stays as long as its recording is among them."""
        for path in [one for one in self._recent_recordings if one not in paths]:
            card = self._recent_recordings.pop(path)
            self._recent_cards.removeWidget(card)
            self._cards.remove(card)
            card.deleteLater()
        for path in paths:
            if path not in self._recent_recordings:
                self._recent_recordings[path] = RecordingCard(path, self._theme)
                self._fill(self._recent_cards, [self._recent_recordings[path]])
        self._lay(self._recent_cards, [self._recent_recordings[path] for path in paths])

    def _show_recent_models(self, paths: Sequence[Path]) -> None:
        while len(self._recent_buttons) < len(paths):
            button = QPushButton()
            button.setProperty("link", True)
            button.setMinimumWidth(1)
            button.clicked.connect(partial(self._choose_recent, len(self._recent_buttons)))
            self._recent_buttons.append(button)
            self._recent.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
        self._recent_models = tuple(paths)
        for button in self._recent_buttons[len(paths) :]:
            button.hide()
        for button, path in zip(self._recent_buttons, paths, strict=False):
            button.setText(f"{path.name}    {_tidy(path.parent)}".replace("&", "&&"))
            button.setAccessibleName(self.tr("Open {}").format(path))
            button.show()

    def _choose_recent(self, number: int, _checked: bool = False) -> None:
        self.file_chosen.emit(str(self._recent_models[number]))

    def _draw_pictures(self) -> None:
        if self.isVisible():
            self.thumbnails.draw([card.path for card in self._cards if isinstance(card, RecordingCard)])

    def _show_pictures(self) -> None:
        for card in self._cards:
            found = self.thumbnails.find(card.path) if isinstance(card, RecordingCard) else None
            if found is not None and isinstance(card, RecordingCard):
                card.show_picture(*found)

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
        self._device.setText(f"{stands.format(name)} {in_words(devices.why)}")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Puts the cards into as many columns as there is room for."""
        super().resizeEvent(event)
        room = event.size().width() * 12 // 14 - 6 * GRID  # beside the stretches and margins
        columns = min(max((room + 2 * GRID) // (_CARD_WIDTH + 2 * GRID), 1), _MOST_COLUMNS)
        if columns != self._columns:
            self._columns = columns
            for grid in self._grids:
                self._lay(grid, _cards_of(grid))

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(2 * GRID)
        self._grids.append(grid)
        return grid

    def _fill(self, grid: QGridLayout, cards: Sequence[SampleCard | RecordingCard]) -> QGridLayout:
        for card in cards:
            sample = isinstance(card, SampleCard)
            card.chosen.connect(self.sample_chosen if sample else self.file_chosen)
            self._cards.append(card)
        self._lay(grid, cards)
        return grid

    def _lay(self, grid: QGridLayout, cards: Sequence[QWidget]) -> None:
        """Puts cards into rows; a row that is not full gets blanks, so that the columns of all grids line up."""
        for column in range(_MOST_COLUMNS):
            grid.setColumnStretch(column, 1 if column < self._columns else 0)
        missing = self._columns - len(cards) if cards else 0
        blanks = _blanks_of(grid)
        for blank in blanks[max(missing, 0) :]:
            grid.removeWidget(blank)
            blank.deleteLater()
        blanks += [QWidget() for _ in range(missing - len(blanks))]
        for i, card in enumerate([*cards, *blanks[: max(missing, 0)]]):
            grid.addWidget(card, i // self._columns, i % self._columns)

    def _icon(self, name: str, size: int) -> QLabel:
        label = QLabel()
        label.setFixedSize(QSize(size, size))
        label.setPixmap(icon(name, self._theme.muted).pixmap(size, size))
        self._icons.append((label, name, size))
        return label


def _widgets_of(grid: QGridLayout) -> list[QWidget]:
    items = [grid.itemAt(i) for i in range(grid.count())]
    return [widget for item in items if item is not None and (widget := item.widget()) is not None]


def _cards_of(grid: QGridLayout) -> list[QWidget]:
    return [widget for widget in _widgets_of(grid) if isinstance(widget, Card)]


def _blanks_of(grid: QGridLayout) -> list[QWidget]:
    return [widget for widget in _widgets_of(grid) if not isinstance(widget, Card)]


def _tidy(folder: Path) -> str:
    """A folder as people write it."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(folder)
