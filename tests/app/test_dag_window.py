"""The graph inside the window: its menu and header, links of the inspector, colours of a schedule, exports."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from dag_graphs import settle
from warploom_app.main import WindowProgram
from warploom_app.presenters.dag_colours import ColourBy
from warploom_app.presenters.dag_content import Detail


@pytest.fixture
def shown(qtbot: QtBot, opened: WindowProgram) -> WindowProgram:
    """The small recording, its graph laid out."""
    dag = opened.window.workbench.dag
    qtbot.waitUntil(lambda: dag.content is not None and not dag.laying_out, timeout=10_000)
    return opened


def test_that_the_menu_collapses_and_expands_and_the_header_follows(qtbot: QtBot, shown: WindowProgram) -> None:
    registry, dag = shown.window.registry, shown.window.workbench.dag
    assert registry["graph.collapse"].isEnabled()
    assert not registry["graph.expand"].isEnabled()
    registry["graph.collapse"].trigger()
    settle(qtbot, dag)
    assert dag.options.collapsed == dag.blocks
    assert not registry["graph.collapse"].isEnabled()
    registry["graph.expand"].trigger()
    settle(qtbot, dag)
    assert dag.options.collapsed == frozenset()


def test_that_collapsed_blocks_tell_the_latency_of_the_compared_schedule(qtbot: QtBot, shown: WindowProgram) -> None:
    dag = shown.window.workbench.dag
    dag.collapse_all()
    settle(qtbot, dag)
    picture = dag.canvas.picture
    assert picture is not None
    told = [node.alias for node in picture.nodes if node.collapsed]
    assert told
    assert all(text.endswith((" µs", " ms")) for text in told)


def test_that_onnx_nodes_are_switched_from_menu_and_header(qtbot: QtBot, shown: WindowProgram) -> None:
    registry, dag = shown.window.registry, shown.window.workbench.dag
    registry["graph.onnx"].trigger()
    settle(qtbot, dag)
    assert dag.options.detail is Detail.ONNX_NODES
    assert registry["graph.onnx"].isChecked()
    box = next(
        one for one in shown.window.workbench.graph_panel.findChildren(QComboBox) if one.findData(Detail.OPERATORS) >= 0
    )
    assert box.currentData() == Detail.ONNX_NODES
    row = box.findData(Detail.OPERATORS)
    box.setCurrentIndex(row)
    box.activated.emit(row)
    settle(qtbot, dag)
    assert dag.options.detail is Detail.OPERATORS
    assert not registry["graph.onnx"].isChecked()


def test_that_a_link_of_the_inspector_leads_to_the_onnx_node_and_a_choice_there_back(
    qtbot: QtBot, shown: WindowProgram
) -> None:
    work, state = shown.window.workbench, shown.state
    state.pin(["m1/b1"])
    document = state.document
    assert document is not None
    source = document.graph.operator("m1/b1").sources[0]
    link = next(one for one in work.inspector.findChildren(QPushButton) if one.accessibleName() == source)
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    settle(qtbot, work.dag)
    assert work.dag.options.detail is Detail.ONNX_NODES
    node = work.dag.onnx_node_here
    assert node is not None
    assert source in node.sources
    assert state.selection.pinned == {"m1/b1"}
    inspection = work.inspector.inspection
    assert inspection is not None
    assert inspection.subtitle.startswith("ONNX node")
    work.dag.show_operator("stem")
    settle(qtbot, work.dag)
    assert state.selection.pinned == {"stem"}
    assert work.dag.options.detail is Detail.OPERATORS


def test_that_the_inspector_lists_attributes(shown: WindowProgram) -> None:
    shown.state.pin(["stem"])
    inspection = shown.window.workbench.inspector.inspection
    assert inspection is not None
    sections = {section.heading: dict(section.rows) for section in inspection.sections}
    attributes = next(rows for heading, rows in sections.items() if heading.startswith("Attributes"))
    assert attributes["kernel_shape"] == "3, 3"


def test_that_colours_of_a_schedule_are_offered_once_there_is_one(qtbot: QtBot, shown: WindowProgram) -> None:
    registry, work = shown.window.registry, shown.window.workbench
    action = registry["graph.colour-warps"]
    assert action.isEnabled()
    action.trigger()
    assert work.graph_panel.colour_by is ColourBy.WARPS
    assert action.isChecked()
    picture = work.dag.canvas.picture
    assert picture is not None
    assert len(set(picture.colours)) > 1
    shown.window.close_document()
    qtbot.waitUntil(lambda: not action.isEnabled(), timeout=2000)


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_that_the_graph_is_exported_from_the_menu(
    qtbot: QtBot, shown: WindowProgram, tmp_path: Path, suffix: str
) -> None:
    shown.window.registry[f"export.graph-{suffix}"].trigger()
    dialog = shown.window.findChild(QFileDialog, "exportDialog")
    assert dialog is not None
    path = tmp_path / f"graph.{suffix}"
    dialog.fileSelected.emit(str(path))
    dialog.close()
    qtbot.waitUntil(lambda: shown.state.message is not None, timeout=20_000)
    assert shown.state.message is not None
    assert shown.state.message.text == f"Saved {path}"
    assert path.stat().st_size > 1000


def test_that_the_search_opens_from_the_menu_and_its_escape_keeps_the_selection(
    qtbot: QtBot, shown: WindowProgram
) -> None:
    dag = shown.window.workbench.dag
    shown.state.pin(["stem"])
    shown.window.registry["graph.find"].trigger()
    qtbot.waitUntil(dag.search.text.hasFocus, timeout=2000)
    qtbot.keyClicks(dag.search.text, "join")
    qtbot.keyClick(dag.search.text, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: shown.state.selection.pinned != {"stem"}, timeout=2000)
    assert all("join" in name for name in shown.state.selection.pinned)
    qtbot.keyClick(dag.search.text, Qt.Key.Key_Escape)
    assert dag.search.isHidden()
    assert shown.state.selection.pinned
