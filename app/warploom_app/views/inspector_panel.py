"""InspectorPanel: everything about the operator that is hovered or pinned."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from warploom_app.presenters.inspector import Inspection, Section
from warploom_app.theme import GRID, figure_font
from warploom_app.views.widgets import heading, muted, wrapping


class InspectorPanel(QScrollArea):
    """Shows an Inspection; every value can be selected and copied."""

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
            layout.addLayout(_grid(section))
        layout.addStretch(1)
        return page

    def _empty_page(self) -> tuple[QWidget, QVBoxLayout]:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(2 * GRID, 0, 2 * GRID, GRID)
        layout.setSpacing(GRID // 2)
        return page, layout


def _grid(section: Section) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(GRID)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(1, 1)
    for row, (name, text) in enumerate(section.rows):
        value = _value(text)
        if name:
            label = muted(name)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label, row, 0)
            grid.addWidget(value, row, 1)
        else:
            grid.addWidget(value, row, 0, 1, 2)
    return grid


def _value(text: str) -> QLabel:
    label = wrapping(QLabel(), text, "/+,_<(")
    label.setFont(figure_font())
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAccessibleName(text)
    return label
