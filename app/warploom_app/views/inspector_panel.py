"""InspectorPanel: everything about the operator that is hovered or pinned."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from warploom_app.presenters.inspector import Inspection, Section
from warploom_app.theme import GRID, figure_font
from warploom_app.views.widgets import heading, muted, wrapping

_LONGEST_LINK = 32


class InspectorPanel(QScrollArea):
    """Shows an Inspection; every value can be selected and copied.

    Signals:
        source_chosen(str): The user follows the link to an ONNX node.
    """

    source_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Inspector"))
        self._shown: Inspection | None = None
        self.show_inspection(None)

    @property
    def inspection(self) -> Inspection | None:
        """What is shown."""
        return self._shown

    def show_inspection(self, inspection: Inspection | None) -> None:
        """Shows another operator, or a hint when there is none."""
        self._shown = inspection
        self.setWidget(self._hint() if inspection is None else self._page(inspection))

    def _hint(self) -> QWidget:
        page, layout = self._empty_page()
        text = muted(self.tr("Point at an operator to see it here; click to pin it; Esc lets it go."))
        text.setWordWrap(True)
        layout.addWidget(text)
        layout.addStretch(1)
        return page

    def _page(self, inspection: Inspection) -> QWidget:
        page, layout = self._empty_page()
        title = _value(inspection.title)
        title.setFont(figure_font(11, bold=True))
        layout.addWidget(title)
        subtitle = _value(inspection.subtitle)
        subtitle.setProperty("muted", True)
        layout.addWidget(subtitle)
        for section in inspection.sections:
            layout.addSpacing(GRID)
            layout.addWidget(heading(section.heading))
            layout.addLayout(self._grid(section))
        layout.addStretch(1)
        return page

    def _empty_page(self) -> tuple[QWidget, QVBoxLayout]:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(2 * GRID, 0, 2 * GRID, GRID)
        layout.setSpacing(GRID // 2)
        return page, layout

    def _grid(self, section: Section) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for row, (name, text) in enumerate(section.rows):
            value = self._link(text) if section.links else _value(text)
            if name:
                label = muted(name)
                label.setAlignment(Qt.AlignmentFlag.AlignTop)
                if isinstance(value, QLabel):
                    value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
                grid.addWidget(label, row, 0)
                grid.addWidget(value, row, 1)
            else:
                grid.addWidget(value, row, 0, 1, 2)
        return grid

    def _link(self, text: str) -> QPushButton:
        """A name that leads to the ONNX node; cut in the middle where it is too long, with the whole in its tip."""
        shown = text if len(text) <= _LONGEST_LINK else f"{text[:12]}…{text[12 - _LONGEST_LINK :]}"
        button = QPushButton(shown)
        button.setProperty("link", True)
        button.setProperty("compact", True)
        button.setAccessibleName(text)
        button.setToolTip(self.tr("Show {} in the graph").format(text))
        button.clicked.connect(partial(self._follow, text))
        return button

    def _follow(self, source: str, _checked: bool = False) -> None:
        self.source_chosen.emit(source)


def _value(text: str) -> QLabel:
    label = wrapping(QLabel(), text, "/+,_<(")
    label.setFont(figure_font())
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAccessibleName(text)
    return label
