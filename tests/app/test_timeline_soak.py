"""A short soak: frames of pan and zoom, and recordings opened and closed; what is shared stays as it is."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from timelines import large_timeline, track_of
from warploom_app.main import WindowProgram
from warploom_app.state import AppState
from warploom_app.theme import LIGHT
from warploom_app.views.timeline_canvas import TimelineCanvas

FRAMES = 150
CYCLES = 4
CHANCE = 500
"""References that come and go by themselves."""


def shared() -> dict[str, int]:
    gc.collect()
    return {name: sys.getrefcount(one) for name, one in (("None", None), ("True", True), ("the theme", LIGHT))}


def test_that_frames_leave_no_references_and_no_objects_behind(qtbot: QtBot) -> None:
    canvas = TimelineCanvas(AppState(), LIGHT)
    qtbot.addWidget(canvas)
    canvas.resize(900, 400)
    canvas.show()
    canvas.set_tracks([track_of(large_timeline(4000, 2000))])

    def frames(count: int) -> None:
        for step in range(count):
            canvas.set_axis(canvas.axis.panned((1 if step % 7 < 4 else -1) * canvas.axis.span_ns * 0.03))
            canvas.zoom(0.8 if step % 20 < 10 else 1.25, 400.0)
            if step % 5 == 0:
                canvas._state.pin([f"op{step * 7}"])
                canvas.set_options(replace(canvas.options, critical_path=not canvas.options.critical_path))
            canvas.viewport().repaint()

    frames(20)
    before, objects = shared(), len(gc.get_objects())
    frames(FRAMES)
    after = shared()
    assert all(abs(after[name] - before[name]) < CHANCE for name in before), (before, after)
    assert len(gc.get_objects()) - objects < CHANCE


def test_that_recordings_that_were_closed_are_gone(qtbot: QtBot, opened: WindowProgram, recording_file: Path) -> None:
    def cycle() -> None:
        opened.window.close_document()
        opened.session.open([recording_file])
        qtbot.waitUntil(lambda: opened.state.document is not None, timeout=5000)

    cycle()
    gc.collect()
    tracks = sum(type(one).__name__ == "Track" for one in gc.get_objects())
    for _ in range(CYCLES):
        cycle()
    gc.collect()
    assert sum(type(one).__name__ == "Track" for one in gc.get_objects()) <= tracks
