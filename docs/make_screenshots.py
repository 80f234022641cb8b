"""Makes the screenshots of the documentation from the program itself.

    python docs/make_screenshots.py [MODEL.onnx]

Opens the real window (offscreen unless a display is set up), optimizes Inception V3 on the simulated H200 through the
real engine, and grabs what is seen. Nothing is drawn by hand.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEventLoop, QPoint, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from warploom.samples.bundled import bundled_models
from warploom_app.appearance import AppearanceMode
from warploom_app.main import WindowProgram, dress
from warploom_app.presenters.colouring import ColourBy
from warploom_app.settings import Settings
from warploom_app.theme import GRID
from warploom_app.views.workbench import SCHEDULE

IMAGES = Path(__file__).resolve().parent / "images"
WIDTH, HEIGHT = 1600, 1000
PATIENCE_MS = 120_000


def main(model: Path) -> None:
    """Writes images/window.png, window-dark.png, schedule.png and start.png."""
    application = QApplication(sys.argv[:1])
    dress(application)
    with tempfile.TemporaryDirectory() as folder:
        store = QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat)
        program = WindowProgram(Settings(store), recordings=Path(folder) / "recordings")
        try:
            _shoot(program, model)
        finally:
            program.close()


def _shoot(program: WindowProgram, model: Path) -> None:
    state = program.state
    program.appearance.set_mode(AppearanceMode.LIGHT)
    program.window.resize(WIDTH, HEIGHT)
    program.open()
    _wait(lambda: state.devices is not None and program.window.start_page.drawn)
    _save(program, "start.png")
    program.session.open([model])
    _wait(lambda: state.document is not None and state.job is None)
    program.session.optimize()
    _wait(lambda: state.document is not None and state.document.results is not None)
    _wait(lambda: not program.window.workbench.dag.laying_out)
    pair = state.pair
    assert pair is not None
    reason = max(pair.reasons, key=lambda one: one.gain_us)
    program.window.workbench.colour_by(ColourBy.STREAM)
    program.window.activateWindow()
    program.window.workbench.comparison.canvas.setFocus()
    state.pin(reason.operators[:1])
    _save(program, "window.png")
    program.appearance.set_mode(AppearanceMode.DARK)
    _save(program, "window-dark.png")
    program.appearance.set_mode(AppearanceMode.LIGHT)
    _edit(program)
    _save(program, "schedule.png")


def _edit(program: WindowProgram) -> None:
    """A schedule with stages after an edit, and a launch in mid-air."""
    program.state.let_go()
    program.window.workbench.show_tab(SCHEDULE)
    view = program.window.workbench.schedule
    view.source.setCurrentIndex(view.source.findData("ios-both"))
    view.source.activated.emit(view.source.currentIndex())
    editor, lanes = view.editor, view.lanes
    editor.merge_with_next(0)
    lanes.zoom(3.0, 0.0)
    item = next(one for one in editor.picture.items if one.lane == 1)
    lanes.reveal(item)
    start = lanes.geometry_now.box(item).center().toPoint()
    end = start + QPoint(-12 * GRID, 8 * GRID)
    QTest.mousePress(lanes.viewport(), Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        QTest.mouseMove(lanes.viewport(), start + (end - start) * step / 5)


def _wait(done: Callable[[], bool]) -> None:
    """Runs the event loop until something holds."""
    loop, clock, limit = QEventLoop(), QTimer(), QTimer()
    clock.timeout.connect(lambda: loop.quit() if done() else None)
    limit.timeout.connect(loop.quit)
    clock.start(20)
    limit.start(PATIENCE_MS)
    loop.exec()
    if not done():
        sys.exit("The window did not get there in time.")


def _save(program: WindowProgram, name: str) -> None:
    settled = QEventLoop()
    QTimer.singleShot(600, settled.quit)
    settled.exec()
    IMAGES.mkdir(exist_ok=True)
    path = IMAGES / name
    program.window.grab().save(str(path))
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else bundled_models()[0])
