"""The timelines as a user meets them: keys, wheel, drags, marks, statistics, menus, pictures; and bad input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from timelines import COUNTERS, large_timeline, measured_track, spans_of, track_of
from warploom.timeline import Timeline, WarpSeries
from warploom_app.main import WindowProgram
from warploom_app.presenters.track import Track
from warploom_app.presenters.track_choice import TrackChoice
from warploom_app.presenters.track_layout import AXIS, GUTTER
from warploom_app.state import AppState
from warploom_app.theme import LIGHT
from warploom_app.views.comparison_view import ComparisonView
from warploom_app.views.timeline_canvas import TimelineCanvas
from warploom_app.views.timeline_menu import fill_menu
from warploom_app.views.workbench import OPERATORS

MakeCanvas = Callable[..., TimelineCanvas]


@pytest.fixture
def make_canvas(qtbot: QtBot) -> MakeCanvas:
    def make(*tracks: Track, width: int = 1000, height: int = 400) -> TimelineCanvas:
        canvas = TimelineCanvas(AppState(), LIGHT)
        qtbot.addWidget(canvas)
        canvas.resize(width, height)
        canvas.show()
        canvas.set_tracks(tracks)
        return canvas

    return make


def wheel(widget: QWidget, place: QPointF, delta: int, keys: Qt.KeyboardModifier) -> None:
    event = QWheelEvent(
        place, QPointF(widget.mapToGlobal(place.toPoint())), QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, keys,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def drag(
    widget: QWidget,
    start: QPoint,
    end: QPoint,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
) -> None:
    QTest.mousePress(widget, button, keys, start)
    for step in range(1, 5):
        QTest.mouseMove(widget, start + (end - start) * step / 4)
    QTest.mouseRelease(widget, button, keys, end)


def middle_of(canvas: TimelineCanvas, track: int, lane: int, span: int) -> QPoint:
    one = canvas.tracks[track].lanes[lane]
    x = canvas.axis.x((one.start_ns[span] + one.end_ns[span]) / 2)
    y = canvas.track_layout.tracks[track].lanes[lane].center().y() - canvas.verticalScrollBar().value()
    return QPoint(round(x), round(y))


# -- time: zoom, pan, fit


def test_that_ctrl_and_wheel_zoom_even_where_the_wheel_scrolls(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(*(measured_track() for _ in range(4)))
    bar, full, place = canvas.verticalScrollBar(), canvas.axis, QPointF(500, 200)
    assert bar.maximum() > 0
    wheel(canvas.viewport(), place, -120, Qt.KeyboardModifier.NoModifier)
    assert bar.value() > 0
    assert canvas.axis == full
    fixed = full.time_ns(place.x())
    wheel(canvas.viewport(), place, 240, Qt.KeyboardModifier.ControlModifier)
    assert canvas.axis.span_ns < full.span_ns
    assert canvas.axis.time_ns(place.x()) == pytest.approx(fixed, rel=1e-6)
    start = canvas.axis.start_ns
    wheel(canvas.viewport(), place, -120, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.axis.start_ns > start


def test_that_f_shows_the_selection_and_home_everything(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(measured_track())
    full = canvas.axis
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=middle_of(canvas, 0, 0, 1))
    qtbot.keyClick(canvas, Qt.Key.Key_F)
    assert canvas.axis.start_ns < 42_000 < 60_000 < canvas.axis.end_ns
    assert canvas.axis.span_ns == pytest.approx(1.5 * 18_000)
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.axis == full
    drag(canvas.viewport(), QPoint(400, 60), QPoint(300, 60), button=Qt.MouseButton.MiddleButton)
    assert canvas.axis == full, "all is seen: there is nowhere to move to"


def test_that_tracks_that_stay_keep_the_stretch_that_is_seen(make_canvas: MakeCanvas) -> None:
    one, other = measured_track(), track_of(large_timeline(400), "other")
    canvas = make_canvas(one)
    canvas.set_axis(canvas.axis.framing(42_000, 60_000))
    seen = (canvas.axis.start_ns, canvas.axis.end_ns)
    canvas.set_tracks([one, other])
    assert (canvas.axis.start_ns, canvas.axis.end_ns) == pytest.approx(seen)
    canvas.set_tracks([other])
    canvas.set_tracks([one])
    assert canvas.axis == canvas.axis.fitted()


# -- marks and stretches


def test_that_m_measures_between_two_marks_and_esc_forgets_them(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(measured_track())
    canvas.setFocus()
    for time in (10_050, 39_900):
        qtbot.mouseMove(canvas.viewport(), QPoint(round(canvas.axis.x(time)), 60))
        qtbot.keyClick(canvas, Qt.Key.Key_M)
    assert canvas.marks.stretch == (10_000, 40_000), "marks sit on the edges of spans"
    assert canvas.can_release
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.marks.times == ()
    assert not canvas.can_release


def test_that_marks_need_no_mouse(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(measured_track())
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_M, Qt.Key.Key_M, Qt.Key.Key_R):
        qtbot.keyClick(canvas, key)
    assert canvas.marks.stretch == (42_000, 60_000)
    assert canvas.stretch == (42_000, 60_000)


def test_that_shift_and_a_drag_choose_a_stretch_and_a_click_lets_it_go(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(measured_track())
    shift = Qt.KeyboardModifier.ShiftModifier
    left, right = (QPoint(round(canvas.axis.x(time)), 80) for time in (10_000, 40_000))
    drag(canvas.viewport(), right, left, shift)
    assert canvas.stretch == (10_000, 40_000)
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, shift, left)
    assert canvas.stretch is None
    drag(canvas.viewport(), QPoint(left.x(), 5), QPoint(right.x(), 5))
    assert canvas.stretch == (10_000, 40_000), "a drag along the axis chooses, too"


def test_that_statistics_of_a_stretch_stand_beside_the_timelines_and_can_be_copied(
    qtbot: QtBot, opened: WindowProgram
) -> None:
    view = opened.window.workbench.comparison
    canvas, panel = view.canvas, view.range_panel
    assert panel.isHidden()
    canvas.set_stretch((0.0, float(canvas.tracks[0].duration_ns)))
    qtbot.waitUntil(panel.isVisible, timeout=5000)
    model = panel.table.model()
    rows = model.rowCount()
    assert rows > 2
    panel.table.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    sums = [float(str(model.index(row, 4).data()).replace(",", "")) for row in range(rows)]
    assert sums == sorted(sums, reverse=True)
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    text = QGuiApplication.clipboard().text().splitlines()
    assert len(text) == rows + 1
    assert text[0].split("\t")[0] == "Schedule"
    panel.table.selectRow(0)
    assert opened.state.selection.pinned
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert panel.isHidden()
    assert opened.state.selection.pinned, "the first Esc lets go of the time, the next of the operators"


# -- dependencies and critical path


def test_that_brackets_follow_dependencies(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(measured_track())
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=middle_of(canvas, 0, 1, 0))
    assert canvas._state.selection.pinned == {"branch a"}
    qtbot.keyClick(canvas, Qt.Key.Key_BracketRight)
    assert canvas._state.selection.pinned == {"join"}
    qtbot.keyClick(canvas, Qt.Key.Key_BracketLeft)
    assert canvas._state.selection.pinned == {"view"}
    qtbot.keyClick(canvas, Qt.Key.Key_BracketLeft)
    assert canvas._state.selection.pinned == {"branch b"}
    assert "branch b" in canvas.accessibleDescription()


@pytest.mark.parametrize(("key", "option"), [(Qt.Key.Key_P, "critical_path"), (Qt.Key.Key_L, "dependencies")])
def test_that_overlays_change_the_picture(qtbot: QtBot, make_canvas: MakeCanvas, key: Qt.Key, option: str) -> None:
    canvas = make_canvas(measured_track())
    canvas._state.pin(["branch b"])
    before, was = canvas.viewport().grab().toImage(), getattr(canvas.options, option)
    qtbot.keyClick(canvas, key)
    assert getattr(canvas.options, option) is not was
    assert canvas.viewport().grab().toImage() != before
    qtbot.keyClick(canvas, key)
    assert canvas.viewport().grab().toImage() == before


# -- which schedules


def test_that_schedules_are_added_ordered_and_taken_away(opened: WindowProgram) -> None:
    view = opened.window.workbench.comparison
    canvas, state = view.canvas, opened.state
    names = [name for name, _ in view.schedules()]
    third = next(name for name in names if name not in state.choice.shown)  # type: ignore[union-attr]
    first, second = state.choice.shown  # type: ignore[union-attr]
    view.show_schedule(third, True)
    assert [track.name for track in canvas.tracks] == [first, second, third]
    assert state.compared == (first, second)
    top = canvas.track_layout.tracks[2].header.center().toPoint()
    y = top.y() - canvas.verticalScrollBar().value()
    drag(canvas.viewport(), QPoint(20, y), QPoint(20, AXIS + 2))
    assert [track.name for track in canvas.tracks] == [third, first, second]
    view.show_schedule(first, False)
    assert [track.name for track in canvas.tracks] == [third, second]
    assert state.compared == (third, second)
    assert opened.window.workbench.verdict.verdict is not None
    state.set_compared((first, second))
    assert {track.name for track in canvas.tracks} >= {first, second}


def test_that_the_menu_offers_what_concerns_the_track_under_it(opened: WindowProgram) -> None:
    view = opened.window.workbench.comparison
    asked: list[int] = []
    view.canvas.menu_wanted.connect(lambda _, track: asked.append(track))
    rows = view.canvas.track_layout.tracks[1].header
    point = QPoint(200, int(rows.center().y()) - view.canvas.verticalScrollBar().value())
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, view.canvas.viewport().mapToGlobal(point))
    view.canvas.contextMenuEvent(event)
    assert asked == [1]
    for popup in QApplication.topLevelWidgets():
        if isinstance(popup, QMenu):
            popup.close()
    menu = QMenu(view)
    fill_menu(menu, view, 1)
    actions = {action.text().replace("&", "").partition("\t")[0]: action for action in menu.actions()}
    assert not actions["Move down"].isEnabled()
    actions["Move up"].trigger()
    assert view.canvas.tracks[0].name == opened.state.choice.compared[1]  # type: ignore[union-attr]
    assert actions["Counters (none recorded)"].isEnabled() is False
    actions["Critical path"].trigger()
    assert view.canvas.options.critical_path


def test_that_a_choice_of_another_recording_is_forgotten(
    qtbot: QtBot, opened: WindowProgram, recording_file: Path
) -> None:
    opened.state.set_choice(TrackChoice(("parallel",), ("parallel", "parallel")))
    assert len(opened.window.workbench.comparison.canvas.tracks) == 1
    before = opened.state.document
    opened.session.open([recording_file])
    qtbot.waitUntil(lambda: opened.state.document is not before, timeout=5000)
    assert len(opened.window.workbench.comparison.canvas.tracks) == 2


# -- the table of changes


def test_that_the_table_of_changes_and_the_timelines_lead_to_one_another(qtbot: QtBot, opened: WindowProgram) -> None:
    work, delta = opened.window.workbench, opened.window.workbench.delta
    opened.window.show_tab(OPERATORS)
    assert delta.model.rowCount() == len(opened.state.pair.comparison.operators)  # type: ignore[union-attr]
    delta.table.sortByColumn(5, Qt.SortOrder.DescendingOrder)
    row = delta.table.model().index(0, 0)
    qtbot.mouseClick(delta.table.viewport(), Qt.MouseButton.LeftButton, pos=delta.table.visualRect(row).center())
    (name,) = opened.state.selection.pinned
    worst = max(opened.state.pair.comparison.operators, key=lambda one: one.delta_us)  # type: ignore[union-attr]
    assert name == worst.name
    canvas = work.comparison.canvas
    window = canvas.tracks[1].window(canvas.tracks[1].launches(frozenset({name})))
    assert window is not None
    assert canvas.axis.start_ns <= window[0] <= window[1] <= canvas.axis.end_ns
    opened.state.pin(["stem"])
    (chosen,) = delta.table.selectionModel().selectedRows()
    assert chosen.data() == "stem"
    delta.search.setText("no such operator")
    assert delta.table.model().rowCount() == 0
    assert opened.state.selection.pinned == {"stem"}, "what is filtered away stays pinned"
    delta.search.clear()
    assert len(delta.table.selectionModel().selectedRows()) == 1


# -- counters, pictures


def test_that_counters_get_rows_of_their_own(qtbot: QtBot) -> None:
    view = ComparisonView(AppState(), LIGHT)
    qtbot.addWidget(view)
    view.resize(900, 500)
    view.show()
    track = measured_track()
    view.canvas.set_tracks([track])
    view.show_counter(COUNTERS[0], True)
    view.show_counter(COUNTERS[2], True)
    qtbot.waitUntil(lambda: track.counter(COUNTERS[2]) is not None, timeout=5000)
    (rows,) = view.canvas.track_layout.tracks
    assert [name for name, _ in rows.counters] == [COUNTERS[0], COUNTERS[2]]
    area = rows.counters[0][1]
    tip = view.canvas.hits.tip_at(QPointF(400, area.center().y() - view.canvas.verticalScrollBar().value()))
    assert tip is not None
    assert tip[0] == COUNTERS[0]
    assert tip[1].endswith("warps")
    view.show_counter(COUNTERS[0], False)
    assert [name for name, _ in view.canvas.track_layout.tracks[0].counters] == [COUNTERS[2]]
    view.background.close()


def test_that_the_figure_reaches_the_clipboard_and_files(qtbot: QtBot, opened: WindowProgram, tmp_path: Path) -> None:
    view = opened.window.workbench.comparison
    with qtbot.waitSignal(view.figures.copied, timeout=8000):
        view.copy_figure()
    data = QGuiApplication.clipboard().mimeData()
    assert data.hasImage()
    assert bytes(data.data("image/png").data()).startswith(b"\x89PNG")
    svg = bytes(data.data("image/svg+xml").data()).decode()
    assert "simulated" in svg
    assert "m0" in svg
    del data
    QGuiApplication.clipboard().clear()  # offscreen, what a clipboard holds outlives the application, and not well
    for suffix in ("png", "svg"):
        with qtbot.waitSignal(view.figures.saved, timeout=8000):
            view.save_figure(tmp_path / f"figure.{suffix}")
    image = QImage(str(tmp_path / "figure.png"))
    assert image.width() >= 1600
    with qtbot.waitSignal(view.figures.failed, timeout=8000) as said:
        view.save_figure(tmp_path / "missing" / "figure.svg")
    assert "folder does not exist" in said.args[0]
    with qtbot.waitSignal(view.figures.failed, timeout=8000) as said:
        view.save_figure(tmp_path / "figure.bmp")
    assert "svg, png" in said.args[0]
    assert sorted(path.name for path in tmp_path.glob("figure.*")) == ["figure.png", "figure.svg"]


# -- bad input


def one_kernel(start: int, end: int) -> Track:
    series = WarpSeries(np.zeros(0), np.zeros(1, dtype=np.int64), np.zeros((0, 0)))
    rows = np.array([(0, start, end)])
    return track_of(Timeline("one", "GPU", True, end, ("only",), ("k",), spans_of(rows), series, None, 0))


@pytest.mark.parametrize(
    "track",
    [
        one_kernel(0, 10),
        one_kernel(5, 5),
        one_kernel(0, 0),
        one_kernel(0, 1),
        track_of(large_timeline(8)),
    ],
)
def test_that_the_smallest_timelines_can_be_used_like_any_other(
    qtbot: QtBot, make_canvas: MakeCanvas, track: Track
) -> None:
    canvas = make_canvas(track)
    canvas.set_options(replace(canvas.options, critical_path=True, counters=("none",)))
    for key in "wwwwsdamrfpl[]":
        qtbot.keyClick(canvas, key)
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    for x in (10, 200, 999):
        qtbot.mouseMove(canvas.viewport(), QPoint(x, 60))
        canvas.viewport().repaint()
    assert canvas._state.selection.pinned
    assert canvas.axis.span_ns > 0


def test_that_a_span_of_no_length_is_seen_at_every_zoom(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(measured_track())
    lane = canvas.track_layout.tracks[0].lanes[0]
    for factor in (1.0, 0.5, 0.1):
        canvas.fit()
        canvas.zoom(factor, canvas.axis.x(80_000))
        image = canvas.viewport().grab().toImage()
        ratio = image.devicePixelRatio()
        y = round(lane.center().y() * ratio)
        x = canvas.axis.x(80_000) * ratio
        near = [image.pixelColor(round(x) + step, y) for step in (-1, 0, 1)]
        ground = image.pixelColor(round(x) - 4, y)
        assert any(colour != ground for colour in near)


def test_that_nothing_at_all_is_shown_as_nothing(qtbot: QtBot, make_canvas: MakeCanvas) -> None:
    canvas = make_canvas()
    for key in "wsdamrfpl[]":
        qtbot.keyClick(canvas, key)
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(GUTTER + 5, 60))
    wheel(canvas.viewport(), QPointF(300, 60), 120, Qt.KeyboardModifier.NoModifier)
    canvas.viewport().repaint()
    assert canvas.stretch is None
    assert canvas.axis == canvas.axis.fitted()
