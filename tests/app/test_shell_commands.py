"""Verbs run in processes of their own, and what the window says about two schedules."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from warploom.recording.recording import Recording
from warploom_app.commands import CommandRunner
from warploom_app.presenters.results import make_results
from warploom_app.presenters.why import Why, why
from warploom_app.state import AppState
from warploom_app.views.why_panel import WhyPanel

_FAILING = "import sys; sys.exit('warploom: The disk is full.')"


def test_that_a_command_may_take_the_last_reference_to_its_runner(qtbot: QtBot) -> None:
    ended: list[str] = []
    runners = [CommandRunner(prefix=[sys.executable, "-c", "pass"])]

    def done() -> None:
        runners.clear()
        gc.collect()
        ended.append("done")

    runners[0].run([], done, lambda *_: ended.append("failed"))
    qtbot.waitUntil(lambda: bool(ended), timeout=10_000)
    qtbot.wait(20)
    assert ended == ["done"]


def test_that_a_failure_is_the_sentence_that_the_command_printed(qtbot: QtBot) -> None:
    said: list[str] = []
    runner = CommandRunner(prefix=[sys.executable, "-c", _FAILING])
    runner.run([], lambda: said.append("done"), lambda text, _: said.append(text))
    qtbot.waitUntil(lambda: bool(said), timeout=10_000)
    assert said == ["The disk is full."]
    missing = CommandRunner(prefix=["/no/such/program"])
    missing.run([], lambda: said.append("done"), lambda text, _: said.append(text))
    qtbot.waitUntil(lambda: len(said) == 2, timeout=10_000)
    assert "did not start" in said[1]


def test_that_a_stopped_command_says_nothing(qtbot: QtBot) -> None:
    said: list[str] = []
    runner = CommandRunner(prefix=[sys.executable, "-c", "import time; time.sleep(30)"])
    process = runner.run([], lambda: said.append("done"), lambda text, _: said.append(text))
    process.waitForStarted()
    runner.stop(process)
    runner.stop(process)
    qtbot.wait(100)
    assert said == []
    runner.close()


def test_that_the_account_stands_above_the_reasons_and_caveats_below(
    qtbot: QtBot, make_recording: Callable[..., Recording]
) -> None:
    results = make_results(make_recording(2))
    found = why(results.pair(results.usual), results.names)
    saved = results.candidates[results.usual[0]].statistics.duration_ns
    saved -= results.candidates[results.usual[1]].statistics.duration_ns
    assert f"{abs(saved) / 1000:,.1f} µs" in found.account
    assert any("A model of the GPU made" in text for text in found.caveats)
    panel = WhyPanel(AppState())
    qtbot.addWidget(panel)
    panel.resize(300, 900)
    panel.show()
    panel.show_why(found)
    assert panel.account.accessibleName() == found.account
    assert panel.account.text().replace("\u200b", "").replace("\N{NO-BREAK SPACE}", " ") == found.account
    assert panel.account.y() < panel.rows[0].y() < panel.caveats.y()
    panel.show_why(Why(), "Nothing.")
    assert not panel.account.isVisible()
    assert not panel.caveats.isVisible()


def test_that_a_schedule_beside_itself_needs_no_account(make_recording: Callable[..., Recording]) -> None:
    results = make_results(make_recording(2))
    name = results.usual[0]
    assert why(results.pair((name, name)), results.names).account == ""
    assert why(None, {}) == Why()


@pytest.fixture(autouse=True)
def application(qapp: object) -> None:
    """Processes need an event loop."""
