"""Pictures of a schedule under edit against references that were looked at (see `tests/pictures.py`)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from pictures import different
from warploom.recording.recording import Recording
from warploom_app.editing.editor import ScheduleEditor
from warploom_app.editing.geometry import GUTTER
from warploom_app.state import AppState
from warploom_app.theme import DARK, LIGHT, Theme
from warploom_app.views.schedule_lanes import ScheduleLanes

REFERENCES = Path(__file__).with_name("references")
TOLERATED_CELLS = 0.03


def selected(lanes: ScheduleLanes, editor: ScheduleEditor) -> None:
    lanes._state.pin(editor.picture.items[len(editor.picture.items) // 2].operators)


def refused(lanes: ScheduleLanes, editor: ScheduleEditor) -> None:
    """The last launch, held over the first stage."""
    geometry = lanes.geometry_now
    start = geometry.box(editor.picture.items[-1]).center().toPoint()
    end = QPoint(round(geometry.x(editor.picture.stages[0][0])) + 4, start.y() + 40)
    QTest.mousePress(lanes.viewport(), Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        QTest.mouseMove(lanes.viewport(), start + (end - start) * step / 5)
    assert lanes._drag is not None
    lanes._at = QPointF(end)  # some platforms do not deliver moves of a pressed button
    lanes._drag.under_way, lanes._drag.names = True, lanes._state.selection.pinned
    lanes._hover_with(lanes._drag)
    assert lanes._drag.reason


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("scene", [selected, refused])
def test_that_the_lanes_are_the_ones_that_were_looked_at(
    qtbot: QtBot,
    make_recording: Callable[..., Recording],
    scene: Callable[[ScheduleLanes, ScheduleEditor], None],
    theme: Theme,
) -> None:
    recording = make_recording(3)
    candidate = next(one for one in recording.candidates if one.schedule is not None and one.plan.streams > 1)
    editor = ScheduleEditor()
    lanes = ScheduleLanes(AppState(), editor, theme)
    qtbot.addWidget(lanes)
    lanes.resize(720, 220)
    lanes.show()
    editor.begin(recording.graph, {}, recording.solo_us, candidate)
    lanes.suit()
    scene(lanes, editor)
    image = lanes.viewport().grab().toImage()
    lanes._stop_dragging()
    path = REFERENCES / f"schedule-{scene.__name__}-{theme.name}.png"
    if os.environ.get("WARPLOOM_WRITE_REFERENCES"):
        image.convertToFormat(QImage.Format.Format_RGB32).save(str(path))
    reference = QImage(str(path))
    assert not reference.isNull(), f"{path.name} is missing: write it, and look at it"
    assert different(image, reference, GUTTER) <= TOLERATED_CELLS
    blank = QImage(reference.size(), QImage.Format.Format_RGB32)
    blank.fill(QColor(theme.background))
    assert different(blank, reference, GUTTER) > 3 * TOLERATED_CELLS, "an empty picture must not pass"
