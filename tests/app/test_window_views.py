"""The views of an open recording: they light up together, follow the theme, and work from the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QListWidget, QWidget
from pytestqt.qtbot import QtBot

from warploom_app.appearance import AppearanceMode
from warploom_app.jobs import JobState
from warploom_app.main import WindowProgram
from warploom_app.models.delta_table import NAME as DELTA_NAME
from warploom_app.models.operator_tree import NAME, OPERATOR_ROLE
from warploom_app.presenters.inspector import inspect_operator
from warploom_app.presenters.track_layout import GUTTER
from warploom_app.stylesheet import style_sheet
from warploom_app.theme import DARK, LIGHT
from warploom_app.views.command_palette import CommandPalette
from warploom_app.views.widgets import Choice, wrapping
from warploom_app.views.workbench import FIGURES, LOG, OPERATORS

MakeProgram = Callable[..., WindowProgram]


def point_of(program: WindowProgram, operator: str, track: int) -> QPoint:
    """The middle of an operator's (first) span on the canvas."""
    canvas = program.window.workbench.comparison.canvas
    one = canvas.tracks[track]
    launch = one.launches_of[operator]
    for n, lane in enumerate(one.lanes):
        for i in range(len(lane.launch)):
            if lane.launch[i] == launch:
                x = canvas.axis.x((lane.start_ns[i] + lane.end_ns[i]) / 2)
                y = canvas.track_layout.tracks[track].lanes[n].center().y() - canvas.verticalScrollBar().value()
                return QPoint(round(x), round(y))
    raise AssertionError(operator)


def selected_rows(program: WindowProgram) -> set[str]:
    rows = program.window.workbench.operator_panel.tree.selectionModel().selectedRows(NAME)
    return {str(index.data(OPERATOR_ROLE)) for index in rows}


def wait_laid_out(qtbot: QtBot, program: WindowProgram) -> None:
    qtbot.waitUntil(lambda: not program.window.workbench.dag.laying_out, timeout=8000)


def test_that_a_click_on_a_span_lights_up_every_view_and_esc_lets_go(qtbot: QtBot, opened: WindowProgram) -> None:
    work = opened.window.workbench
    canvas = work.comparison.canvas
    wait_laid_out(qtbot, opened)
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=point_of(opened, "m1/b1", 1))
    assert opened.state.selection.pinned == {"m1/b1"}
    assert work.dag.selected == ("m1/b1",)
    assert selected_rows(opened) == {"m1/b1"}
    assert work.inspector.inspection is not None
    assert work.inspector.inspection.title == "m1.b1"  # where the exporter had it, not what it calls it
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert not opened.state.selection.pinned
    assert work.dag.selected == ()
    assert selected_rows(opened) == set()


def test_that_a_pinned_operator_stands_out_in_both_timelines(opened: WindowProgram) -> None:
    canvas = opened.window.workbench.comparison.canvas
    before = canvas.viewport().grab().toImage()
    opened.state.pin(["m0/join"])
    after = canvas.viewport().grab().toImage()
    for track in (0, 1):
        point, other = point_of(opened, "m0/join", track), point_of(opened, "m1/join", track)
        top = QPoint(point.x(), round(canvas.track_layout.tracks[track].lanes[0].top()) - 1)
        assert after.pixelColor(top) == QColor(LIGHT.accent)
        assert before.pixelColor(top) != QColor(LIGHT.accent)
        corner = other + QPoint(0, 4)
        assert after.pixelColor(corner).lightness() > before.pixelColor(corner).lightness()


def test_that_names_of_what_is_not_pinned_stay_readable(qtbot: QtBot, opened: WindowProgram) -> None:
    canvas = opened.window.workbench.comparison.canvas
    canvas.zoom(0.1, canvas.axis.left)
    lane = canvas.track_layout.tracks[0].lanes[0].toRect()
    lane.setWidth(80)  # the name of the first span

    def strokes() -> int:
        picture = canvas.viewport().grab(lane).toImage()
        colours = (picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height()))
        return sum(colour == QColor(LIGHT.muted) for colour in colours)

    opened.window.set_mode(AppearanceMode.LIGHT)
    assert strokes() == 0
    opened.state.pin(["m1/join"])
    qtbot.wait(20)
    assert strokes() > 0
    opened.window.set_mode(AppearanceMode.SYSTEM)


def test_that_hovering_shows_and_leaving_forgets(qtbot: QtBot, opened: WindowProgram) -> None:
    work = opened.window.workbench
    qtbot.mouseMove(work.comparison.canvas.viewport(), point_of(opened, "m0/b0", 0))
    assert opened.state.selection.hovered == {"m0/b0"}
    assert work.inspector.inspection is not None
    assert work.inspector.inspection.title == "m0.b0"
    assert not opened.state.selection.pinned
    qtbot.mouseMove(work.comparison.canvas.viewport(), QPoint(GUTTER // 2, 2))
    assert not opened.state.selection.hovered


def test_that_choosing_in_the_list_selects_in_the_graph_and_brings_the_span_into_view(
    qtbot: QtBot, opened: WindowProgram
) -> None:
    work = opened.window.workbench
    canvas = work.comparison.canvas
    canvas.set_axis(canvas.axis.framing(0.0, 2000.0))
    tree = work.operator_panel.tree
    index = next(
        tree.model().index(row, NAME, tree.model().index(block, NAME))
        for block in range(tree.model().rowCount())
        for row in range(tree.model().rowCount(tree.model().index(block, NAME)))
        if tree.model().index(row, NAME, tree.model().index(block, NAME)).data(OPERATOR_ROLE) == "m1/join"
    )
    tree.scrollTo(index)
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=tree.visualRect(index).center())
    assert opened.state.selection.pinned == {"m1/join"}
    assert work.dag.selected == ("m1/join",)
    start = canvas.tracks[1].lanes[0]
    time = next(float(start.start_ns[i]) for i in range(len(start.launch)) if _is(canvas, start, i, "m1/join"))
    assert canvas.axis.start_ns <= time <= canvas.axis.end_ns


def _is(canvas, lane, i: int, name: str) -> bool:  # type: ignore[no-untyped-def]
    return name in canvas.tracks[1].operators[int(lane.launch[i])]


def test_that_choosing_in_the_graph_reaches_the_list_and_the_timelines(qtbot: QtBot, opened: WindowProgram) -> None:
    wait_laid_out(qtbot, opened)
    dag = opened.window.workbench.dag
    dag.setFocus()
    qtbot.keyClick(dag, Qt.Key.Key_Down)
    (name,) = opened.state.selection.pinned
    assert name == "stem"
    assert selected_rows(opened) == {"stem"}
    dag.operators_hovered.emit(("pool",))
    assert opened.state.selection.hovered == {"pool"}


def test_that_a_merged_span_lights_up_all_of_its_operators(qtbot: QtBot, opened: WindowProgram) -> None:
    opened.state.set_compared(("sequential", "both"))
    canvas = opened.window.workbench.comparison.canvas
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=point_of(opened, "m0/b2.1", 1))
    assert opened.state.selection.pinned == {"m0/b2.1", "m0/b3.1"}
    inspection = opened.window.workbench.inspector.inspection
    assert inspection is not None
    assert inspection.title == "2 operators"


def test_that_a_reason_leads_to_its_operators(qtbot: QtBot, opened: WindowProgram) -> None:
    row = opened.window.workbench.why.rows[0]
    row.setFocus()
    qtbot.keyClick(row, Qt.Key.Key_Return)
    assert opened.state.selection.pinned == set(row.reason.operators)


def test_that_the_verdict_says_what_the_report_says_and_carries_the_badge(opened: WindowProgram) -> None:
    line = opened.window.workbench.verdict.verdict
    document = opened.state.document
    assert line is not None
    assert document is not None
    assert document.results is not None
    recording = document.results.recording
    first, second = recording.sequential.measurement.median_us, recording.optimized.measurement.median_us
    assert line.latency == f"{first:.1f} µs  →  {second:.1f} µs"
    assert line.speedup == f"{first / second:.2f}× faster"
    assert line.verified == "verified, error 3e-4"
    assert line.basis == "simulated"
    assert opened.window.workbench.verdict.badge.isVisible()


def test_that_another_schedule_can_be_compared(qtbot: QtBot, opened: WindowProgram) -> None:
    work = opened.window.workbench
    qtbot.keyClick(opened.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    assert work.tabs.currentIndex() == FIGURES
    column = next(c for c in range(5) if work.figures.headerData(c, Qt.Orientation.Horizontal) == "IOS parallel")
    work.figures_view.activated.emit(work.figures.index(0, column))
    assert opened.state.compared == ("sequential", "parallel")
    assert [track.name for track in work.comparison.canvas.tracks] == ["sequential", "parallel"]
    assert work.operators.headerData(2, Qt.Orientation.Horizontal).split()[:2] == ["IOS", "parallel,"]


def test_that_the_operator_filter_narrows_the_list(qtbot: QtBot, opened: WindowProgram) -> None:
    panel = opened.window.workbench.operator_panel
    qtbot.keyClick(opened.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    box = QApplication.focusWidget()
    assert isinstance(box, QLineEdit)
    qtbot.keyClicks(box, "concat")
    assert shown_operators(panel.tree.model()) == {"m0/join", "m1/join"}
    box.clear()
    assert len(shown_operators(panel.tree.model())) == 16


def shown_operators(model) -> set[str]:  # type: ignore[no-untyped-def]
    tops = [model.index(row, NAME) for row in range(model.rowCount())]
    inner = [model.index(row, NAME, top) for top in tops for row in range(model.rowCount(top))]
    return {name for index in (*tops, *inner) if isinstance(name := index.data(OPERATOR_ROLE), str)}


def test_that_the_log_filter_narrows_and_an_entry_leads_to_its_operator(qtbot: QtBot, opened: WindowProgram) -> None:
    opened.window.show_tab(LOG)
    view = opened.window.workbench.log_view
    assert view.table.model().rowCount() == 2
    qtbot.keyClicks(view.search, "kept apart")
    assert view.table.model().rowCount() == 1
    view.table.clicked.emit(view.table.model().index(0, 0))
    assert opened.state.selection.pinned == {"m0/join"}


def test_that_wheel_and_keys_zoom_and_drag_pans(qtbot: QtBot, opened: WindowProgram) -> None:
    canvas = opened.window.workbench.comparison.canvas
    full = canvas.axis
    place = QPointF(GUTTER + 300, 60)
    fixed = full.time_ns(place.x())
    wheel(canvas.viewport(), place, 480)
    assert canvas.axis.span_ns < full.span_ns / 2
    assert abs(canvas.axis.time_ns(place.x()) - fixed) < canvas.axis.span_ns / 1000
    zoomed = canvas.axis
    drag(canvas.viewport(), place.toPoint(), place.toPoint() - QPoint(80, 0))
    assert canvas.axis.start_ns > zoomed.start_ns
    assert abs(canvas.axis.span_ns - zoomed.span_ns) < 1
    assert not opened.state.selection.pinned
    canvas.setFocus()
    start = canvas.axis.start_ns
    qtbot.keyClick(canvas, Qt.Key.Key_D)
    assert canvas.axis.start_ns > start
    qtbot.keyClick(canvas, Qt.Key.Key_A)
    qtbot.keyClick(canvas, Qt.Key.Key_W)
    assert canvas.axis.span_ns < zoomed.span_ns
    qtbot.keyClick(canvas, Qt.Key.Key_S)
    qtbot.keyClick(canvas, Qt.Key.Key_F)
    assert canvas.axis == full


def wheel(widget: QWidget, place: QPointF, delta: int) -> None:
    event = QWheelEvent(
        place,
        QPointF(widget.mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def drag(widget: QWidget, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 5):
        QTest.mouseMove(widget, start + (end - start) * step / 4)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)


def test_that_arrow_keys_walk_from_span_to_span(qtbot: QtBot, opened: WindowProgram) -> None:
    canvas = opened.window.workbench.comparison.canvas
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert opened.state.selection.pinned == {"stem"}
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert opened.state.selection.pinned == {"m0/b0"}
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert opened.state.selection.pinned == {"m0/b2.1", "m0/b3.1"}, "what runs in the other schedule at that time"
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    qtbot.keyClick(canvas, Qt.Key.Key_Left)
    assert opened.state.selection.pinned


def test_that_light_and_dark_change_everything_at_once_plots_too(opened: WindowProgram) -> None:
    canvas = opened.window.workbench.comparison.canvas
    corner = QPoint(GUTTER - 4, 2)
    assert canvas.viewport().grab().toImage().pixelColor(corner) == QColor(LIGHT.background)
    opened.window.registry["view.dark"].trigger()
    assert canvas.viewport().grab().toImage().pixelColor(corner) == QColor(DARK.background)
    assert opened.window.palette().window().color() == QColor(DARK.surface)
    assert opened.window.registry["view.dark"].isChecked()
    assert not opened.window.registry["view.light"].isChecked()
    opened.window.set_mode(AppearanceMode.SYSTEM)


def test_that_ctrl_k_finds_commands_and_operators(qtbot: QtBot, opened: WindowProgram) -> None:
    qtbot.keyClick(opened.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = opened.window.findChild(CommandPalette)
    assert palette is not None
    qtbot.keyClicks(palette.search, "m1/b2.2")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert opened.state.selection.pinned == {"m1/b2.2"}


def test_that_the_palette_says_when_nothing_has_that_name(qtbot: QtBot, opened: WindowProgram) -> None:
    qtbot.keyClick(opened.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = opened.window.findChild(CommandPalette)
    assert palette is not None
    qtbot.keyClicks(palette.search, "no such thing")
    shown = palette.findChild(QListWidget)
    assert [shown.item(row).text() for row in range(shown.count())] == ["Nothing is called “no such thing”."]
    qtbot.keyClick(palette.search, Qt.Key.Key_Down)
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette.isVisible()
    palette.search.setText("m1/b2.2")
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    assert opened.state.selection.pinned == {"m1/b2.2"}


def test_that_names_in_the_table_of_operators_can_be_read_in_a_narrow_window(opened: WindowProgram) -> None:
    opened.window.show_tab(OPERATORS)
    table = opened.window.workbench.delta.table
    header, view = table.horizontalHeader(), table.viewport()
    for width in (500, 1200):
        table.setFixedWidth(width)
        QApplication.processEvents()
        assert header.sectionSize(DELTA_NAME) >= 160
        assert header.length() == view.width() or (
            header.sectionSize(DELTA_NAME) == 160 and header.length() > view.width()
        )
        for column in range(1, header.count()):
            assert header.sectionSize(column) >= table.sizeHintForColumn(column)


def test_that_the_palette_is_as_high_as_what_it_offers_and_knows_recent_files(
    qtbot: QtBot, opened: WindowProgram, recording_file: Path
) -> None:
    qtbot.keyClick(opened.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = opened.window.findChild(CommandPalette)
    assert palette is not None
    full = palette.height()
    palette.search.setText(f"recent {recording_file.name}")
    shown = palette.findChild(QListWidget)
    assert [shown.item(row).text() for row in range(shown.count())] == [f"Open recent {recording_file.name}"]
    assert shown.item(0).data(Qt.ItemDataRole.UserRole) == str(recording_file.parent)
    assert palette.height() < full / 3
    opened.window.close_document()
    qtbot.keyClick(palette.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: opened.state.document is not None, timeout=5000)


def test_that_an_operator_is_alone_as_long_in_the_inspector_as_in_the_table(opened: WindowProgram) -> None:
    document, pair = opened.state.document, opened.state.pair
    assert document is not None
    assert pair is not None
    for name, one in pair.operators.items():
        (latencies,) = (
            part for part in inspect_operator(document, name, pair).sections if part.heading == "Latency, simulated"
        )
        rows = dict(latencies.rows)
        assert one.alone_us is not None
        assert float(rows["alone"].split()[0].replace(",", "")) == pytest.approx(one.alone_us, abs=0.006)
        assert ("as a stage" in rows) == (one.solo_us not in (None, one.alone_us))


def test_that_a_choice_is_cut_with_an_ellipsis_and_only_where_there_is_no_room(qtbot: QtBot) -> None:
    choice, whole, cut = Choice(), Choice(), Choice()
    boxes = choice, whole, cut
    for box, text in zip(boxes, ("NVIDIA H200 (simulated)", "NVIDIA H200 (simulated)", "NVIDIA H200…"), strict=True):
        qtbot.addWidget(box)
        box.setStyleSheet(style_sheet(LIGHT))
        box.addItem(text)
    whole.resize(whole.sizeHint())
    choice.resize(cut.sizeHint())
    cut.resize(cut.sizeHint())
    for box in boxes:
        box.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        box.ensurePolished()
    assert choice.grab().toImage() == cut.grab().toImage()
    plain = QComboBox()
    qtbot.addWidget(plain)
    plain.setStyleSheet(style_sheet(LIGHT))
    plain.addItem("NVIDIA H200 (simulated)")
    plain.resize(whole.size())
    assert whole.grab().toImage() == plain.grab().toImage()


@pytest.mark.usefixtures("qapp")
def test_that_no_figure_is_parted_from_its_unit_where_a_text_wraps() -> None:
    label = wrapping(QLabel(), "saves 101.4 µs in 1,141 stages, 2 ms in all")
    assert label.text() == "saves 101.4\N{NO-BREAK SPACE}µs in 1,141 stages,\u200b 2\N{NO-BREAK SPACE}ms in all"
    assert label.minimumWidth() > label.fontMetrics().horizontalAdvance("101.4 µs")
    assert label.accessibleName() == "saves 101.4 µs in 1,141 stages, 2 ms in all"


def test_that_why_says_what_it_waits_for_while_a_search_runs(opened: WindowProgram) -> None:
    opened.window.close_document()
    shown = opened.window.workbench.why.nothing
    assert shown.text().startswith("Optimize a model")
    opened.state.set_run(JobState(7, "optimize", "x"))
    assert shown.text().startswith("When the search ends")
    opened.state.set_run(None)
    assert shown.text().startswith("Optimize a model")


def test_that_the_layout_of_the_window_is_kept(qtbot: QtBot, make_program: MakeProgram, recording_file: Path) -> None:
    first = make_program(start=False)
    first.session.open([recording_file])
    qtbot.waitUntil(lambda: first.state.document is not None, timeout=8000)
    first.window.workbench.docks[1].hide()
    first.window.resize(1300, 850)
    first.window.close()
    second = make_program(start=False)
    second.session.open([recording_file])
    qtbot.waitUntil(lambda: second.state.document is not None, timeout=8000)
    assert second.window.workbench.docks[1].isHidden()
    second.window.registry["view.reset"].trigger()
    assert not second.window.workbench.docks[1].isHidden()


def test_that_graph_and_timelines_end_in_one_line_in_a_window_of_any_size(
    qtbot: QtBot, make_program: MakeProgram, recording_file: Path
) -> None:
    first = make_program(start=False)
    first.session.open([recording_file])
    qtbot.waitUntil(lambda: first.state.document is not None, timeout=8000)
    for width in (1900, 1000, 1500):
        first.window.resize(width, 1000)
        _, inspector, _, why = first.window.workbench.docks
        qtbot.waitUntil(lambda: inspector.width() == why.width(), timeout=5000)  # noqa: B023 - it waits here
    first.window.resize(1900, 1000)
    first.window.close()
    second = make_program(start=False)
    second.window.resize(1100, 800)
    second.session.open([recording_file])
    qtbot.waitUntil(lambda: second.state.document is not None, timeout=8000)
    _, inspector, _, why = second.window.workbench.docks
    qtbot.waitUntil(lambda: inspector.width() == why.width(), timeout=5000)


def test_that_everything_has_an_accessible_name(opened: WindowProgram) -> None:
    nameless = [
        widget
        for widget in opened.window.findChildren(QWidget)
        if widget.isVisible()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.accessibleName()
        and not (hasattr(widget, "text") and widget.text())
        and not widget.objectName().startswith("qt_")
        and type(widget).__name__ not in ("QTabBar", "QTabWidget", "QScrollArea", "ComparisonView")
    ]
    assert [type(widget).__name__ for widget in nameless] == []
