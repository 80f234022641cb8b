"""The process that draws pictures of graphs: what it draws, how it is stopped, and that no file is ever half there."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from dag_graphs import diamonds
from warploom_app.drawing import order_of
from warploom_app.drawing.messages import PictureOrder, picture_of
from warploom_app.main import WindowProgram
from warploom_app.painters.dag_export import png_picture, svg_picture
from warploom_app.painters.dag_text import DagText
from warploom_app.theme import DARK, LIGHT
from warploom_app.views.dag_view import DagView


@pytest.fixture
def view(qtbot: QtBot) -> DagView:
    view = DagView(LIGHT)
    qtbot.addWidget(view)
    view.resize(700, 500)
    view.show()
    view.set_graph(diamonds(30))
    qtbot.waitUntil(lambda: not view.laying_out, timeout=20_000)
    return view


@pytest.mark.parametrize("horizontal", [False, True])
def test_that_an_ordered_picture_is_the_one_on_screen(qtbot: QtBot, view: DagView, horizontal: bool) -> None:
    view.set_horizontal(horizontal)
    qtbot.waitUntil(lambda: not view.laying_out, timeout=20_000)
    view.collapse_all()
    qtbot.waitUntil(lambda: not view.laying_out, timeout=20_000)
    shown, family = view.canvas.picture, DagText().family
    assert shown is not None
    sent = msgspec.msgpack.encode(order_of(shown, DARK, family))
    order = msgspec.msgpack.decode(sent, type=PictureOrder)
    assert order.theme == DARK.name
    assert svg_picture(picture_of(order), DARK, family) == svg_picture(shown, DARK, family)


def test_that_the_process_draws_what_the_window_would(qtbot: QtBot, view: DagView, tmp_path: Path) -> None:
    with qtbot.waitSignal(view.pictures.saved, timeout=20_000):
        view.save_picture(tmp_path / "graph.png")
    image = QImage(str(tmp_path / "graph.png")).convertToFormat(QImage.Format.Format_RGB32)
    assert image == png_picture(view.canvas.picture, LIGHT, DagText().family)
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["graph.png"]


def test_that_orders_are_drawn_one_after_another(qtbot: QtBot, view: DagView, tmp_path: Path) -> None:
    told: list[Path] = []
    view.pictures.saved.connect(told.append)
    paths = [tmp_path / f"graph.{suffix}" for suffix in ("svg", "pdf", "png")]
    for path in paths:
        view.save_picture(path)
    qtbot.waitUntil(lambda: not view.pictures.busy, timeout=20_000)
    assert told == paths
    assert all(path.stat().st_size for path in paths)


def test_that_esc_stops_drawing_and_leaves_the_file_as_it_was(qtbot: QtBot, view: DagView, tmp_path: Path) -> None:
    path = tmp_path / "graph.png"
    path.write_bytes(b"from before")
    told: list[object] = []
    view.pictures.saved.connect(told.append)
    view.pictures.failed.connect(told.append)
    view.save_picture(path)
    view.save_picture(tmp_path / "other.svg")
    qtbot.wait(100)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert not view.pictures.busy
    qtbot.wait(1000)
    assert path.read_bytes() == b"from before"
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["graph.png"]
    assert not told
    with qtbot.waitSignal(view.pictures.saved, timeout=20_000):  # it can be asked again
        view.save_picture(path)


def test_that_a_killed_process_is_told_and_leaves_nothing(qtbot: QtBot, view: DagView, tmp_path: Path) -> None:
    with qtbot.waitSignal(view.pictures.failed, timeout=20_000) as told:
        view.save_picture(tmp_path / "graph.png")
        process = view.pictures._process._process
        assert process is not None
        process.waitForStarted()
        os.kill(process.processId(), signal.SIGKILL)
    assert told.args is not None
    assert "There is no picture" in told.args[0]
    assert not view.pictures.busy
    assert not [one for one in tmp_path.iterdir() if one.is_file()]


def test_that_what_takes_long_says_how_to_stop_it(qtbot: QtBot, view: DagView, tmp_path: Path) -> None:
    view.pictures._slow.setInterval(0)
    view.save_picture(tmp_path / "graph.png")
    qtbot.waitUntil(lambda: "Esc" in view.note.text(), timeout=5000)
    qtbot.waitUntil(lambda: not view.pictures.busy, timeout=20_000)
    assert not view.note.text()


def test_that_a_window_that_closes_writes_what_was_ordered(
    qtbot: QtBot, opened: WindowProgram, tmp_path: Path
) -> None:  # fmt: skip
    dag = opened.window.workbench.dag
    qtbot.waitUntil(lambda: not dag.laying_out, timeout=20_000)
    for name in ("first.svg", "second.png"):
        dag.save_picture(tmp_path / name)
    opened.close()
    assert (tmp_path / "first.svg").stat().st_size
    assert QImage(str(tmp_path / "second.png")).width() > 0
