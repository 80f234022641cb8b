from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from warploom.device.registry import open_device
from warploom.recording.file import read_recording
from warploom.samples.bundled import bundled_models
from warploom.schedule import StreamPlan
from warploom.schedule.saved import saved_from_json
from warploom.worker.job import optimize
from warploom.worker.messages import DeviceEntry, DeviceList, OptimizeOptions, OptimizeRequest
from warploom_app.editing.draft_files import DraftFiles
from warploom_app.editing.editor import ScheduleEditor
from warploom_app.editing.geometry import LANE, LEAST_LANE, DraftGeometry
from warploom_app.editing.moves import Move
from warploom_app.editing.picture import DraftItem, draft_picture
from warploom_app.main import WindowProgram
from warploom_app.models.schedule_tree import MIME, NAME, OPERATORS_ROLE, ScheduleTree
from warploom_app.state import AppState
from warploom_app.theme import LIGHT
from warploom_app.views.schedule_drag import move_to
from warploom_app.views.schedule_foot import ScheduleFoot
from warploom_app.views.schedule_lanes import ScheduleLanes
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
    qtbot.waitUntil(lambda: program.state.document is not None, timeout=30_000)
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
    qtbot.waitUntil(lambda: program.state.document is not None, timeout=30_000)
    program.window.workbench.show_tab(SCHEDULE)
    assert view.source.count() == len(read_recording(recording_file).candidates)


def test_that_drafts_stay_with_the_schedule_that_they_began_with(program: WindowProgram) -> None:
    view = view_of(program)
    operator, stage = independent(view.editor)
    view.editor.move_to_group([operator], stage)
    edited = view.editor.draft
    workbench = program.window.workbench
    assert workbench.tabs.tabText(SCHEDULE).endswith("•")
    assert view.source.currentText().endswith("(edited)")
    choose(view, "sequential")
    assert not view.editor.edited
    assert not workbench.tabs.tabText(SCHEDULE).endswith("•")
    assert "(edited)" in view.source.itemText(view.source.findData("greedy"))
    choose(view, "greedy")
    assert view.editor.draft == edited
    assert view.editor.undo_label == f"move to stage {stage + 1}"


def test_that_a_draft_is_there_again_after_another_recording_was_open(
    program: WindowProgram, qtbot: QtBot, recording_file: Path
) -> None:
    view, mine = view_of(program), program.state.document
    assert mine is not None
    assert mine.path is not None
    operator, stage = independent(view.editor)
    view.editor.move_to_group([operator], stage)
    edited = view.editor.draft
    program.session.open([recording_file])
    qtbot.waitUntil(lambda: program.state.document is not mine, timeout=5000)
    program.window.workbench.show_tab(SCHEDULE)
    assert not view.editor.edited
    program.session.open([mine.path])
    qtbot.waitUntil(lambda: program.state.document is not None and program.state.document.path == mine.path)
    program.window.workbench.show_tab(SCHEDULE)
    assert view.editor.draft == edited


def test_that_undo_and_redo_are_in_the_menu_and_say_what_they_do(program: WindowProgram) -> None:
    view, registry = view_of(program), program.window.registry
    operator, stage = independent(view.editor)
    view.editor.move_to_group([operator], stage)
    view.lanes.setFocus()
    assert registry["edit.undo"].text().endswith(f"move to stage {stage + 1}")
    QTest.keyClick(view.lanes, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not view.editor.edited
    assert not registry["edit.undo"].isEnabled()
    QTest.keyClick(view.lanes, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert view.editor.edited
    view.editor.start_over()
    assert not view.editor.edited
    view.editor.redo()
    assert view.editor.edited, "what was started over can be brought back"


def test_that_letters_edit_what_is_selected(program: WindowProgram) -> None:
    view = view_of(program)
    stages = len(view.editor.picture.stages)
    program.state.pin(view.editor.picture.items[0].operators)
    view.lanes.setFocus()
    QTest.keyClick(view.lanes, Qt.Key.Key_M)
    assert len(view.editor.picture.stages) == stages - 1
    view.foot.name.setFocus()
    QTest.keyClick(view.foot.name, Qt.Key.Key_M)
    assert len(view.editor.picture.stages) == stages - 1, "in the name, a letter is a letter"


def test_that_a_place_is_tried_while_something_is_dragged_over_it(editor: ScheduleEditor) -> None:
    reasons: list[str] = []
    model = ScheduleTree(editor)
    model.doubted.connect(reasons.append)
    editor.changed.emit()
    last = editor.picture.items[-1].operators[0]
    data, before = model.mimeData([model.find(last)]), editor.draft
    assert not model.canDropMimeData(data, Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    assert not model.canDropMimeData(data, Qt.DropAction.MoveAction, 0, 0, QModelIndex())
    assert len(reasons) == 1
    assert "reads what" in reasons[0]
    own = model.index(len(editor.picture.stages) - 1, NAME)
    assert model.canDropMimeData(data, Qt.DropAction.MoveAction, -1, -1, own)
    assert reasons[1:] == [""]
    assert editor.draft == before


def test_that_dropping_behind_the_last_launch_of_a_stream_moves_it_there(editor: ScheduleEditor) -> None:
    editor.drop_barriers()
    moves = [_behind(editor, item, lane) for item in editor.picture.items for lane in range(editor.picture.lanes)]
    move = next(one for one in moves if one.before is not None and not editor.refusal(one))
    assert editor.move(move)
    last = [item.operators for item in editor.picture.items if item.lane == move.number][-1]
    assert set(last) == move.operators


def _behind(editor: ScheduleEditor, item: DraftItem, lane: int) -> Move:
    """Dropping a launch behind all others of a stream."""
    picture = editor.picture
    geometry = DraftGeometry(picture, range(picture.lanes), 1.0)
    point = QPointF(geometry.x(picture.total_us) + 20, geometry.lane_top(lane) + 2)
    move = move_to(editor, geometry, frozenset(item.operators), point)
    assert move is not None
    return move


def test_that_names_of_found_schedules_are_not_taken(program: WindowProgram) -> None:
    view = view_of(program)
    assert view.foot.name.text() == "edited"
    view.foot.name.setText("greedy")
    assert not view.foot.run.isEnabled()
    assert "choose another name" in view.foot.status.text()
    view.foot.name.setText("mine")
    assert view.foot.run.isEnabled()


def test_that_a_recording_of_a_device_that_is_not_here_runs_on_a_simulated_one(qtbot: QtBot) -> None:
    foot = ScheduleFoot()
    qtbot.addWidget(foot)
    own = replace(open_device("sim:h200").info, id="cuda:0", simulated=False)
    here = DeviceEntry(id="cuda:0", name=own.name, simulated=False, available=True)
    others = (
        DeviceEntry(id="sim:a100", name="NVIDIA A100", simulated=True, available=True),
        DeviceEntry(id="sim:h200", name=own.name, simulated=True, available=True),
    )
    foot.show_devices(own, None)
    assert foot.device == "", "nothing is known yet"
    foot.show_devices(own, DeviceList(1, (here, *others), "cuda:0", ""))
    assert (foot.device, foot.where.count()) == ("", 3)
    foot.show_devices(own, DeviceList(1, (structs.replace(here, available=False), *others), "sim:a100", ""))
    assert foot.device == "sim:h200", "the simulated one of its kind"
    assert foot.where.findData("") == -1


def test_that_trying_can_be_cancelled(program: WindowProgram, qtbot: QtBot) -> None:
    view, state = view_of(program), program.state
    before = state.document
    view.foot.name.setText("mine")
    view.try_it()
    program.session.cancel()
    qtbot.waitUntil(lambda: state.chore is None, timeout=30_000)
    if state.document is before:  # it had not ended before it heard
        assert state.message is not None
        assert "Stopped" in state.message.text or "did not stop in time" in state.message.text
        assert view.foot.run.isEnabled()


def test_that_many_streams_have_low_lanes_and_idle_ones_can_be_hidden(editor: ScheduleEditor, qtbot: QtBot) -> None:
    editor.drop_barriers()
    for item in editor.picture.items:
        editor.move_to_stream(item.operators, editor.picture.lanes)
    lanes = ScheduleLanes(AppState(), editor, LIGHT)
    qtbot.addWidget(lanes)
    lanes.resize(800, 300)
    lanes.show()
    lanes.suit()
    every = editor.picture.lanes
    assert every > 16
    assert lanes.only_busy
    assert lanes.geometry_now.rows == every
    assert lanes.geometry_now.lane_px < LANE
    lanes.zoom(20.0, 200.0)
    seen = lanes.geometry_now
    assert seen.rows < every
    assert seen.lane_px > LEAST_LANE
    lanes.set_only_busy(False)
    assert lanes.geometry_now.rows == every


def test_that_the_view_fits_a_narrow_window(program: WindowProgram) -> None:
    assert view_of(program).minimumSizeHint().width() <= 480


def test_that_edits_outlive_the_window_while_their_schedule_is_the_same(made: Path, tmp_path: Path) -> None:
    recording, files = read_recording(made), DraftFiles(tmp_path / "drafts")
    candidate = recording.candidate("greedy")
    first = ScheduleEditor(files=files)
    first.begin(recording.graph, {}, recording.solo_us, candidate, "a.warploom")
    operator, stage = independent(first)
    first.move_to_group([operator], stage)
    first.put_away()
    second = ScheduleEditor(files=files)
    assert second.has_draft("a.warploom", "greedy")
    second.begin(recording.graph, {}, recording.solo_us, candidate, "a.warploom")
    assert second.draft is not None
    assert first.draft is not None
    assert second.draft.plan.launches == first.draft.plan.launches
    assert second.undo_label == "earlier edits"
    second.undo()
    second.put_away()
    assert not files.has(("a.warploom", "greedy")), "nothing is left to keep"
    first.save()
    other = recording.candidate("sequential")
    assert files.find(("a.warploom", "greedy"), b"another schedule") is None
    second.begin(recording.graph, {}, recording.solo_us, other, "a.warploom")
    assert not second.edited
    first.save()
    (kept,) = (tmp_path / "drafts").iterdir()
    kept.write_bytes(b"garbage")
    third = ScheduleEditor(files=files)
    third.begin(recording.graph, {}, recording.solo_us, candidate, "a.warploom")
    assert not third.edited
