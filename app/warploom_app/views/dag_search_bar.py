"""The search bar over the DAG: text, regular expression or not, where to look, how many finds, next and previous."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QToolButton, QWidget

from warploom_app.presenters.dag_search import SearchIn, SearchQuery
from warploom_app.theme import GRID, Theme
from warploom_app.views.widgets import IconButton, muted

_WIDEST = 60 * GRID
_ROOM_FOR_ALL = 48 * GRID


class DagSearchBar(QFrame):
    """Knows nothing of graphs.

    Signals:
        changed(SearchQuery): The user looks for something else.
        moved(int): To the next (1) or the previous (-1) find.
        closed(): The user is done.
    """

    changed = Signal(object)
    moved = Signal(int)
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("dagSearch")
        self._build_parts(theme)
        self._lay_out()
        self.set_theme(theme)
        self.hide()

    def _build_parts(self, theme: Theme) -> None:
        self.text = QLineEdit(self)
        self.text.setPlaceholderText(self.tr("Name, type or shape"))
        self.text.setAccessibleName(self.tr("Find in the graph"))
        self.text.setProperty("compact", True)
        self.text.textChanged.connect(self._tell)
        self.text.installEventFilter(self)
        self.where = QComboBox(self)
        self.where.setAccessibleName(self.tr("Where to look"))
        self.where.setProperty("compact", True)
        for what, text in (
            (SearchIn.ANYWHERE, self.tr("anywhere")),
            (SearchIn.NAME, self.tr("name")),
            (SearchIn.TYPE, self.tr("type")),
            (SearchIn.SHAPE, self.tr("shape")),
        ):
            self.where.addItem(text, what)
        self.where.currentIndexChanged.connect(self._tell)
        self.regex = QToolButton(self)
        self.regex.setText(".*")
        self.regex.setCheckable(True)
        self.regex.setAutoRaise(True)
        self.regex.setToolTip(self.tr("Regular expression"))
        self.regex.setAccessibleName(self.tr("Regular expression"))
        self.regex.toggled.connect(self._tell)
        self.count = muted()
        self._previous = IconButton("arrow-up", self.tr("Previous (Shift+Enter)"), theme)
        self._next = IconButton("arrow-down", self.tr("Next (Enter)"), theme)
        self._close = IconButton("cancel", self.tr("Close (Esc)"), theme)
        self._previous.clicked.connect(lambda: self.moved.emit(-1))
        self._next.clicked.connect(lambda: self.moved.emit(1))
        self._close.clicked.connect(self.closed)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID // 2, GRID // 2, GRID // 2, GRID // 2)
        row.setSpacing(GRID // 2)
        for widget in (self.text, self.where, self.regex, self.count, self._previous, self._next, self._close):
            row.addWidget(widget, 1 if widget is self.text else 0)
        for button in (self.regex, self._previous, self._next, self._close):
            button.setFixedSize(QSize(3 * GRID, 3 * GRID))
        self.text.setMinimumWidth(8 * GRID)

    @property
    def query(self) -> SearchQuery:
        """What the user looks for."""
        return SearchQuery(self.text.text(), self.regex.isChecked(), SearchIn(self.where.currentData()))

    def open(self) -> None:
        """Shows the bar and puts the cursor into it."""
        self.show()
        self.raise_()
        self.text.selectAll()
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def fit_into(self, width: int) -> None:
        """Takes the size that it needs when it may be so wide."""
        self.where.setVisible(width >= _ROOM_FOR_ALL)
        self.resize(min(width, _WIDEST), self.sizeHint().height())

    def show_count(self, text: str, *, error: str = "") -> None:
        """Tells how many finds there are, or what is wrong."""
        self.count.setText(text)
        self.count.setToolTip(error)
        self.text.setToolTip(error)
        self.text.setStyleSheet(f"color: {self._theme.error};" if error else "")

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._theme = theme
        for button in (self._previous, self._next, self._close):
            button.set_theme(theme)
        self.setStyleSheet(
            f"QFrame#dagSearch {{ background: {theme.surface}; border: 1px solid {theme.hairline};"
            f" border-radius: 6px; }} QToolButton:checked {{ background: {theme.selection}; border-radius: 4px; }}"
        )

    def _tell(self) -> None:
        self.changed.emit(self.query)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if watched is self.text and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.moved.emit(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self.moved.emit(1 if event.key() == Qt.Key.Key_Down else -1)
                return True
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        # The window's own Esc would let go of the selection: this Esc belongs to the bar.
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if escape and event.type() is QEvent.Type.KeyPress:
            self.closed.emit()
            return True
        return super().event(event)
