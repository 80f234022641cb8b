"""WhyPanel: where the second schedule wins or loses, the biggest effect first; a reason leads to its operators."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFont, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from warploom.timeline.explain import Reason
from warploom_app.state import AppState
from warploom_app.theme import GRID, figure_font
from warploom_app.views.widgets import muted, wrapping


class WhyPanel(QScrollArea):
    """A numbered list of reasons."""

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state = state
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Why"))
        self._rows: list[ReasonRow] = []
        self.show_reasons(())

    @property
    def rows(self) -> Sequence[ReasonRow]:
        """The reasons as shown."""
        return self._rows

    def show_reasons(self, reasons: Sequence[Reason], nothing: str = "") -> None:
        """Shows other reasons, or why there are none."""
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, GRID)
        layout.setSpacing(0)
        self._rows = [ReasonRow(number, reason) for number, reason in enumerate(reasons, 1)]
        for row in self._rows:
            row.hovered.connect(self._state.hover)
            row.chosen.connect(self._state.pin)
            layout.addWidget(row)
        if not reasons:
            text = muted(nothing or self.tr("Optimize a model to see where time is won, and where it is lost."))
            text.setWordWrap(True)
            text.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
            layout.addWidget(text)
        layout.addStretch(1)
        self.setWidget(page)


class ReasonRow(QFrame):
    """One reason.

    Signals:
        hovered: Its operators, or none when the pointer leaves.
        chosen: Its operators.
    """

    hovered = Signal(object)
    chosen = Signal(object)

    def __init__(self, number: int, reason: Reason) -> None:
        super().__init__()
        self.reason = reason
        self.setObjectName("reason")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{reason.title}. {reason.text}")
        digit = muted(str(number))
        digit.setFixedWidth(2 * GRID)
        digit.setAlignment(Qt.AlignmentFlag.AlignTop)
        title = wrapping(QLabel(), reason.title)
        title.setFont(figure_font())
        bold = QFont(title.font())
        bold.setWeight(QFont.Weight.DemiBold)
        title.setFont(bold)
        text = wrapping(muted(), reason.text)
        text.setFont(figure_font())
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(title)
        texts.addWidget(text)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID // 2, 2 * GRID, GRID // 2)
        row.setSpacing(0)
        row.addWidget(digit)
        row.addLayout(texts, 1)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802 - Qt's name
        self.hovered.emit(self.reason.operators)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        self.hovered.emit(())
        super().leaveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.reason.operators)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.reason.operators)
        else:
            super().keyPressEvent(event)
