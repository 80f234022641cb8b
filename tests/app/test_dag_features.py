"""The graph view beyond looking: blocks, ONNX nodes, directions, search, pictures, and graphs that are odd."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dag_graphs import DIAMOND, convolutions, diamonds, settle, show, widget_point
from warploom.graph import DType, Graph, OperatorKind, Primitive, Tensor
from warploom.graph.build import make_operator
from warploom_app.painters.dag_export import png_picture
from warploom_app.painters.dag_painter import DagPainter
from warploom_app.painters.dag_text import DagText
from warploom_app.presenters.dag_search import SearchIn
from warploom_app.theme import LIGHT
from warploom_app.views.dag_menu import context_menu
from warploom_app.views.dag_view import DagView

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def view(qtbot: QtBot, tmp_path: Path) -> DagView:
    view = DagView(LIGHT, layout_cache=tmp_path / "layouts")
    qtbot.addWidget(view)
    view.resize(700, 500)
    view.show()
    return view


# -- blocks, ONNX nodes, directions


def _titles(view: DagView) -> list[str]:
    assert view.content is not None
    return [node.title for node in view.content.nodes]


def test_that_collapsing_all_leaves_a_chain_of_blocks_and_expanding_undoes_it(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(4))
    everything = _titles(view)
    told: list[bool] = []
    view.options_changed.connect(lambda: told.append(True))
    view.collapse_all()
    settle(qtbot, view)
    assert _titles(view) == ["Block 1", "Block 2", "Block 3", "Block 4"]
    view.expand_all()
    settle(qtbot, view)
    assert _titles(view) == everything
    assert told == [True, True]


def test_that_the_selection_survives_collapsing_and_expanding(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(4))
    view.select(["conv2b"])
    view.collapse_all()
    settle(qtbot, view)
    assert view.selected == ("conv2b",)
    assert view.canvas.marks.selected == {2}
    view.expand_all()
    settle(qtbot, view)
    assert view.selected == ("conv2b",)
    assert view.content is not None
    assert view.canvas.marks.selected == {view.content.index["conv2b"]}


def test_that_a_blocks_handle_collapses_it_and_a_double_click_opens_it(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(4))
    view.centre_on("conv1a")
    assert view.canvas.picture is not None
    frame = next(one for one in view.canvas.picture.geometry.blocks if one.number == 1)
    port = view.canvas.port
    at = ((frame.handle.center() - port.origin) * port.scale).toPoint()
    first = widget_point(view, "conv1a")
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=at)
    settle(qtbot, view)
    assert view.options.collapsed == {1}
    assert view.content is not None
    (stack,) = [i for i, node in enumerate(view.content.nodes) if node.collapsed]
    rect = view.canvas.picture.geometry.rect(stack)
    port = view.canvas.port
    at = ((rect.center() - port.origin) * port.scale).toPoint()
    assert (at - first).manhattanLength() <= 2, "the collapsed block stands where the block began"
    qtbot.mouseDClick(view.canvas, Qt.MouseButton.LeftButton, pos=at)
    settle(qtbot, view)
    assert view.options.collapsed == frozenset()


def test_that_a_click_on_a_collapsed_block_chooses_all_of_its_operators(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(3))
    view.collapse_all()
    settle(qtbot, view)
    view.fit()
    assert view.canvas.picture is not None
    port = view.canvas.port
    at = ((view.canvas.picture.geometry.rect(1).center() - port.origin) * port.scale).toPoint()
    with qtbot.waitSignal(view.operators_selected) as told:
        qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=at)
    assert told.args == [("conv1a", "conv1b", "conv1c", "add1")]


def test_that_ctrl_adds_to_the_selection_and_takes_away(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    left, ctrl = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
    qtbot.mouseClick(view.canvas, left, pos=widget_point(view, "conv2"))
    qtbot.mouseClick(view.canvas, left, ctrl, pos=widget_point(view, "conv3"))
    assert view.selected == ("conv2", "conv3")
    qtbot.mouseClick(view.canvas, left, ctrl, pos=widget_point(view, "conv2"))
    assert view.selected == ("conv3",)


def test_that_space_collapses_the_block_of_the_current_node_and_enter_opens_it(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(4))
    view.select(["conv1b"])
    qtbot.keyClick(view, Qt.Key.Key_Space)
    settle(qtbot, view)
    assert view.options.collapsed == {1}
    qtbot.keyClick(view, Qt.Key.Key_Return)
    settle(qtbot, view)
    assert view.options.collapsed == frozenset()


def test_that_a_collapsed_block_tells_its_latency_without_another_layout(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(3))
    view.collapse_all()
    settle(qtbot, view)
    before = view.canvas.picture
    view.set_latencies({1: "41.2 µs"})
    after = view.canvas.picture
    assert before is not None
    assert after is not None
    assert after.geometry is before.geometry
    assert "41.2 µs" in [node.alias for node in after.nodes]


def test_that_onnx_nodes_and_operators_lead_to_one_another(qtbot: QtBot, view: DagView) -> None:
    fused = {f"op{i}": [f"relu{i}", f"conv{i}"] for i in range(4)}
    operators, before = [], "x"
    for name, (relu, conv) in fused.items():
        body = [Primitive("Relu", (before,), (relu,), (), relu), Primitive("Abs", (relu,), (conv,), (), conv)]
        operators.append(
            make_operator(
                name, OperatorKind.POINTWISE, body, constants={}, outputs=[conv], sources=[relu, conv, f"gone{name}"]
            )
        )
        before = conv
    names = ["x", *(one for pair in fused.values() for one in pair)]
    tensors = {one: Tensor(one, (1, 4), DType.FLOAT32) for one in names}
    show(qtbot, view, Graph("g", tuple(operators), tensors, {}, ("x",), (before,)))
    view.select(["op2"])
    view.toggle_detail()
    settle(qtbot, view)
    assert view.content is not None
    assert [node.name for node in view.content.nodes] == names[1:]
    assert {view.content.nodes[i].name for i in view.canvas.marks.selected} == {"relu2", "conv2"}
    with qtbot.waitSignal(view.operators_selected) as told:
        view.show_source("conv3")
    assert told.args == [("op3",)]
    assert view.current == "conv3"
    assert view.onnx_node_here is not None
    with qtbot.waitSignal(view.operators_selected):
        view.show_operator("op1")
    assert view.content.index == {"op0": 0, "op1": 1, "op2": 2, "op3": 3}
    assert view.current == "op1"
    assert view.onnx_node_here is None
    with qtbot.waitSignal(view.operators_selected):
        view.show_source("goneop2")  # folded away: the node that it went into
    assert view.content.nodes[view.content.index[view.current]].operators == ("op2",)


def test_that_a_horizontal_graph_flows_to_the_right_and_arrows_turn_with_it(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    view.set_horizontal(True)
    settle(qtbot, view)
    picture = view.canvas.picture
    assert picture is not None
    centres = [picture.geometry.rect(i).center() for i in range(4)]
    for before, after in picture.geometry.edges.ends.tolist():
        assert picture.geometry.rect(before).right() < picture.geometry.rect(after).left()
    assert centres[1].x() == pytest.approx(centres[2].x(), abs=30)
    told: list[tuple[str, ...]] = []
    view.operators_selected.connect(told.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right):
        qtbot.keyClick(view, key)
    assert told[0] == ("conv1",)
    assert told[1] in (("conv2",), ("conv3",))
    assert told[2] == ("add",)
    for edge in picture.geometry.edges.bands:
        assert picture.geometry.bounds.contains(edge.path.boundingRect())


def test_that_what_is_asked_for_while_laying_out_is_what_is_shown_in_the_end(qtbot: QtBot, view: DagView) -> None:
    view.set_graph(diamonds(60))
    for _ in range(3):
        view.toggle_detail()
        view.set_horizontal(not view.options.horizontal)
        qtbot.wait(5)
    settle(qtbot, view)
    view.collapse_all()
    view.expand_all()
    view.collapse_all()
    settle(qtbot, view)
    assert view.content is not None
    assert all(node.collapsed for node in view.content.nodes)
    assert view.canvas.picture is not None
    assert view.canvas.picture.geometry.horizontal is view.options.horizontal


def test_that_another_graph_begins_expanded_and_keeps_the_direction(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(4))
    view.set_horizontal(True)
    view.collapse_all()
    settle(qtbot, view)
    show(qtbot, view, diamonds(5))
    assert view.options.collapsed == frozenset()
    assert view.options.horizontal
    assert view.content is not None
    assert len(view.content.nodes) == 20


def test_that_the_menu_offers_what_fits_the_node(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(4))
    assert view.content is not None
    menu = context_menu(view, view.content.nodes[5])
    entries = {action.text(): action for action in menu.actions() if action.text()}
    assert {"Collapse Block 2", "Show its ONNX nodes", "Copy name", "Copy picture"} <= set(entries)
    assert not entries["Expand all blocks"].isEnabled()
    entries["Copy name"].trigger()
    assert QApplication.clipboard().text() == view.content.nodes[5].name
    entries["Collapse Block 2"].trigger()
    settle(qtbot, view)
    assert view.options.collapsed == {1}
    assert "Show its operator" not in {action.text() for action in context_menu(view, None).actions()}


# -- search


def _type(qtbot: QtBot, view: DagView, text: str) -> None:
    view.search.text.clear()
    qtbot.keyClicks(view.search.text, text)
    qtbot.waitUntil(lambda: not view.finder.searching, timeout=5000)


def test_that_the_search_marks_counts_and_steps_through_the_finds(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(3))
    qtbot.keyClick(view, Qt.Key.Key_Slash)
    qtbot.waitUntil(view.search.isVisible, timeout=2000)
    _type(qtbot, view, "add")
    assert view.content is not None
    adds = [view.content.index[f"add{i}"] for i in range(3)]
    assert view.canvas.marks.found == set(adds)
    assert view.search.count.text() == "3 found"
    chosen = []
    for modifier in (Qt.KeyboardModifier.NoModifier,) * 4 + (Qt.KeyboardModifier.ShiftModifier,) * 2:
        qtbot.keyClick(view.search.text, Qt.Key.Key_Return, modifier)
        chosen.append(view.current)
    assert chosen == ["add0", "add1", "add2", "add0", "add2", "add1"]
    assert view.search.count.text() == "2 of 3"
    assert view.canvas.rect().contains(widget_point(view, "add1"))
    qtbot.keyClick(view.search.text, Qt.Key.Key_Escape)
    assert not view.search.isVisible()
    assert view.canvas.marks.found == frozenset()
    assert view.selected == ("add1",), "Esc closes the bar, not the selection"


def test_that_a_find_inside_a_collapsed_block_marks_the_block_and_opens_it(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(3))
    view.collapse_all()
    settle(qtbot, view)
    view.open_search()
    _type(qtbot, view, "conv1b")
    assert view.canvas.marks.found == {1}
    qtbot.keyClick(view.search.text, Qt.Key.Key_Return)
    settle(qtbot, view)
    assert view.options.collapsed == {0, 2}
    assert view.current == "conv1b"
    assert view.canvas.rect().contains(widget_point(view, "conv1b"))


def test_that_regular_expressions_are_an_option_and_wrong_ones_are_explained(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(3))
    view.open_search()
    _type(qtbot, view, "conv[02]a$")
    assert view.search.count.text() == "none found"
    qtbot.mouseClick(view.search.regex, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.search.count.text() == "2 found", timeout=2000)
    _type(qtbot, view, "conv(")
    assert view.search.count.text() == "not valid"
    assert "character" in view.search.text.toolTip()
    assert view.canvas.marks.found == frozenset()


def test_that_only_names_types_or_shapes_may_be_searched(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions({"conv1": ["x"], "add_conv": ["conv1"]}))
    view.open_search()
    _type(qtbot, view, "conv")
    assert view.search.count.text() == "2 found"
    view.search.where.setCurrentIndex(view.search.where.findData(SearchIn.TYPE))
    qtbot.waitUntil(lambda: view.search.count.text() == "1 found", timeout=2000)
    view.search.where.setCurrentIndex(view.search.where.findData(SearchIn.SHAPE))
    _type(qtbot, view, "16x8x8")
    assert view.search.count.text() == "2 found"


# -- pictures


def test_that_pictures_are_written_in_the_background(qtbot: QtBot, view: DagView, tmp_path: Path) -> None:
    show(qtbot, view, diamonds(6))
    for suffix, magic in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        path = tmp_path / f"graph.{suffix}"
        with qtbot.waitSignal(view.pictures.saved, timeout=20_000) as told:
            view.save_picture(path)
            assert view.pictures.busy
        assert told.args == [path]
        assert path.read_bytes().startswith(magic)
    assert not view.pictures.busy
    assert not list(tmp_path.glob("*.part"))


def test_that_a_picture_drawn_in_strips_equals_one_drawn_at_once(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(12))
    picture = view.canvas.picture
    assert picture is not None
    image = png_picture(picture, LIGHT, DagText().family)
    bounds = picture.geometry.bounds
    scale = 2.0
    assert image.width() == math.ceil(bounds.width() * scale)
    whole = QImage(image.size(), image.format())
    painter = QPainter(whole)
    whole.fill(QColor(LIGHT.background))
    painter.scale(scale, scale)
    painter.translate(-bounds.topLeft())
    DagPainter(LIGHT, DagText()).paint(painter, picture, bounds, scale)
    painter.end()
    assert image.height() > 2 * 512
    assert image == whole


def test_that_a_copied_picture_is_on_the_clipboard(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    with qtbot.waitSignal(view.pictures.copied, timeout=20_000):
        view.copy_picture()
    data = QApplication.clipboard().mimeData()
    assert data.hasImage()
    assert bytes(data.data("image/png").data()).startswith(b"\x89PNG")
    assert b"<svg" in bytes(data.data("image/svg+xml").data())
    QApplication.clipboard().clear()


def test_that_a_picture_that_cannot_be_written_is_explained(qtbot: QtBot, view: DagView, tmp_path: Path) -> None:
    show(qtbot, view, convolutions(DIAMOND))
    for path, why in ((tmp_path / "missing" / "graph.png", "cannot be written"), (tmp_path / "graph.bmp", "svg, png")):
        with qtbot.waitSignal(view.pictures.failed, timeout=20_000) as told:
            view.save_picture(path)
        assert told.args is not None
        assert why in told.args[0]


# -- bad input


def test_that_long_names_are_cut_and_still_found(qtbot: QtBot, view: DagView) -> None:
    long = "conv" + "/very_long_part" * 20
    show(qtbot, view, convolutions({long: ["x"], "add": [long]}))
    picture = view.canvas.picture
    assert picture is not None
    assert picture.geometry.rect(0).width() <= 260
    assert max(map(len, picture.nodes[0].description.splitlines())) <= 110
    view.open_search()
    _type(qtbot, view, "long_part/very")
    assert view.search.count.text() == "2 found" if "long_part/very" in picture.nodes[1].alias else "1 found"


def test_that_sixty_branches_are_laid_side_by_side(qtbot: QtBot, view: DagView) -> None:
    branches = {f"conv{i}": ["x"] for i in range(60)}
    show(qtbot, view, convolutions({**branches, "add": list(branches)}))
    picture = view.canvas.picture
    assert picture is not None
    left, top, right, _ = picture.geometry.columns
    assert len(set(top[:60].tolist())) == 1
    order = left[:60].argsort()
    assert (right[order[:-1]] < left[order[1:]]).all()
    view.fit()
    assert view.canvas.port.area.contains(picture.geometry.bounds)


def test_that_a_tiny_view_still_shows_its_parts_inside(qtbot: QtBot, view: DagView) -> None:
    show(qtbot, view, diamonds(20))
    view.open_search()
    view.resize(180, 120)
    assert view.search.geometry().right() <= view.width()
    assert not view.minimap.isVisible()
    assert view.grab().size().width() > 0
