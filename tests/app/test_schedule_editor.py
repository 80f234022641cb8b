from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from warploom.recording.file import read_recording
from warploom.samples.bundled import bundled_models
from warploom.schedule import StreamPlan
from warploom.schedule.saved import saved_from_json
from warploom.worker.job import optimize
from warploom.worker.messages import OptimizeOptions, OptimizeRequest
from warploom_app.editing.editor import ScheduleEditor
from warploom_app.editing.geometry import LANE
from warploom_app.editing.picture import draft_picture
from warploom_app.main import WindowProgram
from warploom_app.models.schedule_tree import MIME, NAME, OPERATORS_ROLE, ScheduleTree
from warploom_app.views.schedule_view import ScheduleView
from warploom_app.views.workbench import SCHEDULE, TIMELINES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real recording of the small RandWire on a simulated GPU, beside its model."""
    folder = tmp_path_factory.mktemp("edit")
    source = next(path for path in bundled_models() if path.stem == "randwire_small")
    shutil.copy(source, folder / "model.onnx")
    options = OptimizeOptions(device="sim:h200", mode="dataflow", repeats=2, verify=False)
    output = folder / "made.warploom"
    optimize(OptimizeRequest(1, str(folder / "model.onnx"), str(output), options), lambda _: None, lambda: False)
    return output


@pytest.fixture
def editor(made: Path) -> ScheduleEditor:
    """An editor that begins with the greedy schedule."""
    recording = read_recording(made)
    names = {operator.name: operator.name for operator in recording.graph.operators}
    editor = ScheduleEditor()
    editor.begin(recording.graph, names, recording.solo_us, recording.candidate("greedy"))
    return editor


@pytest.fixture
def program(qtbot: QtBot, make_program: object, made: Path, tmp_path: Path) -> WindowProgram:
    """A window with a copy of that recording open, its schedule shown, around the real worker."""
    copy = Path(shutil.copy(made, tmp_path / "copy.warploom"))
    program: WindowProgram = make_program(  # type: ignore[operator]
        command=[sys.executable, "-m", "warploom", "worker", "--stdio"], start=False
    )
    program.session.open([copy])
    qtbot.waitUntil(lambda: program.state.document is not None, timeout=5000)
    program.window.workbench.show_tab(SCHEDULE)
    choose(view_of(program), "greedy")
    return program


def view_of(program: WindowProgram) -> ScheduleView:
    return program.window.workbench.schedule


def choose(view: ScheduleView, name: str) -> None:
    view.source.setCurrentIndex(view.source.findData(name))
    view.source.activated.emit(view.source.currentIndex())


def independent(editor: ScheduleEditor) -> tuple[str, int]:
    """An operator that may move into the stage after its own, and that stage."""
    for item in editor.picture.items:
        if item.stage + 1 < len(editor.picture.stages) and editor.move_to_group(item.operators, item.stage + 1):
            editor.undo()
            return item.operators[0], item.stage + 1
    raise AssertionError("nothing moves")


def test_that_edits_undo_and_redo(editor: ScheduleEditor) -> None:
    before = editor.draft
    operator, stage = independent(editor)
    assert editor.draft == before
    editor.redo()
    assert editor.draft != before
    moved = editor.picture.item_of(operator)
    assert moved is not None
    assert moved.stage == stage or len(editor.picture.stages) < stage + 1
    assert editor.undo_label == f"move to stage {stage + 1}"
    editor.undo()
    assert editor.draft == before
    assert not editor.edited


def test_that_what_is_not_possible_is_refused_with_the_reason(editor: ScheduleEditor, qtbot: QtBot) -> None:
    last = editor.picture.items[-1].operators
    with qtbot.waitSignal(editor.refused) as refusal:
        assert not editor.move_to_new_stage(last, 0)
    assert "reads what" in refusal.args[0]
    assert not editor.edited


def test_that_dropping_barriers_leaves_streams_to_edit(editor: ScheduleEditor, qtbot: QtBot) -> None:
    staged = editor.picture.total_us
    editor.drop_barriers()
    assert not editor.staged
    assert editor.picture.total_us <= staged + 1e-9
    with qtbot.waitSignal(editor.refused):
        editor.merge_with_next(0)
    editor.move_to_stream(editor.picture.items[-1].operators, editor.picture.lanes)
    assert isinstance(editor.draft.plan if editor.draft else None, StreamPlan)


def test_that_the_json_is_what_the_engine_reads(editor: ScheduleEditor) -> None:
    assert editor.graph is not None
    assert saved_from_json(editor.as_json(), editor.graph, "x").schedule is not None
    editor.drop_barriers()
    assert saved_from_json(editor.as_json(), editor.graph, "x").schedule is None


def test_that_the_picture_waits_for_what_plans_wait_for(editor: ScheduleEditor) -> None:
    assert editor.draft is not None
    plan, picture = editor.draft.plan, editor.picture
    for item, before in zip(picture.items, plan.dependencies(), strict=True):
        assert all(picture.items[i].end_us <= item.start_us + 1e-9 for i in before)
    empty = draft_picture(StreamPlan("none", ()), {}, {})
    assert (empty.items, empty.total_us, empty.stage_at(1.0)) == ((), 0.0, -1)


def test_that_the_table_is_a_sound_model_and_drops_ask_the_editor(editor: ScheduleEditor) -> None:
    model = ScheduleTree(editor)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    editor.changed.emit()
    assert model.rowCount() == len(editor.picture.stages)
    operator, stage = independent(editor)
    index = model.find(operator)
    assert index.data(OPERATORS_ROLE) == (operator,)
    data = model.mimeData([index])
    assert json.loads(bytes(data.data(MIME).data()).decode()) == [operator]
    target = model.index(stage, NAME)
    assert model.canDropMimeData(data, Qt.DropAction.MoveAction, -1, -1, target)
    assert not model.dropMimeData(data, Qt.DropAction.MoveAction, -1, -1, target), "the view must not touch the rows"
    assert editor.edited
    editor.drop_barriers()
    assert model.rowCount() == editor.picture.lanes
    model.dropMimeData(model.mimeData([model.find(operator)]), Qt.DropAction.MoveAction, -1, -1, QModelIndex())
    assert not model.canDropMimeData(QMimeData(), Qt.DropAction.MoveAction, -1, -1, target)


def test_that_a_box_is_dragged_to_another_stage_with_the_mouse(program: WindowProgram) -> None:
    view = view_of(program)
    lanes, editor = view.lanes, view.editor
    operator, stage = independent(editor)
    item = editor.picture.item_of(operator)
    assert item is not None
    geometry = lanes.geometry_now
    start = geometry.box(item).center().toPoint()
    middle = sum(editor.picture.stages[stage]) / 2
    end = QPoint(round(geometry.x(middle)), round(geometry.lane_top(editor.picture.lanes) + LANE / 2))
    viewport = lanes.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        QTest.mouseMove(viewport, start + (end - start) * step / 5)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=end)
    if not editor.edited:  # some platforms do not deliver moves of a pressed button: drop as the view would
        assert lanes.drop(frozenset({operator}), QPointF(end))
    assert editor.edited
    assert view.tools.undo.isEnabled()
    assert program.state.selection.pinned == {operator}


def test_that_keys_move_and_a_refusal_is_shown_in_words(program: WindowProgram) -> None:
    view = view_of(program)
    view.lanes.setFocus()
    QTest.keyClick(view.lanes, Qt.Key.Key_Right)
    assert program.state.selection.pinned, "the first launch is chosen"
    first = view.editor.picture.items[0]
    program.state.pin(first.operators)
    QTest.keyClick(view.lanes, Qt.Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert "reads what" in view.foot.status.text()
    assert view.foot.status.property("refused") is True


def test_that_a_tried_edit_joins_the_recording_beside_the_best(program: WindowProgram, qtbot: QtBot) -> None:
    view, state = view_of(program), program.state
    operator, stage = independent(view.editor)
    view.editor.move_to_group([operator], stage)
    view.foot.name.setText("mine")
    assert view.foot.run.isEnabled()
    QTest.mouseClick(view.foot.run, Qt.MouseButton.LeftButton)
    assert state.chore is not None
    assert state.chore.kind == "try"

    def joined() -> None:
        document = state.document
        assert document is not None
        assert document.results is not None
        assert "mine" in {one.name for one in document.results.recording.candidates}

    qtbot.waitUntil(joined, timeout=30_000)
    document = state.document
    assert document is not None
    assert document.path is not None
    assert document.path.parent == program.session.folder.path, "the user's own file is left alone"
    assert state.compared is not None
    assert state.compared[1] == "mine"
    assert program.window.workbench.tabs.currentIndex() == TIMELINES
    assert view.source.currentData() == "mine" or not view.isVisible()


def test_that_one_operator_or_none_is_no_obstacle(make_program: object, recording_file: Path, qtbot: QtBot) -> None:
    program: WindowProgram = make_program(start=False)  # type: ignore[operator]
    program.window.workbench.show_tab(SCHEDULE)
    view = view_of(program)
    assert view.editor.draft is None
    assert not view.foot.run.isEnabled()
    view.lanes.fit()
    view.lanes.zoom(2.0)
    program.session.open([recording_file])
    qtbot.waitUntil(lambda: program.state.document is not None, timeout=5000)
    program.window.workbench.show_tab(SCHEDULE)
    assert view.source.count() == len(read_recording(recording_file).candidates)
