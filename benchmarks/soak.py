"""Soaks the whole window: thousands of frames of pan and zoom in graph and timelines, openings, and everything else.

Run: python benchmarks/soak.py [--recording FILE.warploom] [--frames N] [--cycles N]; by default 3000 frames and 50
openings of a shipped recording. It exits with 1 where something grows: memory by more than 5 %, or references to what
everything shares, or objects.

References to None are what the bindings lose: a widget, pixmap, action, timer or process that was made in Python gives
back none of those that it took for virtual methods without an override (about 17 for a label with a font, 6 for a
painted pixmap, 3 for a process). They cost no memory; the window keeps what it makes, so that frames, selections and
openings lose none. What makes something new each time is listed with its figure.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent, QPointF, QSettings
from PySide6.QtWidgets import QApplication, QDialog
from watching import resident_mb

from warploom_app.appearance import AppearanceMode
from warploom_app.jobs import JobState
from warploom_app.main import WindowProgram, dress
from warploom_app.settings import Settings
from warploom_app.state import Message
from warploom_app.theme import DARK, LIGHT
from warploom_app.views.timeline_menu import fill_menu

_SHIPPED = Path(__file__).parents[1] / "assets" / "recordings" / "nasnet_large-fp16-h200.warploom"
_MOST_GROWTH = 0.05
_PASSES = 5  # a pass stops counting tuples of plain values, the next one tuples of those
_CHANCE = 1.0
"""References and objects per frame or opening that come and go by themselves; and as many in all: caches fill up."""

_CACHED = 100


@dataclass(frozen=True, slots=True)
class Counts:
    """What must not grow."""

    memory_mb: float
    objects: int
    references: dict[str, int]


def counts() -> Counts:
    """As of now, after everything that can go has gone."""
    for _ in range(_PASSES):
        gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # what the allocator merely keeps is no growth
    shared = {"None": None, "True": True, "False": False, "()": (), "''": "", "LIGHT": LIGHT, "DARK": DARK}
    references = {name: sys.getrefcount(one) for name, one in shared.items()}
    return Counts(resident_mb(), len(gc.get_objects()), references)


class Soak:
    """A window, what is done to it, and what that left behind."""

    def __init__(self, program: WindowProgram, path: Path) -> None:
        self.program, self.path = program, path
        self.window, self.state = program.window, program.state
        self.bench = program.window.workbench
        self.dag, self.canvas = self.bench.dag, self.bench.comparison.canvas
        self.failures: list[str] = []

    def run(self, what: str, act: Callable[[int], object], times: int, *, unit: str, warm: int, judged: bool) -> None:
        """Does something many times and tells what grew, each time and in all."""
        for i in range(warm):
            act(i)
            turn()
        before, began = counts(), time.perf_counter()
        for i in range(times):
            act(warm + i)
            turn()
        seconds, after = time.perf_counter() - began, counts()
        grown = {name: (after.references[name] - count) / times for name, count in before.references.items()}
        grown["objects"] = (after.objects - before.objects) / times
        lost = ", ".join(f"{name} {value:+.1f}" for name, value in grown.items() if abs(value) >= 0.1)
        memory = after.memory_mb / before.memory_mb - 1
        print(
            f"{what:34} {times:5} {unit}, {1000 * seconds / times:6.1f} ms each; memory {before.memory_mb:4.0f} -> "
            f"{after.memory_mb:4.0f} MB ({100 * memory:+.1f} %); each time: {lost or 'nothing'}",
            flush=True,
        )
        if judged and (memory > _MOST_GROWTH or any(value > max(_CHANCE, _CACHED / times) for value in grown.values())):
            self.failures.append(what)

    def settle(self) -> None:
        """Until the document is there and its graph laid out."""
        deadline = time.monotonic() + 60
        while self.state.document is None or self.dag.laying_out:
            turn()
            time.sleep(0.0005)
            if time.monotonic() > deadline:
                raise SystemExit("the window does not come to rest")

    # -- what is done

    def open(self) -> None:
        self.program.session.open([self.path])
        self.settle()

    def cycle(self, _: int) -> None:
        self.window.close_document()
        self.open()

    def frame_of_graph(self, step: int) -> None:
        if step % 4 < 2:
            self.dag.canvas.pan(QPointF(7 if step % 40 < 20 else -7, -11 if step % 200 < 100 else 11))
        else:
            self.dag.canvas.zoom_about(0.95 if step % 160 < 80 else 1 / 0.95)
        if step % 10 == 0:
            self.state.hover([self.operator(step // 10)])
        self.dag.canvas.repaint()

    def frame_of_timelines(self, step: int) -> None:
        canvas = self.canvas
        canvas.set_axis(canvas.axis.panned((1 if step % 7 < 4 else -1) * canvas.axis.span_ns * 0.03))
        canvas.zoom(0.9 if step % 20 < 10 else 1 / 0.9, 300.0 + step % 500)
        if step % 10 == 0:
            self.state.pin([self.operator(step // 10)])
        if step % 25 == 0:
            canvas.set_options(replace(canvas.options, critical_path=not canvas.options.critical_path))
            canvas.choose_stretch()
        canvas.viewport().repaint()

    def operator(self, number: int) -> str:
        operators = self.state.document.graph.operators
        return operators[7 * number % len(operators)].name

    def pair(self, number: int) -> None:
        results = self.state.document.results
        others = list(results.candidates)[1:]
        self.state.set_compared((next(iter(results.candidates)), others[number % len(others)]))

    def progress(self, number: int) -> None:
        job = JobState(1, "optimize", "model", phase="search", detail=f"block {number}", fraction=number % 100 / 100)
        self.state.set_run(job)

    def dialog(self, show: Callable[[], None], _: int) -> None:
        show()
        turn()
        for dialog in self.window.findChildren(QDialog):
            dialog.close()

    def layout(self, act: Callable[[int], object], number: int) -> None:
        act(number)
        self.settle()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recording", type=Path, default=_SHIPPED)
    parser.add_argument("--frames", type=int, default=3000)
    parser.add_argument("--cycles", type=int, default=50)
    arguments = parser.parse_args()
    application = QApplication([])
    dress(application)
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(_program(Path(folder)), arguments.recording)
        soak.open()
        _soak(soak, arguments.frames, arguments.cycles)
        soak.program.close()
    print(f"grows: {', '.join(soak.failures)}" if soak.failures else "nothing grows")
    return 1 if soak.failures else 0


def _soak(soak: Soak, frames: int, cycles: int) -> None:
    soak.run("opening and closing", soak.cycle, cycles, unit="times", warm=8, judged=True)
    soak.run("the graph", soak.frame_of_graph, frames, unit="frames", warm=400, judged=True)
    soak.run("the timelines", soak.frame_of_timelines, frames, unit="frames", warm=600, judged=True)
    soak.canvas.release()
    soak.run("another operator", lambda i: soak.state.pin([soak.operator(i)]), 300, unit="times", warm=60, judged=True)
    soak.run("another pair of schedules", soak.pair, 40, unit="times", warm=8, judged=True)
    soak.run("another tab", lambda i: soak.window.show_tab(i % 5), 50, unit="times", warm=10, judged=True)
    soak.run("progress of a run", soak.progress, 300, unit="times", warm=20, judged=True)
    soak.state.set_run(None)
    soak.run("a message", lambda i: soak.state.show(Message(f"message {i}")), 100, unit="times", warm=5, judged=True)
    soak.state.clear_message()
    menu = soak.bench.comparison
    soak.run("the timelines' menu", lambda _: fill_menu(menu._menu, menu), 40, unit="times", warm=5, judged=False)
    modes = (AppearanceMode.DARK, AppearanceMode.LIGHT)
    soak.run("another theme", lambda i: soak.window.set_mode(modes[i % 2]), 20, unit="times", warm=4, judged=False)
    across = partial(soak.layout, lambda i: soak.dag.set_horizontal(bool(i % 2)))
    soak.run("another direction of the graph", across, 10, unit="times", warm=4, judged=False)
    overlays = soak.window.overlays
    for name, show in (("the palette", overlays.show_palette), ("the settings", overlays.show_settings)):
        soak.run(name, partial(soak.dialog, show), 10, unit="times", warm=4, judged=False)


def turn() -> None:
    """A turn of the event loop; outside of a real one, what is to be deleted must be asked for."""
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _program(folder: Path) -> WindowProgram:
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        os.environ[f"XDG_{name}_HOME"] = str(folder / name.lower())
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    program = WindowProgram(Settings(store), recordings=folder / "recordings")
    program.window.resize(1440, 900)
    program.window.show()
    program.window.set_mode(AppearanceMode.LIGHT)
    return program


if __name__ == "__main__":
    sys.exit(main())
