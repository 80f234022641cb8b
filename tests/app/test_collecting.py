"""Cyclic garbage of the window is destroyed on the user interface's thread."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QCoreApplication, QObject
from pytestqt.qtbot import QtBot

from warploom_app.background import Background
from warploom_app.collecting import Collector


class Knot(QObject):
    """Refers to itself."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self


def allocate() -> int:
    """Enough for Python to collect several times, were it allowed to."""
    return len([[[]] for _ in range(20 * gc.get_threshold()[0])])


def test_that_no_thread_of_the_pool_destroys_objects_of_the_window(qtbot: QtBot) -> None:
    background = Background()
    ended: list[int] = []
    destroyed_on: list[threading.Thread] = []
    knot = weakref.ref(Knot(), lambda _: destroyed_on.append(threading.current_thread()))
    background.run(allocate, ended.append, ended.append)
    qtbot.waitUntil(lambda: bool(ended), timeout=10_000)
    background.close()
    (collector,) = QCoreApplication.instance().findChildren(Collector)
    kept = [[[]] for _ in range(20 * gc.get_threshold()[0])]
    for _ in range(200):  # until every generation had its turn
        if knot() is None:
            break
        kept += [[[]] for _ in range(2 * gc.get_threshold()[0])]
        collector.collect()
    assert knot() is None
    assert destroyed_on == [threading.main_thread()]


def test_that_all_is_looked_at_again_only_when_much_has_grown_old(
    monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    del qtbot
    owner = QObject()
    seen: list[int] = []
    collector = Collector(owner)
    monkeypatch.setattr(gc, "get_count", lambda: (10**6, 10**6, 10**6))
    monkeypatch.setattr(gc, "collect", seen.append)
    old = [100, 100, 100, 124, 126, 126]
    monkeypatch.setattr(gc, "get_objects", lambda *, generation: range(old.pop(0)) if generation == 2 else ())
    for _ in range(4):
        collector.collect()
    assert seen == [2, 1, 1, 2], "the first time, and once there is a quarter more"


def test_that_windows_share_one_collector(qtbot: QtBot) -> None:
    del qtbot
    backgrounds = [Background(), Background()]
    assert len(QCoreApplication.instance().findChildren(Collector)) == 1
    assert not gc.isenabled()
    for background in backgrounds:
        background.close()
