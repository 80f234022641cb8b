"""The tables beside the timelines keep Qt's rules, sort numbers as numbers, and can be copied."""

from __future__ import annotations

import csv
from collections.abc import Callable

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtTest import QAbstractItemModelTester

from timelines import measured_track
from warploom.recording.recording import Recording
from warploom_app.models import delta_table
from warploom_app.models.delta_table import DeltaFilter, DeltaTable
from warploom_app.models.range_table import COUNT, OPERATORS_ROLE, SUM, RangeTable
from warploom_app.presenters.delta import DeltaRow, delta_rows
from warploom_app.presenters.range_statistics import range_statistics
from warploom_app.presenters.results import Results, make_results
from warploom_app.views.table_copy import table_text

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture(scope="module")
def results(make_recording: Callable[..., Recording]) -> Results:
    return make_results(make_recording(3))


@pytest.fixture
def rows(results: Results) -> tuple[DeltaRow, ...]:
    return delta_rows(results.recording.graph, results.names, results.pair(results.usual))


def checked(model: QAbstractItemModel) -> QAbstractItemModelTester:
    return QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)


def column(model: QAbstractItemModel, number: int) -> list[str]:
    return [str(model.index(row, number).data()) for row in range(model.rowCount())]


def test_that_the_table_of_changes_keeps_the_rules_while_it_is_filtered_and_sorted(rows: tuple[DeltaRow, ...]) -> None:
    table, proxy = DeltaTable(), DeltaFilter()
    proxy.setSourceModel(table)
    testers = checked(table), checked(proxy)
    table.set_rows(rows, ("Sequential", "IOS both"))
    assert table.rowCount() == len(rows)
    proxy.set_text("concat")
    assert 0 < proxy.rowCount() < len(rows)
    proxy.set_changed_only(True)
    proxy.set_text("")
    changed = proxy.rowCount()
    assert 0 < changed < len(rows)
    proxy.sort(delta_table.DELTA, Qt.SortOrder.DescendingOrder)
    proxy.set_changed_only(False)
    table.set_rows(())
    assert proxy.rowCount() == 0
    assert testers


def test_that_changes_sort_as_numbers_and_unknown_ones_come_last(rows: tuple[DeltaRow, ...]) -> None:
    import dataclasses

    known = [dataclasses.replace(row, slowdown=None if i % 3 == 0 else i / 10) for i, row in enumerate(rows)]
    table, proxy = DeltaTable(), DeltaFilter()
    table.set_rows(known, ("a", "b"))
    proxy.setSourceModel(table)
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        proxy.sort(delta_table.SLOWDOWN, order)
        texts = column(proxy, delta_table.SLOWDOWN)
        unknown = sum(row.slowdown is None for row in known)
        assert texts[-unknown:] == [""] * unknown
        values = [float(text.rstrip("×")) for text in texts[:-unknown]]
        assert values == sorted(values, reverse=order is Qt.SortOrder.DescendingOrder)


def test_that_a_change_is_after_minus_before(rows: tuple[DeltaRow, ...]) -> None:
    table = DeltaTable()
    table.set_rows(rows, ("a", "b"))
    for number in range(table.rowCount()):
        before, after, change = (
            float(str(table.index(number, one).data()).replace("−", "-").replace(",", ""))
            for one in (delta_table.BEFORE, delta_table.AFTER, delta_table.DELTA)
        )
        assert after - before == pytest.approx(change, abs=0.011)
    assert table.find(rows[2].name).row() == 2
    assert table.find("no such operator") == QModelIndex()
    assert "µs" in str(table.headerData(delta_table.BEFORE, Qt.Orientation.Horizontal))


def test_that_the_statistics_keep_the_rules_and_know_their_operators() -> None:
    table, proxy = RangeTable(), QSortFilterProxyModel()
    proxy.setSourceModel(table)
    testers = checked(table), checked(proxy)
    statistics = range_statistics([measured_track(), measured_track()], 0, 110_000)
    table.set_statistics(statistics)
    assert table.rowCount() == len(statistics.rows)
    assert sum(int(text) for text in column(table, COUNT)) == 14
    names = {name for row in range(table.rowCount()) for name in table.index(row, 0).data(OPERATORS_ROLE)}
    assert "branch a" in names
    table.set_statistics(None)
    assert table.rowCount() == 0
    assert testers


def test_that_csv_holds_plain_numbers_and_text_what_is_shown() -> None:
    table = RangeTable()
    table.set_statistics(range_statistics([measured_track()], 0, 110_000))
    every = list(range(table.rowCount()))
    parsed = list(csv.reader(table_text(table, every, ",").splitlines()))
    assert len(parsed) == len(every) + 1
    assert [title.rpartition(" ")[2] for title in parsed[0][SUM:]] == ["µs"] * 4
    assert all(float(line[SUM]) >= 0 for line in parsed[1:])
    assert table_text(table, every).splitlines()[1].split("\t")[SUM] == table.index(0, SUM).data()
