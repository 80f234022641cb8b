"""WhyPanel: where the second schedule wins or loses, the biggest effect first; a reason leads to its operators."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFont, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from warploom.timeline.explain import Reason
from warploom_app.presenters.why import Why
from warploom_app.state import AppState
from warploom_app.theme import GRID, figure_font
from warploom_app.views.widgets import heading, muted, wrapping


class WhyPanel(QScrollArea):
    """A numbered list of reasons; its rows are made once and say something else for every pair of schedules."""

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state = state
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Why"))
        self._made: list[ReasonRow] = []
        self._count = 0
        page = QWidget()
        self._layout = QVBoxLayout(page)
        self._layout.setContentsMargins(0, 0, 0, GRID)
        self._layout.setSpacing(0)
        self.account, self.nothing, self.caveats = _paragraph(QLabel()), _paragraph(muted()), _paragraph(muted())
        self._before = heading(self.tr("Good to know"))
        self._before.setContentsMargins(2 * GRID, GRID, 2 * GRID, 0)
        for widget in (self.account, self.nothing, self._before, self.caveats):
            self._layout.addWidget(widget)
        self._layout.addStretch(1)
        self.setWidget(page)
        self.show_why(Why())

    @property
    def rows(self) -> Sequence[ReasonRow]:
        """The reasons as shown."""
        return self._made[: self._count]

    def show_why(self, why: Why, nothing: str = "") -> None:
        """Shows where the time went, single reasons, and what to know; or why there are none."""
        self._show_reasons(why.reasons)
        said = nothing or self.tr("Optimize a model to see where time is won, and where it is lost.")
        caveats = "\n\n".join(why.caveats)
        for label, text in ((self.account, why.account), (self.caveats, caveats), (self.nothing, said)):
            if text != label.property("said"):
                label.setProperty("said", text)
                wrapping(label, text, "/_")
        self.account.setVisible(bool(why.account))
        self.nothing.setVisible(not why.reasons)
        self._before.setVisible(bool(caveats))
        self.caveats.setVisible(bool(caveats))
        self.verticalScrollBar().setValue(0)

    def _show_reasons(self, reasons: Sequence[Reason]) -> None:
        while len(self._made) < len(reasons):
            self._add_row()
        self._count = len(reasons)
        for row, reason in zip(self._made, reasons, strict=False):
            row.show_reason(reason)
        for number, row in enumerate(self._made):
            row.setVisible(number < len(reasons))

    def _add_row(self) -> None:
        row = ReasonRow(len(self._made) + 1)
        row.hovered.connect(self._state.hover)
        row.chosen.connect(self._state.pin)
        self._made.append(row)
        self._layout.insertWidget(len(self._made), row)  # after the account


def _paragraph(label: QLabel) -> QLabel:
    """A text as wide as the panel."""
    label.setFont(figure_font())
    label.setContentsMargins(2 * GRID, GRID // 2, 2 * GRID, GRID // 2)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


class ReasonRow(QFrame):
    """One reason.

    Signals:
        hovered: Its operators, or none when the pointer leaves.
        chosen: Its operators.
    """

    hovered = Signal(object)
    chosen = Signal(object)

    def __init__(self, number: int) -> None:
        super().__init__()
        self.reason: Reason | None = None
        self.setObjectName("reason")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        digit = muted(str(number))
        digit.setFixedWidth(2 * GRID)
        digit.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._title, self._text = QLabel(), muted()
        self._text.setFont(figure_font())
        bold = QFont(figure_font())
        bold.setWeight(QFont.Weight.DemiBold)
        self._title.setFont(bold)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self._title)
        texts.addWidget(self._text)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID // 2, 2 * GRID, GRID // 2)
        row.setSpacing(0)
        row.addWidget(digit)
        row.addLayout(texts, 1)

    @property
    def operators(self) -> tuple[str, ...]:
        """Those that the reason is about."""
        return self.reason.operators if self.reason is not None else ()

    def show_reason(self, reason: Reason) -> None:
        """Says another one."""
        if reason == self.reason:
            return
        self.reason = reason
        self.setAccessibleName(f"{reason.title}. {reason.text}")
        wrapping(self._title, reason.title)
        wrapping(self._text, reason.text)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802 - Qt's name
        self.hovered.emit(self.operators)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        self.hovered.emit(())
        super().leaveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.operators)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.operators)
        else:
            super().keyPressEvent(event)
