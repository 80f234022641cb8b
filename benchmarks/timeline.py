"""Measures the timelines: frames of pan and zoom, stalls while large ones are prepared, and memory (see soak.py, too).

Run: python benchmarks/timeline.py [--only frames|stalls|edges|memory] [--model MODEL.onnx]
Frames are drawn by the raster engine into the window's own surface, as on a machine without a GPU.
"""

from __future__ import annotations

import argparse
import dataclasses
import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from watching import Heartbeat, resident_mb, until

from warploom.recording.file import read_recording, write_recording
from warploom.timeline import Counters, Spans, Timeline, WarpSeries
from warploom_app.background import Background
from warploom_app.main import WindowProgram, dress
from warploom_app.presenters.track import Track, make_track
from warploom_app.settings import Settings
from warploom_app.state import AppState
from warploom_app.theme import LIGHT
from warploom_app.views.timeline_canvas import TimelineCanvas

COUNTERS = ("sm__warps_active.sum", "dram__bytes_read.sum")
ZOOMS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.001, 0.0001)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("frames", "stalls", "edges", "memory"))
    parser.add_argument("--recording", type=Path, help="a recording for memory; by default one is made")
    arguments = parser.parse_args()
    application = QApplication([])
    dress(application)
    parts: dict[str, Callable[[], None]] = {
        "frames": lambda: frames(application),
        "stalls": lambda: stalls(application),
        "edges": lambda: edges(application),
        "memory": lambda: memory(application, arguments.recording),
    }
    for name, part in parts.items():
        if arguments.only in (None, name):
            part()


# -- frames


def frames(application: QApplication) -> None:
    """Pan and zoom of two timelines of 100,000 spans and 1,000,000 counter samples together, and of twice as much."""
    for spans, samples in ((50_000, 500_000), (100_000, 1_000_000)):
        began = time.perf_counter()
        tracks = [large_track(spans, samples, seed) for seed in (1, 2)]
        for track in tracks:
            for name in COUNTERS:
                track.prepare_counter(name)
        seconds = time.perf_counter() - began
        canvas = _canvas(application, tracks)
        canvas.set_options(dataclasses.replace(canvas.options, counters=COUNTERS, critical_path=True))
        print(f"two timelines of {spans:,} spans, {samples:,} samples of two counters and of warps each")
        print(f"  prepared in {seconds:.2f} s, resident {resident_mb():.0f} MB")
        for zoom in ZOOMS:
            canvas.fit()
            canvas.zoom(zoom, 700.0)
            _report(f"  {zoom:>7g} of the time", [_frame_ms(canvas, step) for step in range(120)])
        canvas.close()
        canvas.deleteLater()
        application.processEvents()


def _canvas(application: QApplication, tracks: list[Track]) -> TimelineCanvas:
    canvas = TimelineCanvas(AppState(), LIGHT)
    canvas.resize(1400, 620)
    canvas.show()
    canvas.set_tracks(tracks)
    application.processEvents()
    return canvas


def _frame_ms(canvas: TimelineCanvas, step: int) -> float:
    began = time.perf_counter()
    direction = 1 if step % 2 else -1
    canvas.set_axis(canvas.axis.panned(direction * canvas.axis.span_ns * 0.02))
    canvas.zoom(1.01 if direction > 0 else 1 / 1.01, 600.0)
    canvas.viewport().repaint()
    return 1000 * (time.perf_counter() - began)


def _report(what: str, values: list[float]) -> None:
    ordered = sorted(values)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    print(f"{what}: median {statistics.median(ordered):5.1f} ms, p95 {p95:5.1f} ms, longest {ordered[-1]:5.1f} ms")


def large_timeline(spans: int, samples: int, seed: int = 1, streams: int = 4) -> Timeline:
    """Short kernels on four streams with gaps; warps and counters in samples of equal length."""
    random = np.random.default_rng(seed)
    parts = []
    for stream in range(streams):
        count = spans // streams
        lengths, gaps = random.integers(800, 5000, count), random.integers(0, 900, count)
        start = np.cumsum(lengths + gaps) - lengths
        parts.append(np.stack([np.full(count, stream), start, start + lengths], axis=1))
    rows = np.concatenate(parts)
    rows = rows[np.argsort(rows[:, 1], kind="stable")]
    duration = int(rows[:, 2].max())
    one, zero = np.ones((len(rows), 3), dtype=np.int32), np.zeros(len(rows), dtype=np.int32)
    names = tuple(f"block{i // 40}/conv_{i % 40}" for i in range(len(rows)))
    edge = np.linspace(0, duration, samples + 1).astype(np.int64)
    values = random.uniform(0, 4000, (len(COUNTERS), samples))
    return Timeline(
        "large", "GPU", False, duration, names, ("kernel",),
        Spans(np.arange(len(rows)), rows[:, 0], zero, rows[:, 1], rows[:, 2], one, one, zero, zero, zero),
        WarpSeries(np.arange(streams), edge, random.uniform(0, 2000, (streams, samples))),
        Counters(COUNTERS, edge[:-1], edge[1:], values) if samples else None, 8448,
    )  # fmt: skip


def large_track(spans: int, samples: int, seed: int = 1) -> Track:
    """Prepared, with a critical path through all launches of the first stream."""
    from warploom.timeline.statistics import critical_path

    timeline = large_timeline(spans, samples, seed)
    names = timeline.launch_names
    before = [(i - 4,) if i >= 4 else () for i in range(len(names))]
    return make_track(
        f"large{seed}", "Large", timeline, [(name,) for name in names], names, path=critical_path(timeline, before)
    )


# -- stalls


def stalls(application: QApplication) -> None:
    """The event loop while a timeline of 100,000 spans and 1,000,000 samples is prepared on another thread."""
    timeline = large_timeline(100_000, 1_000_000)
    names, background, done = timeline.launch_names, Background(), []

    def work() -> Track:
        track = make_track("large", "Large", timeline, [(name,) for name in names], names)
        for name in COUNTERS:
            track.prepare_counter(name)
        return track

    gc.collect()
    heartbeat = Heartbeat()
    background.run(work, done.append, done.append)
    until(application, lambda: bool(done))
    print(f"preparing 100,000 spans and 1,000,000 samples: {heartbeat.take()}")
    background.close()


# -- edges


def edges(application: QApplication) -> None:
    """Timelines of nothing, of one kernel, and of a million."""
    for spans in (0, 4, 1_000_000):
        began = time.perf_counter()
        track = large_track(spans, 1000) if spans else large_track_of_nothing()
        seconds = time.perf_counter() - began
        canvas = _canvas(application, [track])
        values = []
        for zoom in ZOOMS:
            canvas.fit()
            canvas.zoom(zoom, 700.0)
            values += [_frame_ms(canvas, step) for step in range(20)]
        _report(f"{spans:,} spans, all zooms (prepared in {seconds:.2f} s, {resident_mb():.0f} MB)", values)
        canvas.close()


def large_track_of_nothing() -> Track:
    """A timeline in which nothing ran."""
    none, wide = np.zeros(0, dtype=np.int64), np.zeros((0, 3), dtype=np.int32)
    spans = Spans(none, none, none, none, none, wide, wide, none, none, none)
    series = WarpSeries(none, np.zeros(1, dtype=np.int64), np.zeros((0, 0)))
    return make_track("none", "None", Timeline("none", "GPU", True, 0, (), (), spans, series, None, 1), [], [])


# -- memory


def _recording(folder: Path, given: Path | None) -> Path:
    """A recording of the largest sample at hand, made by the simulated GPU."""
    if given is not None:
        return given
    import subprocess

    from warploom.samples.bundled import default_model

    path = folder / "model.warploom"
    command = [sys.executable, "-m", "warploom", "optimize", str(default_model()), "--device", "sim:h200"]
    subprocess.run([*command, "--search-seconds", "2", "-o", str(path)], check=True, capture_output=True)
    return path


def memory(application: QApplication, given: Path | None) -> None:
    """Resident memory of the window with a recording open, then with a large timeline in the place of one of its."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = _program(folder)
        print(f"window without a document: {resident_mb():.0f} MB")
        path = _recording(folder, given)
        program.session.open([path])
        _settle(application, program)
        print(f"{path.name}, {len(program.state.document.graph.operators)} operators: {resident_mb():.0f} MB")
        big = folder / "big.warploom"
        write_recording(_enlarged(path), big)
        gc.collect()
        program.session.open([big])
        _settle(application, program)
        view = program.window.workbench.comparison
        for name in COUNTERS:
            view.show_counter(name, True)
        until(application, lambda: all(track.counter(COUNTERS[-1]) for track in view.canvas.tracks))
        print(f"the same with two timelines of 50,000 spans and 500,000 samples: {resident_mb():.0f} MB")
        program.close()


def _enlarged(path: Path):  # type: ignore[no-untyped-def]
    """The recording with long timelines in the place of its two candidates that are compared."""
    recording = read_recording(path)
    kept = [one for one in recording.candidates if one.name in ("sequential", recording.chosen)][:2]
    made = []
    for seed, one in enumerate(kept, 1):
        count = len(one.plan.launches)
        timeline = large_timeline(50_000, 500_000, seed)
        spans = dataclasses.replace(timeline.spans, launch=timeline.spans.launch % count)
        names = one.timeline.launch_names
        made.append(dataclasses.replace(one, timeline=dataclasses.replace(timeline, launch_names=names, spans=spans)))
    return dataclasses.replace(recording, candidates=tuple(made))


def _program(folder: Path) -> WindowProgram:
    os.environ["XDG_CACHE_HOME"] = str(folder)
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    program = WindowProgram(Settings(store), recordings=folder / "recordings")
    program.window.resize(1440, 900)
    program.window.show()
    return program


def _settle(application: QApplication, program: WindowProgram) -> None:
    """Until the document is there and its graph laid out."""
    dag = program.window.workbench.dag
    until(application, lambda: program.state.document is not None and not dag.laying_out)


if __name__ == "__main__":
    main()
