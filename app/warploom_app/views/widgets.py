"""Small widgets that several views share."""

from __future__ import annotations

import re

from PySide6.QtCore import QAbstractItemModel, QCoreApplication, QSize, Qt
from PySide6.QtGui import QIcon, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDockWidget,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QTableView,
    QToolButton,
    QWidget,
)

from warploom_app.icons import icon
from warploom_app.theme import GRID, Theme, figure_font


def heading(text: str) -> QLabel:
    """The title of a panel: small capitals in the secondary colour."""
    label = QLabel(text.upper())
    label.setProperty("heading", True)
    label.setAccessibleName(text)
    return label


def muted(text: str = "") -> QLabel:
    """Secondary text."""
    label = QLabel(text)
    label.setProperty("muted", True)
    return label


def hairline(vertical: bool = False) -> QFrame:
    """A line between parts."""
    line = QFrame()
    line.setObjectName("hairline")
    if vertical:
        line.setFixedWidth(1)
    else:
        line.setFixedHeight(1)
    return line


def set_flag(widget: QWidget, name: str, value: object) -> None:
    """Sets a property that the style sheet looks at, and dresses the widget again."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


class IconButton(QToolButton):
    """A flat button with a drawing; its accessible name is its tooltip."""

    def __init__(self, name: str, tip: str, theme: Theme) -> None:
        super().__init__()
        self._name = name
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setAutoRaise(True)
        self.setIconSize(QSize(16, 16))
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self.setIcon(icon(self._name, theme.muted))


class Choice(QComboBox):
    """A list to choose from; where it has no room for its text, an ellipsis says so."""

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        box, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        painter.drawComplexControl(box, option)
        room = self.style().subControlRect(box, option, part, self).width()
        option.currentText = self.fontMetrics().elidedText(self.currentText(), Qt.TextElideMode.ElideRight, room)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class DockTitle(QWidget):
    """The title of a dock that can be closed."""

    def __init__(self, dock: QDockWidget, theme: Theme) -> None:
        super().__init__()
        self._close = IconButton("cancel", self.tr("Hide {}").format(dock.windowTitle()), theme)
        self._close.clicked.connect(dock.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        row.addWidget(heading(dock.windowTitle()))
        row.addStretch(1)
        row.addWidget(self._close)

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._close.set_theme(theme)


def settings_form(parent: QWidget | None = None) -> QFormLayout:
    """Labels at the left, controls at the right, as high as one another."""
    form = QFormLayout(parent)
    form.setHorizontalSpacing(2 * GRID)
    form.setVerticalSpacing(GRID)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
    return form


def add_setting(form: QFormLayout, name: str, widget: QWidget, tip: str = "") -> None:
    """A labelled control: its label and its tip are what screen readers say."""
    widget.setAccessibleName(f"{name}: {tip}" if tip else name)
    widget.setToolTip(tip)
    label = QLabel(name)
    label.setToolTip(tip)
    label.setBuddy(widget)
    label.setMinimumHeight(widget.sizeHint().height())
    form.addRow(label, widget)


def figures_table(model: QAbstractItemModel, name: str) -> QTableView:
    """A table of figures that can be sorted, whole rows of which are selected; `name` is what screen readers say."""
    table = QTableView()
    table.setModel(model)
    table.setAccessibleName(name)
    table.setFont(figure_font(9))
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setSortingEnabled(True)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(3 * GRID)
    table.horizontalHeader().setHighlightSections(False)
    table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    return table


def fit_columns(table: QTableView, rows: int = 50) -> None:
    """Makes columns as wide as their titles and first rows: unlike the header's own way without room for an arrow."""
    model, header, metrics = table.model(), table.horizontalHeader(), table.fontMetrics()
    across = Qt.Orientation.Horizontal
    for column in range(model.columnCount()):
        if header.sectionResizeMode(column) == QHeaderView.ResizeMode.Interactive:
            texts = [model.index(row, column).data() for row in range(min(model.rowCount(), rows))]
            title = header.fontMetrics().horizontalAdvance(str(model.headerData(column, across)))
            widest = max((metrics.horizontalAdvance(str(text)) for text in texts if text is not None), default=0)
            header.resizeSection(column, max(title, widest) + 3 * GRID)


def dismissing(dialog: QDialog) -> QDialogButtonBox:
    """A row with the button that closes a dialog: in the window's language, and as plain as its other buttons."""
    buttons = QDialogButtonBox()
    close = buttons.addButton(
        QCoreApplication.translate("Dialogs", "Close"), QDialogButtonBox.ButtonRole.RejectRole
    )  # fmt: skip
    close.setIcon(QIcon())
    buttons.rejected.connect(dialog.reject)
    return buttons


_BREAK = "\u200b"  # zero-width space
_WIDEST_WORD = 12 * GRID
_FIGURE = re.compile(r"(?<=\d) (?=[µmn]?s\b)")


def wrapping(label: QLabel, text: str, separators: str = "/+,_") -> QLabel:
    """Sets a text that wraps wherever it must: long names after a separator, and no figure off its unit."""
    shown = _FIGURE.sub("\N{NO-BREAK SPACE}", text)
    for separator in separators:
        inside = r"(?!(?<=\d,)\d{3})" if separator == "," else ""  # "1,141" is one figure
        shown = re.sub(re.escape(separator) + inside, separator + _BREAK, shown)
    shown = re.sub(r"\.(?=[^\d\s])", "." + _BREAK, shown)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    widest = max(map(label.fontMetrics().horizontalAdvance, re.split(f"[ {_BREAK}]", shown)))
    label.setMinimumWidth(min(widest + 2, _WIDEST_WORD))  # what is too wide for its label would lose its end
    label.setText(shown)
    label.setAccessibleName(text)
    return label
