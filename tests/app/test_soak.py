"""A short soak of the whole window: what is done hundreds of times leaves nothing behind (see benchmarks/soak.py)."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from warploom_app.background import Background
from warploom_app.main import WindowProgram
from warploom_app.theme import DARK, LIGHT
from warploom_app.views.start_cards import RecordingCard
from warploom_app.views.timeline_menu import fill_menu

CHANCE = 1.0
"""References and objects that may come and go by themselves, for each time that something is done."""


def turn() -> None:
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def counts() -> dict[str, int]:
    """References to what everything shares, and objects."""
    for _ in range(5):  # a pass stops counting tuples of plain values, the next one tuples of those
        gc.collect()
    shared = {"None": None, "True": True, "False": False, "()": (), "''": "", "LIGHT": LIGHT, "DARK": DARK}
    return {name: sys.getrefcount(one) for name, one in shared.items()} | {"objects": len(gc.get_objects())}


def assert_flat(act: Callable[[int], object], times: int, warm: int) -> None:
    """What is done often must not grow anything: each time less than by chance."""
    for i in range(warm):
        act(i)
        turn()
    before = counts()
    for i in range(times):
        act(warm + i)
        turn()
    after = counts()
    grown = {name: (after[name] - count) / times for name, count in before.items()}
    assert all(value < CHANCE for value in grown.values()), grown


@pytest.fixture
def shown(qtbot: QtBot, opened: WindowProgram) -> Iterator[WindowProgram]:
    """The window with its graph laid out; the collector runs only where it is asked to."""
    qtbot.waitUntil(lambda: not opened.window.workbench.dag.laying_out, timeout=20_000)
    gc.disable()
    yield opened
    gc.enable()


def operator(program: WindowProgram, number: int) -> str:
    document = program.state.document
    assert document is not None
    return document.graph.operators[7 * number % len(document.graph.operators)].name


def test_that_frames_of_the_graph_leave_nothing_behind(shown: WindowProgram) -> None:
    canvas = shown.window.workbench.dag.canvas

    def frame(step: int) -> None:
        if step % 4 < 2:
            canvas.pan(QPointF(7 if step % 40 < 20 else -7, -11))
        else:
            canvas.zoom_about(0.95 if step % 80 < 40 else 1 / 0.95)
        shown.state.hover([operator(shown, step // 5)])
        canvas.repaint()

    assert_flat(frame, 200, warm=100)


def test_that_frames_of_the_timelines_leave_nothing_behind(shown: WindowProgram) -> None:
    canvas = shown.window.workbench.comparison.canvas

    def frame(step: int) -> None:
        canvas.set_axis(canvas.axis.panned((1 if step % 7 < 4 else -1) * canvas.axis.span_ns * 0.03))
        canvas.zoom(0.9 if step % 20 < 10 else 1 / 0.9, 300.0)
        if step % 10 == 0:
            canvas.set_options(replace(canvas.options, critical_path=not canvas.options.critical_path))
            canvas.choose_stretch()
        canvas.viewport().repaint()

    assert_flat(frame, 200, warm=100)


def test_that_choosing_operators_leaves_nothing_behind(shown: WindowProgram) -> None:
    assert_flat(lambda i: shown.state.pin([operator(shown, i)]), 60, warm=30)


def test_that_comparing_others_and_turning_pages_leaves_nothing_behind(shown: WindowProgram) -> None:
    document = shown.state.document
    assert document is not None
    assert document.results is not None
    first, *others = document.results.candidates

    def act(number: int) -> None:
        shown.state.set_compared((first, others[number % len(others)]))
        shown.window.show_tab(number % 5)

    assert_flat(act, 40, warm=20)


def test_that_opening_and_closing_leaves_nothing_behind(shown: WindowProgram, recording_file: Path) -> None:
    def cycle(_: int) -> None:
        shown.window.close_document()
        shown.session.open([recording_file])
        deadline = time.monotonic() + 20
        while shown.state.document is None or shown.window.workbench.dag.laying_out:
            turn()  # not qtbot's waiting: it makes timers and loops of its own
            assert time.monotonic() < deadline

    assert_flat(cycle, 10, warm=4)


def test_that_work_in_the_background_is_let_go_of(qtbot: QtBot) -> None:
    class Held:
        pass

    background, ended = Background(), []
    for _ in range(20):
        held = Held()
        background.run(lambda held=held: held is not None, ended.append, ended.append)
    del held
    qtbot.waitUntil(lambda: len(ended) == 20, timeout=5000)
    background.close()
    gc.collect()
    assert not [one for one in gc.get_objects() if isinstance(one, Held)]


def test_that_a_menu_that_is_filled_again_keeps_nothing_of_before(shown: WindowProgram) -> None:
    comparison = shown.window.workbench.comparison
    menu = QMenu(comparison)

    def made() -> int:
        turn()
        gc.collect()
        return sum(isinstance(one, QMenu | QAction) for one in gc.get_objects())

    fill_menu(menu, comparison)
    before = made()
    for _ in range(5):
        fill_menu(menu, comparison)
    assert made() == before


def test_that_a_shipped_recording_has_its_own_card_alone_and_another_one_a_recent_card(
    shown: WindowProgram, recording_file: Path
) -> None:
    page = shown.window.start_page
    for _ in range(3):
        for path in (page._shipped[0], recording_file):
            shown.session.opened.emit(path)
        turn()
    cards = [card.path for card in page.findChildren(RecordingCard)]
    assert cards.count(page._shipped[0]) == cards.count(recording_file) == 1
