"""Measures the graph view: time to the first and the refined picture, stalls of the window, pan and zoom frames.

Run: python benchmarks/dag.py [MODEL.onnx ...]; without a model it takes synthetic graphs of 1000 and 5000 operators.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPointF, QTimer
from PySide6.QtWidgets import QApplication

from warploom.graph import DType, Graph, OperatorKind, Primitive, Tensor, attributes
from warploom.graph.build import make_operator
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
    application = QApplication([])
    paths = parser.parse_args().models
    graphs = [_imported(path) for path in paths] if paths else [synthetic_graph(1000), synthetic_graph(5000)]
    print(f"{'graph':24} {'operators':>9} {'first s':>8} {'refined s':>9} {'stall p99':>9} {'max ms':>7}", end="")
    print(f" {'pan ms':>8} {'zoom ms':>8} {'far ms':>8} {'hover ms':>8}")
    for graph in graphs:
        _measure(application, graph)


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
        times, stalls = _show(application, view, graph)
        frames = [_frames(view, action) for action in (_pan, _zoom, _far, _hover)]
        view.clear()
        application.processEvents()
    p99 = sorted(stalls)[int(0.99 * (len(stalls) - 1))]
    print(
        f"{graph.name[:24]:24} {len(graph.operators):9} {times[0]:8.2f} {times[-1]:9.2f} {p99:9.1f} {max(stalls):7.1f}",
        end="",
    )
    print("".join(f" {frame:8.1f}" for frame in frames))


def _show(application: QApplication, view: DagView, graph: Graph) -> tuple[list[float], list[float]]:
    """Seconds until each layout was on screen; milliseconds that a 5 ms heartbeat came late."""
    times: list[float] = []
    late: list[float] = []
    last = time.perf_counter()

    def beat() -> None:
        nonlocal last
        now = time.perf_counter()
        late.append(max(0.0, (now - last) * 1000 - 5))
        last = now

    heart = QTimer(interval=5)
    heart.timeout.connect(beat)
    heart.start()
    start = last = time.perf_counter()
    view.layout_ready.connect(lambda _: times.append(time.perf_counter() - start))
    view.set_graph(graph)
    while view.laying_out:
        application.processEvents()
    for _ in range(20):
        application.processEvents()
        time.sleep(0.005)
    heart.stop()
    return times, late


def _frames(view: DagView, action: Callable[[DagView, int], None]) -> float:
    """Median milliseconds of an action with the drawing that it causes."""
    view.centre_on(view.graph.operators[len(view.graph.operators) // 2].name)
    spent = []
    for i in range(_FRAMES):
        start = time.perf_counter()
        action(view, i)
        view.canvas.repaint()
        spent.append((time.perf_counter() - start) * 1000)
    return statistics.median(spent)


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
