"""The graph view as a user meets it: real mouse, wheel and keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dag_graphs import DIAMOND, convolutions, show, widget_point
from warploom.errors import ReportError
from warploom_app.painters.dag_export import save_picture
from warploom_app.presenters.dag_colours import Legend, LegendEntry
from warploom_app.theme import DARK, LIGHT
from warploom_app.views.dag_view import DagView

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def view(qtbot: QtBot, tmp_path: Path) -> DagView:
    view = DagView(LIGHT, layout_cache=tmp_path / "layouts")
    qtbot.addWidget(view)
    view.resize(700, 500)
    view.show()
    return view


def _wheel(view: DagView, notches: int, at: QPoint) -> None:
    where = QPointF(at)
    event = QWheelEvent(
        where,
        QPointF(view.canvas.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.canvas, event)


def test_that_a_graph_is_shown_quickly_and_then_refined(qtbot: QtBot, view: DagView) -> None:
    assert show(qtbot, view, convolutions(DIAMOND)) == ["quick", "refined"]


def test_that_a_graph_seen_before_comes_refined_from_the_cache(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    assert show(qtbot, view, convolutions(DIAMOND)) == ["refined"]


def test_that_a_click_selects_the_operator_under_the_pointer(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    with qtbot.waitSignal(view.operators_selected) as told:
        qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=widget_point(view, "conv3"))
    assert told.args == [("conv3",)]
    assert view.selected == ("conv3",)
    assert "conv3" in view.accessibleDescription()


def test_that_a_click_on_the_background_lets_go(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    view.select(["conv2"])
    with qtbot.waitSignal(view.operators_selected) as told:
        qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert told.args == [()]
    assert view.selected == ()


def test_that_hovering_tells_the_operator_and_leaving_tells_none(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    told: list[tuple[str, ...]] = []
    view.operators_hovered.connect(told.append)
    for at in (widget_point(view, "conv1"), widget_point(view, "add"), QPoint(3, 3)):
        qtbot.mouseMove(view.canvas, at)
    assert [names for names in told if names] == [("conv1",), ("add",)]
    assert told[-1] == ()


def test_that_dragging_moves_the_picture_and_selects_nothing(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    before, told = widget_point(view, "conv1"), []
    view.operators_selected.connect(told.append)
    qtbot.mousePress(view.canvas, Qt.MouseButton.LeftButton, pos=before)
    qtbot.mouseMove(view.canvas, before + QPoint(40, 30))
    qtbot.mouseRelease(view.canvas, Qt.MouseButton.LeftButton, pos=before + QPoint(40, 30))
    assert widget_point(view, "conv1") - before == QPoint(40, 30)
    assert told == []


def test_that_the_picture_cannot_be_dragged_out_of_sight(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    view.canvas.pan(QPointF(1e6, -1e6))
    picture = view.canvas.picture
    assert picture is not None
    assert view.canvas.port.area.intersects(picture.geometry.bounds)


def test_that_the_wheel_zooms_about_the_pointer(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    at, scale = widget_point(view, "conv2"), view.scale
    _wheel(view, 2, at)
    assert view.scale > 1.3 * scale
    assert (widget_point(view, "conv2") - at).manhattanLength() <= 2
    _wheel(view, -2, at)
    assert view.scale == pytest.approx(scale)


def test_that_keys_zoom(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.scale == pytest.approx(1.0)
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.scale == pytest.approx(1.25)
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    qtbot.keyClick(view, Qt.Key.Key_Minus)
    assert view.scale == pytest.approx(0.8)


def test_that_f_shows_everything(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions({"conv0": ["x"], **{f"conv{i}": [f"conv{i - 1}"] for i in range(1, 60)}}))
    picture = view.canvas.picture
    assert picture is not None
    assert not view.canvas.port.area.contains(picture.geometry.bounds.adjusted(1, 1, -1, -1))
    qtbot.keyClick(view, Qt.Key.Key_F)
    assert view.canvas.port.area.contains(picture.geometry.bounds.adjusted(1, 1, -1, -1))


def test_that_the_legend_hides_nothing_of_a_graph_that_is_shown_as_a_whole(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions({"conv0": ["x"], **{f"conv{i}": [f"conv{i - 1}"] for i in range(1, 60)}}))
    entries = tuple(LegendEntry(f"a kind of operator {i}", "#3f7fbf") for i in range(3))
    view.set_colours(dict.fromkeys(view.graph.index, "#3f7fbf"), Legend("Operator type", entries))
    view.fit()
    assert view.canvas.picture is not None
    bounds, port = view.canvas.picture.geometry.bounds, view.canvas.port
    assert view.covered is not None
    assert view.covered.right() > view.width() / 2, "the legend is under the graph, not beside it"
    assert (bounds.bottom() - port.origin.y()) * port.scale <= view.covered.top()
    assert bounds.top() >= port.origin.y()


def test_that_a_graph_shown_as_a_whole_and_a_place_looked_at_stay_so_in_another_size(
    qtbot: QtBot, view: DagView
) -> None:
    show(qtbot, view, convolutions({"conv0": ["x"], **{f"conv{i}": [f"conv{i - 1}"] for i in range(1, 60)}}))
    assert view.canvas.picture is not None
    geometry = view.canvas.picture.geometry
    view.fit()
    view.resize(300, 240)
    assert view.canvas.port.area.contains(geometry.bounds.adjusted(1, 1, -1, -1))
    view.centre_on("conv30")
    view.resize(900, 700)
    middle = geometry.rect(30).center() - view.canvas.port.area.center()
    assert abs(middle.x()) < 2
    assert abs(middle.y()) < 2


def test_that_arrows_walk_along_the_edges(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    told: list[tuple[str, ...]] = []
    view.operators_selected.connect(told.append)
    keys = [Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Down]
    for key in keys:
        qtbot.keyClick(view, key)
    assert told[0] == ("conv1",)
    assert set(told[1:-1]) == {("conv2",), ("conv3",)}  # right or left leads nowhere, depending on who stands where
    assert told[-1] == ("add",)  # and there is nothing below it
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert told[-1] == ()


def test_that_an_operator_reached_by_keys_is_brought_into_view(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions({"conv0": ["x"], **{f"conv{i}": [f"conv{i - 1}"] for i in range(1, 40)}}))
    for _ in range(30):
        qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.selected == ("conv29",)
    assert view.canvas.rect().contains(widget_point(view, "conv29"))


def test_that_centre_on_brings_an_operator_to_the_middle(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions({"conv0": ["x"], **{f"conv{i}": [f"conv{i - 1}"] for i in range(1, 80)}}))
    view.centre_on("conv50")
    assert (widget_point(view, "conv50") - view.canvas.rect().center()).manhattanLength() <= 3
    view.centre_on("nobody")
    assert (widget_point(view, "conv50") - view.canvas.rect().center()).manhattanLength() <= 3


def test_that_the_minimap_appears_when_there_is_more_and_leads_there(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    view.fit()
    assert not view.minimap.isVisible()
    show(qtbot, view, convolutions({"conv0": ["x"], **{f"conv{i}": [f"conv{i - 1}"] for i in range(1, 80)}}))
    assert view.minimap.isVisible()
    at = QPoint(view.minimap.width() // 2, view.minimap.height() - 12)
    qtbot.mouseClick(view.minimap, Qt.MouseButton.LeftButton, pos=at)
    assert view.canvas.rect().contains(widget_point(view, "conv76"))


def test_that_selecting_from_outside_tells_nobody_and_survives_the_refined_layout(qtbot: QtBot, view: DagView) -> None:
    told: list[tuple[str, ...]] = []
    view.operators_selected.connect(told.append)
    view.set_graph(convolutions(DIAMOND))
    view.select(["conv2", "unknown"])
    qtbot.waitUntil(lambda: not view.laying_out, timeout=20_000)
    assert view.selected == ("conv2", "unknown")
    assert "conv2" in view.accessibleDescription()
    assert told == []


def test_that_selection_and_hover_are_seen(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    plain = view.canvas.grab().toImage()
    view.select(["conv2"])
    selected = view.canvas.grab().toImage()
    view.select([])
    view.highlight(["conv2"])
    highlighted = view.canvas.grab().toImage()
    assert plain != selected
    assert plain != highlighted
    assert selected != highlighted
    view.highlight([])
    assert view.canvas.grab().toImage() == plain


def test_that_given_colours_replace_the_kinds_until_taken_back(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    kinds = _colours(view)
    view.set_colours({"conv1": "#12ff34"})
    assert QColor("#12ff34").rgb() in _colours(view)
    assert QColor(LIGHT.kind("conv")).rgb() not in _colours(view)
    view.set_colours(None)
    assert _colours(view) == kinds
    assert QColor(LIGHT.kind("conv")).rgb() in kinds


def _colours(view: DagView) -> set[int]:
    image = view.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return {image.pixel(x, y) for x in range(image.width()) for y in range(0, image.height(), 7)}


def test_that_the_dark_theme_is_drawn_dark(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    view.set_theme(DARK)
    assert view.canvas.grab().toImage().pixelColor(5, 5) == QColor(DARK.background)
    assert QColor(DARK.kind("conv")).rgb() in _colours(view)


def test_that_panned_pictures_equal_pictures_drawn_anew(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions({"conv0": ["x"], **{f"conv{i}": [f"conv{i - 1}"] for i in range(1, 30)}}))
    for step in (QPointF(13, -120), QPointF(-40, 17), QPointF(0, -2000)):
        view.canvas.grab()
        view.canvas.pan(step)
        scrolled = view.canvas.grab().toImage()
        view.set_theme(LIGHT)  # forgets what was drawn
        assert view.canvas.grab().toImage() == scrolled


@pytest.mark.parametrize("reads", [{}, {"conv1": ["x"]}, {"conv1": ["x"], "conv2": ["x"], "conv3": ["x"]}])
def test_that_small_and_disconnected_graphs_are_shown(qtbot: QtBot, view: DagView, reads: dict[str, list[str]]) -> None:
    assert show(qtbot, view, convolutions(reads))[-1] == ("refined" if reads else "quick")
    view.fit()
    view.zoom_in()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert len(view.selected) == min(1, len(reads))


def test_that_every_bundled_model_is_shown(qtbot: QtBot, view: DagView) -> None:
    from warploom.importer.load import import_model
    from warploom.passes.pipeline import optimize_graph
    from warploom.samples.bundled import bundled_models

    for path in bundled_models():
        graph = optimize_graph(import_model(path).graph).graph
        assert show(qtbot, view, graph)[-1] == "refined"
        picture = view.canvas.picture
        assert picture is not None
        assert [node.name for node in picture.nodes] == [operator.name for operator in graph.operators]


def save(view: DagView, path: Path) -> None:
    save_picture(view.canvas.picture, LIGHT, view.font(), path)


def test_that_the_picture_is_saved_as_svg_and_png(qtbot: QtBot, view: DagView, tmp_path: Path) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    picture = view.canvas.picture
    assert picture is not None
    save(view, tmp_path / "graph.svg")
    save(view, tmp_path / "graph.png")
    renderer = QSvgRenderer(str(tmp_path / "graph.svg"))
    assert renderer.isValid()
    assert renderer.viewBoxF().size().toSize() == picture.geometry.bounds.size().toSize()
    assert "conv2" in (tmp_path / "graph.svg").read_text()
    image = QImage(str(tmp_path / "graph.png"))
    assert image.width() == pytest.approx(2 * picture.geometry.bounds.width(), abs=2)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["graph.png", "graph.svg"]


def test_that_saving_fails_with_a_sentence(qtbot: QtBot, view: DagView, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="open a model first"):
        save(view, tmp_path / "graph.png")
    show(qtbot, view, convolutions(DIAMOND))
    with pytest.raises(ReportError, match="cannot be written"):
        save(view, tmp_path / "missing" / "graph.svg")
