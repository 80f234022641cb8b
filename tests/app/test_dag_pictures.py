"""Pictures of the graph view against kept ones, which somebody has looked at.

Fonts differ between machines: nodes get a fixed size here, and pictures are compared after scaling them down eightfold,
with a tolerance for letters. A missing reference is written and the test fails: look at it, and keep it if it is right.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from dag_graphs import diamonds, settle, show
from warploom_app.painters.dag_text import DagText
from warploom_app.presenters.dag_colours import Legend, LegendEntry
from warploom_app.theme import DARK, LIGHT
from warploom_app.views.dag_view import DagView

pytestmark = pytest.mark.usefixtures("qapp")

REFERENCES = Path(__file__).with_name("references")
_SIZE = QSize(640, 400)
_CELL = 8
# With another font family the mean is 0.25 and 0.0004 of the cells are far off; without an outline 0.9 and 0.017.
_MEAN = 0.6  # levels of 255, over all cells
_FAR_OFF, _FEW = 24.0, 0.006  # levels, and the share of cells that may differ by more


@pytest.fixture
def view(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DagView:
    monkeypatch.setattr(DagText, "node_width", lambda *_: 128.0)
    monkeypatch.setattr(DagText, "node_height", 54.0)
    view = DagView(LIGHT, layout_cache=tmp_path / "layouts")
    qtbot.addWidget(view)
    view.resize(_SIZE)
    view.show()
    return view


def _plain(_: QtBot, view: DagView) -> None:
    view.canvas.look_at(0.9, QPointF(-130, -40))


def _chosen(qtbot: QtBot, view: DagView) -> None:
    _plain(qtbot, view)
    view.select(["conv0b", "add0"])
    view.highlight(["conv0c"])


def _dark(qtbot: QtBot, view: DagView) -> None:
    view.set_theme(DARK)
    view.set_latencies({0: "41.2 µs", 2: "7.03 µs"})
    view.toggle_block(0)
    view.toggle_block(2)
    settle(qtbot, view)
    view.canvas.look_at(0.9, QPointF(-200, -40))


def _found(qtbot: QtBot, view: DagView) -> None:
    view.set_horizontal(True)
    settle(qtbot, view)
    view.open_search()
    view.search.text.setText("add")
    qtbot.waitUntil(lambda: len(view.finder.names) == 6, timeout=5000)
    view.search.move(0, -1000)  # ordinary widgets look as the window's style has it, which is not compared here
    view.canvas.look_at(0.6, QPointF(-40, -200))


def _far(_: QtBot, view: DagView) -> None:
    stages = {name: LIGHT.stage(i // 4) for i, name in enumerate(view.graph.index if view.graph is not None else ())}
    entries = (LegendEntry("even stages", LIGHT.stage(0)), LegendEntry("odd stages", LIGHT.stage(1)))
    view.set_colours(stages, Legend("Stage", entries, tints=True))
    view.canvas.look_at(0.14, QPointF(-2000, -100))


_SCENES: dict[str, Callable[[QtBot, DagView], None]] = {
    "operators": _plain,
    "chosen": _chosen,
    "blocks-dark": _dark,
    "search-horizontal": _found,
    "far-stages": _far,
}


def _cells(image: QImage) -> npt.NDArray[np.float64]:
    small = image.scaled(
        _SIZE / _CELL, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    ).convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(small.constBits(), np.uint8).reshape(small.height(), small.bytesPerLine())
    return rows[:, : 3 * small.width()].astype(np.float64)


def _alike(first: QImage, second: QImage) -> bool:
    difference = np.abs(_cells(first) - _cells(second))
    return bool(difference.mean() <= _MEAN and (difference > _FAR_OFF).mean() <= _FEW)


@pytest.mark.parametrize("scene", _SCENES)
def test_that_the_view_looks_as_it_did(qtbot: QtBot, view: DagView, scene: str) -> None:
    show(qtbot, view, diamonds(6))
    _SCENES[scene](qtbot, view)
    image = view.grab().toImage().scaled(_SIZE)
    path = REFERENCES / f"dag-{scene}.png"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        image.save(str(path))
        pytest.fail(f"{path.name} was missing and has been written: look at it, and keep it if it is right")
    assert _alike(image, QImage(str(path))), f"the view differs from {path.name}"


def test_that_the_tolerance_tells_the_references_apart() -> None:
    pictures = [QImage(str(REFERENCES / f"dag-{scene}.png")) for scene in _SCENES]
    alike = [(i, j) for i, first in enumerate(pictures) for j, second in enumerate(pictures) if _alike(first, second)]
    assert alike == [(i, i) for i in range(len(pictures))]
