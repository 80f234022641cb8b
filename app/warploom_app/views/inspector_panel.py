"""InspectorPanel: everything about the operator that is hovered or pinned."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from warploom_app.presenters.inspector import Inspection, Section
from warploom_app.theme import GRID, figure_font
from warploom_app.views.widgets import heading, muted, wrapping

_LONGEST_LINK = 32


class InspectorPanel(QScrollArea):
    """Shows an Inspection; every value can be selected and copied.

    Its labels are made once and say something else for every operator: the pointer crosses many of them in a second,
    new labels would have to be dressed each time, and the bindings never give back the references to None that each
    of them takes.

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
        self._sections: list[_SectionView] = []
        self._build()

    def _build(self) -> None:
        self._page = QWidget()
        self._layout = QVBoxLayout(self._page)
        self._layout.setContentsMargins(2 * GRID, 0, 2 * GRID, GRID)
        self._layout.setSpacing(GRID // 2)
        self._hint = muted(self.tr("Point at an operator to see it here; click to pin it; Esc lets it go."))
        self._hint.setWordWrap(True)
        self._title, self._subtitle = _value_label(), _value_label()
        self._title.setFont(figure_font(11, bold=True))
        self._subtitle.setProperty("muted", True)
        for label in (self._hint, self._title, self._subtitle):
            self._layout.addWidget(label)
        self._layout.addStretch(1)
        self._title.hide()
        self._subtitle.hide()
        self.setWidget(self._page)

    @property
    def inspection(self) -> Inspection | None:
        """What is shown."""
        return self._shown

    def show_inspection(self, inspection: Inspection | None) -> None:
        """Shows another operator, or a hint when there is none."""
        if inspection == self._shown:
            return
        self._shown = inspection
        self._hint.setVisible(inspection is None)
        self._title.setVisible(inspection is not None)
        self._subtitle.setVisible(inspection is not None)
        sections = inspection.sections if inspection is not None else ()
        if inspection is not None:
            _say(self._title, inspection.title)
            _say(self._subtitle, inspection.subtitle)
        for section, view in zip(sections, self._views(len(sections)), strict=False):
            view.show_section(section)
        for view in self._sections[len(sections) :]:
            view.show_section(None)
        self.verticalScrollBar().setValue(0)

    def _views(self, count: int) -> list[_SectionView]:
        while len(self._sections) < count:
            view = _SectionView(self)
            self._sections.append(view)
            self._layout.insertWidget(self._layout.count() - 1, view)  # before the stretch
        return self._sections


class _SectionView(QWidget):
    """A heading over rows."""

    def __init__(self, panel: InspectorPanel) -> None:
        super().__init__()
        self._panel = panel
        self._rows: list[_Row] = []
        self._shown: Section | None = None
        self._heading = heading("")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, GRID, 0, 0)
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._grid.addWidget(self._heading, 0, 0, 1, 2)
        self._grid.setRowMinimumHeight(0, 2 * GRID)

    def show_section(self, section: Section | None) -> None:
        """Shows another section; None hides it."""
        if section == self._shown:
            return
        self._shown = section
        self.setVisible(section is not None)
        rows = section.rows if section is not None else ()
        if section is not None:
            self._heading.setText(section.heading.upper())
            self._heading.setAccessibleName(section.heading)
        while len(self._rows) < len(rows):
            self._rows.append(_Row(self._panel, self._grid, len(self._rows) + 1))
        for row, (name, text) in zip(self._rows, rows, strict=False):
            row.say(name, text, link=section is not None and section.links)
        for row in self._rows[len(rows) :]:
            row.say("", "")


class _Row:
    """One row of a section: a name with its value or its link, or a line of its own."""

    def __init__(self, panel: InspectorPanel, grid: QGridLayout, row: int) -> None:
        self._panel, self._grid, self._row = panel, grid, row
        self._said: tuple[str, str, bool] | None = None
        self._name: QLabel | None = None
        self._value: QLabel | None = None
        self._line: QLabel | None = None
        self._link: QPushButton | None = None

    def say(self, name: str, text: str, *, link: bool = False) -> None:
        """Shows a name and a text; nothing at all where both are empty."""
        if (name, text, link) == self._said:
            return
        self._said = (name, text, link)
        if name:
            self._name = self._name or self._placed(_name_label(), 0)
            self._name.setText(name)
        if text and link:
            self._link = self._link or self._new_link()
            _lead(self._link, text, self._panel.tr("Show {} in the graph").format(text))
        elif text and name:
            self._value = self._value or self._new_value()
            _say(self._value, text)
        elif text:
            self._line = self._line or self._placed(_value_label(), 0, 2)
            _say(self._line, text)
        self._show(self._name, bool(name))
        self._show(self._link, bool(text) and link)
        self._show(self._value, bool(text and name) and not link)
        self._show(self._line, bool(text) and not name and not link)

    def _show(self, widget: QLabel | QPushButton | None, shown: bool) -> None:
        if widget is not None:
            widget.setVisible(shown)
            if not shown:
                widget.setAccessibleName("")

    def _placed(self, label: QLabel, column: int, columns: int = 1) -> QLabel:
        self._grid.addWidget(label, self._row, column, 1, columns)
        return label

    def _new_value(self) -> QLabel:
        label = _value_label()
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        return self._placed(label, 1)

    def _new_link(self) -> QPushButton:
        button = QPushButton()
        button.setProperty("link", True)
        button.setProperty("compact", True)
        button.clicked.connect(self._follow)
        self._grid.addWidget(button, self._row, 1)
        return button

    def _follow(self, _checked: bool = False) -> None:
        if self._said is not None:
            self._panel.source_chosen.emit(self._said[1])


def _lead(button: QPushButton, text: str, tip: str) -> None:
    """A name that leads to the ONNX node; cut in the middle where it is too long, with the whole in its tip."""
    button.setText(text if len(text) <= _LONGEST_LINK else f"{text[:12]}…{text[12 - _LONGEST_LINK :]}")
    button.setAccessibleName(text)
    button.setToolTip(tip)


def _name_label() -> QLabel:
    label = muted()
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    return label


def _value_label() -> QLabel:
    label = QLabel()
    label.setFont(figure_font())
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _say(label: QLabel, text: str) -> None:
    wrapping(label, text, "/+,_<(")
