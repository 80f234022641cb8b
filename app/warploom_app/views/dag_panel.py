"""The DAG view with its header: what is shown, how, and what its colours mean."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QSize, Signal
from PySide6.QtGui import QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from warploom_app.presenters.dag_colours import ColourBy
from warploom_app.presenters.dag_content import Detail
from warploom_app.theme import GRID, Theme
from warploom_app.views.dag_view import DagView
from warploom_app.views.widgets import Choice, IconButton, heading, muted

_ROOM_FOR_LABELS = 66 * GRID
_ROOM_FOR_HEADING = 52 * GRID


class DagPanel(QWidget):
    """Holds the view and its header.

    Signals:
        colour_chosen(): The user wants colours to mean something else (`colour_by`).
        offers_changed(): Colours can mean more, or less, than before.
    """

    colour_chosen = Signal()
    offers_changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.dag = DagView(theme)
        self._buttons: list[IconButton] = []
        self._build_choices()
        self._build_buttons(theme)
        self._lay_out()
        self.dag.options_changed.connect(self._follow)
        self.dag.layout_ready.connect(self._follow)
        self._follow()

    def _build_choices(self) -> None:
        self._detail = Choice()
        self._detail.setAccessibleName(self.tr("What a node of the graph is"))
        self._detail.addItem(self.tr("fused operators"), Detail.OPERATORS)
        self._detail.addItem(self.tr("ONNX nodes"), Detail.ONNX_NODES)
        self._detail.activated.connect(lambda _: self.dag.set_detail(Detail(self._detail.currentData())))
        self._colour_by = Choice()
        self._colour_by.setAccessibleName(self.tr("What colours mean"))
        for what, text in colour_texts().items():
            self._colour_by.addItem(text, what)
        self._colour_by.activated.connect(lambda _: self.colour_chosen.emit())
        for box in (self._detail, self._colour_by):
            box.setProperty("compact", True)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            box.setMinimumWidth(9 * GRID)  # on a small screen it may be cut

    def _build_buttons(self, theme: Theme) -> None:
        self._search = self._button("search", self.tr("Find in the graph (/)"), theme)
        self._search.clicked.connect(self.dag.open_search)
        self._collapse = self._button("collapse", self.tr("Collapse all blocks"), theme)
        self._collapse.clicked.connect(self.dag.collapse_all)
        self._expand = self._button("expand", self.tr("Expand all blocks"), theme)
        self._expand.clicked.connect(self.dag.expand_all)
        self._down = self._button("flow-down", self.tr("Lay out from top to bottom"), theme)
        self._down.clicked.connect(lambda: self.dag.set_horizontal(False))
        self._right = self._button("flow-right", self.tr("Lay out from left to right"), theme)
        self._right.clicked.connect(lambda: self.dag.set_horizontal(True))

    def _button(self, name: str, tip: str, theme: Theme) -> IconButton:
        button = IconButton(name, tip, theme)
        button.setFixedSize(QSize(3 * GRID, 3 * GRID))
        self._buttons.append(button)
        return button

    def _lay_out(self) -> None:
        self._heading = heading(self.tr("Graph"))
        self._label = muted(self.tr("Colour by"))
        bar = QHBoxLayout()
        bar.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        bar.setSpacing(GRID // 2)
        bar.addWidget(self._heading)
        bar.addSpacing(GRID)
        bar.addWidget(self._detail)
        bar.addSpacing(GRID // 2)
        for button in self._buttons:
            bar.addWidget(button)
        bar.addStretch(1)
        bar.addWidget(self._label)
        bar.addWidget(self._colour_by)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.dag, 1)

    @property
    def colour_by(self) -> ColourBy:
        """What colours are to mean."""
        return ColourBy(self._colour_by.currentData())

    def offers(self, what: ColourBy) -> bool:
        """Whether colours can mean that now."""
        return self._item(self._colour_by.findData(what)).isEnabled()

    def set_colour_by(self, what: ColourBy) -> None:
        """Chooses what colours mean, as if the user did."""
        if self.offers(what):
            self._colour_by.setCurrentIndex(self._colour_by.findData(what))
            self.colour_chosen.emit()

    def set_measured(self, measured: bool) -> None:
        """Offers the colours that only a schedule has, or not."""
        for row in range(self._colour_by.count()):
            self._item(row).setEnabled(measured or self._colour_by.itemData(row) == ColourBy.KIND)
        if not self.offers(self.colour_by):
            self._colour_by.setCurrentIndex(0)
        self.offers_changed.emit()

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self.dag.set_theme(theme)
        for button in self._buttons:
            button.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        super().resizeEvent(event)
        self._label.setVisible(self.width() >= _ROOM_FOR_LABELS)
        self._heading.setVisible(self.width() >= _ROOM_FOR_HEADING)

    def _item(self, row: int) -> QStandardItem:
        model = self._colour_by.model()
        assert isinstance(model, QStandardItemModel)
        return model.item(row)

    def _follow(self) -> None:
        """The header says what the view does, whoever asked for it."""
        options, blocks, shown = self.dag.options, self.dag.blocks, self.dag.graph is not None
        self._detail.setCurrentIndex(self._detail.findData(options.detail))
        self._collapse.setEnabled(shown and bool(blocks - options.collapsed))
        self._expand.setEnabled(shown and bool(options.collapsed))
        self._search.setEnabled(shown)
        self._down.setVisible(options.horizontal)
        self._right.setVisible(not options.horizontal)


def colour_texts() -> dict[ColourBy, str]:
    """What colours can mean, in words."""
    return {
        ColourBy.KIND: _tr("operator type"),
        ColourBy.STREAM: _tr("stream"),
        ColourBy.STAGE: _tr("stage"),
        ColourBy.LATENCY: _tr("latency"),
        ColourBy.WARPS: _tr("active warps"),
    }


def _tr(text: str) -> str:
    return QCoreApplication.translate("DagPanel", text)
