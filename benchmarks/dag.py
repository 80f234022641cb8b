"""Measures the graph view: time to its pictures, stalls of the window, frames, search, exports, memory over cycles.

Run: python benchmarks/dag.py [MODEL.onnx ...] [--cycles N]; without a model it takes synthetic graphs of 1000 and 5000
operators. Stalls are what a 5 ms heartbeat comes late, in milliseconds, measured by the clock.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPointF, QTimer
from PySide6.QtWidgets import QApplication
from watching import resident_mb

from warploom.graph import DType, Graph, OperatorKind, Primitive, Tensor, attributes
from warploom.graph.build import make_operator
from warploom_app.presenters.dag_content import Detail
from warploom_app.views.dag_view import DagView

_FRAMES = 60


def synthetic_graph(operators: int, seed: int = 0) -> Graph:
    """A random graph whose operators mostly read one of the last few."""
    choose = random.Random(seed)
    shape = (1, 64, 56, 56)
    tensors = {"x": Tensor("x", shape, DType.FLOAT32)}
    written, made = ["x"], []
    for i in range(operators):
        count = 1 if choose.random() < 0.6 else 2
        near = [max(0, len(written) - 1 - int(choose.expovariate(0.25))) for _ in range(count)]
        output = f"t{i}"
        tensors[output] = Tensor(output, shape, DType.FLOAT32)
        kernel = attributes(kernel_shape=(3, 3), strides=(1, 1))
        reads = tuple(dict.fromkeys(written[j] for j in near))
        body = [Primitive("Conv" if count == 1 else "Add", reads, (output,), kernel if count == 1 else (), f"node{i}")]
        kind = OperatorKind.CONV if count == 1 else OperatorKind.POINTWISE
        made.append(make_operator(f"node{i}", kind, body, constants={}, outputs=[output], sources=[f"node{i}"]))
        written.append(output)
    return Graph(f"synthetic {operators}", tuple(made), tensors, {}, ("x",), (written[-1],))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument(
        "--cycles", type=int, default=0, help="open and close the first graph so often, watching memory"
    )
    arguments = parser.parse_args()
    application = QApplication([])
    gc.freeze()
    graphs = [_imported(path) for path in arguments.models]
    graphs = graphs or [synthetic_graph(1000), synthetic_graph(5000)]
    for graph in graphs:
        _measure(application, graph)
    if arguments.cycles:
        _measure_memory(application, graphs[0], arguments.cycles)


def _imported(path: Path) -> Graph:
    from warploom.importer.load import import_model
    from warploom.passes.pipeline import optimize_graph

    return optimize_graph(import_model(path).graph).graph


def _measure(application: QApplication, graph: Graph) -> None:
    with tempfile.TemporaryDirectory() as folder:
        view = DagView(layout_cache=Path(folder))
        view.resize(1200, 800)
        view.show()
        application.processEvents()
        print(f"{graph.name}: {len(graph.operators):,} operators")
        _tell_layout("operators", *_watched(application, view, lambda: view.set_graph(graph)))
        _tell_layout("from the cache", *_watched(application, view, lambda: view.set_graph(graph)))
        for name, action in (("pan", _pan), ("zoom", _zoom), ("far zoom", _far), ("hover", _hover)):
            _tell_frames(name, _frames(view, action))
        _measure_search(application, view)
        _tell_layout("horizontal", *_watched(application, view, lambda: view.set_horizontal(True)))
        _tell_frames("pan, horizontal", _frames(view, _pan))
        view.set_horizontal(False)
        _until_still(application, view)
        _tell_layout("collapse all", *_watched(application, view, view.collapse_all))
        _tell_layout("expand all", *_watched(application, view, view.expand_all))
        _tell_layout("ONNX nodes", *_watched(application, view, lambda: view.set_detail(Detail.ONNX_NODES)))
        view.set_detail(Detail.OPERATORS)
        _until_still(application, view)
        _measure_pictures(application, view, Path(folder))
        view.clear()
        view.deleteLater()
        application.processEvents()


class _Watch:
    """A heartbeat, and when layouts arrived."""

    def __init__(self, view: DagView) -> None:
        self.times: list[float] = []
        self.late: list[float] = []
        self._start = self._last = time.perf_counter()
        self._heart = QTimer(interval=5)
        self._heart.timeout.connect(self._beat)
        self._heart.start()
        self._view = view
        view.layout_ready.connect(self._arrived)

    def _beat(self) -> None:
        now = time.perf_counter()
        self.late.append(max(0.0, (now - self._last) * 1000 - 5))
        self._last = now

    def _arrived(self, _: str) -> None:
        self.times.append(time.perf_counter() - self._start)

    def stop(self) -> None:
        self._heart.stop()
        self._view.layout_ready.disconnect(self._arrived)

    @property
    def stalls(self) -> str:
        late = sorted(self.late)
        return f"stalls p99 {late[int(0.99 * (len(late) - 1))]:5.1f}, longest {late[-1]:5.1f} ms"


def _watched(application: QApplication, view: DagView, act: Callable[[], None]) -> tuple[list[float], str]:
    """Seconds until each layout was on screen, and the stalls meanwhile."""
    watch = _Watch(view)
    act()
    _until_still(application, view)
    watch.stop()
    return watch.times, watch.stalls


def _until_still(application: QApplication, view: DagView) -> None:
    while view.laying_out or view.pictures.busy or view.finder.searching:
        application.processEvents()
        time.sleep(0.0005)
    for _ in range(20):
        application.processEvents()
        time.sleep(0.005)


def _tell_layout(name: str, times: list[float], stalls: str) -> None:
    shown = f"first {times[0]:5.2f} s, refined {times[-1]:5.2f} s" if times else "nothing arrived"
    print(f"  {name:16} {shown}, {stalls}")


def _tell_frames(name: str, spent: list[float]) -> None:
    ordered = sorted(spent)
    print(
        f"  {name:16} frames median {statistics.median(ordered):5.1f}, p95 {ordered[int(0.95 * len(ordered))]:5.1f} ms"
    )


def _measure_search(application: QApplication, view: DagView) -> None:
    view.open_search()
    for text, regex in (("conv", False), (r"node\d*7$", True), ("(.+)+b$", True)):
        watch = _Watch(view)
        start = time.perf_counter()
        view.search.regex.setChecked(regex)
        view.search.text.setText(text)
        while view.finder.searching:
            application.processEvents()
        spent = time.perf_counter() - start
        _until_still(application, view)
        watch.stop()
        print(f"  search {text:9} {len(view.finder.names):,} found in {spent * 1000:.0f} ms, {watch.stalls}")
    view.search.regex.setChecked(False)
    view.close_search()


def _measure_pictures(application: QApplication, view: DagView, folder: Path) -> None:
    for suffix in ("svg", "png", "pdf", "copied"):
        watch = _Watch(view)
        start = time.perf_counter()
        path = folder / f"graph.{suffix}"
        if suffix == "copied":
            view.copy_picture()
        else:
            view.save_picture(path)
        while view.pictures.busy:
            application.processEvents()
            time.sleep(0.0005)
        spent = time.perf_counter() - start
        _until_still(application, view)
        watch.stop()
        size = f"{path.stat().st_size / 1e6:.1f} MB" if path.exists() else ""
        print(f"  {suffix:16} {spent:5.2f} s, {watch.stalls} {size}")
    application.clipboard().clear()


def _measure_memory(application: QApplication, graph: Graph, cycles: int) -> None:
    """Resident memory and references to None over cycles of opening, using and closing a view."""
    with tempfile.TemporaryDirectory() as folder:
        for cycle in range(cycles + 1):
            view = DagView(layout_cache=Path(folder))
            view.resize(1200, 800)
            view.show()
            view.set_graph(graph)
            _until_still(application, view)
            for action in (view.collapse_all, view.expand_all, view.toggle_detail, view.fit):
                action()
                _until_still(application, view)
            view.close()
            view.deleteLater()
            application.processEvents()
            application.sendPostedEvents(None, 52)  # deferred deletion
            del view
            gc.collect()
            if cycle % 10 == 0:
                print(f"  cycle {cycle:3}: {resident_mb():.1f} MB, {sys.getrefcount(None):,} references to None")


def _frames(view: DagView, action: Callable[[DagView, int], None]) -> list[float]:
    """Milliseconds of each action with the drawing that it causes."""
    view.centre_on(view.graph.operators[len(view.graph.operators) // 2].name)
    spent = []
    for i in range(_FRAMES):
        start = time.perf_counter()
        action(view, i)
        view.canvas.repaint()
        spent.append((time.perf_counter() - start) * 1000)
    return spent


def _pan(view: DagView, frame: int) -> None:
    view.canvas.pan(QPointF(7 if frame % 40 < 20 else -7, -11))


def _zoom(view: DagView, frame: int) -> None:
    view.canvas.zoom_about(0.93 if frame % 60 < 30 else 1 / 0.93)


def _far(view: DagView, frame: int) -> None:
    if frame == 0:
        view.fit()
    view.canvas.zoom_about(1.05 if frame % 20 < 10 else 1 / 1.05)


def _hover(view: DagView, frame: int) -> None:
    view.highlight([view.graph.operators[frame % len(view.graph.operators)].name])


if __name__ == "__main__":
    main()
