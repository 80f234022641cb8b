"""Measures the window: cold start, stalls while a model is opened and optimized, frames of a large timeline, memory.

Run: python benchmarks/window.py [MODEL.onnx]; without a model it takes the shipped Inception V3.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from watching import Heartbeat, resident_mb, until

from warploom.samples.bundled import default_model
from warploom.timeline import Spans, Timeline, WarpSeries
from warploom_app.main import WindowProgram, dress
from warploom_app.presenters.track import make_track
from warploom_app.settings import Settings
from warploom_app.state import AppState
from warploom_app.theme import LIGHT
from warploom_app.views.timeline_canvas import TimelineCanvas

_COLD_START = """
import sys, time
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from warploom_app.main import WindowProgram, dress
from warploom_app.settings import Settings
application = QApplication([])
dress(application)
program = WindowProgram(Settings(QSettings(sys.argv[1], QSettings.Format.IniFormat)))
program.window.show()
application.processEvents()
print(time.time() - float(sys.argv[2]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path, default=default_model())
    model = parser.parse_args().model
    application = QApplication([])
    dress(application)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder  # no layout from an earlier run
        _cold_start(Path(folder))
        _open_and_optimize(application, model, Path(folder))
    _frames(application, spans=100_000)
    _frames(application, spans=500_000)


def _cold_start(folder: Path) -> None:
    seconds = [
        float(
            subprocess.run(
                [sys.executable, "-c", _COLD_START, str(folder / "cold.ini"), str(time.time())],
                capture_output=True,
                check=True,
            ).stdout
        )
        for _ in range(5)
    ]
    print(f"cold start to the first turn of the event loop: {statistics.median(seconds):.2f} s (median of 5)")


def _open_and_optimize(application: QApplication, model: Path, folder: Path) -> None:
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    program = WindowProgram(Settings(store), recordings=folder / "recordings")
    program.window.resize(1600, 1000)
    program.open()
    state, dag = program.state, program.window.workbench.dag
    until(application, lambda: state.devices is not None)
    gc.collect()
    gc.freeze()
    heartbeat = Heartbeat()
    began = time.perf_counter()
    program.session.open([model])
    until(application, lambda: state.document is not None)
    imported = time.perf_counter() - began
    quality: list[str] = []
    dag.layout_ready.connect(quality.append)
    until(application, lambda: bool(quality) or not dag.laying_out)
    drawn = time.perf_counter() - began - imported
    until(application, lambda: state.job is None and not dag.laying_out)
    assert state.document is not None
    print(f"{model.name}, {len(state.document.graph.operators)} operators")
    print(f"  imported after {imported:.2f} s, graph on screen {drawn:.2f} s later; {heartbeat.take()}")
    began = time.perf_counter()
    program.session.optimize()
    until(application, lambda: state.job is None and not dag.laying_out)
    print(f"  optimized and shown after {time.perf_counter() - began:.2f} s; {heartbeat.take()}")
    print(f"  memory {resident_mb():.0f} MB with the graph and both timelines open")
    program.close()


def _frames(application: QApplication, spans: int) -> None:
    timeline = _timeline(spans)
    began = time.perf_counter()
    track = make_track("large", "Large", timeline, [(name,) for name in timeline.launch_names], timeline.launch_names)
    prepared = time.perf_counter() - began
    canvas = TimelineCanvas(AppState(), LIGHT)
    canvas.resize(1300, 450)
    canvas.show()
    canvas.set_tracks([track])
    application.processEvents()
    for zoom in (1.0, 0.1, 0.01, 0.001):
        canvas.fit()
        canvas.zoom(zoom, 700.0)
        frames = sorted(_frame_ms(canvas, step) for step in range(100))
        median, p95 = statistics.median(frames), frames[94]
        print(f"{spans:,} spans, {len(timeline.warps.edges_ns):,} steps, {zoom:g} of the time: ", end="")
        print(f"{median:5.1f} ms a frame, p95 {p95:5.1f} ms (prepared in {prepared:.2f} s)")
    canvas.close()


def _frame_ms(canvas: TimelineCanvas, step: int) -> float:
    began = time.perf_counter()
    direction = 1 if step % 2 else -1
    canvas.set_axis(canvas.axis.panned(direction * canvas.axis.span_ns * 0.02))
    canvas.zoom(1.01 if direction > 0 else 1 / 1.01, 600.0)
    canvas.viewport().repaint()
    return 1000 * (time.perf_counter() - began)


def _timeline(count: int) -> Timeline:
    """Short kernels on four streams, with gaps."""
    random = np.random.default_rng(1)
    parts = []
    for stream in range(4):
        lengths, gaps = random.integers(800, 5000, count // 4), random.integers(0, 900, count // 4)
        start = np.cumsum(lengths + gaps) - lengths
        parts.append(np.stack([np.full(count // 4, stream), start, start + lengths], axis=1))
    rows = np.concatenate(parts)
    rows = rows[np.argsort(rows[:, 1], kind="stable")]
    edges = np.unique(rows[:, 1:])
    one, zero = np.ones((count, 3), dtype=np.int32), np.zeros(count, dtype=np.int32)
    spans = Spans(np.arange(count), rows[:, 0], zero, rows[:, 1], rows[:, 2], one, one, zero, zero, zero)
    series = WarpSeries(np.arange(4), edges, random.uniform(0, 2000, (4, len(edges) - 1)))
    names = tuple(f"op{i}" for i in range(count))
    return Timeline("large", "GPU", True, int(rows[:, 2].max()), names, ("kernel",), spans, series, None, 8448)


if __name__ == "__main__":
    main()
