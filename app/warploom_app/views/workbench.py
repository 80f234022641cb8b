"""Workbench: the docked views of an open document, wired to the state so that they light up together."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QTabWidget, QVBoxLayout, QWidget

from warploom.report.remarks import remarks
from warploom.units import time_text
from warploom_app.models.figures_table import FiguresTable
from warploom_app.models.log_table import LogTable
from warploom_app.models.operator_tree import OperatorTree
from warploom_app.presenters.colouring import ColourBy, colouring
from warploom_app.presenters.inspector import inspect_document, inspect_node, inspect_operator, inspect_several
from warploom_app.presenters.results import block_times, operator_rows
from warploom_app.presenters.verdict import make_verdict
from warploom_app.presenters.why import Why, why
from warploom_app.state import AppState
from warploom_app.theme import GRID, Theme
from warploom_app.views.comparison_view import ComparisonView
from warploom_app.views.dag_panel import DagPanel
from warploom_app.views.delta_view import DeltaView
from warploom_app.views.figures_view import FiguresView
from warploom_app.views.inspector_panel import InspectorPanel
from warploom_app.views.log_view import LogView
from warploom_app.views.operator_panel import OperatorPanel
from warploom_app.views.schedule_view import ScheduleView
from warploom_app.views.verdict_bar import VerdictBar
from warploom_app.views.why_panel import WhyPanel
from warploom_app.views.widgets import heading

TIMELINES, OPERATORS, SCHEDULE, FIGURES, LOG = range(5)


class Workbench(QMainWindow):
    """A window inside the window: its docks can be moved, and their layout is saved.

    Signals:
        docks_changed: A dock was shown, hidden or moved.
    """

    docks_changed = Signal()

    def __init__(self, state: AppState, theme: Theme) -> None:
        super().__init__()
        self._state, self._theme = state, theme
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockNestingEnabled(True)
        self._build_models()
        self._build_centre(theme)
        self._build_results(theme)
        self._build_docks()
        self._connect()
        self._pinned: frozenset[str] = frozenset()
        self._runs = False
        self._in_line, self._laid_out = True, self.size()
        for dock in (self._right, self._reasons):
            dock.installEventFilter(self)
        self._factory_layout = self.saveState()
        self._show_document()

    def _build_models(self) -> None:
        self.operators = OperatorTree(self)
        self.figures = FiguresTable(self)
        self.log = LogTable(self)

    def _build_centre(self, theme: Theme) -> None:
        self.graph_panel = DagPanel(theme)
        self.dag = self.graph_panel.dag
        self.setCentralWidget(self.graph_panel)

    def _build_results(self, theme: Theme) -> None:
        self.verdict = VerdictBar()
        self.comparison = ComparisonView(self._state, theme)
        self.delta = DeltaView(self._state)
        self.schedule = ScheduleView(self._state, theme)
        self.figures_view = FiguresView(self.figures)
        self.log_view = LogView(self._state, self.log)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.comparison, self.tr("Timelines"))
        self.tabs.addTab(self.delta, self.tr("Operators"))
        self.tabs.addTab(self.schedule, self.tr("Schedule"))
        self.tabs.addTab(self.figures_view, self.tr("Figures"))
        self.tabs.addTab(self.log_view, self.tr("Build log"))
        self.tabs.setCornerWidget(self.comparison.header, Qt.Corner.TopRightCorner)
        self.tabs.installEventFilter(self)
        # Tabs that compare nothing need the room for their own names.
        self.tabs.currentChanged.connect(lambda tab: self.comparison.header.setVisible(tab in (TIMELINES, OPERATORS)))
        self.results = QWidget()
        layout = QVBoxLayout(self.results)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.verdict)
        layout.addWidget(self.tabs, 1)

    def _build_docks(self) -> None:
        self.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.operator_panel = OperatorPanel(self._state, self.operators)
        self.inspector = InspectorPanel()
        self.why = WhyPanel(self._state)
        area = Qt.DockWidgetArea
        self._left = self._dock("operators", self.tr("Operators"), self.operator_panel, area.LeftDockWidgetArea)
        self._right = self._dock("inspector", self.tr("Inspector"), self.inspector, area.RightDockWidgetArea)
        self._bottom = self._dock("results", "", self.results, area.BottomDockWidgetArea)
        self._reasons = self._dock("why", self.tr("Why"), self.why, area.BottomDockWidgetArea)
        self.splitDockWidget(self._bottom, self._reasons, Qt.Orientation.Horizontal)

    def _dock(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title or self.tr("Results"), self)
        dock.setObjectName(name)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetClosable
        )
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(2 * GRID, GRID, GRID, GRID if title else 0)
        if title:
            row.addWidget(heading(title))
        else:
            row.setContentsMargins(0, 0, 0, 0)
        dock.setTitleBarWidget(bar)
        dock.setWidget(widget)
        self.addDockWidget(area, dock)
        dock.visibilityChanged.connect(lambda _: self.docks_changed.emit())
        return dock

    def _connect(self) -> None:
        state = self._state
        state.document_changed.connect(self._show_document)
        state.compared_changed.connect(self._show_pair)
        state.selection_changed.connect(self._show_selection)
        state.job_changed.connect(self._show_waiting)
        self.dag.operators_selected.connect(state.pin)
        self.dag.operators_hovered.connect(state.hover)
        self.dag.current_changed.connect(self._show_inspection)
        self.inspector.source_chosen.connect(self.dag.show_source)
        self.figures_view.chosen.connect(self._compare_with)
        self.graph_panel.colour_chosen.connect(self._show_colours)

    # -- what the window calls

    @property
    def docks(self) -> tuple[QDockWidget, ...]:
        """All docks, for the View menu."""
        return self._left, self._right, self._bottom, self._reasons

    def show_tab(self, tab: int) -> None:
        """Shows timelines, figures or the log, and puts the focus there."""
        self._bottom.show()
        self.tabs.setCurrentIndex(tab)
        views = (self.comparison, self.delta, self.schedule, self.figures_view, self.log_view)
        views[tab].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def mark_edited(self, edited: bool) -> None:
        """Shows at the tab whether the schedule has edits that were not tried."""
        title = self.tr("Schedule")
        self.tabs.setTabText(SCHEDULE, f"{title} •" if edited else title)

    def colour_by(self, what: ColourBy) -> None:
        """Changes what the colours of the graph mean."""
        self.graph_panel.set_colour_by(what)

    def show_operators(self) -> None:
        """Puts the cursor into the filter of the operators."""
        self._left.show()
        self.operator_panel.focus_filter()

    def reset_layout(self) -> None:
        """Puts every dock where it was at first."""
        self.restoreState(self._factory_layout)
        for dock in self.docks:
            dock.show()
        self.size_docks()

    @property
    def in_line(self) -> bool:
        """Whether the right edges of graph and timelines are to be in one line: until the user moves one of them."""
        return self._in_line

    def restore_layout(self, saved: QByteArray | None, *, in_line: bool = True) -> None:
        """Puts the docks where the user had them: in one line if they were (the window may have another size now)."""
        if saved is None or not self.restoreState(saved):
            self.size_docks()
            return
        self._in_line = in_line
        QTimer.singleShot(0, self, self._align)

    def size_docks(self) -> None:
        """Widths and heights that suit the window's size."""
        self._in_line = True
        width, height = self.width(), self.height()
        side = min(max(width // 5, 32 * GRID), 40 * GRID)
        names = min(max(int(width * 0.25), 32 * GRID), 52 * GRID)
        self.resizeDocks([self._left, self._right], [names, side], Qt.Orientation.Horizontal)
        self.resizeDocks([self._bottom, self._reasons], [max(width - side - 1, 1), side], Qt.Orientation.Horizontal)
        self.resizeDocks([self._bottom, self._reasons], [int(height * 0.48)] * 2, Qt.Orientation.Vertical)
        QTimer.singleShot(0, self, self._align)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keeps the right edges of graph and timelines in one line."""
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._align)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Resize:
            if watched is self.tabs:
                self._fit_header()
            elif QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton and self.size() == self._laid_out:
                self._in_line = abs(self._right.width() - self._reasons.width()) <= 1
        return super().eventFilter(watched, event)

    def _fit_header(self) -> None:
        """What is compared stands beside the tabs, and never at the cost of their names."""
        self.comparison.fit_header(self.tabs.width() - self.tabs.tabBar().sizeHint().width() - GRID)

    def _align(self) -> None:
        self._laid_out, side = self.size(), self._right.width()
        if not self._in_line:
            return
        if self._right.isVisible() and self._reasons.isVisible() and self._reasons.width() != side:
            sizes = [self._bottom.width() + self._reasons.width() - side, side]
            self.resizeDocks([self._bottom, self._reasons], sizes, Qt.Orientation.Horizontal)

    def set_theme(self, theme: Theme) -> None:
        """Draws in other colours."""
        self._theme = theme
        self.graph_panel.set_theme(theme)
        self.comparison.set_theme(theme)
        self.schedule.set_theme(theme)
        self._show_colours()

    # -- views follow the state

    def _show_document(self) -> None:
        document = self._state.document
        self.log.set_names(document.names if document is not None else {})
        self.log.set_entries(document.log if document is not None else ())
        if document is None:
            self.dag.clear()
        elif self.dag.graph is None or document.graph.operators != self.dag.graph.operators:
            self.dag.set_graph(document.graph)
        results = document.results if document is not None else None
        self.figures.set_table(results.table if results is not None else None)
        if results is not None:
            self.tabs.setCurrentIndex(TIMELINES)
        for tab in (TIMELINES, OPERATORS, SCHEDULE, FIGURES):
            self.tabs.setTabEnabled(tab, results is not None)
        if results is None:
            self.tabs.setCurrentIndex(LOG)
        self._show_pair()

    def _show_pair(self) -> None:
        document, pair = self._state.document, self._state.pair
        results = document.results if document is not None else None
        names = self._state.compared
        self.comparison.show_results(results, names)
        self._fit_header()
        self.verdict.show_verdict(make_verdict(results, names) if results is not None and names is not None else None)
        known = remarks(results.recording) if results is not None else ()
        self.why.show_why(why(pair, document.names if document is not None else {}, known), self._why_nothing())
        if document is not None:
            titles = (pair.before.track.title, pair.after.track.title) if pair is not None else ("", "")
            rows = operator_rows(document.graph, document.names, document.blocks, pair)
            self.operators.set_rows(rows, titles, block_times(document.blocks, pair))
        else:
            self.operators.set_rows(())
        times = block_times(document.blocks, pair) if document is not None else {}
        self.dag.set_latencies({number: time_text(after) for number, (_, after) in times.items()})
        self._show_colours()
        self._show_inspection()

    def _why_nothing(self) -> str:
        if self._state.pair is not None:
            return self.tr("Both schedules take the same time everywhere.")
        return self.tr("When the search ends, this says where time is won, and where it is lost.") if self._runs else ""

    def _show_waiting(self) -> None:
        """An empty list of reasons says what is awaited."""
        runs = self._state.run is not None
        if runs != self._runs:
            self._runs = runs
            if self._state.pair is None:
                self.why.show_why(Why(), self._why_nothing())

    def _show_colours(self) -> None:
        document, pair = self._state.document, self._state.pair
        self.graph_panel.set_measured(pair is not None)
        if document is None:
            return
        chosen = colouring(self.graph_panel.colour_by, pair, self._theme)
        self.dag.set_colours(chosen.colours if chosen else None, chosen.legend if chosen else None)

    def _show_selection(self) -> None:
        selection = self._state.selection
        if set(self.dag.selected) != selection.pinned:
            self.dag.select(selection.pinned)
            document = self._state.document
            if document is not None and not self.dag.hasFocus() and not self.dag.underMouse():
                known = [name for name in selection.pinned if name in document.graph.index]
                if known:
                    self.dag.centre_on(min(known, key=document.graph.index.__getitem__))
        self.dag.highlight(selection.hovered)
        if selection.pinned != self._pinned:
            self._pinned = selection.pinned
            if selection.pinned and not self.comparison.canvas.underMouse():
                self.comparison.canvas.reveal_selection()
        self._show_inspection()

    def _show_inspection(self) -> None:
        document, pair = self._state.document, self._state.pair
        shown = [name for name in self._state.selection.shown if document is not None and name in document.graph.index]
        if document is None:
            self.inspector.show_inspection(None)
        elif not shown:
            self.inspector.show_inspection(inspect_document(document))
        elif (node := self.dag.onnx_node_here) is not None:
            self.inspector.show_inspection(inspect_node(document, node.sources[0], node.operators, pair))
        elif len(shown) == 1:
            self.inspector.show_inspection(inspect_operator(document, shown[0], pair))
        else:
            ordered = sorted(shown, key=document.graph.index.__getitem__)
            self.inspector.show_inspection(inspect_several(document, ordered, pair))

    def _compare_with(self, name: str) -> None:
        document = self._state.document
        if document is not None and document.results is not None:
            self._state.set_compared((document.results.recording.sequential.name, name))
            self.tabs.setCurrentIndex(TIMELINES)
