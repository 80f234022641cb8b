"""Pictures of the timelines against references that were looked at.

Compared is structure, not pixels: both are reduced to a coarse grid, so that another font or another rounding of an
edge changes little, while a lane, an area or an arrow that is missing changes much. `WARPLOOM_WRITE_REFERENCES=1`
writes them anew; look at them before they are kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from pictures import different
from timelines import COUNTERS, large_timeline, measured_track, track_of
from warploom_app.painters.axis_painter import clear_figures, paint_axis
from warploom_app.presenters.measure import Marks
from warploom_app.presenters.time_axis import TimeAxis
from warploom_app.presenters.track_layout import GUTTER
from warploom_app.state import AppState
from warploom_app.theme import DARK, LIGHT, Theme
from warploom_app.views.timeline_canvas import TimelineCanvas

REFERENCES = Path(__file__).with_name("references")
TOLERATED_CELLS = 0.03


def measured(canvas: TimelineCanvas) -> None:
    track = measured_track()
    for name in COUNTERS[:1]:
        track.prepare_counter(name)
    canvas.set_tracks([track])
    canvas.set_options(replace(canvas.options, critical_path=True, counters=COUNTERS[:1]))


def selected(canvas: TimelineCanvas) -> None:
    canvas.set_tracks([measured_track()])
    canvas._state.pin(["branch b"])
    canvas.set_marks(Marks(10_000.0, 40_000.0))
    canvas.set_stretch((50_000.0, 90_000.0))


def crowded(canvas: TimelineCanvas) -> None:
    canvas.set_tracks(
        [track_of(large_timeline(4000), "a", "First"), track_of(large_timeline(2000, seed=2), "b", "Two")]
    )


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("scene", [measured, selected, crowded])
def test_that_the_picture_is_the_one_that_was_looked_at(
    qtbot: QtBot, scene: Callable[[TimelineCanvas], None], theme: Theme
) -> None:
    canvas = TimelineCanvas(AppState(), theme)
    qtbot.addWidget(canvas)
    canvas.resize(800, 260)
    canvas.show()
    scene(canvas)
    image = canvas.viewport().grab().toImage()
    path = REFERENCES / f"timeline-{scene.__name__}-{theme.name}.png"
    if os.environ.get("WARPLOOM_WRITE_REFERENCES"):
        REFERENCES.mkdir(exist_ok=True)
        image.convertToFormat(QImage.Format.Format_RGB32).save(str(path))
    reference = QImage(str(path))
    assert not reference.isNull(), f"{path.name} is missing: write it, and look at it"
    assert different(image, reference, GUTTER) <= TOLERATED_CELLS
    blank = QImage(reference.size(), QImage.Format.Format_RGB32)
    blank.fill(QColor(theme.background))
    assert different(blank, reference, GUTTER) > 3 * TOLERATED_CELLS, "an empty picture must not pass"


@pytest.mark.usefixtures("qapp")
def test_that_no_part_of_a_figure_stays_beside_what_is_written_over_it() -> None:
    axis, row = TimeAxis(0.0, 400_000.0, 400_000.0, 100.0, 600.0), QRectF(100, 0, 600, 24)
    picture = QImage(720, 24, QImage.Format.Format_RGB32)
    picture.fill(QColor(LIGHT.background))
    painter = QPainter(picture)
    paint_axis(painter, axis, row, LIGHT)
    tick = axis.ticks()[2]
    figure = QRect(round(tick.x) + 4, 0, 30, 15)

    def drawn() -> bool:
        places = ((x, y) for x in range(figure.left(), figure.right()) for y in range(figure.bottom()))
        return any(picture.pixelColor(x, y) != QColor(LIGHT.background) for x, y in places)

    assert drawn()
    clear_figures(painter, axis, row, QRectF(figure.left() - 20, 2, 22, 20), LIGHT)
    painter.end()
    assert not drawn()
