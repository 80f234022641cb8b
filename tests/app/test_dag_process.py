"""The graph view and its background process: killed, replaced, closed, slow; and the window stays alive meanwhile."""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from pytestqt.qtbot import QtBot

from heartbeat import Heartbeat
from warploom.graph import DType, Graph, OperatorKind, Primitive, Tensor
from warploom.graph.build import make_operator
from warploom_app.layout.process import LayoutProcess
from warploom_app.theme import LIGHT
from warploom_app.views.dag_view import DagView

pytestmark = pytest.mark.usefixtures("qapp")

LONGEST_STALL_S = 0.05


def _graph(operators: int, *, chain: bool = False) -> Graph:
    choose = random.Random(operators)
    tensors = {"t-1": Tensor("t-1", (1, 8), DType.FLOAT32)}
    made = []
    for i in range(operators):
        near = {i - 1} if chain else {i - 1, max(-1, i - 1 - int(choose.expovariate(0.3)))}
        reads, output = tuple(f"t{j}" for j in sorted(near)), f"t{i}"
        tensors[output] = Tensor(output, (1, 8), DType.FLOAT32)
        body = [Primitive("Sum", reads, (output,), (), f"node{i}")]
        made.append(
            make_operator(
                f"node{i}", OperatorKind.POINTWISE, body, constants={}, outputs=[output], sources=[f"node{i}"]
            )
        )
    return Graph(f"graph{operators}", tuple(made), tensors, {}, ("t-1",), (f"t{operators - 1}",))


def _layout_processes() -> list[int]:
    """Ids of the layout processes that this process has started and that are alive."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 3) for line in listed.stdout.splitlines()]
    mine = [row for row in rows if len(row) == 4 and int(row[1]) == os.getpid() and not row[2].startswith("Z")]
    return [int(row[0]) for row in mine if "warploom_app.layout" in row[3]]


@pytest.fixture
def view(qtbot: QtBot, tmp_path: Path) -> DagView:
    view = DagView(LIGHT, layout_cache=tmp_path)
    qtbot.addWidget(view)
    view.resize(600, 400)
    view.show()
    return view


def _wait_until_started(qtbot: QtBot) -> list[int]:
    qtbot.waitUntil(lambda: bool(_layout_processes()), timeout=10_000)
    return _layout_processes()


def _pretend_python(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Has a shell script run in place of the interpreter of the process that lays out."""
    fake = folder / "python"
    fake.write_text(script)
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))


def test_that_a_killed_process_leaves_the_quick_layout_and_a_note(qtbot: QtBot, view: DagView) -> None:
    qualities: list[str] = []
    view.layout_ready.connect(qualities.append)
    view.set_graph(_graph(3000))
    (process,) = _wait_until_started(qtbot)
    os.kill(process, signal.SIGKILL)
    qtbot.waitUntil(lambda: not view.laying_out, timeout=20_000)
    assert qualities == ["quick"]
    assert view.note.isVisible()
    assert "quick layout" in view.note.text()


def test_that_a_process_that_cannot_start_leaves_the_quick_layout(
    qtbot: QtBot, view: DagView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    qualities: list[str] = []
    view.layout_ready.connect(qualities.append)
    view.set_graph(_graph(300))
    qtbot.waitUntil(lambda: bool(qualities) and not view.laying_out, timeout=20_000)
    assert qualities == ["quick"]
    assert "could not be started" in view.note.text()


def test_that_a_new_graph_hides_the_note(qtbot: QtBot, view: DagView, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", "/nowhere/python")
        view.set_graph(_graph(20))
        qtbot.waitUntil(lambda: view.note.isVisible(), timeout=10_000)
    view.set_graph(_graph(21))
    qtbot.waitUntil(lambda: not view.laying_out, timeout=20_000)
    assert not view.note.isVisible()


def test_that_graphs_replaced_in_quick_succession_show_the_last_and_leave_no_process(
    qtbot: QtBot, view: DagView
) -> None:
    shown: list[int] = []
    view.layout_ready.connect(lambda _: shown.append(len(view.canvas.picture.nodes)))  # type: ignore[union-attr]
    for size in (900, 40, 1200, 700, 60, 500):
        view.set_graph(_graph(size))
        qtbot.wait(30)
    qtbot.waitUntil(lambda: not view.laying_out, timeout=20_000)
    assert shown[-2:] == [500, 500]
    assert len(view.canvas.picture.nodes) == 500  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: not _layout_processes(), timeout=5_000)


def test_that_clearing_stops_the_process_and_shows_nothing_later(qtbot: QtBot, view: DagView) -> None:
    view.set_graph(_graph(3000))
    _wait_until_started(qtbot)
    view.clear()
    qtbot.waitUntil(lambda: not _layout_processes(), timeout=5_000)
    qtbot.wait(50)
    assert view.canvas.picture is None
    assert not view.laying_out


def test_that_a_view_deleted_while_laying_out_leaves_no_process(qtbot: QtBot, tmp_path: Path) -> None:
    view = DagView(LIGHT, layout_cache=tmp_path)
    view.show()
    view.set_graph(_graph(3000))
    _wait_until_started(qtbot)
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qtbot.waitUntil(lambda: not _layout_processes(), timeout=5_000)


def test_that_an_answer_that_is_no_layout_is_a_failure(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pretend_python(monkeypatch, tmp_path, "#!/bin/sh\ncat >/dev/null\nprintf '\\003\\000\\000\\000abc'\nsleep 30\n")
    view = DagView(LIGHT, layout_cache=tmp_path / "cache")
    qtbot.addWidget(view)
    view.set_graph(_graph(10))
    qtbot.waitUntil(lambda: not view.note.isHidden(), timeout=10_000)
    assert "answered something else" in view.note.text()


def test_that_a_process_that_hangs_is_given_up(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend_python(monkeypatch, tmp_path, "#!/bin/sh\nexec sleep 30\n")
    monkeypatch.setattr("warploom_app.layout.process._PATIENCE_MS", 300)
    process = LayoutProcess()
    from warploom_app.layout import LayoutRequest

    with qtbot.waitSignal(process.failed, timeout=10_000) as failed:
        process.start(LayoutRequest([10.0], [10.0], []))
    assert failed.args is not None
    assert "took longer" in failed.args[0]


@pytest.mark.parametrize(("operators", "chain"), [(1000, False), (5000, True), (5000, False)])
def test_that_the_window_stays_alive_while_a_large_graph_is_laid_out(
    qtbot: QtBot, view: DagView, request: pytest.FixtureRequest, operators: int, chain: bool
) -> None:
    graph = _graph(operators, chain=chain)
    request.addfinalizer(gc.unfreeze)
    gc.collect()
    gc.freeze()  # a test session holds a hundred times the objects of the window: walking them is not its doing
    with Heartbeat() as beats:
        view.set_graph(graph)
        qtbot.waitUntil(lambda: not view.laying_out, timeout=60_000)
        for change in (view.toggle_detail, view.toggle_detail, view.collapse_all, view.expand_all):
            change()
            qtbot.waitUntil(lambda: not view.laying_out, timeout=60_000)
    beats.check(LONGEST_STALL_S)
    assert len(view.canvas.picture.nodes) == operators  # type: ignore[union-attr]


def test_that_the_window_stays_alive_while_pictures_are_drawn_and_searches_run(
    qtbot: QtBot, view: DagView, tmp_path: Path
) -> None:
    view.set_graph(_graph(1500))
    qtbot.waitUntil(lambda: not view.laying_out, timeout=60_000)
    view.open_search()
    view.search.regex.setChecked(True)
    with Heartbeat() as beats:
        view.save_picture(tmp_path / "graph.png")
        view.save_picture(tmp_path / "graph.svg")
        view.search.text.setText("(.+)+x$")
        qtbot.waitUntil(lambda: not view.pictures.busy and not view.finder.searching, timeout=60_000)
    beats.check(LONGEST_STALL_S)
    assert (tmp_path / "graph.png").exists()


def test_that_the_user_can_stop_the_better_layout_and_keeps_the_quick_one(qtbot: QtBot, view: DagView) -> None:
    qualities: list[str] = []
    view.layout_ready.connect(qualities.append)
    view.set_graph(_graph(4000))
    qtbot.waitUntil(lambda: bool(qualities), timeout=20_000)
    assert view.laying_out
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    assert not view.laying_out
    qtbot.waitUntil(lambda: not _layout_processes(), timeout=5_000)
    qtbot.wait(50)
    assert qualities == ["quick"]
    assert len(view.canvas.picture.nodes) == 4000  # type: ignore[union-attr]


def test_that_a_slow_layout_says_how_to_stop_it(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend_python(monkeypatch, tmp_path, "#!/bin/sh\nexec sleep 30\n")
    monkeypatch.setattr("warploom_app.views.dag_layouter._SLOW_MS", 100)
    view = DagView(LIGHT, layout_cache=tmp_path / "cache")
    qtbot.addWidget(view)
    view.show()
    view.set_graph(_graph(20))
    qtbot.waitUntil(lambda: "Esc" in view.note.text(), timeout=10_000)
    assert view.note.isVisible()
    view.stop_layout()
    assert not view.note.isVisible()
    assert not view.laying_out


def test_that_nothing_is_said_to_improve_once_the_better_layout_is_shown(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pretend_python(monkeypatch, tmp_path, f'#!/bin/sh\n{sys.executable} "$@"\nexec sleep 30\n')
    monkeypatch.setattr("warploom_app.views.dag_layouter._SLOW_MS", 1500)
    view = DagView(LIGHT, layout_cache=tmp_path / "cache")
    qtbot.addWidget(view)
    view.show()
    qualities: list[str] = []
    view.layout_ready.connect(qualities.append)
    view.set_graph(_graph(20))
    qtbot.waitUntil(lambda: qualities == ["quick", "refined"], timeout=20_000)
    assert view.laying_out, "the process has not ended"
    qtbot.wait(1700)
    assert not view.note.isVisible()
    view.stop_layout()
