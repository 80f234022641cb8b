"""Every item model keeps Qt's rules on real data, while it changes, and behind its filter."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from warploom.graph import LogEntry
from warploom.recording.recording import Recording
from warploom_app.models.figures_table import CANDIDATE_ROLE, FiguresTable
from warploom_app.models.log_table import LogFilter, LogTable
from warploom_app.models.operator_tree import AFTER, BEFORE, NAME, OPERATOR_ROLE, OperatorFilter, OperatorTree
from warploom_app.presenters.names import launch_hint
from warploom_app.presenters.results import Results, block_times, blocks_of, make_results, operator_rows
from warploom_app.state import AppState
from warploom_app.stylesheet import style_sheet
from warploom_app.theme import LIGHT
from warploom_app.views.operator_panel import OperatorPanel

pytestmark = pytest.mark.usefixtures("qapp")

MakeRecording = Callable[..., Recording]


@pytest.fixture(scope="module")
def results(make_recording: MakeRecording) -> Results:
    return make_results(make_recording(3))


def checked(model: QAbstractItemModel) -> QAbstractItemModelTester:
    return QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)


def fill(tree: OperatorTree, results: Results, *, latencies: bool) -> None:
    graph = results.recording.graph
    blocks = blocks_of(graph)
    pair = results.pair(results.usual) if latencies else None
    rows = operator_rows(graph, results.names, blocks, pair)
    tree.set_rows(rows, ("Sequential", "IOS both"), block_times(blocks, pair))


def test_that_the_operator_tree_keeps_the_rules_while_it_is_filled_and_emptied(results: Results) -> None:
    tree = OperatorTree()
    proxy = OperatorFilter()
    proxy.setSourceModel(tree)
    testers = checked(tree), checked(proxy)
    fill(tree, results, latencies=False)
    fill(tree, results, latencies=True)
    proxy.set_text("concat")
    proxy.sort(BEFORE, Qt.SortOrder.DescendingOrder)
    proxy.set_text("")
    tree.set_rows(())
    assert tree.rowCount() == 0
    assert testers


def test_that_blocks_hold_their_operators_and_show_elapsed_time_not_sums(results: Results) -> None:
    tree = OperatorTree()
    fill(tree, results, latencies=True)
    assert not tree.flat
    names = [
        tree.index(row, NAME, block).data(OPERATOR_ROLE)
        for number in range(tree.rowCount())
        for block in [tree.index(number, NAME)]
        for row in range(tree.rowCount(block))
    ]
    assert sorted(names) == sorted(operator.name for operator in results.recording.graph.operators)
    shown = sum(float(tree.index(row, AFTER).data()) for row in range(tree.rowCount()))
    comparison = results.pair(results.usual).comparison
    assert shown == pytest.approx(sum(stage.after.elapsed_us for stage in comparison.stages), abs=0.05)


def test_that_finding_and_parents_agree(results: Results) -> None:
    tree = OperatorTree()
    fill(tree, results, latencies=True)
    index = tree.find("m2/b1")
    assert index.data(OPERATOR_ROLE) == "m2/b1"
    assert tree.index(index.row(), 0, index.parent()) == index
    assert tree.find("no such operator") == QModelIndex()


def test_that_a_graph_of_one_block_is_a_flat_list(make_recording: MakeRecording) -> None:
    graph = make_recording(1).graph
    tree = OperatorTree()
    tester = checked(tree)
    tree.set_rows(operator_rows(graph, {}, {}))
    assert tree.flat
    assert tree.rowCount() == len(graph.operators)
    assert not tree.has_latencies
    assert tester


def test_that_sorting_by_latency_orders_numbers_not_text(results: Results) -> None:
    tree = OperatorTree()
    rows = operator_rows(results.recording.graph, results.names, {}, results.pair(results.usual))
    tree.set_rows(rows, ("before", "after"))
    proxy = OperatorFilter()
    proxy.setSourceModel(tree)
    proxy.sort(BEFORE, Qt.SortOrder.DescendingOrder)
    values = [float(proxy.index(row, BEFORE).data()) for row in range(proxy.rowCount())]
    assert values == sorted(values, reverse=True)
    assert len(values) == len(rows)


def test_that_the_figures_are_those_of_the_report(results: Results) -> None:
    table = FiguresTable()
    tester = checked(table)
    table.set_table(results.table)
    assert table.rowCount() == len(results.table.rows)
    assert table.columnCount() == 2 + len(results.recording.candidates)
    assert table.index(0, 2).data() == results.table.rows[0].texts[0]
    assert table.index(0, 2).data(CANDIDATE_ROLE) == "sequential"
    assert table.index(0, 0).data(CANDIDATE_ROLE) == ""
    table.set_table(None)
    assert table.rowCount() == table.columnCount() == 0
    assert tester


def test_that_the_log_grows_behind_its_filter() -> None:
    table, proxy = LogTable(), LogFilter()
    proxy.setSourceModel(table)
    testers = checked(table), checked(proxy)
    entry = LogEntry("fuse_epilogue", ("conv1",), "fused", "only one reads it")
    table.set_names({"conv1": "Mixed_5b.branch1x1"})
    table.set_entries([entry])
    proxy.set_text("MIXED fused")
    table.append([entry, LogEntry("import", ("conv2",), "kept", "no reason")])
    table.append([])
    assert table.rowCount() == 3
    assert proxy.rowCount() == 2
    assert table.index(0, 0).data() == "fuse epilogue"
    assert testers


def test_that_no_latency_in_the_list_of_operators_is_cut(qtbot: QtBot, results: Results) -> None:
    tree = OperatorTree()
    panel = OperatorPanel(AppState(), tree)
    qtbot.addWidget(panel)
    panel.setStyleSheet(style_sheet(LIGHT))
    panel.resize(330, 400)
    panel.show()
    blocks = blocks_of(results.recording.graph)
    rows = operator_rows(results.recording.graph, results.names, blocks, results.pair(results.usual))
    elapsed = dict.fromkeys(set(blocks.values()), (4646.3, 2129.83))
    tree.set_rows(rows, ("Greedy", "Greedy"), elapsed)
    for column in (BEFORE, AFTER):
        assert not panel.tree.isColumnHidden(column)
        assert panel.tree.columnWidth(column) >= panel.tree.sizeHintForColumn(column)


def test_that_the_schedules_that_are_shown_come_first_among_the_figures(results: Results) -> None:
    assert results.table.columns[:2] == ("sequential", results.recording.chosen)
    assert results.table.chosen == 1
    assert sorted(results.table.columns) == sorted(one.name for one in results.recording.candidates)


def test_that_the_first_word_on_a_merged_launch_says_that_it_is_one(results: Results) -> None:
    graph = results.recording.graph
    names = tuple(operator.name for operator in graph.operators[:2])
    assert launch_hint(graph, names) == "merged ×2"
